"""Book payments between two accounts of the org.

Payments to other banks are not emulated.
"""

from __future__ import annotations

from flask import Blueprint, Response

from ..store import Json, Tenant
from . import events, idempotency, jsonapi, queries, spending
from .accounts import ROUTING_NUMBER
from .calls import Call, endpoint
from .documents import merged_tags, read
from .errors import UnitFault
from .schema import IDEMPOTENCY_KEY, fields, one_of, tags, text, whole

routes = Blueprint("payments", __name__)

AMOUNT = whole(1)
DIRECTION = one_of("Credit", "Debit")
CREATE = {
    "bookPayment": fields(
        {"amount": AMOUNT, "description": text(longest=80)},
        {"direction": DIRECTION, "tags": tags(), "idempotencyKey": IDEMPOTENCY_KEY},
    )
}
PATCH = fields({}, {"tags": tags(nulls=True)})
INCLUDABLE = ("customer", "account", "transaction")
COMMON_FILTERS = {
    "accountId": queries.related_to("account"),
    "customerId": queries.related_to("customer"),
    "tags": queries.has_tags,
    "since": queries.since,
    "until": queries.until,
}
FILTERS = {
    **COMMON_FILTERS,
    "status": queries.in_values("status", "Pending", "Rejected", "Clearing", "Sent", "Canceled", "Returned"),
    "type": queries.of_type("Payment"),
    "direction": queries.in_values("direction", "Credit", "Debit"),
    "fromAmount": queries.at_least("amount"),
    "toAmount": queries.at_most("amount"),
}


@routes.post("/payments")
@endpoint("payments-write")
def create_payment(call: Call) -> Response:
    """Create a book payment, sent at once or rejected."""
    document = read(CREATE, needs=("account", "counterpartyAccount"))
    given: Json = {"direction": "Credit", "tags": {}, **document.attributes}
    key = given.pop("idempotencyKey", None)
    payment = idempotency.replayed(call, "payment", key)
    if payment is None:
        account, other = call.related(document, "account"), _counterparty(call, document.related["counterpartyAccount"])
        if account["id"] == other["id"]:
            raise UnitFault("invalid_value", "An account can't pay itself", "/data/relationships/counterpartyAccount")
        if given["direction"] == "Debit" and not call.bearer.sees("account", other):
            # UNCONFIRMED, and safer: customers can't debit another customer's account.
            raise UnitFault("account_not_found", "There is no such account", "/data/relationships/counterpartyAccount")
        payment = _book(call.tenant, account, other, given)
        idempotency.remember(call, "payment", key, payment)
    return jsonapi.reply(payment, status=201)


@routes.get("/payments")
@endpoint("payments")
def list_payments(call: Call) -> Response:
    """List payments."""
    return queries.listing(call, call.all("payment"), FILTERS, INCLUDABLE)


@routes.get("/payments/<payment_id>")
@endpoint("payments")
def get_payment(call: Call, payment_id: str) -> Response:
    """Get one payment."""
    payment = call.get("payment", payment_id)
    return jsonapi.reply(payment, included=queries.included(call, [payment], INCLUDABLE))


@routes.patch("/payments/<payment_id>")
@endpoint("payments-write")
def update_payment(call: Call, payment_id: str) -> Response:
    """Change a payment's tags."""
    return retag(call, "payment", payment_id)


def holder(account: Json) -> dict[str, str | None]:
    """An account and its customer, as relationships."""
    return {"account": account["id"], "customer": jsonapi.reference("account", account, "customer")}


def _counterparty(call: Call, account_id: str) -> Json:
    """The account that is paid; it may belong to another customer."""
    account = call.tenant.get("account", account_id)
    if account is None:
        raise UnitFault("account_not_found", "There is no such account", "/data/relationships/counterpartyAccount")
    return account


def _book(tenant: Tenant, account: Json, other: Json, given: Json) -> Json:
    payer = account if given["direction"] == "Credit" else other
    reason = _rejection(payer, account, other, given["amount"])
    status = {"status": "Rejected", "reason": reason} if reason else {"status": "Sent"}
    payee = jsonapi.reference("account", other, "customer")
    related = holder(account) | {"counterpartyAccount": other["id"], "counterpartyCustomer": payee}
    if not reason:
        outward = "Debit" if payer is account else "Credit"
        related["transaction"] = _post_book(tenant, account, other, given, outward)["id"]
        _post_book(tenant, other, account, given, "Credit" if outward == "Debit" else "Debit")
    payment = tenant.add_numbered("payment", jsonapi.draft("bookPayment", given | status, related=related))
    details = {"direction": given["direction"], "amount": given["amount"], "status": status["status"]}
    events.emit(tenant, "payment.created", payment, "account", "customer", attributes=details)
    ended = {**details, "reason": reason} if reason else {**details, "previousStatus": "Pending"}
    events.emit(tenant, f"payment.{status['status'].lower()}", payment, "account", "customer", attributes=ended)
    return payment


def _rejection(payer: Json, account: Json, other: Json, amount: int) -> str | None:
    """Why a book payment can't be made, or None. UNCONFIRMED: the reasons' names."""
    if account["attributes"]["status"] != "Open":
        return f"Account{account['attributes']['status']}"
    if other["attributes"]["status"] != "Open":
        return f"CounterpartyAccount{other['attributes']['status']}"
    return "InsufficientFunds" if amount > payer["attributes"]["available"] else None


def _post_book(tenant: Tenant, account: Json, other: Json, given: Json, direction: str) -> Json:
    counterparty = party(other["attributes"]["name"], other["attributes"]["accountNumber"])
    attributes = {
        "amount": given["amount"],
        "direction": direction,
        "summary": given["description"],
        "counterparty": counterparty,
        "tags": given["tags"],
    }
    payee = jsonapi.reference("account", other, "customer")
    related = holder(account) | {"counterpartyAccount": other["id"], "counterpartyCustomer": payee}
    return spending.post(tenant, account, "bookTransaction", attributes, related)


def retag(call: Call, kind: str, payment_id: str) -> Response:
    """Update the tags of a payment."""
    payment = call.get(kind, payment_id)
    changes = read({payment["type"]: PATCH}).attributes
    if "tags" in changes:
        changes["tags"] = merged_tags(payment["attributes"]["tags"], changes["tags"])
    return jsonapi.reply(jsonapi.update(call.tenant, kind, payment, changes))


def party(name: str, account_number: str) -> Json:
    """The other bank account of a payment."""
    shown = {"routingNumber": ROUTING_NUMBER, "accountNumber": account_number, "accountType": "Checking"}
    return {**shown, "name": name[:50]}
