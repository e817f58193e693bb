"""The list of cards, and new ones."""

from __future__ import annotations

import pytest
import time_machine
from flask import Flask

from .fake_network import LOST, FakeNetwork
from .identity import another_customer
from .journeys import get_card
from .visitor import Visitor


@pytest.fixture
def listing(stepped_up: Visitor) -> Visitor:
    """A customer without a card, whose list of cards is open."""
    stepped_up.get("/cards/list")
    return stepped_up


def numbers(visitor: Visitor) -> list[str]:
    """Return the last four digits of all cards in the list."""
    return [str(tag.text()).split()[-1] for tag in visitor.get("/cards/list").html.css(".number")]


def test_the_page_comes_at_once_and_loads_the_list(customer: Visitor, calls: list[str]) -> None:
    page = customer.get("/cards")

    assert page.status == 200
    assert page.one("#cards").attrs["hx-get"] == "/cards/list"
    assert page.one("#cards").attrs["aria-busy"] == "true"
    assert calls == []


def test_an_empty_list_says_what_to_do(app: Flask, listing: Visitor) -> None:
    app.extensions["exchange"]._tokens.clear()  # caches may be lost at any moment
    app.extensions["session_cache"]._sessions.clear()

    page = listing.get("/cards/list")

    assert "No cards yet" in page.text
    assert page.one("#balance strong").text().startswith("$")


@pytest.mark.parametrize(
    ("kind", "status", "label"), [("virtual", "Ready to use", "Virtual"), ("physical", "In the mail", "Physical")]
)
@pytest.mark.parametrize("htmx", [False, True], ids=["page", "htmx"])
def test_a_new_card_is_shown_as_a_card(listing: Visitor, kind: str, status: str, label: str, htmx: bool) -> None:
    page = listing.submit("/cards", htmx=htmx, kind=kind)
    announced = page.one("hx-partial[hx-target='#status']").text() if htmx else ""
    card = (page if htmx else listing.follow()).one("article.plastic")

    ending = numbers(listing)[0]
    assert card.attrs["aria-label"] == f"{label} card ending in {ending}"
    assert card.css(".state")[0].text() == status
    assert card.css(".expiry")[0].text(separator=" ", strip=True) == "Good thru 06/30"
    assert announced == (f"Your new card ends in {ending}." if htmx else "")


def test_a_fresh_form_makes_another_card(stepped_up: Visitor) -> None:
    get_card(stepped_up)
    get_card(stepped_up)

    assert len(set(numbers(stepped_up))) == 2


def test_one_form_cannot_make_two_kinds_of_card(listing: Visitor) -> None:
    form = listing.page
    listing.submit("/cards", kind="virtual")
    listing.page = form

    page = listing.submit("/cards", kind="physical")

    assert page.status == 409
    assert "This form was already used for another card." in page.text
    assert len(numbers(listing)) == 1


@pytest.mark.parametrize(
    "fields",
    [{"kind": "gold"}, {"kind": ""}, {"nonce": ""}, {"nonce": "x" * 300}],
    ids=["unknown kind", "no kind", "no nonce", "long nonce"],
)
def test_a_form_that_was_tampered_with_makes_no_card(listing: Visitor, fields: dict[str, str]) -> None:
    page = listing.submit("/cards", {"kind": "virtual"} | fields)

    assert page.status == 422
    assert numbers(listing) == []


def test_another_user_who_sends_the_same_form_gets_their_own_card_and_sees_no_other(
    listing: Visitor, clock: time_machine.Traveller
) -> None:
    nonce = str(listing.page.one("input[name=nonce]").attrs["value"])
    listing.submit("/cards", kind="virtual")
    other = another_customer(listing, clock)

    other.post("/cards", {"kind": "virtual", "nonce": nonce})

    assert len(numbers(other)) == len(numbers(listing)) == 1
    assert numbers(other) != numbers(listing)


@pytest.mark.parametrize("htmx", [True, False], ids=["htmx", "page"])
def test_without_any_answer_a_card_is_unconfirmed_and_pressing_again_finds_it(
    listing: Visitor, network: FakeNetwork, htmx: bool
) -> None:
    form = listing.page
    network.set("POST /cards", LOST, times=3)

    unconfirmed = listing.submit("/cards", htmx=htmx, kind="physical")
    network.set("POST /cards", LOST, times=1)  # the call is repeated
    listing.page = form if htmx else unconfirmed
    again = listing.submit("/cards", {"kind": "physical"} if htmx else {})

    assert unconfirmed.status == 503
    assert "Not confirmed yet" in unconfirmed.text
    assert again.goes_to == "/cards/list"
    assert len(numbers(listing)) == 1
