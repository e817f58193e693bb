"""Rate limits in fixed windows aligned to the clock, as Stytch documents."""

from __future__ import annotations

import hashlib

from .. import clock
from ..store import Tenant
from .errors import StytchFault

KIND = "rate_limit"


def count_request(tenant: Tenant, what: str, subject: str, *, most: int, seconds: int) -> None:
    """Count a request, or refuse it if the window's limit is reached.

    UNCONFIRMED: a ``Retry-After`` header. None is sent here.
    """
    key = hashlib.sha256(f"{what} {subject}".encode()).hexdigest()
    window = int(clock.timestamp()) // seconds
    known = tenant.get(KIND, key)
    used = known["used"] if known and known["window"] == window else 0
    if used >= most:
        raise StytchFault("too_many_requests")
    body = {"window": window, "used": used + 1}
    (tenant.save if known else tenant.add)(KIND, key, body)
