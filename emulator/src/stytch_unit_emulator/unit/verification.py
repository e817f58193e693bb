"""One-time codes as a second factor. As in Unit's sandbox, the code is fixed.

UNCONFIRMED: how long a code is valid, how many attempts it allows, and that it works once.
"""

from __future__ import annotations

import hashlib
import secrets

from .. import clock
from ..store import Json, Tenant
from .errors import UnitFault

CODE = "000001"
LIFE = 600  # seconds
MAX_ATTEMPTS = 5
_POINTER = "/data/attributes/verificationCode"


def start(tenant: Tenant, customer_id: str) -> str:
    """Start a verification; returns its token."""
    token = secrets.token_urlsafe(32)
    record = {"customer_id": customer_id, "expires_at": clock.timestamp() + LIFE, "attempts": 0}
    tenant.add("token_verification", _id(token), record)
    return token


def check_code(tenant: Tenant, customer_id: str, token: str | None, code: str) -> None:
    """Refuse a wrong code. As in Unit's sandbox, the token is optional."""
    if token is not None:
        _use(tenant, customer_id, token, code)
    if code != CODE:
        raise UnitFault("invalid_value", "The verification code is wrong", _POINTER)


def _use(tenant: Tenant, customer_id: str, token: str, code: str) -> None:
    record = tenant.get("token_verification", _id(token))
    if record is None or record["customer_id"] != customer_id or not _is_open(record):
        raise UnitFault("invalid_value", "The verification token is unknown, used or expired", _POINTER)
    record["attempts"] = record["attempts"] + 1 if code != CODE else MAX_ATTEMPTS
    tenant.save("token_verification", _id(token), record)


def _is_open(record: Json) -> bool:
    return bool(record["expires_at"] > clock.timestamp() and record["attempts"] < MAX_ATTEMPTS)


def _id(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
