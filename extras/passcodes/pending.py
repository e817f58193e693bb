"""The codes that this browser waits for, in Flask's signed cookie: a code works in no other browser.

The cookie holds ids and the last two digits of a number, but no code, number or address.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import asdict, dataclass, field

from flask import session as flask_session

from services import guards
from services.errors import CodeRejected, LimitReached

from .channels import CHANNELS, Channel

KEY = "passcodes"
WAIT = 30  # seconds until another code may be sent
TOO_SOON = "You can get another code 30 seconds after the last one."


@dataclass(frozen=True)
class Code:
    """A code that was sent, or that looks as if it was."""

    method_id: str
    user_id: str  # whose session it is for; empty: to sign in
    hint: str  # where it was sent
    sent_at: int = field(default_factory=lambda: int(time.time()))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))  # tells browsers apart


def keep(channel: Channel, code: Code) -> None:
    """Wait for this code; an earlier one by the same channel is void."""
    flask_session[KEY] = flask_session.get(KEY, {}) | {channel.name: asdict(code)}


def waiting(channel: Channel, user_id: str = "") -> Code:
    """Return the code that this user's session, or a sign-in, waits for. Raises CodeRejected."""
    if (code := _kept(channel, user_id)) is None:
        raise CodeRejected("unable_to_auth_otp_code")
    return code


def is_waiting(channel: Channel) -> bool:
    """Whether a sign-in waits for a code."""
    return _kept(channel, "") is not None


def forget(channel: Channel) -> None:
    """Stop waiting: the code was right."""
    flask_session[KEY] = {name: code for name, code in flask_session.get(KEY, {}).items() if name != channel.name}


def check_wait(channel: Channel, user_id: str = "") -> None:
    """Raise LimitReached if a code was sent a moment ago."""
    code = _kept(channel, user_id)
    left = code.sent_at + WAIT - int(time.time()) if code else 0
    if left > 0:
        raise LimitReached(left, TOO_SOON)


def sent_to(name: str) -> str:
    """Return where the code went that this session waits for; empty if it waits for none."""
    session = guards.loaded_session()
    code = _kept(CHANNELS[name], session.user_id) if session else None
    return code.hint if code else ""


def _kept(channel: Channel, user_id: str) -> Code | None:
    try:
        code = Code(**flask_session.get(KEY, {})[channel.name])
    except (KeyError, TypeError):  # the latter: kept by another version of this app
        return None
    is_over = time.time() > code.sent_at + channel.life.total_seconds()
    return None if is_over or code.user_id != user_id else code
