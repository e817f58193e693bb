"""Posts, holds, settles and declines amounts on accounts and cards.

Every function keeps ``available = balance - hold``. Amounts are positive cents.
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import clock
from ..store import Json, Tenant
from . import events, jsonapi
from .card_rules import SPENDABLE
from .errors import UnitFault

# UNCONFIRMED: the descriptions of merchant category codes.
CATEGORIES = {
    4121: "Taxis and Rideshares",
    5411: "Grocery Stores",
    5541: "Service Stations",
    5812: "Restaurants",
    5814: "Fast Food Restaurants",
    5942: "Book Stores",
}


DECISION_SOURCES = {"Unit": "Unit", "Visa": "Network"}  # cardDecisionSource, by who decided


@dataclass(frozen=True)
class Charge:
    """A merchant's charge to a card."""

    amount: int
    merchant: Json
    recurring: bool

    def summary(self, last_four: str) -> str:
        """The text for a statement."""
        parts = (self.merchant["name"], self.merchant.get("location"), f"**{last_four}")
        return "  |  ".join(part for part in parts if part)


@dataclass(frozen=True)
class Decline:
    """Why a charge is declined: error code, detail and authorization reason."""

    code: str
    detail: str
    reason: str
    by: str = "Unit"


def merchant(name: str, category_code: int, location: str | None, merchant_id: str | None) -> Json:
    """The merchant of an authorization or purchase."""
    category = CATEGORIES.get(category_code, "Miscellaneous")
    optional = {"location": location, "id": merchant_id}
    named = {key: value for key, value in optional.items() if value}
    return {"name": name, "type": category_code, "category": category, **named}


def totals(tenant: Tenant, card: Json) -> dict[str, int]:
    """A card's spending today and this month in UTC, settled or not.

    UNCONFIRMED: the time zone.
    """
    today = clock.milliseconds(clock.now())[:10]
    return {"dailyTotals": _spent(tenant, card, today), "monthlyTotals": _spent(tenant, card, today[:7])}


def moved(tenant: Tenant, account: Json, period: str) -> Json:
    """An account's ACH and card totals for a day or month."""
    ach, purchases = {"debits": 0, "credits": 0}, 0
    for each in tenant.all("transaction"):
        attributes = each["attributes"]
        if jsonapi.reference("", each, "account") != account["id"] or not attributes["createdAt"].startswith(period):
            continue
        if each["type"] in ("originatedAchTransaction", "receivedAchTransaction"):
            ach[f"{attributes['direction'].lower()}s"] += attributes["amount"]
        elif each["type"] == "purchaseTransaction" and attributes["direction"] == "Debit":
            purchases += attributes["amount"]
    return {"ach": ach, "purchases": purchases}


def decline(tenant: Tenant, account: Json, card: Json, amount: int) -> Decline | None:
    """Why a charge can't be made, or None. UNCONFIRMED: every code and reason."""
    card_status, account_status = card["attributes"]["status"], account["attributes"]["status"]
    if card_status not in SPENDABLE:
        return Decline("not_supported_for_card_status", f"The card is {card_status}", "RestrictedCard")
    if account_status != "Open":
        return Decline("not_supported_for_account_status", f"The account is {account_status}", "AccountClosed")
    if amount > account["attributes"]["available"]:
        return Decline("limits_exceeded", "The account has insufficient funds", "InsufficientFunds")
    limits, spent = card["internal"]["limits"], totals(tenant, card)
    for name, period in (("dailyPurchase", "dailyTotals"), ("monthlyPurchase", "monthlyTotals")):
        if name in limits and spent[period] + amount > limits[name]:
            return Decline("limits_exceeded", f"The card's limit {name} is reached", "CardExceedsAmountLimit")
    return None


def authorize(tenant: Tenant, account: Json, card: Json, charge: Charge) -> Json:
    """Hold the amount, or record a declined authorization and refuse."""
    declined = decline(tenant, account, card, charge.amount)
    if declined:
        record_authorization(tenant, account, card, charge, "Declined", declined)
        raise UnitFault(declined.code, declined.detail)
    move(tenant, account, hold=charge.amount)
    return record_authorization(tenant, account, card, charge, "Authorized")


