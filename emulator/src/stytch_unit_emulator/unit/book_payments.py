"""Book payments between two accounts of the org, sent at once or rejected."""

from __future__ import annotations

from ..store import Json, Tenant
from . import jsonapi, spending
from .calls import Call
from .documents import Document
from .errors import Problem, UnitFault
from .payment_fields import AMOUNT, DIRECTION, announce, announce_status, holder, party
from .schema import IDEMPOTENCY_KEY, fields, tags, text

CREATE = fields(
    {"amount": AMOUNT, "description": text(longest=80)},
    {
        "direction": DIRECTION,
        "tags": tags(),
        "idempotencyKey": IDEMPOTENCY_KEY,
        "transactionSummaryOverride": text(),
    },
)
_POINTER = "/data/relationships/counterpartyAccount"


def create(call: Call, document: Document) -> Json:
    """Create a book payment."""
    given: Json = {"direction": "Credit", "tags": {}, **document.attributes}
    if "counterpartyAccount" not in document.related:
        raise UnitFault.invalid([Problem("invalid_value", "Missing counterpartyAccount", _POINTER)])
    account, other = call.related(document, "account"), _counterparty(call, document.related["counterpartyAccount"])
    if account["id"] == other["id"]:
        raise UnitFault("invalid_value", "An account can't pay itself", _POINTER)
    if given["direction"] == "Debit" and not call.bearer.sees("account", other):
        # UNCONFIRMED, and safer: customers can't debit another customer's account.
        raise UnitFault("account_not_found", "There is no such account", _POINTER)
    return _book(call.tenant, account, other, given)


def _counterparty(call: Call, account_id: str) -> Json:
    """The account that is paid; it may belong to another customer."""
    account = call.tenant.get("account", account_id)
    if account is None:
        raise UnitFault("account_not_found", "There is no such account", _POINTER)
    return account


def _book(tenant: Tenant, account: Json, other: Json, given: Json) -> Json:
    summary = given.pop("transactionSummaryOverride", given["description"])
    payer = account if given["direction"] == "Credit" else other
    reason = _rejection(payer, account, other, given["amount"])
    status = {"status": "Rejected", "reason": reason} if reason else {"status": "Sent"}
    payee = jsonapi.reference("account", other, "customer")
    related = holder(account) | {"counterpartyAccount": other["id"], "counterpartyCustomer": payee}
    if not reason:
        outward = "Debit" if payer is account else "Credit"
        related["transaction"] = _post(tenant, account, other, given | {"summary": summary}, outward)["id"]
        _post(tenant, other, account, given | {"summary": summary}, "Credit" if outward == "Debit" else "Debit")
    payment = tenant.add_numbered("payment", jsonapi.draft("bookPayment", given | status, related=related))
    announce(tenant, payment)
    announce_status(tenant, payment, "Pending", account)
    return payment


def _rejection(payer: Json, account: Json, other: Json, amount: int) -> str | None:
    """Why a book payment can't be made, or None. UNCONFIRMED: the reasons' names."""
    if account["attributes"]["status"] != "Open":
        return f"Account{account['attributes']['status']}"
    if other["attributes"]["status"] != "Open":
        return f"CounterpartyAccount{other['attributes']['status']}"
    return "InsufficientFunds" if amount > payer["attributes"]["available"] else None


def _post(tenant: Tenant, account: Json, other: Json, given: Json, direction: str) -> Json:
    counterparty = party(other["attributes"]["name"], other["attributes"]["accountNumber"])
    attributes = {
        "amount": given["amount"],
        "direction": direction,
        "summary": given["summary"],
        "counterparty": counterparty,
        "tags": given["tags"],
    }
    payee = jsonapi.reference("account", other, "customer")
    related = holder(account) | {"counterpartyAccount": other["id"], "counterpartyCustomer": payee}
    return spending.post(tenant, account, "bookTransaction", attributes, related)
