"""Passwords at Stytch: sign in, set, change, remove, and rate one. Stytch docs: *Passwords*.

To copy: whatever is wrong with an address or a password, the answer looks and takes the same; tries are counted before
they are made; and a password never enters a log, a cookie or a page.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from limits import parse_many
from stytch.core.response_base import StytchError

from services import magic_links
from services.errors import CodeRejected, ServiceUnavailable
from services.factors import remove_factor
from services.rate_limits import counted
from services.session import Session
from services.signals import logs_security_event
from services.stytch_client import new_session, refusals, stytch_client

TRIES = parse_many("5/5 minutes;6/hour;8/day")  # below the ten in a row at which Stytch locks every way to sign in
RULE = "You tried too many passwords."
WRONG = frozenset(  # all of them look the same: they would show who has an account
    ("unauthorized_credentials", "email_not_found", "no_user_password", "user_lock_limit_reached", "inactive_email")
)


@dataclass(frozen=True)
class Strength:
    """How hard a password is to guess, in zxcvbn's words."""

    score: int  # 0 to 4
    is_valid: bool
    is_breached: bool
    words: tuple[str, ...]


@logs_security_event("login")
def sign_in(email: str, password: str) -> Session:
    """Exchange a password for a session. Raises CodeRejected, LimitReached.

    Stytch docs: *Authenticate password*.
    """
    with magic_links.same_time(), _counted(email):
        answer = stytch_client.sdk.passwords.authenticate(email, password, **_new_session())
    return stytch_client.sessions.get(stytch_client.start_session(answer))


@logs_security_event("factor")
def set_password(session: Session, password: str) -> Session:
    """Set a password by a session with a mailbox's proof of five minutes, and end the other sessions.

    Raises CodeRejected. Stytch docs: *Reset password by session*.
    """
    others = _other_sessions(session)
    reset = stytch_client.sdk.passwords.sessions.reset
    proven = stytch_client.add_proof(session, lambda keep: reset(password, **keep))
    _forget(others)
    return proven


@logs_security_event("factor")
def change_password(session: Session, old: str, new: str) -> Session:
    """Change the password by the old one. Ends all sessions; returns a new one, which only the password has proved.

    Raises CodeRejected, LimitReached. Stytch docs: *Reset password by existing password*.
    """
    others = _other_sessions(session)
    with _counted(session.email):
        answer = stytch_client.sdk.passwords.existing_password.reset(session.email, old, new, **_new_session())
    _forget(others)
    return stytch_client.sessions.get(stytch_client.start_session(answer))


@logs_security_event("factor")
def remove_password(session: Session) -> Session:
    """Delete the password, as ``remove_factor`` does. Stytch docs: *Delete password*."""
    users = stytch_client.sdk.users
    found = users.get(session.user_id).password
    deletions = [partial(users.delete_password, found.password_id)] if found else []
    return remove_factor(session, "password_not_found", *deletions)


def can_be_changed(session: Session) -> bool:
    """Whether the user has a password that still signs in; without one, or if it has to be reset, one is set anew."""
    found = stytch_client.sdk.users.get(session.user_id).password
    return found is not None and not found.requires_reset


def rate(password: str, email: str | None) -> Strength | None:
    """Return how strong a password is, or None if that can't be said now. Stytch docs: *Strength check*."""
    try:
        found = stytch_client.sdk.passwords.strength_check(password, email)
    except (StytchError, ServiceUnavailable):
        return None
    said = found.feedback
    words = (said.warning, *said.suggestions) if said else ()
    return Strength(found.score, found.valid_password, found.breached_password, tuple(filter(None, words)))


@contextmanager
def _counted(email: str) -> Iterator[None]:
    """Count a try of this address; a right password does not count. Turns refusals into CodeRejected."""
    with counted("password", magic_links.mailbox(email), *TRIES, rule=RULE) as give_back:
        try:
            with refusals():
                yield
        except ServiceUnavailable as error:
            if error.why != "unauthorized_credentials":  # of wrong API credentials, and of a wrong password
                raise
            raise CodeRejected(error.why) from error
        give_back()


def _new_session() -> dict[str, Any]:
    """Return arguments that start a session; these calls take no ``attributes``."""
    return {name: value for name, value in new_session().items() if name != "attributes"}


def _other_sessions(session: Session) -> list[str]:
    found = stytch_client.sdk.sessions.get(session.user_id).sessions
    return [each.session_id for each in found if each.session_id != session.session_id]


def _forget(session_ids: list[str]) -> None:
    """Refuse the sessions that Stytch has ended, although their JWTs still verify for five minutes."""
    for session_id in session_ids:
        stytch_client.sessions.end(session_id=session_id)
