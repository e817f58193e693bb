"""Posted transactions and card authorizations."""

from __future__ import annotations

from flask import Blueprint, Response, request

from ..store import Json
from . import jsonapi, queries
from .calls import Call, endpoint
from .documents import merged_tags, read
from .errors import UnitFault
from .schema import fields, tags

routes = Blueprint("transactions", __name__)

INCLUDABLE = ("customer", "account")
TAGS = fields({"tags": tags(nulls=True)})
_COMMON = {
    "accountId": queries.related_to("account"),
    "customerId": queries.related_to("customer"),
    "cardId": queries.related_to("card"),
    "since": queries.since,
    "until": queries.until,
    "fromAmount": queries.at_least("amount"),
    "toAmount": queries.at_most("amount"),
}
TRANSACTION_FILTERS = {
    **_COMMON,
    "accountIds": queries.related_to("account"),
    "query": queries.full_text,
    "tags": queries.has_tags,
    "type": queries.of_type("Transaction"),
    "direction": queries.in_values("direction", "Debit", "Credit"),
    "excludeFees": queries.boolean,  # there are no fees
    "accountType": lambda values: lambda _record: "deposit" in values,  # the only type
}
AUTHORIZATION_FILTERS = {
    **_COMMON,
    "status": queries.in_values("status", "Authorized", "Completed", "Canceled", "Declined"),
    "merchantCategoryCode": queries.merchant_category,
    "includeNonAuthorized": queries.boolean,
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
@endpoint("transactions-write")
def update_transaction(call: Call, account_id: str, transaction_id: str) -> Response:
    """Update a transaction's tags, its only mutable attribute."""
    transaction = _transaction(call, account_id, transaction_id)
    given = read({"transaction": TAGS, transaction["type"]: TAGS}).attributes
    changes = {"tags": merged_tags(transaction["attributes"]["tags"], given["tags"])}
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
    """Get one authorization."""
    return _reply(call, call.get("authorization", authorization_id))


def _transaction(call: Call, account_id: str | None, transaction_id: str) -> Json:
    transaction = call.get("transaction", transaction_id)
    if jsonapi.reference("transaction", transaction, "account") != account_id:
        raise UnitFault("not_found")
    return transaction


def _reply(call: Call, resource: Json) -> Response:
    return jsonapi.reply(resource, included=queries.included(call, [resource], INCLUDABLE))
