"""More cards and accounts than one: all are listed once, and the money shown is what new cards draw on."""

from __future__ import annotations

import re

import pytest
import time_machine

from blueprints.cards import current_customer
from services.exchange import CARDS_WRITE_SCOPE
from services.unit_client import org_client
from services.unit_models import Json

from .inside import request_of
from .journeys import get_card
from .sandbox import deposit
from .visitor import Visitor


def endings(visitor: Visitor) -> list[str]:
    return [str(tag.attrs["href"]).partition("?")[0] for tag in visitor.get("/cards/list").html.css("a.manage")]


def issue(visitor: Visitor, number: int, after: int = 0) -> list[str]:
    """Issue cards at the bank until there are this many; return the paths of the new ones' pages."""
    with request_of(visitor):
        customer = current_customer(CARDS_WRITE_SCOPE)
        account = customer.accounts()[0].account_id
        keys = [f"00000000-0000-4000-8000-{each:012}" for each in range(after, number)]
        return [f"/cards/{customer.create_card(account, virtual=True, key=key).card_id}" for key in keys]


def test_every_card_is_listed_once_oldest_first(stepped_up: Visitor) -> None:
    issued: list[str] = []

    for number in (99, 100, 101, 200):
        issued += issue(stepped_up, number, after=len(issued))
        assert endings(stepped_up) == issued


def test_a_new_card_after_a_hundred_is_on_the_page(stepped_up: Visitor) -> None:
    issue(stepped_up, 100)
    stepped_up.get("/cards/list")

    page = stepped_up.submit("/cards", htmx=True, kind="virtual")

    ending = page.html.css(".number")[-1].text().split()[-1]
    assert len(page.html.css("article.plastic")) == 101
    assert page.one(".done").text() == f"Your new card ends in {ending}."


