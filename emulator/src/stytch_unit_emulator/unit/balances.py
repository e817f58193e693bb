"""What accounts held at the end of past days, from their transactions and authorizations. Amounts are in cents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from .. import clock
from ..store import Json, Tenant
from . import jsonapi


def past_days(account: Json) -> Iterator[date]:
    """The days that have ended since the account was opened, in UTC."""
    day, today = clock.parse(account["attributes"]["createdAt"]).date(), clock.now().date()
    while day < today:
        yield day
        day += timedelta(days=1)


class Books:
    """The transactions and authorizations of a tenant's accounts, read once."""

    def __init__(self, tenant: Tenant) -> None:
        self._transactions = _by_account(tenant.all("transaction"))
        self._authorizations = _by_account(tenant.all("authorization"))

    def transactions(self, account: Json, period: str) -> list[Json]:
        """An account's transactions of a day, month or year in UTC, oldest first."""
        posted = self._transactions.get(account["id"], [])
        return [each for each in posted if each["attributes"]["createdAt"].startswith(period)]

    def at_end_of(self, account: Json, day: date) -> Json:
        """Balance, hold and available at the end of a day.

        An authorization whose amount was increased counts with its last amount.
        """
        until, balance = (day + timedelta(days=1)).isoformat(), 0
        for each in self._transactions.get(account["id"], []):
            if each["attributes"]["createdAt"] < until:
                balance = each["attributes"]["balance"]
        held = (each for each in self._authorizations.get(account["id"], []) if _is_held(each, until))
        hold = sum(each["attributes"]["amount"] for each in held)
        return {"balance": balance, "hold": hold, "available": balance - hold}


def _by_account(records: Iterable[Json]) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = {}
    for record in records:
        found.setdefault(str(jsonapi.reference("", record, "account")), []).append(record)
    return found


def _is_held(authorization: Json, until: str) -> bool:
    """Whether an authorization held its amount at a time. Declined ones and refunds never do."""
    was_held = authorization["attributes"]["status"] == "Authorized" or "released_at" in authorization["internal"]
    released_at = authorization["internal"].get("released_at", until)
    return was_held and authorization["attributes"]["createdAt"] < until <= released_at
