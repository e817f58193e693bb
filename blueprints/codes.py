"""What a visitor types as a code, and what is said when it is not taken."""

from __future__ import annotations

import re
from collections.abc import Mapping

from services.stytch_wire import Refused

WORDS = {
    "invalid_totp_code": "Enter the six digits that your authenticator shows.",
    "unable_to_authenticate_totp": "That code is not right. Enter the one that your authenticator shows now.",
    "totp_code_already_authenticated": "That code was used already. Wait for the next one, then enter it.",
    "user_lock_limit_reached": "Too many wrong codes: your account is locked for up to an hour. Try again later.",
    "recovery_code_used_as_totp_code": "That is a recovery code. Enter the six digits that your authenticator shows.",
    "invalid_recovery_code": "Enter a recovery code: three groups of four letters and digits.",
    "unable_to_authenticate_recovery_code": "That recovery code is wrong, or was used already. Enter another one.",
    "totp_code_used_as_recovery_code": "Those are six digits of an authenticator. Enter one of your recovery codes.",
    "text_malformed": "Enter the six digits that the text shows.",
    "text_wrong": "That code is not right. Enter the six digits that the newest text shows.",
    "text_over": "That text is over: it was used, or is older than ten minutes. Ask for another one.",
}


def typed_code(form: Mapping[str, str], malformed: str = "invalid_totp_code") -> str:
    """The six digits of the form's ``code``, with or without spaces. Raises Refused for anything else."""
    code = "".join(form.get("code", "").split())
    if not re.fullmatch(r"[0-9]{6}", code, re.ASCII):
        raise Refused(malformed)
    return code


def typed_recovery_code(form: Mapping[str, str]) -> str:
    """The form's ``recovery_code`` as Stytch writes it, whatever its spaces, dashes and case. Raises Refused."""
    code = re.sub(r"[\s-]", "", form.get("recovery_code", ""))
    if re.fullmatch(r"[0-9]{6}", code, re.ASCII):
        raise Refused("totp_code_used_as_recovery_code")
    if not re.fullmatch(r"[A-Za-z0-9]{12}", code, re.ASCII):
        raise Refused("invalid_recovery_code")
    return "-".join(re.findall(".{4}", code.lower()))


def refusal(reason: str) -> str:
    """What to tell the visitor for Stytch's error_type, or a word of ours."""
    return WORDS.get(reason, "That code was not taken. Enter a new one.")


def too_many(wait: int) -> str:
    """What to tell somebody who gave too many wrong codes, and must wait for that many seconds."""
    unit, length = ("hour", 3600) if wait > 5400 else ("minute", 60)
    count = -(-wait // length)
    return f"For your safety, wait {count} {unit}{'s' if count > 1 else ''}, then enter a new code."
