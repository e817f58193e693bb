"""What happened on an account: posted transactions, and the card authorizations before them."""

from __future__ import annotations

from flask import Blueprint, Response, request

from . import jsonapi, queries
from .calls import Call, endpoint
from .errors import UnitFault

routes = Blueprint("transactions", __name__)

INCLUDABLE = ("customer", "account")
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
    "query": queries.worded,
    "tags": queries.tagged,
    "type": queries.of_type("Transaction"),
    "direction": queries.among("direction", "Debit", "Credit"),
    "excludeFees": queries.switch,  # there are none
}
AUTHORIZATION_FILTERS = {
    **_COMMON,
    "status": queries.among("status", "Authorized", "Completed", "Canceled", "Declined"),
    "merchantCategoryCode": queries.merchant_category,
    "includeNonAuthorized": queries.switch,
}


@routes.get("/transactions")
@endpoint("transactions")
def list_transactions(call: Call) -> Response:
    """List transactions, newest first."""
    confined = call.bearer.customer_id or queries.filtered_by("accountId", "accountIds", "customerId")
    if queries.page_offset() and not confined:
        # UNCONFIRMED: what Unit does then; it says that paging works only when filtering by customer or account.
        raise queries.invalid("page.offset", request.args["page[offset]"])
    return queries.listing(call, call.all("transaction"), TRANSACTION_FILTERS, INCLUDABLE)


@routes.get("/accounts/<account_id>/transactions/<transaction_id>")
@endpoint("transactions")
def get_transaction(call: Call, account_id: str, transaction_id: str) -> Response:
    """Get one transaction, whose id alone is no path."""
    transaction = call.get("transaction", transaction_id)
    if jsonapi.reference("transaction", transaction, "account") != account_id:
        raise UnitFault("not_found")
    return jsonapi.reply(transaction, included=queries.included(call, [transaction], INCLUDABLE))


@routes.get("/authorizations")
@endpoint("authorizations")
def list_authorizations(call: Call) -> Response:
    """List authorizations. UNCONFIRMED: without ``includeNonAuthorized`` the declined ones are left out."""
    found = call.all("authorization")
    if not queries.is_on("includeNonAuthorized"):
        found = [each for each in found if each["attributes"]["status"] != "Declined"]
    return queries.listing(call, found, AUTHORIZATION_FILTERS, INCLUDABLE)


@routes.get("/authorizations/<authorization_id>")
@endpoint("authorizations")
def get_authorization(call: Call, authorization_id: str) -> Response:
    """Get one authorization."""
    authorization = call.get("authorization", authorization_id)
    return jsonapi.reply(authorization, included=queries.included(call, [authorization], INCLUDABLE))
