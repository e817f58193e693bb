"""Magic links at Stytch: mail one, and exchange it for a session.

To copy: a link works only with the PKCE verifier of the browser that asked for it. A link that is used twice, by a
double press or after a lost answer, signs that browser in again for a minute; in another process it was used already.
"""

import hashlib
import time
from contextlib import ExitStack, suppress
from threading import Condition

from cachetools import TTLCache, cached
from limits import parse
from stytch.core.response_base import StytchError

from .errors import CodeRejected, LimitReached, NotSignedIn
from .rate_limits import count, counted, store
from .session import Session
from .signals import log_security_event, logs_security_event
from .stytch_client import minutes, new_session, refusal_reason, refusals, stytch_client

LINKS_PER_ADDRESS = parse("3/10 minutes")
LINKS_PER_CLIENT = parse("20/minute")
LINKS_IN_ALL = parse("2000/hour")
LEAST_TIME = 0.5  # seconds that an answer about an address takes, whether or not a link was sent
USED = TTLCache[tuple[str, ...], str](10_000, ttl=60, timer=time.time)  # session tokens, by link and verifier


def send_link(email: str, redirect_url: str, code_challenge: str) -> None:
    """Mail a link, unless the mailbox has had enough. Raises TooManyRequests, CodeRejected, ServiceUnavailable."""
    with same_time(), suppress(LimitReached), counted("link", mailbox(email), LINKS_PER_ADDRESS):
        count(LINKS_IN_ALL, "link", "all")
        if not store.get(adding(email)):
            mail(email, redirect_url, code_challenge)


def same_time() -> ExitStack:
    """Return a context that takes as long whatever Stytch knows of an address, and whatever is raised inside."""
    began, floor = time.monotonic(), ExitStack()
    floor.callback(lambda: time.sleep(max(0, began + LEAST_TIME - time.monotonic())))
    return floor


def mailbox(email: str) -> str:
    """Return a hash of the mailbox: without the case, a ``+tag``, and the dots that Gmail ignores."""
    local, _, domain = email.casefold().rpartition("@")
    local = local.partition("+")[0] or local
    if domain in {"gmail.com", "googlemail.com"}:
        local, domain = local.replace(".", ""), "gmail.com"
    return hashlib.sha256(f"{local}@{domain}".encode()).hexdigest()


def adding(email: str) -> str:
    """Return where the store notes that a user is adding this mailbox: a link would sign its owner in as that user."""
    return f"adding {mailbox(email)}"


def mail(email: str, redirect_url: str, code_challenge: str) -> None:
    """Let Stytch mail the link; new addresses become users. Stytch docs: *Log in or create user by email*."""
    reason = "ok"
    try:
        stytch_client.sdk.magic_links.email.login_or_create(
            email,
            login_magic_link_url=redirect_url,
            signup_magic_link_url=redirect_url,
            login_expiration_minutes=minutes(stytch_client.link_life),
            signup_expiration_minutes=minutes(stytch_client.link_life),
            code_challenge=code_challenge,
            **stytch_client.more("magic_links.email.login_or_create"),
        )
    except StytchError as error:
        too_often = error.details.error_type == "too_many_requests"
        reason = "too_many_requests" if too_often else refusal_reason(error)
    log_security_event("login", reason, action="send_link")  # most refusals would show who has an account
    if reason == "invalid_email":
        raise CodeRejected(reason)


@logs_security_event("login")
def authenticate_link(token: str, code_verifier: str) -> Session:
    """Exchange a link for a session. Raises CodeRejected. Stytch docs: *Authenticate magic link*."""
    try:
        return stytch_client.sessions.get(_use_link(token, code_verifier))
    except NotSignedIn as error:  # pressed again after a sign-out
        raise CodeRejected("unable_to_auth_magic_link") from error


@cached(USED, condition=Condition())
def _use_link(token: str, code_verifier: str) -> str:
    """Return the token of the link's session. Parallel presses wait here, then get what the first one got."""
    with refusals():
        answer = stytch_client.sdk.magic_links.authenticate(token, code_verifier=code_verifier, **new_session())
    return stytch_client.start_session(answer)
