"""Authenticators at Stytch: enroll one, check its codes, replace a lost one; and who may change factors at all.

To copy: a code is checked with the session's own token, so that this session carries the proof. Stytch does not check
who lists recovery codes or removes an authenticator: ``require_factor_proof`` does. Stytch docs: *TOTP*.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Condition

from cachetools import TTLCache, cached

from .errors import ServiceUnavailable, SignInTooOld, StepUpRequired
from .guards import fresh_session
from .session import Session
from .signals import logs_security_event, send, session_ended
from .stytch_client import ignore_missing, minutes, refusals, stytch_client

FACTOR_MAX_AGE = timedelta(minutes=5)  # of the second factor, to see or change factors
MAILBOX_MAX_AGE = timedelta(minutes=10)  # of the mailbox's proof or a recovery code, for users who have nothing else
ENROLLMENT_LIFE = timedelta(minutes=30)
STARTING = Condition()
STARTED = TTLCache[str, "Enrollment"](10_000, ttl=3, timer=time.time)  # by session, for a second press
QR_CODE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/]+=*")


@dataclass(frozen=True)
class Enrollment:
    """A new authenticator that has not proved a code yet."""

    totp_id: str
    secret: str = field(repr=False)
    qr_code: str = field(repr=False)  # a data: URI of a PNG


def require_factor_proof(purpose: str) -> None:
    """Guard what shows or sets a factor, or gives the bank a phone, by the factors that the user has now.

    Raises StepUpRequired, or SignInTooOld for a user who has nothing but a mailbox.
    """
    if not may_change_factors(session := fresh_session()):
        raise StepUpRequired(purpose, stytch_only=True) if session.held - {"mailbox"} else SignInTooOld


def may_change_factors(session: Session) -> bool:
    """Whether the session proves what the user has: as many groups, at most two; fresh, by a device if there is one."""
    if session.held - {"mailbox"}:
        return session.proven_until(FACTOR_MAX_AGE, groups=min(2, len(session.held)), device=True) is not None
    proofs = [each for each in session.factors if each.group == "mailbox" or each.method == "recovery_code"]
    return bool(session.held) and any(datetime.now(UTC) - each.last_used < MAILBOX_MAX_AGE for each in proofs)


@logs_security_event("factor")
@cached(STARTED, key=lambda session: session.token, condition=STARTING)
def start_totp(session: Session) -> Enrollment:
    """Start an enrollment; a second press gets the same. Raises CodeRejected. Stytch docs: *Create TOTP*."""
    for totp_id in session.pending_totps:  # a new enrollment replaces an unfinished one
        ignore_missing("totp_not_found", partial(stytch_client.sdk.users.delete_totp, totp_id))
    with refusals():
        answer = stytch_client.sdk.totps.create(session.user_id, expiration_minutes=minutes(ENROLLMENT_LIFE))
    qr_code = answer.qr_code.replace(", ", ",")  # Stytch writes a space that strict parsers refuse
    if not QR_CODE.fullmatch(qr_code):
        raise ServiceUnavailable("Stytch", "a QR code that is not a PNG")
    return Enrollment(answer.totp_id, answer.secret, qr_code)


@logs_security_event("step-up")
def authenticate_totp(session: Session, code: str) -> Session:
    """Add the authenticator's proof to this session. Raises CodeRejected. Stytch docs: *Authenticate TOTP*."""
    totps = stytch_client.sdk.totps
    return stytch_client.add_proof(session, lambda keep: totps.authenticate(session.user_id, code, **keep))


@logs_security_event("factor")
def recover_totp(session: Session, recovery_code: str) -> Session:
    """Use up a recovery code, which is not a second factor. Raises CodeRejected. Stytch docs: *Recover TOTP*."""
    totps = stytch_client.sdk.totps
    return stytch_client.add_proof(session, lambda keep: totps.recover(session.user_id, recovery_code, **keep))


@logs_security_event("factor")
def remove_totp(session: Session) -> Session:
    """Delete the user's authenticator, as ``remove_factor`` does. Stytch docs: *Delete TOTP*."""
    with STARTING:
        STARTED.pop(session.token, None)
    users = stytch_client.sdk.users
    totps = users.get(session.user_id).totps
    return remove_factor(session, "totp_not_found", *(partial(users.delete_totp, totp.totp_id) for totp in totps))


def remove_factor(session: Session, missing: str, *deletions: Callable[[], object]) -> Session:
    """End the other sessions, then delete factors, so that a failure can be retried; return the changed session."""
    stytch_client.sign_out_others(session)
    for delete in deletions:
        ignore_missing(missing, delete)
    session = stytch_client.sessions.refresh(session.token)
    send(session_ended, session_id=session.session_id)  # what it had proven is gone
    return session


@logs_security_event("factor")
def recovery_codes(session: Session) -> list[str]:
    """Return the unused recovery codes. Stytch docs: *Get recovery codes*."""
    answer = stytch_client.sdk.totps.recovery_codes(session.user_id)
    return [code for totp in answer.totps if totp.verified for code in totp.recovery_codes]
