"""Codes at Stytch: send one, and exchange it for a session or add its proof to one.

To copy: whatever Stytch knows about a number or an address, the answer looks and takes the same; each code is counted
before it is sent and before it is checked; and a code that is meant for a session never starts another one.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition
from typing import Any
from uuid import uuid4

from cachetools import TTLCache, cached
from limits import parse
from stytch.core.response_base import StytchError

from services import magic_links
from services.errors import CodeRejected, LimitReached, NotSignedIn, ServiceUnavailable
from services.rate_limits import client_network, count, counted, counted_code, store
from services.session import Session
from services.signals import logs_security_event
from services.stytch_client import NO_SESSION, minutes, new_session, refusal_reason, refusals, stytch_client

from . import pending
from .channels import Channel, phones

CODES_PER_ADDRESS = parse("3/10 minutes")
CODES_PER_CLIENT = parse("5/10 minutes")
ADDING = 300  # seconds for which Stytch keeps an address that is not confirmed
RULE = "You can get three codes in ten minutes. Enter the newest one."
CLIENT_RULE = "You can ask for five codes in ten minutes."
OUR_FAULT = frozenset({"billing_not_verified", "missing_sms_parameter"})
SAID = frozenset(  # what the user hears; any other refusal is only logged, since it could show who has an account
    "downstream_carrier_error duplicate_email_for_user duplicate_phone_number_for_user invalid_email "
    "invalid_email_domain invalid_phone_number invalid_phone_number_country_code too_many_unverified_factors "
    "unsubscribed_phone_number".split()
)
USED = TTLCache[tuple[str, ...], str](10_000, ttl=60, timer=time.time)  # session tokens, for a second press


@logs_security_event("login")
def send_to_sign_in(channel: Channel, to: str) -> None:
    """Send a code to a number or address; a new one becomes a user. Stytch docs: *Log in or create user by SMS*.

    At the limit of the number or address nothing is sent, and the answer is the same. Raises CodeRejected, LimitReached
    and TooManyRequests at the other limits.
    """
    pending.check_wait(channel)
    with magic_links.same_time(), _counted_client():
        try:
            if not channel.is_phone and store.get(magic_links.adding(to)):
                raise LimitReached(0)
            method_id = _send(channel, to, lambda fields: channel.ask("login_or_create", **fields))
        except LimitReached:
            if pending.is_waiting(channel):
                return  # the newest code still works
            method_id = _decoy(channel)
    pending.keep(channel, pending.Code(method_id, "", ""))


@logs_security_event("step-up")
def send_to_step_up(channel: Channel, session: Session) -> str:
    """Send a code to the user's own number or address, and return a hint at which. Raises as ``send_to_sign_in``."""
    to = session.phone if channel.is_phone else session.email
    hint = f"the number ending in {to[-2:]}" if channel.is_phone else "your email address"
    pending.check_wait(channel, session.user_id)
    with _counted_client():
        method_id = _send(channel, to, lambda fields: channel.ask("send", **fields), session.user_id)
    pending.keep(channel, pending.Code(method_id, session.user_id, hint))
    return hint


@logs_security_event("factor")
def send_to_add(channel: Channel, session: Session, to: str) -> None:
    """Send a code to a number or address that the user adds. Somebody else's gets none, and looks the same.

    It stays unverified at Stytch for five minutes. Raises as ``send_to_sign_in``.
    """
    pending.check_wait(channel, session.user_id)

    def ask(fields: dict[str, Any]) -> Any:
        answer = channel.ask("send", **fields, session_token=session.token)
        if not channel.is_phone and answer.user_id == session.user_id:
            store.incr(magic_links.adding(to), ADDING)
        return answer

    with magic_links.same_time(), _counted_client():
        method_id = _send(channel, to, ask, session.user_id)
    pending.keep(channel, pending.Code(method_id, session.user_id, "the one that you are adding"))


@logs_security_event("login")
def sign_in(channel: Channel, code: str) -> Session:
    """Exchange a code for a session. Raises CodeRejected, LimitReached."""
    sent = pending.waiting(channel)
    with counted_code(sent.method_id, "passcode"):
        token = _use(sent.method_id, code, sent.nonce)
    try:
        return stytch_client.sessions.get(token)
    except NotSignedIn as error:  # pressed again after a sign-out
        raise CodeRejected("unable_to_auth_otp_code") from error


@logs_security_event("step-up")
def prove(channel: Channel, session: Session, code: str) -> Session:
    """Add the code's proof to this session. Raises CodeRejected, LimitReached. Stytch docs: *Authenticate passcode*."""
    sent = pending.waiting(channel, session.user_id)

    def use(keep: dict[str, Any]) -> Any:
        answer = stytch_client.sdk.otps.authenticate(sent.method_id, code, **keep)
        for email in filter(lambda each: each.verified, answer.user.emails):
            store.clear(magic_links.adding(email.email))
        return answer

    with counted_code(sent.method_id, "passcode"):
        proven = stytch_client.add_proof(session, use)
    pending.forget(channel)
    return proven


@cached(USED, condition=Condition())
def _use(method_id: str, code: str, _nonce: str) -> str:
    """Return the token of the code's session. Parallel presses of one browser wait here, then get the same."""
    with refusals():
        answer = stytch_client.sdk.otps.authenticate(method_id, code, **new_session())
    return stytch_client.start_session(answer)


def _send(channel: Channel, to: str, ask: Callable[[dict[str, Any]], Any], user_id: str = "") -> str:
    """Let Stytch send a code, and return its method_id, or one that never works."""
    with counted("passcode", _hash(channel, to), CODES_PER_ADDRESS, rule=RULE):
        if channel.is_phone:
            count(phones.per_hour, "passcode", "texts")
        else:
            count(magic_links.LINKS_IN_ALL, "link", "all")
        try:
            answer = ask({channel.to_name: to, "expiration_minutes": minutes(channel.life)})
        except StytchError as error:
            return _refused(channel, error)
    is_own = not user_id or answer.user_id == user_id
    return getattr(answer, channel.id_name) if is_own else _decoy(channel)


def _refused(channel: Channel, error: StytchError) -> str:
    too_often = error.details.error_type == "too_many_requests"
    reason = "too_many_requests" if too_often else refusal_reason(error)
    if reason in NO_SESSION:
        raise NotSignedIn(reason) from error
    if reason in OUR_FAULT:
        raise ServiceUnavailable("Stytch", reason) from error
    if reason in SAID:
        raise CodeRejected(reason) from error
    return _decoy(channel)


def _decoy(channel: Channel) -> str:
    """Return an id in Stytch's form that belongs to nobody."""
    environment = "test" if phones.takes_sandbox else "live"
    return f"{'phone-number' if channel.is_phone else 'email'}-{environment}-{uuid4()}"


def _hash(channel: Channel, to: str) -> str:
    return hashlib.sha256(to.encode()).hexdigest() if channel.is_phone else magic_links.mailbox(to)


@contextmanager
def _counted_client() -> Iterator[None]:
    with counted("passcodes of a client", client_network(), CODES_PER_CLIENT, rule=CLIENT_RULE):
        yield
