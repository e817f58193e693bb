"""Deposit accounts. Amounts are in cents.

``balance`` is posted, ``hold`` is authorized, ``available`` is the difference.
"""

from __future__ import annotations

from flask import Blueprint, Response

from .. import clock
from ..store import Json
from . import events, filters, idempotency, jsonapi, queries, spending
from .calls import Call, endpoint
from .customers import check_active
from .documents import read, read_changes
from .errors import UnitFault
from .schema import IDEMPOTENCY_KEY, fields, one_of, or_null, tags, text

routes = Blueprint("accounts", __name__)

ROUTING_NUMBER = "812345678"
# UNCONFIRMED: the refusal of an unknown product.
PRODUCT = one_of("checking")
CREATE = {
    "depositAccount": fields({"depositProduct": PRODUCT}, {"tags": tags(), "idempotencyKey": IDEMPOTENCY_KEY}),
}
PATCH = {"depositAccount": fields({}, {"depositProduct": PRODUCT, "tags": tags(nulls=True)})}
CLOSE = {
    "depositAccountClose": fields(
        {},
        {
            "reason": one_of("ByCustomer", "Fraud"),
            "closeReasonText": text(),
            "fraudReason": or_null(
                one_of(
                    "ACHActivity",
                    "CardActivity",
                    "CheckActivity",
                    "ApplicationHistory",
                    "AccountActivity",
                    "ClientIdentified",
                    "IdentityTheft",
                    "LinkedToFraudulentCustomer",
                )
            ),
            "bankReason": or_null(one_of("ProhibitedBusiness", "MissingCddEdd", "NonUsOperation", "SuspectedFraud")),
        },
    ),
}
FREEZE = {"accountFreeze": fields({}, {"reason": one_of("Fraud", "Other"), "reasonText": or_null(text())})}
# Cents. UNCONFIRMED: the sandbox's limits for a new account. They are returned but not enforced.
ACH_LIMITS = {
    "dailyDebit": 500_000,
    "dailyCredit": 1_000_000,
    "monthlyDebit": 1_000_000,
    "monthlyCredit": 2_000_000,
    "dailyDebitSoft": 300_000,
    "monthlyDebitSoft": 500_000,
}
CARD_LIMITS = {
    "dailyWithdrawal": 50_000,
    "dailyDeposit": 100_000,
    "dailyPurchase": 500_000,
    "dailyCardTransaction": 500_000,
}
CHECK_LIMITS = {"daily": 100_000, "monthly": 500_000, "dailySoft": 50_000, "monthlySoft": 250_000}
FILTERS = {
    "customerId": filters.related_to("customer"),
    "status": filters.in_values("status", "Open", "Frozen", "Closed"),
    "type": filters.of_type("Account"),
    "fromBalance": filters.at_least("balance"),
    "toBalance": filters.at_most("balance"),
    "tags": filters.has_tags,
}


@routes.post("/accounts")
@endpoint("accounts-write")
def create_account(call: Call) -> Response:
    """Open a deposit account for one customer. Joint accounts are not emulated."""
    document = read(CREATE, needs=("customer",))
    key = document.attributes.get("idempotencyKey")
    account = idempotency.replayed(call, "account", key)
    if account is None:
        customer = call.related(document, "customer")
        check_active(customer, "/data/relationships/customer")
        account = _numbered(call, call.tenant.add_numbered("account", _draft(customer, document.attributes)))
        idempotency.remember(call, "account", key, account)
        events.emit(call.tenant, "account.created", account, "customer")
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


@routes.patch("/accounts/<account_id>")
@endpoint("accounts-write")
def update_account(call: Call, account_id: str) -> Response:
    """Change an account's tags or product."""
    account = call.get("account", account_id)
    changes = read_changes(PATCH, account)
    return jsonapi.reply(jsonapi.update(call.tenant, "account", account, changes))


@routes.get("/accounts/<account_id>/limits")
@endpoint("accounts")
def get_account_limits(call: Call, account_id: str) -> Response:
    """Get an account's limits and their use today and this month."""
    account = call.get("account", account_id)
    today = clock.milliseconds(clock.now())[:10]
    daily, monthly = (spending.moved(call.tenant, account, period) for period in (today, today[:7]))
    spent = {"withdrawals": 0, "deposits": 0, "purchases": daily["purchases"], "cardTransactions": 0}
    attributes = {
        "ach": {"limits": ACH_LIMITS, "totalsDaily": daily["ach"], "totalsMonthly": monthly["ach"]},
        "card": {"limits": CARD_LIMITS, "totalsDaily": spent},
        "checkDeposit": {"limits": CHECK_LIMITS, "totalsDaily": 0, "totalsMonthly": 0},
    }
    return jsonapi.reply({"type": "limits", "attributes": attributes})


@routes.get("/accounts/<account_id>/deposit-products")
@endpoint("accounts")
def list_products(call: Call, account_id: str) -> Response:
    """List the products an account may have. There is only one."""
    call.get("account", account_id)
    return jsonapi.reply([{"type": "accountDepositProduct", "attributes": {"name": "checking"}}])


@routes.post("/accounts/<account_id>/freeze")
@endpoint("accounts-write", org_only=True)
def freeze_account(call: Call, account_id: str) -> Response:
    """Freeze an open account; its cards are then declined."""
    account = call.get("account", account_id)
    given = read(FREEZE, empty=True).attributes
    check_open(account)
    reason = given.get("reasonText") or given.get("reason", "Other")
    events.emit(call.tenant, "account.frozen", account, "customer", attributes={"freezeReason": reason})
    changes = {"status": "Frozen", "freezeReason": reason}
    return jsonapi.reply(jsonapi.update(call.tenant, "account", account, changes))


@routes.post("/accounts/<account_id>/<any(unfreeze,reopen):action>")
@endpoint("accounts-write", org_only=True)
def open_account(call: Call, account_id: str, action: str) -> Response:
    """Unfreeze a frozen account or reopen a closed one. The body is ignored."""
    account = call.get("account", account_id)
    before, event = ("Frozen", "account.unfrozen") if action == "unfreeze" else ("Closed", "account.reopened")
    check_status(account, before)
    events.emit(call.tenant, event, account, "customer")
    reasons = dict.fromkeys(("freezeReason", "closeReason", "closeReasonText", "fraudReason"))
    return jsonapi.reply(jsonapi.update(call.tenant, "account", account, {"status": "Open", **reasons}))


@routes.post("/accounts/<account_id>/close")
@endpoint("accounts-write", org_only=True)
def close_account(call: Call, account_id: str) -> Response:
    """Close an account."""
    account = call.get("account", account_id)
    attributes = read(CLOSE, empty=True).attributes
    check_open(account)
    attributes.pop("bankReason", None)  # never returned by Unit
    changes = {"status": "Closed", "closeReason": attributes.pop("reason", "ByCustomer"), **attributes}
    events.emit(call.tenant, "account.closed", account, "customer", attributes={"closeReason": changes["closeReason"]})
    return jsonapi.reply(jsonapi.update(call.tenant, "account", account, changes))


def check_open(account: Json) -> None:
    """Refuse unless the account is open."""
    check_status(account, "Open")


def check_status(account: Json, needed: str) -> None:
    """Refuse unless the account has this status."""
    status = account["attributes"]["status"]
    if status != needed:
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
    return call.tenant.save("account", account["id"], account)
