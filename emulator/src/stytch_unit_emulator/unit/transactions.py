"""Posted transactions and card authorizations."""

from __future__ import annotations

from flask import Blueprint, Response, request

from ..store import Json
from . import filters, jsonapi, queries, spending
from .calls import Call, endpoint
from .documents import read_changes
from .errors import UnitFault
from .schema import fields, tags, text

routes = Blueprint("transactions", __name__)

INCLUDABLE = ("customer", "account")
TAGS = fields({"tags": tags(nulls=True)})
BOOK = fields({}, {"tags": tags(nulls=True), "summary": text()})
_COMMON = {
    "accountId": filters.related_to("account"),
    "customerId": filters.related_to("customer"),
    "cardId": filters.related_to("card"),
    "since": filters.since,
    "until": filters.until,
    "fromAmount": filters.at_least("amount"),
    "toAmount": filters.at_most("amount"),
}
TRANSACTION_FILTERS = {
    **_COMMON,
    "accountIds": filters.related_to("account"),
    "query": filters.full_text,
    "tags": filters.has_tags,
    "type": filters.of_type("Transaction"),
    "direction": filters.in_values("direction", "Debit", "Credit"),
    "excludeFees": filters.boolean,  # there are no fees
    "accountType": filters.deposit_accounts,
}
AUTHORIZATION_FILTERS = {
    **_COMMON,
    "status": filters.in_values("status", "Authorized", "Completed", "Canceled", "Declined"),
    "merchantCategoryCode": filters.merchant_category,
    "includeNonAuthorized": filters.boolean,
    "accountType": filters.deposit_accounts,
}


@routes.get("/transactions")
@endpoint("transactions")
def list_transactions(call: Call) -> Response:
    """List transactions, newest first."""
    confined = call.bearer.customer_id or queries.filtered_by("accountId", "accountIds", "customerId")
    if queries.page_offset() and not confined:
        # UNCONFIRMED: the refusal. Unit's docs allow paging only when filtering by customer or account.
        raise queries.invalid("page.offset", request.args["page[offset]"])
    return queries.listing(call, call.all("transaction"), TRANSACTION_FILTERS, INCLUDABLE)


@routes.get("/accounts/<account_id>/transactions/<transaction_id>")
@endpoint("transactions")
def get_transaction(call: Call, account_id: str, transaction_id: str) -> Response:
    """Get one transaction of an account."""
    return _reply(call, _transaction(call, account_id, transaction_id))


@routes.get("/transactions/<transaction_id>")
@endpoint("transactions")
def get_transaction_by_filter(call: Call, transaction_id: str) -> Response:
    """Get one transaction as Unit's Python SDK does, with the account in a filter."""
    return _reply(call, _transaction(call, request.args.get("filter[accountId]"), transaction_id))


@routes.patch("/accounts/<account_id>/transactions/<transaction_id>")
@routes.patch("/transactions/<transaction_id>")
@endpoint("transactions-write")
def update_transaction(call: Call, transaction_id: str, account_id: str | None = None) -> Response:
    """Update a transaction's tags, and the summary of a book transaction."""
    if account_id is None:
        transaction = call.get("transaction", transaction_id)
    else:
        transaction = _transaction(call, account_id, transaction_id)
    own = {"bookTransaction": BOOK}.get(transaction["type"], TAGS)
    changes = read_changes({"transaction": TAGS, transaction["type"]: own}, transaction)
    return _reply(call, jsonapi.update(call.tenant, "transaction", transaction, changes))


@routes.get("/authorizations")
@endpoint("authorizations")
def list_authorizations(call: Call) -> Response:
    """List authorizations.

    UNCONFIRMED: declined ones only with ``includeNonAuthorized``.
    """
    found = call.all("authorization")
    if not queries.is_true("includeNonAuthorized"):
        found = [each for each in found if each["attributes"]["status"] != "Declined"]
    return queries.listing(call, found, AUTHORIZATION_FILTERS, INCLUDABLE)


@routes.get("/authorizations/<authorization_id>")
@endpoint("authorizations")
def get_authorization(call: Call, authorization_id: str) -> Response:
    """Get one authorization.

    Unit's API description names the parameter ``includeNoneAuthorized``, its SDKs send the filter of lists.
    UNCONFIRMED: that a declined one needs it.
    """
    found = call.get("authorization", authorization_id)
    asked = queries.is_true("includeNonAuthorized") or request.args.get("includeNoneAuthorized", "").lower() == "true"
    if found["attributes"]["status"] == "Declined" and not asked:
        raise UnitFault("not_found")
    return _reply(call, found)


@routes.post("/authorizations/<authorization_id>/release")
@endpoint("cards-write", org_only=True)
def release_authorization(call: Call, authorization_id: str) -> Response:
    """Release a hold, as the org. The body is ignored.

    UNCONFIRMED: the scope, that it needs an org token, and the new status.
    """
    return _reply(call, spending.cancel(call.tenant, call.get("authorization", authorization_id)))


def _transaction(call: Call, account_id: str | None, transaction_id: str) -> Json:
    transaction = call.get("transaction", transaction_id)
    if jsonapi.reference("transaction", transaction, "account") != account_id:
        raise UnitFault("not_found")
    return transaction


def _reply(call: Call, resource: Json) -> Response:
    return jsonapi.reply(resource, included=queries.included(call, [resource], INCLUDABLE))
