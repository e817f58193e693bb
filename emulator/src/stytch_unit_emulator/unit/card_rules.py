"""Card status rules, expiration dates and numbers."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from .. import clock
from ..store import Json, Tenant
from . import events, jsonapi
from .errors import UnitFault

PHYSICAL = "individualDebitCard"
VIRTUAL = "individualVirtualDebitCard"
# Those that lists filter by; Unit names ActiveForOnlineUse only in the card itself.
STATUSES = ("Inactive", "Active", "Stolen", "Lost", "Frozen", "ClosedByCustomer", "SuspectedFraud")
SPENDABLE = ("Active", "ActiveForOnlineUse")

BIN = "411111111"  # marks every number as a test number
VALID_MONTHS = 48
_MIN_MONTHS, _MAX_MONTHS = 36, 60
_UNFROZEN = ("Inactive", "Active", "ActiveForOnlineUse")


@dataclass(frozen=True)
class Action:
    """The statuses an action is allowed from and leads to; None: as before freezing."""

    allowed_from: Collection[str]
    leads_to: str | None


# UNCONFIRMED: lost, stolen and closed from Frozen; lost and stolen from Inactive; and that repeating an action is
# refused. Lost, Stolen and ClosedByCustomer are final.
ACTIONS = {
    "freeze": Action(_UNFROZEN, "Frozen"),
    "unfreeze": Action(["Frozen"], None),
    "close": Action([*_UNFROZEN, "Frozen"], "ClosedByCustomer"),
    "report-lost": Action([*_UNFROZEN, "Frozen"], "Lost"),
    "report-stolen": Action([*_UNFROZEN, "Frozen"], "Stolen"),
    "activate": Action(["Inactive", "ActiveForOnlineUse"], "Active"),
}


def apply_action(tenant: Tenant, card: Json, name: str, changes: Json | None = None) -> Json:
    """Apply an action to a card, with changes of other attributes, or refuse it for the card's status."""
    action = ACTIONS[name]
    check_status(card, action.allowed_from)
    before = card["attributes"]["status"]
    # UNCONFIRMED: unfreezing restores the status before freezing, such as Inactive.
    status = action.leads_to or card["internal"]["status_before_freeze"]
    card["internal"]["status_before_freeze"] = before
    if name == "activate":
        events.emit(tenant, "card.activated", card, "account", "customer")
    changed = {"previousStatus": before, "newStatus": status}
    events.emit(tenant, "card.statusChanged", card, "account", "customer", attributes=changed)
    return jsonapi.update(tenant, "card", card, {"status": status, "freezeReason": None, **(changes or {})})


def check_status(card: Json, allowed: Collection[str]) -> None:
    """Refuse unless the card has one of these statuses."""
    status = card["attributes"]["status"]
    if status not in allowed:
        raise UnitFault("not_supported_for_card_status", f"The card is {status}")


def check_physical(card: Json) -> None:
    """Refuse a virtual card."""
    if card["type"] != PHYSICAL:
        raise UnitFault("not_supported_for_card_type", "The card is virtual")


def expiration(wanted: str | None) -> str:
    """The expiration month of a new card, as ``YYYY-MM``.

    ``wanted`` may be ``MM/yy``, ``yyyy-MM`` or ``yy-MM``.
    """
    now = clock.now()
    if wanted is None:
        return _month_after(now, VALID_MONTHS)
    if re.fullmatch("[0-9]{2}/[0-9]{2}", wanted):
        wanted = f"{wanted[3:]}-{wanted[:2]}"
    month = wanted if len(wanted) == 7 else f"20{wanted}"
    if not _month_after(now, _MIN_MONTHS) <= month <= _month_after(now, _MAX_MONTHS):
        why = "Invalid value for expiryDate: expected a month 3 to 5 years ahead"
        raise UnitFault("invalid_value", why, "/data/attributes/expiryDate")
    return month


def new_last_four(tenant: Tenant, account_id: str) -> str:
    """Four digits unique in the account, as purchases name cards by them."""
    taken = {
        card["attributes"]["last4Digits"]
        for card in tenant.all("card")
        if jsonapi.reference("card", card, "account") == account_id
    }
    drawn = iter(lambda: f"{secrets.randbelow(10_000):04d}", None)
    return next(digits for digits in drawn if digits not in taken)


def new_cvv2() -> str:
    """A random CVV2."""
    return f"{secrets.randbelow(1000):03d}"


def number(card: Json) -> str:
    """A test card number that ends in the last four and passes the Luhn check."""
    last_four = card["attributes"]["last4Digits"]
    candidates = (f"{BIN}00{digit}{last_four}" for digit in range(10))
    return next(filter(_passes_luhn, candidates))


def _passes_luhn(digits: str) -> bool:
    doubled = (int(digit) * (2 if position % 2 else 1) for position, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _month_after(moment: datetime, months: int) -> str:
    years, month = divmod(moment.month - 1 + months, 12)
    return f"{moment.year + years}-{month + 1:02d}"
