"""ACH payments from other banks, created by sandbox operations.

UNCONFIRMED: that these operations need an org token, and their status 201.
"""

from __future__ import annotations

import secrets

from flask import Blueprint, Response

from ..store import Json, Tenant
from . import events, jsonapi, queries, spending
from .accounts import ROUTING_NUMBER, check_open
from .calls import Call, endpoint
from .documents import read
from .errors import UnitFault
from .payments import AMOUNT, COMMON_FILTERS, DIRECTION, INCLUDABLE, holder, party, retag
from .schema import day, fields, text

routes = Blueprint("received_payments", __name__)

_SENDER = {"companyName": text(longest=16)}
_SEC_CODE = text("[A-Z]{3}")
SANDBOX_PAYMENT = {"achPayment": fields({"amount": AMOUNT, "direction": DIRECTION, "description": text(longest=50)})}
RECEIVED = {
    "achReceivedPayment": fields(
        {"amount": AMOUNT, "completionDate": day, "description": text(longest=10), **_SENDER}, {"secCode": _SEC_CODE}
    )
}
RECEIVED_ACH = {
    "achReceivedPayment": fields(
        {"amount": AMOUNT, "settlementDate": day, **_SENDER},
        {"secCode": _SEC_CODE, "direction": DIRECTION, "receivingEntityName": text(longest=16)},
    )
}
RECEIVED_FILTERS = {
    **COMMON_FILTERS,
    "status": queries.in_values("status", "Pending", "Advanced", "Completed", "Returned"),
    "includeCompleted": queries.boolean,
}


@routes.get("/received-payments")
@endpoint("received-payments", org_only=True)
def list_received_payments(call: Call) -> Response:
    """List received payments; completed ones only if requested."""
    found = call.all("received_payment")
    if not queries.is_true("includeCompleted") and not queries.filtered_by("status"):
        found = [each for each in found if each["attributes"]["status"] != "Completed"]
    return queries.listing(call, found, RECEIVED_FILTERS, INCLUDABLE)


@routes.get("/received-payments/<payment_id>")
@endpoint("received-payments", org_only=True)
def get_received_payment(call: Call, payment_id: str) -> Response:
    """Get a received payment."""
    payment = call.get("received_payment", payment_id)
    return jsonapi.reply(payment, included=queries.included(call, [payment], INCLUDABLE))


@routes.patch("/received-payments/<payment_id>")
@endpoint("received-payments-write", org_only=True)
def update_received_payment(call: Call, payment_id: str) -> Response:
    """Update the tags of a received payment."""
    return retag(call, "received_payment", payment_id)


@routes.post("/sandbox/payments")
@endpoint(org_only=True)
def receive_payment(call: Call) -> Response:
    """Post an ACH payment at once: a credit funds the account, a debit takes money."""
    document = read(SANDBOX_PAYMENT, needs=("account",))
    account = call.related(document, "account")
    check_open(account)
    given, related = document.attributes, holder(account)
    if given["direction"] == "Debit" and given["amount"] > account["attributes"]["available"]:
        raise UnitFault("limits_exceeded", "The account has insufficient funds", "/data/attributes/amount")
    related["transaction"] = _post_ach(call.tenant, account, given | {"companyName": "ACH SIMULATION"})["id"]
    sender = party("ACH SIMULATION", "1000000000")
    shown = given | {"status": "Sent", "counterparty": sender, "sameDay": False, "tags": {}}
    payment = jsonapi.draft("achPayment", shown, related=related)
    return jsonapi.reply(call.tenant.add_numbered("payment", payment), status=201)


@routes.post("/sandbox/received-payments")
@endpoint(org_only=True)
def create_received_payment(call: Call) -> Response:
    """Create a pending payment from another bank."""
    document = read(RECEIVED, needs=("account",))
    return _announce(call, call.related(document, "account"), document.attributes)


@routes.post("/sandbox/received-ach-payment")
@endpoint(org_only=True)
def create_received_ach_payment(call: Call) -> Response:
    """Create a pending ACH payment of either direction.

    UNCONFIRMED: that it is pending.
    """
    document = read(RECEIVED_ACH, needs=("account",))
    given = {"description": "ACH", "completionDate": document.attributes.pop("settlementDate"), **document.attributes}
    return _announce(call, call.related(document, "account"), given)


@routes.post("/sandbox/received-payments/<payment_id>/complete")
@endpoint(org_only=True)
def complete_received_payment(call: Call, payment_id: str) -> Response:
    """Complete a pending payment."""
    payment = call.get("received_payment", payment_id)
    attributes = payment["attributes"]
    if attributes["status"] != "Pending":
        raise UnitFault("invalid_value", f"The payment is {attributes['status']}")
    account = call.get("account", payment["relationships"]["account"]["data"]["id"])
    check_open(account)
    posted = _post_ach(call.tenant, account, attributes)
    payment["relationships"]["receivePaymentTransaction"] = {"data": jsonapi.identifier("transaction", posted["id"])}
    details = {"previousStatus": "Pending", "wasAdvanced": False}
    events.emit(call.tenant, "receivedPayment.completed", payment, "account", "customer", attributes=details)
    return jsonapi.reply(jsonapi.update(call.tenant, "received_payment", payment, {"status": "Completed"}))


def _announce(call: Call, account: Json, given: Json) -> Response:
    check_open(account)
    attributes = {
        "secCode": "PPD",
        "direction": "Credit",
        **given,
        "status": "Pending",
        "wasAdvanced": False,
        "isAdvanceable": False,
        "counterpartyRoutingNumber": ROUTING_NUMBER,
        "traceNumber": _new_trace_number(),
        "tags": {},
    }
    draft = jsonapi.draft("achReceivedPayment", attributes, related=holder(account))
    payment = call.tenant.add_numbered("received_payment", draft)
    details = {
        "type": "ACH",
        **{name: value for name, value in attributes.items() if name not in ("wasAdvanced", "tags")},
    }
    events.emit(call.tenant, "receivedPayment.created", payment, "account", "customer", attributes=details)
    return jsonapi.reply(payment, status=201)


def _post_ach(tenant: Tenant, account: Json, given: Json) -> Json:
    attributes = {
        "direction": given["direction"],
        "amount": given["amount"],
        "summary": f"{given['companyName']}  |  {given['description']}",
        "description": given["description"],
        "companyName": given["companyName"],
        "counterpartyRoutingNumber": ROUTING_NUMBER,
        "traceNumber": given.get("traceNumber") or _new_trace_number(),
        "secCode": given.get("secCode", "PPD"),
    }
    return spending.post(tenant, account, "receivedAchTransaction", attributes, holder(account))


def _new_trace_number() -> str:
    """Fifteen digits that start with eight of the sending bank."""
    return f"{ROUTING_NUMBER[:8]}{secrets.randbelow(10**7):07d}"
