"""Deposit accounts: ``balance`` is posted, ``hold`` is authorized, ``available`` can be spent; all in cents."""

from __future__ import annotations

from flask import Blueprint, Response

from ..store import Json
from . import events, idempotency, jsonapi, queries
from .calls import Call, endpoint
from .customers import check_active
from .documents import read
from .errors import UnitFault
from .schema import IDEMPOTENCY_KEY, fields, one_of, tags, text

routes = Blueprint("accounts", __name__)

ROUTING_NUMBER = "812345678"
CREATE = {
    "depositAccount": fields(
        # UNCONFIRMED: how a product that the org does not have is refused.
        {"depositProduct": one_of("checking")},
        {"tags": tags(), "idempotencyKey": IDEMPOTENCY_KEY},
    )
}
CLOSE = {
    "depositAccountClose": fields({}, {"reason": one_of("ByCustomer", "Fraud"), "closeReasonText": text()}),
}
FILTERS = {
    "customerId": queries.related_to("customer"),
    "status": queries.among("status", "Open", "Frozen", "Closed"),
    "type": queries.of_type("Account"),
    "fromBalance": queries.at_least("balance"),
    "toBalance": queries.at_most("balance"),
    "tags": queries.tagged,
}


@routes.post("/accounts")
@endpoint("accounts-write")
def create_account(call: Call) -> Response:
    """Open a deposit account for one customer; the emulator knows no joint accounts."""
    document = read(CREATE, needs=("customer",))
    key = document.attributes.get("idempotencyKey")
    account = idempotency.replayed(call, "account", key)
    if account is None:
        customer = call.related(document, "customer")
        check_active(customer, "/data/relationships/customer")
        account = _numbered(call, call.world.add_numbered("account", _draft(customer, document.attributes)))
        idempotency.remember(call, "account", key, account)
        events.emit(call.world, "account.created", account, "customer")
    return jsonapi.reply(account, status=201)


@routes.get("/accounts")
@endpoint("accounts")
def list_accounts(call: Call) -> Response:
    """List accounts."""
    return queries.listing(call, call.all("account"), FILTERS, ("customer",))


@routes.get("/accounts/<account_id>")
@endpoint("accounts")
def get_account(call: Call, account_id: str) -> Response:
    """Get one account."""
    account = call.get("account", account_id)
    return jsonapi.reply(account, included=queries.included(call, [account], ("customer",)))


@routes.post("/accounts/<account_id>/close")
@endpoint("accounts-write", org_only=True)
def close_account(call: Call, account_id: str) -> Response:
    """Close an account for good."""
    account = call.get("account", account_id)
    attributes = read(CLOSE, empty=True).attributes
    check_open(account)
    changes = {"status": "Closed", "closeReason": attributes.get("reason", "ByCustomer")}
    changes["closeReasonText"] = attributes.get("closeReasonText")
    events.emit(call.world, "account.closed", account, "customer", attributes={"closeReason": changes["closeReason"]})
    return jsonapi.reply(jsonapi.update(call.world, "account", account, changes))


def check_open(account: Json) -> None:
    """Refuse what only an open account allows."""
    status = account["attributes"]["status"]
    if status != "Open":
        raise UnitFault("not_supported_for_account_status", f"The account is {status}")


def _draft(customer: Json, given: Json) -> Json:
    name = customer["attributes"]["fullName"]
    attributes = {
        "name": f"{name['first']} {name['last']}",
        "status": "Open",
        "depositProduct": given["depositProduct"],
        "routingNumber": ROUTING_NUMBER,
        "currency": "USD",
        "balance": 0,
        "hold": 0,
        "available": 0,
        "tags": given.get("tags", {}),
    }
    return jsonapi.draft("depositAccount", attributes, related={"customer": customer["id"]})


def _numbered(call: Call, account: Json) -> Json:
    number = f"1{int(account['id']):09d}"
    account["attributes"] |= {"accountNumber": number, "maskedAccountNumber": f"******{number[-4:]}"}
    return call.world.save("account", account["id"], account)
