"""What a visitor types as a code, and what is said when it is not taken."""

from __future__ import annotations

import re
from collections.abc import Mapping

from services.auth import Refused

WORDS = {
    "invalid_totp_code": "Enter the six digits that your authenticator shows.",
    "unable_to_authenticate_totp": "That code is not right. Enter the one that your authenticator shows now.",
    "totp_code_already_authenticated": "That code was used already. Wait for the next one, then enter it.",
    "expired_totp": "This set-up took too long. Start it again.",
    "user_lock_limit_reached": "Too many wrong codes: your account is locked for up to an hour. Try again later.",
    "recovery_code_used_as_totp_code": "That is a recovery code. Enter the six digits that your authenticator shows.",
}


def typed_code(form: Mapping[str, str]) -> str:
    """The six digits of the form's ``code``, with or without spaces. Raises Refused for anything else."""
    code = "".join(form.get("code", "").split())
    if not re.fullmatch(r"[0-9]{6}", code, re.ASCII):
        raise Refused("invalid_totp_code")
    return code


def refusal(reason: str) -> str:
    """What to tell the visitor for Stytch's error_type."""
    return WORDS.get(reason, WORDS["unable_to_authenticate_totp"])
