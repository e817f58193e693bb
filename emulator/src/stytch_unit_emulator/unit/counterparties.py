"""Counterparties: accounts at other banks that a customer pays or collects from by ACH."""

from __future__ import annotations

from flask import Blueprint, Response

from ..store import Json, Tenant
from . import filters, idempotency, jsonapi, queries
from .calls import Call, endpoint
from .customers import check_active
from .documents import read, read_changes
from .errors import Problem, UnitFault
from .schema import IDEMPOTENCY_KEY, Check, fields, flag, one_of, tags, text

routes = Blueprint("counterparties", __name__)

BANK = "Emulated Bank"
ACCOUNT_TYPE = one_of("Checking", "Savings", "Loan")
PERMISSIONS = ("CreditOnly", "DebitOnly", "CreditAndDebit")
PLAID_TOKEN = text("processor-.+")
# What an account has that is known by a Plaid token only. UNCONFIRMED: everything but the members.
PLAID_ACCOUNT = {"routingNumber": "812345678", "accountNumber": "2000000000", "accountType": "Checking"}
PLAID_BALANCE = 100_000  # cents
ACCOUNT: dict[str, Check] = {
    "routingNumber": text("[0-9]{9}"),
    "accountNumber": text("[0-9]{1,17}"),
    "accountType": ACCOUNT_TYPE,
}
_CHANGEABLE: dict[str, Check] = {
    "name": text(longest=50),
    "permissions": one_of(*PERMISSIONS),
    "plaidProcessorToken": PLAID_TOKEN,
    "verifyName": flag,
}
CREATE = {
    "achCounterparty": fields(
        {"name": text(longest=50), "type": one_of("Business", "Person", "Unknown")},
        {**ACCOUNT, **_CHANGEABLE, "tags": tags(), "idempotencyKey": IDEMPOTENCY_KEY},
    )
}
PATCH = {"counterparty": fields({}, {**_CHANGEABLE, "tags": tags(nulls=True)})}
FILTERS = {
    "customerId": filters.related_to("customer"),
    "accountNumber": filters.equals("accountNumber"),
    "routingNumber": filters.equals("routingNumber"),
    "permissions": filters.in_values("permissions", *PERMISSIONS),
    "tags": filters.has_tags,
}


@routes.post("/counterparties")
@endpoint("counterparties-write")
def create_counterparty(call: Call) -> Response:
    """Create a counterparty from its account's numbers, or from a Plaid token."""
    document = read(CREATE, needs=("customer",))
    given = document.attributes
    key = given.pop("idempotencyKey", None)
    found = idempotency.replayed(call, "counterparty", key)
    if found is None:
        customer = call.related(document, "customer")
        check_active(customer, "/data/relationships/customer")
        found = _add(call.tenant, customer["id"], _account(given), "plaidProcessorToken" in given)
        idempotency.remember(call, "counterparty", key, found)
    return jsonapi.reply(found, status=201)


@routes.get("/counterparties")
@endpoint("counterparties")
def list_counterparties(call: Call) -> Response:
    """List counterparties."""
    return queries.listing(call, call.all("counterparty"), FILTERS)


@routes.get("/counterparties/<counterparty_id>")
@endpoint("counterparties")
def get_counterparty(call: Call, counterparty_id: str) -> Response:
    """Get one counterparty."""
    return jsonapi.reply(call.get("counterparty", counterparty_id))


@routes.patch("/counterparties/<counterparty_id>")
@endpoint("counterparties-write")
def update_counterparty(call: Call, counterparty_id: str) -> Response:
    """Change a counterparty's name, permissions or tags. The account stays."""
    counterparty = call.get("counterparty", counterparty_id)
    changes = read_changes(PATCH, counterparty)
    counterparty["internal"]["plaid"] |= "plaidProcessorToken" in changes
    changes = {name: value for name, value in changes.items() if name not in ("plaidProcessorToken", "verifyName")}
    return jsonapi.reply(jsonapi.update(call.tenant, "counterparty", counterparty, changes))


@routes.delete("/counterparties/<counterparty_id>")
@endpoint("counterparties-write")
def delete_counterparty(call: Call, counterparty_id: str) -> Response:
    """Delete a counterparty; its payments stay."""
    call.tenant.remove("counterparty", call.get("counterparty", counterparty_id)["id"])
    return Response(status=204)


@routes.get("/counterparties/<counterparty_id>/balance")
@endpoint("counterparties")
def get_counterparty_balance(call: Call, counterparty_id: str) -> Response:
    """Get the balance of an account that a Plaid token gives access to."""
    counterparty = call.get("counterparty", counterparty_id)
    if not counterparty["internal"]["plaid"]:
        # UNCONFIRMED: the code.
        raise UnitFault("invalid_value", "Only a counterparty with a Plaid token has a balance")
    customer = jsonapi.reference("counterparty", counterparty, "customer")
    balance = jsonapi.draft(
        "counterpartyBalance",
        {"balance": PLAID_BALANCE, "available": PLAID_BALANCE},
        related={"counterparty": counterparty_id, "customer": customer},
    )
    del balance["attributes"]["createdAt"]
    return jsonapi.reply({**balance, "id": counterparty_id})


def of_payment(tenant: Tenant, customer_id: str, account: Json) -> Json:
    """The counterparty of a payment that names the account only.

    UNCONFIRMED: that it is one of the customer's counterparties. Unit's API description has one for every ACH payment.
    """
    for each in tenant.all("counterparty"):
        same = all(each["attributes"][name] == account[name] for name in ("routingNumber", "accountNumber"))
        if same and jsonapi.reference("", each, "customer") == customer_id:
            return each
    return _add(tenant, customer_id, {**account, "type": "Unknown"}, plaid=False)


def _account(given: Json) -> Json:
    """The attributes of a new counterparty."""
    if "plaidProcessorToken" in given:
        return PLAID_ACCOUNT | {name: given[name] for name in ("name", "type", "permissions", "tags") if name in given}
    missing = [name for name in ACCOUNT if name not in given]
    if missing:
        problems = [Problem("invalid_value", f"Missing value for {n}", f"/data/attributes/{n}") for n in missing]
        raise UnitFault.invalid(problems)
    return {name: value for name, value in given.items() if name != "verifyName"}


def _add(tenant: Tenant, customer_id: str, account: Json, plaid: bool) -> Json:
    attributes = {"bank": BANK, "permissions": "CreditOnly", "tags": {}, **account}
    draft = jsonapi.draft("achCounterparty", attributes, internal={"plaid": plaid}, related={"customer": customer_id})
    return tenant.add_numbered("counterparty", draft)
