"""Payments: book payments within the org, and ACH payments to and from other banks.

Wires, checks, cards, recurring and bulk payments are not emulated.
"""

from __future__ import annotations

from flask import Blueprint, Response

from . import ach_payments, book_payments, filters, idempotency, jsonapi, payment_fields, queries
from .calls import Call, endpoint
from .documents import read
from .payment_fields import INCLUDABLE, retag

routes = Blueprint("payments", __name__)

CREATE = {"bookPayment": book_payments.CREATE, "achPayment": ach_payments.CREATE}
_CREATORS = {"bookPayment": book_payments.create, "achPayment": ach_payments.create}
FILTERS = {
    **payment_fields.FILTERS,
    "counterpartyAccountId": filters.related_to("counterpartyAccount"),
    "recurringPaymentId": filters.related_to("recurringPayment"),
    "status": filters.in_values(
        "status", "Pending", "PendingReview", "Rejected", "Clearing", "Sent", "Canceled", "Returned"
    ),
    "type": filters.of_type("Payment"),
    "direction": filters.in_values("direction", "Credit", "Debit"),
    "feature": filters.having_feature,
}


@routes.post("/payments")
@endpoint("payments-write")
def create_payment(call: Call) -> Response:
    """Create a payment. One that the balance does not allow is stored as rejected."""
    document = read(CREATE, needs=("account",), may_have=("counterparty", "counterpartyAccount"))
    key = document.attributes.pop("idempotencyKey", None)
    payment = idempotency.replayed(call, "payment", key)
    if payment is None:
        payment = _CREATORS[document.type](call, document)
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
