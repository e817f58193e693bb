"""What the bank reports about accounts: balance history, statements and the letter that confirms an account."""

from __future__ import annotations

import re
from typing import Any

import pytest
import time_machine

from stytch_unit_emulator.unit import pdf

from .conftest import UnitOverHTTP
from .unit_story import Bank, account_of, customer_of

Json = dict[str, Any]


@pytest.fixture
def card(long_lived_tenants: None, bank: Bank, clock: time_machine.Traveller) -> Json:  # noqa: ARG001
    """A card with $1,000 since June 1, of which $20 are spent and $30 held on June 2, and $10 held since June 20.

    A hold of June 2 was declined. Now it is July 2.
    """
    card = bank.active_card()
    clock.move_to("2026-06-02T12:00:00Z")
    bank.buy(card, 2_000, merchantName="Café <b>")
    held = bank.hold(card, 3_000).json()["data"]
    bank.hold(card, 10**9)
    clock.move_to("2026-06-04T12:00:00Z")
    bank.unit("POST", f"/authorizations/{held['id']}/release")
    clock.move_to("2026-06-20T12:00:00Z")
    bank.hold(card, 1_000)
    clock.move_to("2026-07-02T12:00:00Z")
    return card


def test_the_end_of_a_day_has_its_balance_and_hold(bank: Bank, card: Json) -> None:
    days = bank.read(f"/account-end-of-day?filter[accountId]={account_of(card)}")

    shown = {each["attributes"].pop("date"): each["attributes"] for each in days}
    assert len(days) == len({each["id"] for each in days}) == 31
    assert shown["2026-06-01"] == {"balance": 100_000, "hold": 0, "available": 100_000}
    assert shown["2026-06-03"] == {"balance": 98_000, "hold": 3_000, "available": 95_000}
    assert shown["2026-07-01"] == {"balance": 98_000, "hold": 1_000, "available": 97_000}


@pytest.mark.parametrize(
    ("query", "found"),
    [("filter[since]=2026-06-03", 29), ("filter[until]=2026-06-03", 3), ("filter[customerId]=1", 0)],
)
@pytest.mark.usefixtures("card")
def test_the_balance_history_can_be_filtered(bank: Bank, query: str, found: int) -> None:
    assert len(bank.read(f"/account-end-of-day?{query}")) == found


def test_an_account_has_a_statement_for_each_month_that_ended(bank: Bank, card: Json) -> None:
    [statement] = bank.read("/statements")

    assert statement["attributes"] == {"period": "2026-06"}
    assert statement["relationships"]["account"]["data"]["id"] == account_of(card)
    assert bank.read("/statements?filter[period]=2026-05") == []


def test_a_statement_lists_the_transactions_of_its_month(bank: Bank, unit: UnitOverHTTP, card: Json) -> None:
    bank.buy(card, 500)  # in July
    [statement] = bank.read("/statements")

    page = unit("GET", f"/statements/{statement['id']}/html")

    assert page.headers["Content-Type"].startswith("text/html")
    assert re.findall(r"[-$\d,.]*\$[\d,.]+", page.text) == ["$1,000.00", "-$20.00", "$980.00"]
    assert "Café &lt;b&gt;" in page.text


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/statements/{statement}/pdf", b"Closing balance: $980.00"),
        ("/statements/{account}/bank/pdf", b"Ada Vance, account "),
        ("/statements/{account}/bank/pdf?includeProofOfFunds=true", b"Balance: $980.00"),
    ],
)
def test_bank_documents_are_pdfs(bank: Bank, unit: UnitOverHTTP, card: Json, path: str, shown: bytes) -> None:
    [statement] = bank.read("/statements")

    file = unit("GET", path.format(statement=statement["id"], account=account_of(card)))

    table = file.content.index(b"\nxref") + 1
    places = [int(place) for place in re.findall(rb"^(\d{10}) 00000 n ", file.content[table:], re.MULTILINE)]
    assert file.headers["Content-Type"] == "application/pdf"
    assert shown in file.content
    assert [file.content[place : place + 7].split()[:2] for place in places] == [
        [str(number).encode(), b"0"] for number in range(1, len(places) + 1)
    ]
    assert int(file.content[table:].split(b"startxref")[1].split()[0]) == table


def test_a_long_statement_has_several_pages() -> None:
    assert pdf.document([f"line {number}" for number in range(120)]).count(b"/Type /Page ") == 3


def test_a_statement_of_another_month_is_not_found(unit: UnitOverHTTP, card: Json) -> None:
    assert unit("GET", f"/statements/{account_of(card)}202607/html").status_code == 404


def test_a_customer_token_sees_the_statements_of_its_own_accounts(bank: Bank, card: Json) -> None:
    mine = bank.customer_token(customer_of(card), "statements accounts")
    other = bank.customer_token(bank.customer(email="bob@example.com"), "statements accounts")

    assert len(mine("GET", "/statements").json()["data"]) == 1
    assert other("GET", "/statements").json()["data"] == other("GET", "/account-end-of-day").json()["data"] == []
