"""One-time passcodes in the store: one for each phone number or email address, so that a new one voids the old."""

from __future__ import annotations

import secrets

from .. import clock
from ..store import Json, Tenant
from . import fields
from .wire import Call

OTP = "otp"


def issue(call: Call, user: Json, method_id: str, channel: str, minutes: int) -> Json:
    """Make a code for a phone or email id."""
    otp: Json = {
        "method_id": method_id,
        "user_id": user["user_id"],
        "channel": channel,
        "code": f"{secrets.randbelow(1_000_000):06}",
        "expires_at": clock.timestamp() + minutes * 60,
        "used": False,
        "attributes": fields.attributes(call.body),
    }
    return call.tenant.put(OTP, method_id, otp)


def find(tenant: Tenant, method_id: str) -> Json | None:
    """The newest code of a phone or email id."""
    return tenant.get(OTP, method_id)


def is_code(otp: Json, code: str) -> bool:
    """Whether this is the code, used or not."""
    return secrets.compare_digest(otp["code"], code)


def is_open(otp: Json) -> bool:
    """Whether the code is neither used nor expired."""
    return not otp["used"] and bool(otp["expires_at"] > clock.timestamp())


def is_open_code(tenant: Tenant, method_id: str, code: str) -> bool:
    """Whether a code that was sent still works: it is the newest one."""
    otp = find(tenant, method_id)
    return otp is not None and is_code(otp, code) and is_open(otp)


def mark_used(tenant: Tenant, otp: Json) -> None:
    """Use the code."""
    tenant.save(OTP, otp["method_id"], {**otp, "used": True})
