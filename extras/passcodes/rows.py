"""The rows of the registry: one method per channel."""

from __future__ import annotations

from functools import partial

from services import methods
from services.guards import set_current_session
from services.session import Session

from . import codes
from .channels import CHANNELS, Channel

MESSAGES = {
    "malformed": "Enter the six digits from the newest message.",
    "otp_code_not_found": "That code is wrong. Enter the six digits from the newest message, or use another way.",
    "unable_to_auth_otp_code": "That code was already used or has expired. Send another code.",
    "user_lock_limit_reached": "Too many wrong codes. You’re locked out for up to an hour. Try again later.",
    "invalid_email": "Enter an address like ada@example.com.",
    "invalid_email_domain": "We can’t send email to that domain. Use another address.",
    "invalid_phone_number": "Enter a mobile number with its area code, like (415) 555-2671.",
    "invalid_phone_number_country_code": "We can’t send codes to numbers of that kind or country. Use another way.",
    "downstream_carrier_error": "The message could not be delivered. Try again later, or use another way.",
    "unsubscribed_phone_number": "The message could not be delivered. Try again later, or use another way.",
    "too_many_unverified_factors": "Confirm your email address first: sign out, and sign in with a code by email.",
    "duplicate_phone_number_for_user": "You already added this number.",
    "duplicate_email_for_user": "You already added this address.",
}


def _has(channel: Channel, session: Session) -> bool:
    return channel.group in session.held


def _prepare(channel: Channel, session: Session) -> str:
    return f"We sent a code to {codes.send_to_step_up(channel, session)}."


def _verify(channel: Channel, session: Session, form: methods.Form) -> None:
    set_current_session(codes.prove(channel, session, methods.six_digits(form, "malformed")))


def row(channel: Channel) -> methods.Method:
    """Return the method of a channel."""
    return methods.Method(
        channel.name,
        f"a code {channel.how}",
        channel.group,
        sign_in="passcodes/_sign_in.html",
        step_up="passcodes/_step_up.html",
        is_enrolled=partial(_has, channel),
        prepare=partial(_prepare, channel),
        verify=partial(_verify, channel),
        messages=MESSAGES,
    )


def channels_in_use(group: str = "") -> list[Channel]:
    """Return the channels that this app offers for signing in or step-up, or those of one group."""
    offered = {method.name for method in (*methods.sign_in_methods(), *methods.step_up_methods())}
    return [each for each in CHANNELS.values() if each.name in offered and group in {"", each.group}]


ROWS = {name: row(channel) for name, channel in CHANNELS.items()}
