"""The balance history of accounts: one resource per account and past day, calculated when asked for."""

from __future__ import annotations

from flask import Blueprint, Response

from . import balances, filters, jsonapi, queries
from .calls import Call, endpoint

routes = Blueprint("account_end_of_day", __name__)

FILTERS = {
    "accountId": filters.related_to("account"),
    "customerId": filters.related_to("customer"),
    "since": filters.since,
    "until": filters.until,
}


@routes.get("/account-end-of-day")
@endpoint("accounts")
def list_account_end_of_day(call: Call) -> Response:
    """List balances at the end of past days, newest first.

    UNCONFIRMED: the time zone, here UTC, and that the day an account was opened counts.
    """
    books = balances.Books(call.tenant)
    found = [
        jsonapi.calculated(
            "accountEndOfDay",
            f"{account['id']}{day:%Y%m%d}",
            f"{day}",
            {"date": f"{day}", **books.at_end_of(account, day)},
            account,
        )
        for account in call.all("account")
        for day in balances.past_days(account)
    ]
    return queries.listing(call, found, FILTERS, ("customer", "account"), show=jsonapi.without_day)