def test_a_new_card_beyond_what_is_listed_is_on_the_page_too(
    stepped_up: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.unit_client.MOST_CARDS", 4)
    monkeypatch.setattr("services.unit_client.PAGE", 2)
    monkeypatch.setattr("blueprints.cards.MOST_CARDS", 4)
    issue(stepped_up, 5)
    assert "Only your first 4 cards are shown." in stepped_up.get("/cards/list").text

    page = stepped_up.submit("/cards", htmx=True, kind="virtual")

    assert page.one(".done").text().split()[-1].rstrip(".") == page.html.css(".number")[-1].text().split()[-1]
    assert len(page.html.css("article.plastic")) == 5


def open_account(visitor: Visitor, number: int = 1) -> str:
    with request_of(visitor) as session:
        return org_client.open_account(session.customer_id or "", f"00000000-0000-4000-9000-{number:012}").account_id


def balances(visitor: Visitor) -> list[str]:
    return [" ".join(tag.text().split()) for tag in visitor.get("/cards/list").html.css(".balance")]


def set_status(visitor: Visitor, account_id: str, action: str) -> None:
    with request_of(visitor):
        document: Json = {"type": "depositAccountClose" if action == "close" else "accountFreeze", "attributes": {}}
        document["attributes"] = (
            {"reason": "ByCustomer"} if action == "close" else {"reason": "Other", "reasonText": "x"}
        )
        org_client.call("POST", f"/accounts/{account_id}/{action}", document)


def account_of(visitor: Visitor, path: str) -> str:
    with request_of(visitor):
        return current_customer().card(path.rpartition("/")[2])[1].account_id


def test_the_first_balance_is_that_of_the_account_that_new_cards_draw_on(
    stepped_up: Visitor, clock: time_machine.Traveller
) -> None:
    get_card(stepped_up)
    clock.shift(5)
    open_account(stepped_up)
    deposit(stepped_up, 50_729)  # on the account that is listed first
    with request_of(stepped_up):
        first, second = current_customer().accounts()

    path = get_card(stepped_up)

    assert account_of(stepped_up, path) == first.account_id
    shown = balances(stepped_up)
    assert len(shown) == 2
    for account, text in zip((first, second), shown, strict=True):
        assert text.startswith(f"Available ${account.available / 100:,.2f}")
        assert text.endswith(f"in the account ending in {account.number[-4:]}")
    own = " ".join(stepped_up.get(path).one("#balance").text().split())
    assert own == shown[0]


@pytest.mark.parametrize("action", ["freeze", "close"])
def test_an_account_that_is_not_open_is_not_the_one_that_is_shown_first(
    stepped_up: Visitor, clock: time_machine.Traveller, action: str
) -> None:
    clock.shift(5)
    open_account(stepped_up)
    with request_of(stepped_up):
        first, second = current_customer().accounts()
    deposit_target = second
    set_status(stepped_up, first.account_id, action)

    shown = balances(stepped_up)

    assert deposit_target.number[-4:] in shown[0]
    assert len(shown) == (2 if action == "freeze" else 1)
    assert [text for text in shown if "This account is frozen." in text] == shown[1:]
    assert account_of(stepped_up, get_card(stepped_up)) == second.account_id


def test_an_only_account_that_is_frozen_says_so_on_the_card_too(stepped_up: Visitor) -> None:
    path = get_card(stepped_up)
    set_status(stepped_up, account_of(stepped_up, path), "freeze")

    assert "This account is frozen." in balances(stepped_up)[0]
    assert "This account is frozen." in re.sub(r"\s+", " ", stepped_up.get(path).one("#balance").text())


@pytest.mark.parametrize(
    ("action", "kind", "attributes", "sentence"),
    [
        ("freeze", "accountFreeze", {"reason": "Fraud"}, "This account is frozen. The bank suspects fraud."),
        ("freeze", "accountFreeze", {"reason": "Other"}, "This account is frozen."),
        (
            "freeze",
            "accountFreeze",
            {"reason": "Other", "reasonText": "<b>Call us</b> " + "x" * 200},
            f"This account is frozen. <b>Call us</b> {'x' * 102}...",
        ),
        ("close", "depositAccountClose", {"reason": "ByCustomer"}, "This account is closed. You closed it."),
        ("close", "depositAccountClose", {"reason": "Fraud"}, "This account is closed. The bank suspects fraud."),
    ],
    ids=["fraud", "other", "in words", "by the customer", "closed for fraud"],
)
def test_an_account_that_is_not_open_says_why(
    stepped_up: Visitor, action: str, kind: str, attributes: Json, sentence: str
) -> None:
    with request_of(stepped_up):
        account_id = current_customer().accounts()[0].account_id
        org_client.call("POST", f"/accounts/{account_id}/{action}", {"type": kind, "attributes": attributes})

    (shown,) = balances(stepped_up)

    assert shown.endswith(sentence)


@pytest.fixture
def chooser(stepped_up: Visitor, clock: time_machine.Traveller) -> tuple[Visitor, str, str]:
    """A customer with two accounts whose list is open, and the accounts' ids in the order of the list."""
    clock.shift(5)
    open_account(stepped_up)
    with request_of(stepped_up):
        first, second = current_customer().accounts()
    stepped_up.get("/cards/list")
    return stepped_up, first.account_id, second.account_id


def test_with_several_open_accounts_a_new_card_draws_on_the_chosen_one(chooser: tuple[Visitor, str, str]) -> None:
    visitor, first, second = chooser
    offered = [str(option.attrs["value"]) for option in visitor.page.html.css("#account option")]

    visitor.submit("/cards", kind="virtual", account=second)

    assert offered == [first, second]
    assert account_of(visitor, endings(visitor)[-1]) == second


def test_with_one_open_account_there_is_nothing_to_choose(stepped_up: Visitor) -> None:
    assert not stepped_up.get("/cards/list").html.css("#account")


@pytest.mark.parametrize("account", ["frozen", "99999", "../1", "\u0661", "1" * 5_000])
def test_an_account_that_is_not_ones_own_and_open_gets_no_card(chooser: tuple[Visitor, str, str], account: str) -> None:
    visitor, _first, second = chooser
    set_status(visitor, second, "freeze")

    page = visitor.submit("/cards", kind="virtual", account=second if account == "frozen" else account)

    assert (page.status, page.one("#new-card .error").text()) == (409, "Choose one of your open accounts.")
    assert endings(visitor) == []


def test_a_form_that_was_used_for_one_account_gets_no_card_of_another(chooser: tuple[Visitor, str, str]) -> None:
    visitor, first, second = chooser
    form = visitor.page
    visitor.submit("/cards", kind="virtual", account=first)
    visitor.page = form

    page = visitor.submit("/cards", kind="virtual", account=second)

    assert page.status == 409
    assert "already used for another card" in page.text
    assert len(endings(visitor)) == 1


@pytest.mark.parametrize("action", ["freeze", "close"])
@pytest.mark.parametrize("htmx", [False, True], ids=["page", "htmx"])
def test_without_an_open_account_no_new_card_is_offered_and_a_form_that_was_open_says_why(
    stepped_up: Visitor, calls: list[str], action: str, htmx: bool
) -> None:
    form = stepped_up.get("/cards/list")
    with request_of(stepped_up):
        account_id = current_customer().accounts()[0].account_id
    set_status(stepped_up, account_id, action)

    offered = stepped_up.get("/cards/list", htmx=htmx)
    stepped_up.page = form
    refused = stepped_up.submit("/cards", htmx=htmx, kind="virtual")

    sentence = "You can’t get a new card, because you have no open account."
    assert offered.status == 200
    assert offered.html.css("#new-card") == []
    assert offered.one("#cards > .hint").text() == sentence
    assert refused.status == 409
    assert refused.one("#cards > .error[autofocus]").text() == sentence
    assert "POST /cards" not in calls
