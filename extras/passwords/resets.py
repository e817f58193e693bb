"""Reset a password by email, at Stytch. The mail has two links: to set a password, and to sign in without one.

To copy: both links work only in the browser that asked for them (PKCE); its verifier is the one of sign-in links, since
the second link is one. Whoever has the mailbox can set a password: it opens nothing at the bank.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import time
from contextlib import suppress
from datetime import timedelta

from flask import Response, current_app, request, url_for
from limits import parse
from stytch.core.response_base import StytchError

from blueprints.login import VERIFIER
from services import guards, magic_links
from services.errors import LimitReached
from services.rate_limits import count, counted, store
from services.session import Session
from services.signals import log_security_event, logs_security_event
from services.stytch_client import minutes, new_session, refusal_reason, refusals, stytch_client

ASKED_LIFE = timedelta(days=1)  # of the cookie that tells an expired link from one of another browser
RESETS_PER_CLIENT = parse("20/minute")


def verifier() -> str:
    """Return the PKCE verifier of this browser's links; empty if it waits for none."""
    value = request.cookies.get(guards.cookie_name("pkce_verifier"), "")
    return value if re.fullmatch(VERIFIER, value, re.ASCII) else ""


def has_asked() -> bool:
    """Whether this browser asked for a link within a day."""
    return guards.cookie_name("links") in request.cookies


def send(email: str) -> str:
    """Mail the links, unless the mailbox has had enough; return the verifier to keep. Either way it looks the same.

    Raises TooManyRequests at the whole app's limit, ServiceUnavailable.
    """
    kept = verifier() or secrets.token_urlsafe(48)  # every link that still works shares it
    limit = counted("link", magic_links.mailbox(email), magic_links.LINKS_PER_ADDRESS)
    with magic_links.same_time(), suppress(LimitReached), limit:
        count(magic_links.LINKS_IN_ALL, "link", "all")
        _start(email, base64.urlsafe_b64encode(hashlib.sha256(kept.encode()).digest()).rstrip(b"=").decode())
    return kept


def keep_verifier(response: Response, value: str) -> Response:
    """Let this browser use the links."""
    flags = guards.cookie_flags()
    response.set_cookie(guards.cookie_name("pkce_verifier"), value, max_age=stytch_client.link_life, **flags)
    if not has_asked():
        response.set_cookie(guards.cookie_name("links"), f"{int(time.time())}", max_age=ASKED_LIFE, **flags)
    return response


@logs_security_event("factor")
def use(token: str, code_verifier: str, password: str) -> Session:
    """Set the password by the first link; returns a session. Raises CodeRejected.

    Stytch ends all other sessions of the user. Stytch docs: *Reset password by email*.
    """
    with refusals():
        answer = stytch_client.sdk.passwords.email.reset(token, password, code_verifier=code_verifier, **new_session())
    session = stytch_client.sessions.get(stytch_client.start_session(answer))
    for other in stytch_client.sessions.of_user(session.user_id):
        if other.session_id != session.session_id:
            stytch_client.sessions.end(token=other.token, session_id=other.session_id)
    return session


def _start(email: str, code_challenge: str) -> None:
    """Let Stytch mail the links. Refusals are only logged. Stytch docs: *Reset password by email, start*."""
    origin, reason = current_app.config["PUBLIC_URL"], "ok"
    login_url = f"{origin}{url_for('login.open_link')}"
    try:
        if store.get(magic_links.adding(email)):
            return
        if _is_unproven(email):  # a link to sign in ends what others did with the account; a reset would not
            magic_links.mail(email, login_url, code_challenge)
            return
        stytch_client.sdk.passwords.email.reset_start(
            email,
            reset_password_redirect_url=f"{origin}{url_for('password_resets.open_link')}",
            reset_password_expiration_minutes=minutes(stytch_client.link_life),
            login_redirect_url=login_url,
            code_challenge=code_challenge,
        )
    except StytchError as error:
        too_often = error.details.error_type == "too_many_requests"
        reason = "too_many_requests" if too_often else refusal_reason(error)
    log_security_event("login", reason, action="send_reset")


def _is_unproven(email: str) -> bool:
    """Whether there is a user with this address who never proved it. Stytch docs: *Search users*."""
    query = {"operator": "AND", "operands": [{"filter_name": "email_address", "filter_value": [email]}]}
    found = stytch_client.sdk.users.search(limit=1, query=query).results
    return any(not each.verified for user in found for each in user.emails if each.email.lower() == email.lower())
