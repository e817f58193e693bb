"""Idempotency keys: the same key in the same space within 48 hours has the effect of one request.

UNCONFIRMED: a replay answers with the same status and the resource as it is now, whatever else the second request
says. Only a request that succeeded burns its key.
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
    """Find the resource of this kind that an earlier request with this key made.

    A kind is a key space: physical and virtual cards are one kind, so one key can't make one of each.
    """
    use = call.tenant.get("idempotency_key", _id(kind, key)) if key else None
    if use is None or use["used_at"] <= clock.timestamp() - KEY_LIFETIME:
        return None
    record = call.tenant.get(kind, use["resource"])
    if record is None or not call.bearer.sees(kind, record):
        # UNCONFIRMED: the key spaces are the org's, but one customer must not be handed another's resource.
        raise UnitFault("already_exists", "The idempotency key is in use", POINTER)
    return record


def remember(call: Call, kind: str, key: str | None, record: Json) -> None:
    """Burn a key, if the request had one, for the resource that it made."""
    if not key:
        return
    use = {"resource": record["id"], "used_at": clock.timestamp()}
    if call.tenant.get("idempotency_key", _id(kind, key)):
        call.tenant.save("idempotency_key", _id(kind, key), use)
    else:
        call.tenant.add("idempotency_key", _id(kind, key), use)


def _id(kind: str, key: str) -> str:
    return f"{kind}:{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()}"
