"""The card page."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import time_machine
from flask import Flask

from .conftest import Visitor


def numbers(visitor: Visitor) -> list[str]:
    """The last four digits of all cards on the page."""
    return [str(tag.text()).split()[-1] for tag in visitor.get("/cards/list").html.css(".number")]


def test_the_shell_comes_at_once_and_asks_for_the_list(customer: Visitor) -> None:
    page = customer.get("/cards")

    assert page.status == 200
    assert page.one("#cards").attrs["hx-get"] == "/cards/list"
    assert page.one("#cards").attrs["aria-busy"] == "true"


def test_an_empty_list_says_what_to_do(stepped_up: Visitor) -> None:
    page = stepped_up.get("/cards/list")

    assert "No cards yet" in page.text
    assert "$2,500.00" in page.text


@pytest.mark.parametrize(
    ("kind", "state", "label"), [("virtual", "Ready to use", "Virtual"), ("physical", "On its way to you", "Physical")]
)
def test_a_new_card_is_shown_as_a_card(stepped_up: Visitor, kind: str, state: str, label: str) -> None:
    stepped_up.get("/cards/list")

    stepped_up.submit("/cards", kind=kind)
    card = stepped_up.follow().one("article.plastic")

    assert card.attrs["aria-label"] == f"{label} card ending in {numbers(stepped_up)[0]}"
    assert card.css(".state")[0].text() == state
    assert card.css(".expiry")[0].text(separator=" ", strip=True) == "Good thru 06/30"


def test_htmx_gets_the_list_with_the_new_card_and_hears_of_it(stepped_up: Visitor) -> None:
    stepped_up.get("/cards/list")

    page = stepped_up.submit("/cards", htmx=True, kind="virtual")

    assert len(page.html.css("article.plastic")) == 1
    assert page.one("hx-partial[hx-target='#status']").text().startswith("Your new card ends in ")


def test_a_form_sent_twice_makes_one_card(stepped_up: Visitor) -> None:
    stepped_up.get("/cards/list")
    form = stepped_up.page

    stepped_up.submit("/cards", kind="virtual")
    stepped_up.page = form
    stepped_up.submit("/cards", kind="virtual")

    assert len(numbers(stepped_up)) == 1


def test_a_fresh_form_makes_another_card(stepped_up: Visitor) -> None:
    stepped_up.get("/cards/list")
    stepped_up.submit("/cards", kind="virtual")
    stepped_up.get("/cards/list")

    stepped_up.submit("/cards", kind="virtual")

    assert len(set(numbers(stepped_up))) == 2


def test_one_form_cannot_make_two_kinds_of_card(stepped_up: Visitor) -> None:
    stepped_up.get("/cards/list")
    form = stepped_up.page
    stepped_up.submit("/cards", kind="virtual")
    stepped_up.page = form

    page = stepped_up.submit("/cards", kind="physical")

    assert page.status == 409
    assert "This form has made another card already." in page.text
    assert len(numbers(stepped_up)) == 1


@pytest.mark.parametrize("fields", [{"kind": "gold"}, {"kind": ""}, {"nonce": ""}, {"nonce": "x" * 300}])
def test_a_form_that_was_tampered_with_makes_no_card(stepped_up: Visitor, fields: dict[str, str]) -> None:
    stepped_up.get("/cards/list")

    page = stepped_up.submit("/cards", {"kind": "virtual"} | fields)

    assert page.status == 422
    assert numbers(stepped_up) == []


def test_the_same_form_in_another_users_hands_makes_their_own_card(app: Flask, stepped_up: Visitor) -> None:
    stepped_up.get("/cards/list")
    nonce = str(stepped_up.page.one("input[name=nonce]").attrs["value"])
    stepped_up.submit("/cards", kind="virtual")
    other = Visitor(app)
    other.sign_in("grace@example.com")
    other.enrol()
    other.open_account()

    other.post("/cards", {"kind": "virtual", "nonce": nonce})

    assert len(numbers(other)) == 1
    assert len(numbers(stepped_up)) == 1


def test_a_revoked_session_writes_nothing_although_its_jwt_still_verifies(app: Flask, stepped_up: Visitor) -> None:
    stepped_up.get("/cards/list")
    token = stepped_up.cookie("stytch_session") or ""
    with app.test_request_context(headers={"Cookie": f"emulator_visitor={stepped_up.cookie('emulator_visitor')}"}):
        app.preprocess_request()
        app.extensions["auth"]._client.sessions.revoke(session_token=token)

    page = stepped_up.submit("/cards", kind="virtual")

    assert page.goes_to == "/"
    assert stepped_up.cookie("stytch_session") is None


def test_nothing_of_a_session_stays_after_signing_out(stepped_up: Visitor) -> None:
    stepped_up.get("/cards/list")
    token = stepped_up.cookie("stytch_session") or ""

    stepped_up.post("/logout")
    stepped_up.client.set_cookie("stytch_session", token)

    assert stepped_up.get("/cards/list").goes_to == "/"


def test_lost_caches_are_earned_again_without_a_word(app: Flask, stepped_up: Visitor) -> None:
    stepped_up.get("/cards/list")
    app.extensions["exchange"]._tokens._entries.clear()
    app.extensions["auth"].sessions._sessions._entries.clear()

    assert stepped_up.get("/cards/list").status == 200


def test_no_visitor_sees_the_cards_of_another(app: Flask, stepped_up: Visitor, clock: time_machine.Traveller) -> None:
    stepped_up.get("/cards/list")
    stepped_up.submit("/cards", kind="virtual")
    clock.shift(60)
    namesake = Visitor(app)
    namesake.sign_in()
    namesake.enrol()
    namesake.open_account()

    assert numbers(namesake) == []


class Failing:
    """Unit's answers get lost: so many of them, after Unit did what was asked."""

    def __init__(self, app: Flask, answers: int) -> None:
        self.adapter = app.extensions["http"].get_adapter("https://api.s.unit.sh/cards")
        self.send = self.adapter.send
        self.left = answers

    def __call__(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        response: requests.Response = self.send(request, **kwargs)
        if request.method == "POST" and self.left:
            self.left -= 1
            raise requests.ConnectionError
        return response


def test_an_answer_that_got_lost_is_asked_for_again_and_there_is_one_card(
    app: Flask, stepped_up: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    stepped_up.get("/cards/list")
    failing = Failing(app, 1)
    monkeypatch.setattr(failing.adapter, "send", failing)

    page = stepped_up.submit("/cards", kind="virtual")

    assert page.goes_to == "/cards/list"
    assert len(numbers(stepped_up)) == 1


@pytest.mark.parametrize("htmx", [True, False])
def test_without_any_answer_the_card_is_not_confirmed_yet_and_pressing_again_finds_it(
    app: Flask, stepped_up: Visitor, monkeypatch: pytest.MonkeyPatch, htmx: bool
) -> None:
    stepped_up.get("/cards/list")
    form = stepped_up.page
    failing = Failing(app, 3)
    monkeypatch.setattr(failing.adapter, "send", failing)

    unsure = stepped_up.submit("/cards", htmx=htmx, kind="physical")
    stepped_up.page = form if htmx else unsure
    again = stepped_up.submit("/cards", {"kind": "physical"} if htmx else {})

    assert unsure.status == 503
    assert "Not confirmed yet" in unsure.text
    assert again.goes_to == "/cards/list"
    assert len(numbers(stepped_up)) == 1
