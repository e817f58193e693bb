"""Links that prove another email address of a signed-in user, with PKCE.

To copy: the verifier stays in this browser, in the cookie of its forms, with the user for whom it was made, until the
link is spent. Somebody else's address gets no link, and looks the same. Stytch drops an address that is not proven
within five minutes.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from contextlib import suppress
from datetime import timedelta
from typing import Any

from flask import current_app
from flask import session as flask_session
from limits import parse
from stytch.core.response_base import StytchError

from services import magic_links
from services.errors import CodeRejected, LimitReached, NotSignedIn
from services.rate_limits import count, counted, store
from services.session import Session
from services.signals import logs_security_event
from services.stytch_client import NO_SESSION, minutes, refusal_reason, stytch_client

PATH = "/profile/email/confirm"
KEY = "profile_email"  # in the cookie of forms: the verifier, and whose it is
LIFE = timedelta(minutes=5)
ADDING = 300  # seconds for which Stytch keeps an address that is not confirmed
PER_USER = parse("10/day")
RULE = "You can ask for ten of these links a day."
SAID = frozenset({"invalid_email", "invalid_email_domain", "too_many_unverified_factors", "duplicate_email_for_user"})


@logs_security_event("factor")
def send_link(session: Session, email: str) -> None:
    """Mail a link to an address that the user adds. Raises CodeRejected, LimitReached. Stytch docs: *Send*."""
    verifier, limit = secrets.token_urlsafe(48), counted("link to add", session.user_id, PER_USER, rule=RULE)
    with magic_links.same_time(), limit, suppress(_Enough):
        _send(session, email, verifier)
    flask_session[KEY] = {"user_id": session.user_id, "verifier": verifier}


@logs_security_event("factor")
def confirm(session: Session, token: str) -> Session:
    """Use the link: the address is then the user's, and proved in this session. Raises CodeRejected, NotSignedIn."""
    authenticate, verifier = stytch_client.sdk.magic_links.authenticate, waiting(session)
    if not verifier:
        raise CodeRejected("pkce_mismatch")

    def use(keep: dict[str, Any]) -> Any:
        answer = authenticate(token, code_verifier=verifier, **keep)
        for email in filter(lambda each: each.verified, answer.user.emails):
            store.clear(magic_links.adding(email.email))
        return answer

    try:
        proven = stytch_client.add_proof(session, use)
    except CodeRejected as rejected:
        if rejected.reason == "unable_to_auth_magic_link":  # used or expired, and the verifier was for this link only
            flask_session.pop(KEY)
        raise
    flask_session.pop(KEY)
    return proven


def waiting(session: Session | None) -> str:
    """Return the verifier with which this browser waits for a link of this user's; empty if it does not wait."""
    kept = flask_session.get(KEY, {})
    return str(kept["verifier"]) if session and kept.get("user_id") == session.user_id else ""


class _Enough(Exception):
    """The address had enough mail. That is not said, since it may be another person's."""


def _send(session: Session, email: str, verifier: str) -> None:
    """Let Stytch mail the link; refusals that would show who has an account are only logged."""
    url = f"{current_app.config['PUBLIC_URL']}{PATH}"
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()  # S256
    try:
        with counted("link", magic_links.mailbox(email), magic_links.LINKS_PER_ADDRESS):
            count(magic_links.LINKS_IN_ALL, "link", "all")
            stytch_client.sdk.magic_links.email.send(
                email,
                session_token=session.token,
                login_magic_link_url=url,
                signup_magic_link_url=url,
                login_expiration_minutes=minutes(LIFE),
                signup_expiration_minutes=minutes(LIFE),
                code_challenge=challenge,
                **stytch_client.more("magic_links.email.send"),
            )
            store.incr(magic_links.adding(email), ADDING)
    except LimitReached as limit:
        raise _Enough from limit
    except StytchError as error:
        too_often = error.details.error_type == "too_many_requests"
        reason = "too_many_requests" if too_often else refusal_reason(error)
        if reason in NO_SESSION:
            raise NotSignedIn(reason) from error
        if reason in SAID:
            raise CodeRejected(reason) from error
