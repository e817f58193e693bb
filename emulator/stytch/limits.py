"""Fixed windows that begin at the top of their interval, as Stytch documents them."""

from __future__ import annotations

import hashlib

from .. import clock
from ..store import Tenant
from .errors import StytchFault

KIND = "rate_limit"


def count_request(tenant: Tenant, what: str, subject: str, *, most: int, seconds: int) -> None:
    """Count one use, and refuse it when the present window has had its fill.

    UNCONFIRMED: a ``Retry-After`` header; we send none.
    """
    key = hashlib.sha256(f"{what} {subject}".encode()).hexdigest()
    window = int(clock.timestamp()) // seconds
    known = tenant.get(KIND, key)
    used = known["used"] if known and known["window"] == window else 0
    if used >= most:
        raise StytchFault("too_many_requests")
    body = {"window": window, "used": used + 1}
    (tenant.save if known else tenant.add)(KIND, key, body)
