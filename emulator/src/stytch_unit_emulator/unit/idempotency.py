"""Idempotency keys: within 48 hours, a repeated key has no further effect.

UNCONFIRMED: a replay returns the same status and the resource's current state, and ignores the rest of the request.
Only successful requests use up their key.
"""

from __future__ import annotations

import hashlib

from .. import clock
from ..store import Json
from .calls import Call
from .errors import UnitFault

KEY_LIFETIME = 48 * 3600  # seconds
POINTER = "/data/attributes/idempotencyKey"


def replayed(call: Call, kind: str, key: str | None) -> Json | None:
    """The resource that an earlier request with this key created, or None.

    Each kind has its own keys. Physical and virtual cards are one kind.
    """
    use = call.tenant.get("idempotency_key", _id(kind, key)) if key else None
    if use is None or use["used_at"] <= clock.timestamp() - KEY_LIFETIME:
        return None
    record = call.tenant.get(kind, use["resource"])
    if record is None or not call.bearer.sees(kind, record):
        # UNCONFIRMED: keys are shared by the org, but a customer must not get another's resource.
        raise UnitFault("already_exists", "The idempotency key is in use", POINTER)
    return record


def remember(call: Call, kind: str, key: str | None, record: Json) -> None:
    """Remember the resource that a request with a key created."""
    if not key:
        return
    use = {"resource": record["id"], "used_at": clock.timestamp()}
    if call.tenant.get("idempotency_key", _id(kind, key)):
        call.tenant.save("idempotency_key", _id(kind, key), use)
    else:
        call.tenant.add("idempotency_key", _id(kind, key), use)


def _id(kind: str, key: str) -> str:
    return f"{kind}:{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()}"
