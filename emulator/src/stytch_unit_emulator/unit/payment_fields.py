"""What all kinds of payments have in common: checks, filters, relationships, tags."""

from __future__ import annotations

from flask import Response

from ..store import Json, Tenant
from . import events, filters, jsonapi
from .accounts import ROUTING_NUMBER
from .calls import Call
from .documents import read_changes
from .schema import fields, one_of, tags, whole

AMOUNT = whole(1)
DIRECTION = one_of("Credit", "Debit")
CLEARING_DAYS = whole(0, 10)  # UNCONFIRMED: the most days
INCLUDABLE = ("customer", "account", "transaction")
FILTERS = {
    "accountId": filters.related_to("account"),
    "customerId": filters.related_to("customer"),
    "tags": filters.has_tags,
    "since": filters.since,
    "until": filters.until,
    "fromAmount": filters.at_least("amount"),
    "toAmount": filters.at_most("amount"),
}
_PATCH = fields({}, {"tags": tags(nulls=True)})
_PATCH_ACH = fields({}, {"tags": tags(nulls=True), "clearingDaysOverride": CLEARING_DAYS})


def holder(account: Json) -> dict[str, str | None]:
    """An account and its customer, as relationships."""
    return {"account": account["id"], "customer": jsonapi.reference("account", account, "customer")}


def party(name: str, account_number: str) -> Json:
    """The other bank account of a payment."""
    shown = {"routingNumber": ROUTING_NUMBER, "accountNumber": account_number, "accountType": "Checking"}
    return {**shown, "name": name[:50]}


def retag(call: Call, kind: str, payment_id: str) -> Response:
    """Update the tags of a payment, and the clearing days of an originated ACH payment."""
    payment = call.get(kind, payment_id)
    changes = read_changes({payment["type"]: _PATCH_ACH if payment["type"] == "achPayment" else _PATCH}, payment)
    return jsonapi.reply(jsonapi.update(call.tenant, kind, payment, changes))


def announce(tenant: Tenant, payment: Json) -> None:
    """Emit the event of a new payment."""
    shown = {name: payment["attributes"][name] for name in ("status", "amount", "direction")}
    events.emit(tenant, "payment.created", payment, "account", "customer", attributes=shown)


def announce_status(tenant: Tenant, payment: Json, previous: str, account: Json) -> None:
    """Emit the event of a payment's new status."""
    shown = {name: payment["attributes"][name] for name in ("amount", "direction", "reason") if _has(payment, name)}
    shown |= {"previousStatus": previous, "available": account["attributes"]["available"]}
    event = f"payment.{payment['attributes']['status'].lower()}"
    events.emit(tenant, event, payment, "account", "customer", attributes=shown)


def _has(payment: Json, name: str) -> bool:
    return name in payment["attributes"]
