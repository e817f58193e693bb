"""TOTP endpoints: enrollment, authentication and recovery codes."""

from __future__ import annotations

import re

from flask import Blueprint

from ..store import Json
from . import factors, fields, objects, session_records, totp_records, user_records
from .endpoint import authenticated
from .errors import StytchFault
from .wire import Call, new_id

bp = Blueprint("totps", __name__, url_prefix="/v1/totps")

ENROLLMENT_MINUTES = (5, 1440)
CODE = r"[0-9]{6}"
RECOVERY_CODE = r"[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}"


@bp.post("")
@authenticated
def create(call: Call) -> Json:
    """Start an enrollment; returns the secret, QR code and recovery codes."""
    minutes = fields.minutes(call.body, "expiration_minutes", ENROLLMENT_MINUTES[1], ENROLLMENT_MINUTES)
    user = user_records.requested_user(call.tenant, call.body)
    if user["status"] != "active":
        raise StytchFault("user_not_found")  # UNCONFIRMED: the type for a pending user
    _remove_expired_totp(call, user)
    totp = totp_records.add(call.tenant, user, minutes)
    return {
        "totp_id": totp["totp_id"],
        "secret": totp["secret"],
        "qr_code": totp_records.qr_code(totp["secret"], totp_records.account_label(user)),
        "recovery_codes": totp["recovery_codes"],
        "user": objects.user_object(call.tenant, user),
        "user_id": user["user_id"],
    }


def _remove_expired_totp(call: Call, user: Json) -> None:
    """Refuse a second TOTP, unless the first is an expired enrollment.

    UNCONFIRMED: whether Stytch refuses or replaces a pending one. Here, it is refused, which is stricter for clients.
    """
    totp = totp_records.of_user(call.tenant, user)
    if totp and totp["verified"]:
        raise StytchFault("active_totp_exists")
    if totp and not totp_records.is_expired(totp):
        raise StytchFault("pending_totp_exists")
    if totp:
        totp_records.remove(call.tenant, user)


@bp.post("/authenticate")
@authenticated
def authenticate(call: Call) -> Json:
    """Verify a code; the first one completes the enrollment."""
    user = user_records.requested_user(call.tenant, call.body)
    code = _code(call, "totp_code", CODE, "invalid_totp_code", RECOVERY_CODE, "recovery_code_used_as_totp_code")
    requested = session_records.session_of(call, user)
    objects.refuse_if_locked(user)
    totp = totp_records.of_user(call.tenant, user)
    if totp is None:
        raise StytchFault("totps_not_found_for_user")
    if totp_records.is_expired(totp):
        raise StytchFault("expired_totp")
    step = totp_records.accepted_step(totp, code)
    if step is None:
        objects.count_failure(call.tenant, user)
        raise StytchFault("unable_to_authenticate_totp")
    totp.update(verified=True, last_step=step)
    return _authenticated(call, user, totp, requested, factors.totp(totp["totp_id"]))


@bp.post("/recovery_codes")
@authenticated
def recovery_codes(call: Call) -> Json:
    """List the unused recovery codes.

    UNCONFIRMED: whether Stytch's list keeps used ones.
    """
    user = user_records.requested_user(call.tenant, call.body)
    totp = totp_records.of_user(call.tenant, user)
    if totp is None:
        raise StytchFault("recovery_codes_not_found")
    shown = {name: totp[name] for name in ("totp_id", "verified", "recovery_codes")}
    return {"user_id": user["user_id"], "totps": [shown]}


@bp.post("/recover")
@authenticated
def recover(call: Call) -> Json:
    """Sign in with a recovery code, once."""
    user = user_records.requested_user(call.tenant, call.body)
    code = _code(call, "recovery_code", RECOVERY_CODE, "invalid_recovery_code", CODE, "totp_code_used_as_recovery_code")
    requested = session_records.session_of(call, user)
    objects.refuse_if_locked(user)
    totp = totp_records.of_user(call.tenant, user)
    if totp is None or not totp["verified"]:
        raise StytchFault("no_active_recovery_code_backed_factor")
    if code not in totp["recovery_codes"]:
        objects.count_failure(call.tenant, user)
        raise StytchFault("unable_to_authenticate_recovery_code")
    totp["recovery_codes"].remove(code)
    # UNCONFIRMED: the prefix of a recovery code's id.
    return _authenticated(call, user, totp, requested, factors.recovery_code(new_id("totp-recovery-code")))


def _code(call: Call, field: str, shape: str, malformed: str, other: str, mixed_up: str) -> str:
    """Read a code, with a specific refusal for the other kind of code."""
    value = call.body.get(field)
    if isinstance(value, str) and re.fullmatch(other, value):
        raise StytchFault(mixed_up)
    return fields.matching(call.body, field, shape, malformed)


def _authenticated(call: Call, user: Json, totp: Json, requested: session_records.SessionRequest, factor: Json) -> Json:
    call.tenant.save(user_records.TOTP, totp["totp_id"], totp)
    objects.count_success(call.tenant, user)
    return {
        "totp_id": totp["totp_id"],
        "user_id": user["user_id"],
        **session_records.add_factor(call, user, requested, factor),
        "user": objects.user_object(call.tenant, user),
        "user_device": None,
    }
