"""What an account held at the end of past days, from its transactions and authorizations. Amounts are in cents."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from .. import clock
from ..store import Json, Tenant
from . import jsonapi


def transactions(tenant: Tenant, account: Json, period: str = "") -> list[Json]:
    """An account's transactions of a day, month or year in UTC, oldest first."""
    return [each for each in _of(tenant, "transaction", account) if each["attributes"]["createdAt"].startswith(period)]


def past_days(account: Json) -> Iterator[date]:
    """The days that have ended since the account was opened, in UTC."""
    day, today = clock.parse(account["attributes"]["createdAt"]).date(), clock.now().date()
    while day < today:
        yield day
        day += timedelta(days=1)


def at_end_of(tenant: Tenant, account: Json, day: date) -> Json:
    """Balance, hold and available at the end of a day.

    An authorization whose amount was increased counts with its last amount.
    """
    until = (day + timedelta(days=1)).isoformat()
    posted = [each for each in transactions(tenant, account) if each["attributes"]["createdAt"] < until]
    balance = posted[-1]["attributes"]["balance"] if posted else 0
    hold = sum(each["attributes"]["amount"] for each in _of(tenant, "authorization", account) if _is_held(each, until))
    return {"balance": balance, "hold": hold, "available": balance - hold}


def _of(tenant: Tenant, kind: str, account: Json) -> list[Json]:
    return [each for each in tenant.all(kind) if jsonapi.reference("", each, "account") == account["id"]]


def _is_held(authorization: Json, until: str) -> bool:
    """Whether an authorization held its amount at a time. Declined ones and refunds never do."""
    was_held = authorization["attributes"]["status"] == "Authorized" or "released_at" in authorization["internal"]
    released_at = authorization["internal"].get("released_at", until)
    return was_held and authorization["attributes"]["createdAt"] < until <= released_at
