"""ACH payments that a customer originates: money sent to another bank, or collected from it.

UNCONFIRMED: when money moves. Here, what is sent leaves the account at once, and what is collected arrives when the
payment is sent; a canceled payment is given back. Sandbox operations move a payment on; time does not.
"""

from __future__ import annotations

from flask import Blueprint, Response

from ..store import Json, Tenant
from . import counterparties, jsonapi, spending
from .accounts import check_open
from .calls import Call, endpoint
from .documents import Document, read
from .errors import UnitFault
from .payment_fields import AMOUNT, CLEARING_DAYS, DIRECTION, announce, announce_status, holder
from .schema import IDEMPOTENCY_KEY, fields, flag, one_of, or_null, tags, text

routes = Blueprint("ach_payments", __name__)

CREATE = fields(
    {"amount": AMOUNT, "direction": DIRECTION, "description": text(longest=50)},
    {
        "addenda": text(longest=80),
        "counterparty": fields({**counterparties.ACCOUNT, "name": text(longest=50)}),
        "plaidProcessorToken": counterparties.PLAID_TOKEN,
        "counterpartyName": text(longest=50),
        "verifyCounterpartyBalance": flag,
        "sameDay": flag,
        "secCode": one_of("WEB", "CCD", "PPD"),
        "clearingDaysOverride": CLEARING_DAYS,
        "tags": tags(),
        "idempotencyKey": IDEMPOTENCY_KEY,
    },
)
_NOTHING = or_null(fields({}))
TRANSMIT = {"transmitAchPayment": _NOTHING}
CLEAR = {"clearAchPayment": _NOTHING}
_SHOWN = ("amount", "direction", "description", "addenda", "sameDay", "secCode", "clearingDaysOverride", "tags")


def create(call: Call, document: Document) -> Json:
    """Create a payment to a counterparty, to an account that the request describes, or to one known to Plaid."""
    given, account = document.attributes, call.related(document, "account")
    check_open(account)
    counterparty = _counterparty(call, document, account)
    _check_may_debit(given, counterparty)
    sends = given["direction"] == "Credit"
    rejected = sends and given["amount"] > account["attributes"]["available"]
    attributes = {
        "sameDay": False,
        "secCode": "WEB",
        "tags": {},
        **{name: given[name] for name in _SHOWN if name in given},
        "counterparty": {name: counterparty["attributes"][name] for name in (*counterparties.ACCOUNT, "name")},
        **({"status": "Rejected", "reason": "InsufficientFunds"} if rejected else {"status": "Pending"}),
    }
    if counterparty["internal"]["plaid"]:
        attributes["counterpartyVerificationMethod"] = "Plaid"
    draft = jsonapi.draft("achPayment", attributes, related=holder(account) | {"counterparty": counterparty["id"]})
    payment = call.tenant.add_numbered("payment", draft)
    if sends and not rejected:
        _post(call.tenant, account, payment)
    announce(call.tenant, payment)
    if rejected:
        announce_status(call.tenant, payment, "Pending", account)
    return payment


@routes.post("/payments/<payment_id>/cancel")
@endpoint("payments-write")
def cancel_payment(call: Call, payment_id: str) -> Response:
    """Cancel a pending ACH payment. The body is ignored."""
    payment = call.get("payment", payment_id)
    account = _check_status(call, payment, "Pending")
    posted = payment["relationships"].get("transaction")
    if posted:
        given_back = {"direction": "Credit", "amount": payment["attributes"]["amount"], "summary": "Payment canceled"}
        related = holder(account) | {"org": jsonapi.ORG_ID, "relatedTransaction": posted["data"]["id"]}
        spending.post(call.tenant, account, "paymentCanceledTransaction", given_back, related)
    return _move(call, payment, account, "Canceled")


@routes.post("/sandbox/ach/transmit")
@endpoint(org_only=True)
def transmit_payment(call: Call) -> Response:
    """Send a pending ACH payment to the other bank, which clears it later."""
    payment = call.related(read(TRANSMIT, needs=("payment",)), "payment")
    return _move(call, payment, _check_status(call, payment, "Pending"), "Clearing")


@routes.post("/sandbox/ach/clear")
@endpoint(org_only=True)
def clear_payment(call: Call) -> Response:
    """Complete an ACH payment that is clearing; what it collects arrives."""
    payment = call.related(read(CLEAR, needs=("payment",)), "payment")
    account = _check_status(call, payment, "Clearing")
    if payment["attributes"]["direction"] == "Debit":
        _post(call.tenant, account, payment)
    return _move(call, payment, account, "Sent")


def _counterparty(call: Call, document: Document, account: Json) -> Json:
    """Find the counterparty, which the request must describe in one way only."""
    given = document.attributes
    ways = [name in given for name in ("counterparty", "plaidProcessorToken")]
    if sum(ways) + ("counterparty" in document.related) != 1:
        why = "Expected one of attributes.counterparty, attributes.plaidProcessorToken and relationships.counterparty"
        raise UnitFault("invalid_value", why, "/data/attributes/counterparty")
    if "counterparty" in document.related:
        return call.related(document, "counterparty")  # the org may pay any customer's, as Unit's own tests do
    described = given.get("counterparty") or {
        **counterparties.PLAID_ACCOUNT,
        "name": given.get("counterpartyName", "Plaid account"),
        "permissions": "CreditAndDebit",
    }
    found = counterparties.of_payment(call.tenant, str(holder(account)["customer"]), described)
    found["internal"]["plaid"] |= "plaidProcessorToken" in given
    return call.tenant.save("counterparty", found["id"], found)


def _check_may_debit(given: Json, counterparty: Json) -> None:
    """Refuse a direction that the counterparty does not permit. UNCONFIRMED: the code."""
    permitted = counterparty["attributes"]["permissions"]
    if permitted not in (f"{given['direction']}Only", "CreditAndDebit"):
        why = f"The counterparty's permissions are {permitted}"
        raise UnitFault("invalid_value", why, "/data/attributes/direction")


def _check_status(call: Call, payment: Json, needed: str) -> Json:
    """Refuse unless it is an ACH payment with this status; returns its account. UNCONFIRMED: the code."""
    status = payment["attributes"]["status"]
    if payment["type"] != "achPayment" or status != needed:
        raise UnitFault("invalid_value", f"The {payment['type']} is {status}, not a {needed} achPayment")
    return call.get("account", payment["relationships"]["account"]["data"]["id"])


def _move(call: Call, payment: Json, account: Json, status: str) -> Response:
    previous = payment["attributes"]["status"]
    jsonapi.update(call.tenant, "payment", payment, {"status": status})
    announce_status(call.tenant, payment, previous, account)
    return jsonapi.reply(payment)


def _post(tenant: Tenant, account: Json, payment: Json) -> None:
    """Post the payment's transaction, whose direction is the account's."""
    given = payment["attributes"]
    attributes = {
        "direction": "Debit" if given["direction"] == "Credit" else "Credit",
        "amount": given["amount"],
        "summary": f"{given['counterparty']['name']}  |  {given['description']}",
        "description": given["description"],
        "counterparty": given["counterparty"],
        "secCode": given["secCode"],
        "tags": given["tags"],
    }
    related = holder(account) | {"payment": payment["id"]}
    posted = spending.post(tenant, account, "originatedAchTransaction", attributes, related)
    payment["relationships"]["transaction"] = {"data": jsonapi.identifier("transaction", posted["id"])}
    tenant.save("payment", payment["id"], payment)
