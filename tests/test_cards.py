"""The list of cards, and new ones."""

from __future__ import annotations

import pytest
import time_machine
from flask import Flask

from services.stytch_client import stytch_client

from .fake_network import LOST, FakeNetwork
from .inside import request_of
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


def test_an_empty_list_says_what_to_do(listing: Visitor) -> None:
    assert "No cards yet" in listing.page.text
    assert listing.page.one("#balance strong").text().startswith("$")


@pytest.mark.parametrize(
    ("kind", "status", "label"), [("virtual", "Ready to use", "Virtual"), ("physical", "In the mail", "Physical")]
)
def test_a_new_card_is_shown_as_a_card(listing: Visitor, kind: str, status: str, label: str) -> None:
    listing.submit("/cards", kind=kind)

    card = listing.follow().one("article.plastic")

    assert card.attrs["aria-label"] == f"{label} card ending in {numbers(listing)[0]}"
    assert card.css(".state")[0].text() == status
    assert card.css(".expiry")[0].text(separator=" ", strip=True) == "Good thru 06/30"


def test_htmx_gets_the_list_with_the_new_card_and_an_announcement(listing: Visitor) -> None:
    page = listing.submit("/cards", htmx=True, kind="virtual")

    assert len(page.html.css("article.plastic")) == 1
    assert page.one("hx-partial[hx-target='#status']").text().startswith("Your new card ends in ")


def test_a_form_sent_twice_makes_one_card(listing: Visitor) -> None:
    form = listing.page

    listing.submit("/cards", kind="virtual")
    listing.page = form
    listing.submit("/cards", kind="virtual")

    assert len(numbers(listing)) == 1


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
    assert "This form has already made another card." in page.text
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


def test_another_user_who_sends_the_same_form_gets_their_own_card(app: Flask, listing: Visitor) -> None:
    nonce = str(listing.page.one("input[name=nonce]").attrs["value"])
    listing.submit("/cards", kind="virtual")
    other = Visitor(app)
    other.sign_in("grace@example.com")
    other.enroll()
    other.open_account()

    other.post("/cards", {"kind": "virtual", "nonce": nonce})

    assert len(numbers(other)) == 1
    assert len(numbers(listing)) == 1


def test_a_revoked_session_writes_nothing_although_its_jwt_still_verifies(listing: Visitor) -> None:
    with request_of(listing) as session:
        stytch_client.sdk.sessions.revoke(session_token=session.token)

    page = listing.submit("/cards", kind="virtual")

    assert page.goes_to == "/"
    assert listing.cookie("stytch_session") is None


def test_after_signing_out_the_session_is_void(listing: Visitor) -> None:
    cookie = listing.cookie("stytch_session") or ""

    listing.post("/logout")
    listing.client.set_cookie("stytch_session", cookie)

    assert listing.get("/cards/list").goes_to == "/"


def test_lost_caches_are_filled_again_unnoticed(app: Flask, listing: Visitor) -> None:
    app.extensions["exchange"]._tokens.clear()
    app.extensions["session_cache"]._sessions.clear()

    assert listing.get("/cards/list").status == 200


def test_visitors_do_not_see_each_others_cards(app: Flask, holder: Visitor, clock: time_machine.Traveller) -> None:
    assert len(numbers(holder)) == 1
    clock.shift(60)
    namesake = Visitor(app)
    namesake.sign_in()
    namesake.enroll()
    namesake.open_account()

    assert numbers(namesake) == []


def test_after_a_lost_answer_the_call_is_repeated_and_makes_one_card(listing: Visitor, network: FakeNetwork) -> None:
    network.set("POST /cards", LOST, times=1)

    page = listing.submit("/cards", kind="virtual")

    assert page.goes_to == "/cards/list"
    assert len(numbers(listing)) == 1


@pytest.mark.parametrize("htmx", [True, False], ids=["htmx", "page"])
def test_without_any_answer_a_card_is_unconfirmed_and_pressing_again_finds_it(
    listing: Visitor, network: FakeNetwork, htmx: bool
) -> None:
    form = listing.page
    network.set("POST /cards", LOST, times=3)

    unconfirmed = listing.submit("/cards", htmx=htmx, kind="physical")
    listing.page = form if htmx else unconfirmed
    again = listing.submit("/cards", {"kind": "physical"} if htmx else {})

    assert unconfirmed.status == 503
    assert "Not confirmed yet" in unconfirmed.text
    assert again.goes_to == "/cards/list"
    assert len(numbers(listing)) == 1
