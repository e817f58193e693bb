"""ACH payments from other banks, created by sandbox operations.

UNCONFIRMED: that these operations need an org token, and their status 201.
"""

from __future__ import annotations

import secrets

from flask import Blueprint, Response

from ..store import Json, Tenant
from . import counterparties, events, filters, jsonapi, payment_fields, queries, spending
from .accounts import ROUTING_NUMBER, check_open
from .calls import Call, endpoint
from .documents import read
from .errors import UnitFault
from .payment_fields import AMOUNT, DIRECTION, INCLUDABLE, holder, party, retag
from .schema import day, fields, one_of, text

routes = Blueprint("received_payments", __name__)

_SENDER = {"companyName": text(longest=16)}
_SEC_CODE = text("[A-Z]{3}")
_DESCRIPTION = text(longest=50)
SANDBOX_PAYMENT = {"achPayment": fields({"amount": AMOUNT, "direction": one_of("Credit"), "description": _DESCRIPTION})}
RECEIVED = {
    "achReceivedPayment": fields(
        # UNCONFIRMED: the longest description. The API description has 10 characters, Unit's own tests send more.
        {"amount": AMOUNT, "completionDate": day, "description": _DESCRIPTION, **_SENDER},
        {"secCode": _SEC_CODE, "direction": DIRECTION},
    )
}
RECEIVED_ACH = {
    "achReceivedPayment": fields(
        {"amount": AMOUNT, "settlementDate": day, **_SENDER},
        {"secCode": _SEC_CODE, "direction": DIRECTION, "receivingEntityName": text(longest=16)},
    )
}
RECEIVED_FILTERS = {
    **payment_fields.FILTERS,
    "status": filters.in_values(
        "status", "Pending", "PendingReview", "Advanced", "Completed", "MarkedForReturn", "Returned"
    ),
    "includeCompleted": filters.boolean,
    "canBeReprocessed": filters.flagged("canBeReprocessed"),
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


@routes.post("/received-payments/<payment_id>/advance")
@endpoint("received-payments-write", org_only=True)
def advance_received_payment(call: Call, payment_id: str) -> Response:
    """Pay a pending credit out before it arrives. The body is ignored.

    UNCONFIRMED: that every pending credit is advanceable, and the code of the refusal.
    """
    payment = call.get("received_payment", payment_id)
    if not payment["attributes"]["isAdvanceable"]:
        raise UnitFault("invalid_value", "The payment is not advanceable")
    account = _open_account(call, payment)
    _post_advance(call.tenant, account, payment, "paymentAdvanceTransaction", "Credit")
    return _move(call, payment, {"status": "Advanced", "wasAdvanced": True, "isAdvanceable": False})


@routes.post("/sandbox/payments")
@endpoint(org_only=True)
def receive_payment(call: Call) -> Response:
    """Post an ACH payment from another bank at once."""
    document = read(SANDBOX_PAYMENT, needs=("account",))
    account = call.related(document, "account")
    check_open(account)
    given, related = document.attributes, holder(account)
    related["transaction"] = _post_ach(call.tenant, account, given | {"companyName": "ACH SIMULATION"})["id"]
    sender = party("ACH SIMULATION", "1000000000")
    related["counterparty"] = counterparties.of_payment(call.tenant, str(related["customer"]), sender)["id"]
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
    """Complete a payment: it arrives, and an advance is repaid."""
    payment = call.get("received_payment", payment_id)
    attributes = payment["attributes"]
    if attributes["status"] not in ("Pending", "Advanced"):
        raise UnitFault("invalid_value", f"The payment is {attributes['status']}")
    account = _open_account(call, payment)
    posted = _post_ach(call.tenant, account, attributes)
    payment["relationships"]["receivePaymentTransaction"] = {"data": jsonapi.identifier("transaction", posted["id"])}
    if attributes["wasAdvanced"]:
        _post_advance(call.tenant, account, payment, "repaidPaymentAdvanceTransaction", "Debit")
    return _move(call, payment, {"status": "Completed", "isAdvanceable": False})


def _open_account(call: Call, payment: Json) -> Json:
    account = call.get("account", payment["relationships"]["account"]["data"]["id"])
    check_open(account)
    return account


def _move(call: Call, payment: Json, changes: Json) -> Response:
    previous = payment["attributes"]["status"]
    jsonapi.update(call.tenant, "received_payment", payment, changes)
    details = {"previousStatus": previous, "wasAdvanced": payment["attributes"]["wasAdvanced"]}
    event = f"receivedPayment.{changes['status'].lower()}"
    events.emit(call.tenant, event, payment, "account", "customer", attributes=details)
    return jsonapi.reply(payment)


def _announce(call: Call, account: Json, given: Json) -> Response:
    check_open(account)
    attributes = {
        "secCode": "PPD",
        "direction": "Credit",
        **given,
        "status": "Pending",
        "wasAdvanced": False,
        "isAdvanceable": given.get("direction", "Credit") == "Credit",
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


def _post_advance(tenant: Tenant, account: Json, payment: Json, resource_type: str, direction: str) -> None:
    """Post an advance or its repayment, and relate both to the payment."""
    amount = payment["attributes"]["amount"]
    related = holder(account) | {"receivedPayment": payment["id"]}
    advance = jsonapi.reference("", payment, "paymentAdvanceTransaction")
    attributes = {"direction": direction, "amount": amount, "summary": "Payment advance"}
    posted = spending.post(tenant, account, resource_type, attributes, related | {"paymentAdvanceTransaction": advance})
    name = "repayPaymentAdvanceTransaction" if advance else "paymentAdvanceTransaction"
    payment["relationships"][name] = {"data": jsonapi.identifier("transaction", posted["id"])}


def _new_trace_number() -> str:
    """Fifteen digits that start with eight of the sending bank."""
    return f"{ROUTING_NUMBER[:8]}{secrets.randbelow(10**7):07d}"