def record_authorization(
    tenant: Tenant, account: Json, card: Json, charge: Charge, status: str, declined: Decline | None = None
) -> Json:
    """Store an authorization without holding the amount.

    UNCONFIRMED: who decided. Here, always Unit, except for a decline that the sandbox was asked for.
    """
    last_four = card["attributes"]["last4Digits"]
    attributes = {
        "amount": charge.amount,
        "cardLast4Digits": last_four,
        "merchant": charge.merchant,
        "recurring": charge.recurring,
        "status": status,
        "summary": charge.summary(last_four),
        "tags": {},
        "cardDecisionSource": DECISION_SOURCES[declined.by if declined else "Unit"],
        **(_details(declined) if declined else {}),
    }
    draft = jsonapi.draft("authorization", attributes, related=of(account, card))
    authorization = tenant.add_numbered("authorization", draft)
    shown = {name: attributes[name] for name in ("amount", "cardLast4Digits", "recurring", "merchant")}
    if status == "Declined":
        emit(tenant, "authorization.declined", authorization, {**shown, "reason": attributes["declineReason"]})
    else:
        emit(tenant, "authorization.created", authorization, shown)
    return authorization


def _details(declined: Decline) -> Json:
    return {"declineReason": declined.reason, "declineDescription": declined.detail, "declinedBy": declined.by}


def emit(tenant: Tenant, event_type: str, authorization: Json, attributes: Json) -> None:
    """Emit an event about an authorization."""
    events.emit(tenant, event_type, authorization, "card", "account", "customer", attributes=attributes)


def release(tenant: Tenant, account: Json, authorization: Json, changes: Json) -> Json:
    """Release an authorization's hold and update its attributes."""
    authorization["internal"]["released_at"] = clock.milliseconds(clock.now())
    move(tenant, account, hold=-authorization["attributes"]["amount"])
    return jsonapi.update(tenant, "authorization", authorization, changes)


def check_authorized(authorization: Json) -> None:
    """Refuse unless the authorization holds an amount."""
    status = authorization["attributes"]["status"]
    if status != "Authorized":
        raise UnitFault("invalid_value", f"The authorization is {status}")


def cancel(tenant: Tenant, authorization: Json) -> Json:
    """Cancel an authorization, or refuse: its amount becomes available."""
    check_authorized(authorization)
    account = tenant.get("account", authorization["relationships"]["account"]["data"]["id"]) or {}
    details = {name: authorization["attributes"][name] for name in ("amount", "cardLast4Digits", "recurring")}
    emit(tenant, "authorization.canceled", authorization, details)
    return release(tenant, account, authorization, {"status": "Canceled"})


def purchase(tenant: Tenant, account: Json, card: Json, charge: Charge, authorization_id: str, more: Json) -> Json:
    """Post an authorized purchase."""
    last_four = card["attributes"]["last4Digits"]
    attributes = {
        "amount": charge.amount,
        "summary": charge.summary(last_four),
        "cardLast4Digits": last_four,
        "merchant": charge.merchant,
        "recurring": charge.recurring,
        "cardDecisionSource": DECISION_SOURCES["Unit"],
        **more,
    }
    related = of(account, card) | {"authorization": authorization_id}
    return post(tenant, account, "purchaseTransaction", attributes, related)


def post(tenant: Tenant, account: Json, resource_type: str, attributes: Json, related: dict[str, str | None]) -> Json:
    """Post a transaction and update the account's balance."""
    sign = 1 if attributes["direction"] == "Credit" else -1
    move(tenant, account, balance=sign * attributes["amount"])
    shown = {"tags": {}, **attributes, "balance": account["attributes"]["balance"]}
    transaction = tenant.add_numbered("transaction", jsonapi.draft(resource_type, shown, related=related))
    details = {name: shown[name] for name in ("summary", "direction", "amount", "balance")}
    details["available"] = account["attributes"]["available"]
    others = ("account", "customer", "card", "authorization")
    events.emit(tenant, "transaction.created", transaction, *others, attributes=details)
    return transaction


def move(tenant: Tenant, account: Json, *, balance: int = 0, hold: int = 0) -> None:
    """Change an account's balance and hold."""
    figures = account["attributes"]
    changed = {"balance": figures["balance"] + balance, "hold": figures["hold"] + hold}
    changed["available"] = changed["balance"] - changed["hold"]
    jsonapi.update(tenant, "account", account, changed)


def of(account: Json, card: Json) -> dict[str, str | None]:
    """A card with its account and customer, as relationships."""
    return {
        "account": account["id"],
        "customer": jsonapi.reference("account", account, "customer"),
        "card": card["id"],
    }


def _spent(tenant: Tenant, card: Json, period: str) -> int:
    """A card's purchases and open authorizations in a day or month."""
    posted = [each for each in tenant.all("transaction") if each["attributes"]["direction"] == "Debit"]
    held = [each for each in tenant.all("authorization") if each["attributes"]["status"] == "Authorized"]
    return sum(
        each["attributes"]["amount"]
        for each in posted + held
        if jsonapi.reference("", each, "card") == card["id"] and each["attributes"]["createdAt"].startswith(period)
    )
