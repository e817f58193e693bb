"""The password policy of a new Stytch project: zxcvbn, valid from score 3, and no breached password.

UNCONFIRMED: the longest password. Here, it has 1,000 characters, of which zxcvbn reads the first 72.
"""

from __future__ import annotations

from threading import Lock
from typing import Any

from zxcvbn import zxcvbn
from zxcvbn.feedback import get_feedback

from ..store import Json
from . import fields
from .errors import StytchFault

VALID_FROM = 3
READ = 72  # characters; zxcvbn refuses longer texts
# Stytch asks HaveIBeenPwned. These stand for its list: most are weak too, the first ones only breached.
BREACHED = frozenset(
    (
        *("correct horse battery staple", "correcthorsebatterystaple", "Tr0ub4dor&3", "thisisapassword123"),
        *("123456", "12345678", "123456789", "password", "password1", "Password123", "P@ssword123", "qwerty123"),
        *("iloveyou", "letmein", "welcome1", "sunshine", "football", "trustno1", "dragon", "monkey", "abc123"),
    )
)
_lock = Lock()  # zxcvbn keeps the address of the last call in a global dictionary


def requested(body: Json, name: str = "password") -> str:
    """Read a password, in any characters. Never empty."""
    return fields.matching(body, name, r"(?s).{1,1000}", "invalid_argument")


def strength(password: str, email: str | None) -> Json:
    """What `strength_check` says of a password, which may be empty."""
    score, feedback = _rated(password[:READ], email)
    breached = password in BREACHED
    return {
        "valid_password": score >= VALID_FROM and not (breached and email is not None),
        "score": score,
        "breached_password": breached,
        "strength_policy": "zxcvbn",
        "breach_detection_on_create": True,
        "feedback": feedback,
    }


def check(password: str, email: str) -> None:
    """Refuse a password that may not be set.

    UNCONFIRMED: which refusal a password gets that is weak and breached. Here, ``breached_password``.
    """
    found = strength(password, email)
    if found["breached_password"]:
        raise StytchFault("breached_password")
    if not found["valid_password"]:
        raise StytchFault("weak_password")


def _rated(password: str, email: str | None) -> tuple[int, Json]:
    if not password:  # zxcvbn raises IndexError
        found: dict[str, Any] = {"score": 0, "feedback": get_feedback(0, [])}
    else:
        inputs = [email, *email.split("@")] if email else []
        with _lock:
            found = zxcvbn(password, inputs)
    texts = found["feedback"]
    return found["score"], {
        "warning": str(texts["warning"] or ""),
        "suggestions": [str(t) for t in texts["suggestions"]],
    }
