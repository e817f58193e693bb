"""Monthly statements of accounts, calculated when asked for, and the letter that confirms an account.

UNCONFIRMED: when a statement appears, here once its month has ended in UTC; its type, of the two in Unit's API
description; and all texts, which are English in either language.
"""

from __future__ import annotations

from html import escape

from flask import Blueprint, Response, request

from .. import clock
from ..store import Json
from . import balances, filters, jsonapi, queries
from .calls import Call, endpoint
from .errors import UnitFault
from .pdf import document

routes = Blueprint("statements", __name__)

FILTERS = {
    "accountId": filters.related_to("account"),
    "accountIds": filters.related_to("account"),
    "customerId": filters.related_to("customer"),
    "period": filters.equals("period"),
}


@routes.get("/statements")
@endpoint("statements")
def list_statements(call: Call) -> Response:
    """List the statements of past months, newest first."""
    found = [each for account in call.all("account") for each in _statements(account)]
    return queries.listing(call, found, FILTERS, show=jsonapi.without_day, order="period")


@routes.get("/statements/<statement_id>/html")
@endpoint("statements")
def get_statement_html(call: Call, statement_id: str) -> Response:
    """Get a statement as a page."""
    rows = "".join(f"<p>{escape(line)}</p>" for line in _lines(call, statement_id))
    page = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Statement</title>{rows}</html>'
    return Response(page, mimetype="text/html", headers={"Content-Security-Policy": "default-src 'none'"})


@routes.get("/statements/<statement_id>/pdf")
@endpoint("statements")
def get_statement_pdf(call: Call, statement_id: str) -> Response:
    """Get a statement as a PDF."""
    return Response(document(_lines(call, statement_id)), mimetype="application/pdf")


@routes.get("/statements/<account_id>/bank/pdf")
@endpoint("statements")
def get_bank_letter(call: Call, account_id: str) -> Response:
    """Get the letter that confirms an account, with its balance if ``includeProofOfFunds`` is true."""
    account = call.get("account", account_id)["attributes"]
    lines = [
        "Emulated bank: verification of an account",
        f"{account['name']}, account {account['accountNumber']}, routing number {account['routingNumber']}",
        f"Status: {account['status']}",
    ]
    if request.args.get("includeProofOfFunds", "").lower() == "true":
        lines.append(f"Balance: {_dollars(account['balance'])}")
    return Response(document(lines), mimetype="application/pdf")


def _statements(account: Json) -> list[Json]:
    """An account's statements; the id is the account's, followed by year and month."""
    this_month = f"{clock.now():%Y-%m}"
    periods = dict.fromkeys(f"{day:%Y-%m}" for day in balances.past_days(account))
    return [
        jsonapi.calculated(
            "accountStatementDTO",
            f"{account['id']}{period.replace('-', '')}",
            f"{period}-01",
            {"period": period},
            account,
        )
        for period in periods
        if period < this_month
    ]


def _lines(call: Call, statement_id: str) -> list[str]:
    """The text of a statement."""
    account = call.get("account", statement_id[:-6])
    found = next((each for each in _statements(account) if each["id"] == statement_id), None)
    if found is None:
        raise UnitFault("not_found")
    period = found["attributes"]["period"]
    days = [day for day in balances.past_days(account) if f"{day:%Y-%m}" == period]
    books = balances.Books(call.tenant)
    closing = books.at_end_of(account, days[-1])["balance"]
    moved = [_line(each["attributes"]) for each in books.transactions(account, period)]
    title = f"Emulated bank: statement {period}, account {account['attributes']['maskedAccountNumber']}"
    return [title, account["attributes"]["name"], *moved, f"Closing balance: {_dollars(closing)}"]


def _line(transaction: Json) -> str:
    sign = "" if transaction["direction"] == "Credit" else "-"
    return f"{transaction['createdAt'][:10]}  {transaction['summary']}  {sign}{_dollars(transaction['amount'])}"


def _dollars(cents: int) -> str:
    return f"${cents / 100:,.2f}"
