"""The card's number and CVV: shown by the bank in a frame, past this server."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
import time_machine
from flask import Flask
from selectolax.lexbor import LexborHTMLParser

from app import create_app
from blueprints.reveal import VGS
from emulator.unit import card_rules
from services.http import ServiceSession
from services.unit_wire import Caller
from settings import Settings

from .conftest import Page, Visitor, changed

CVV2 = "cvv-of-the-test"  # three digits would be found everywhere
CLOSED = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'"


@pytest.fixture
def holder(stepped_up: Visitor, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    """A customer with a virtual card."""
    monkeypatch.setattr(card_rules, "new_cvv2", lambda: CVV2)
    get_card(stepped_up, "virtual")
    return stepped_up


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[requests.PreparedRequest, requests.Response]]:
    """All that the app asks of the services, and their answers."""
    heard: list[tuple[requests.PreparedRequest, requests.Response]] = []
    send = ServiceSession.send

    def overheard(self: ServiceSession, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        response = send(self, request, **kwargs)
        heard.append((request, response))
        return response

    monkeypatch.setattr(ServiceSession, "send", overheard)
    return heard


def get_card(visitor: Visitor, kind: str) -> None:
    visitor.get("/cards/list")
    visitor.submit("/cards", kind=kind)


def card_ids(visitor: Visitor) -> list[str]:
    """The ids of the visitor's cards, as the list links to them."""
    links = visitor.get("/cards/list").html.css("a[href^='/cards/1']")
    return [str(link.attrs["href"]).split("?")[0].split("/")[2] for link in links]


def card_id(visitor: Visitor) -> str:
    return card_ids(visitor)[0]


def reveal(visitor: Visitor) -> Page:
    return visitor.get(f"/cards/{card_id(visitor)}/reveal")


def press(visitor: Visitor, **fields: str) -> LexborHTMLParser:
    """Press the button of the present page; what the frame shows then."""
    return visitor.submit(f"/emulator/cards/{card_id_on(visitor.page)}/number", fields).html


def card_id_on(page: Page) -> str:
    return str(page.one("form[target=card-number]").attrs["action"]).split("/")[3]


@contextmanager
def as_the_company(app: Flask, visitor: Visitor) -> Iterator[Caller]:
    """Unit with the org token, in the visitor's world."""
    with app.test_request_context(headers={"Cookie": f"emulator_visitor={visitor.cookie('emulator_visitor')}"}):
        app.preprocess_request()
        yield app.extensions["unit"]


def test_the_bank_shows_the_number_in_a_frame_that_can_do_nothing_else(holder: Visitor) -> None:
    page = reveal(holder)
    last4 = page.heading.split()[-1]
    frame = page.one("iframe[name=card-number]")

    shown = press(holder)

    assert not frame.attrs["sandbox"]
    assert frame.attrs["title"]
    assert shown.css("#pan")[0].text() == f"4111 1111 1{shown.css('#pan')[0].text()[11:15]}{last4}"
    assert shown.css("#cvv2")[0].text() == CVV2
    assert "Pretend card" in shown.text()


def test_the_frame_may_stand_in_our_own_page_only_and_may_load_nothing(holder: Visitor) -> None:
    reveal(holder)
    press(holder)
    headers = holder.page.response.headers

    assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]
    assert "src 'self'" not in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "SAMEORIGIN"


def test_the_digits_disappear_after_a_minute_without_a_script(holder: Visitor) -> None:
    reveal(holder)
    shown = press(holder)

    assert [(tag.attrs["begin"], tag.attrs["to"]) for tag in shown.css("set")] == [("60s", "none"), ("60s", "inline")]
    assert shown.css("#pan")[0].parent == shown.css("set")[0].parent


def test_the_page_leads_back_to_the_card(holder: Visitor) -> None:
    page = reveal(holder)

    assert page.one(f"main a[href^='/cards/{card_id_on(page)}?']").text() == "Hide, and go back to the card"


def test_the_policy_is_opened_for_this_page_only(holder: Visitor) -> None:
    policy = reveal(holder).response.headers["Content-Security-Policy"]

    assert policy.startswith(CLOSED)
    assert policy.endswith("frame-ancestors 'none'; frame-src 'self'")
    assert "frame-src" not in holder.get("/cards").response.headers["Content-Security-Policy"]


def test_htmx_is_sent_to_the_page_since_a_fragment_has_no_policy(holder: Visitor) -> None:
    path = f"/cards/{card_id(holder)}/reveal"

    assert holder.get(path, htmx=True).response.headers["HX-Redirect"] == path


def test_no_digit_beyond_the_last_four_is_seen_or_logged_by_the_app(
    holder: Visitor,
    calls: list[tuple[requests.PreparedRequest, requests.Response]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    seen = [reveal(holder).response.get_data(as_text=True)]
    shown = press(holder)
    digits = shown.css("#pan")[0].text().replace(" ", "")
    number = card_id(holder)
    seen += [
        holder.get(path).response.get_data(as_text=True)
        for path in ("/cards/list", f"/cards/{number}", f"/cards/{number}/activity", f"/cards/{number}/reveal")
    ]

    said = "\n".join(
        [*seen, caplog.text, *(f"{request.url} {request.body!r} {answer.text}" for request, answer in calls)]
    )

    assert CVV2 not in said
    assert digits[:12] not in said
    assert " ".join((digits[:4], digits[4:8], digits[8:12])) not in said
    assert len(calls) > 3
    assert not [request.url for request, _answer in calls if "secure-data/pan" in str(request.url)]
    assert not [request.url for request, _answer in calls if "secure-data/cvv2" in str(request.url)]


def test_every_page_earns_a_token_of_its_own_that_can_show_this_card_and_nothing_else(
    app: Flask, holder: Visitor
) -> None:
    get_card(holder, "virtual")
    first, second = card_ids(holder)
    tokens = [str(holder.get(f"/cards/{first}/reveal").one("input[name=token]").attrs["value"]) for _ in range(2)]
    asked = {
        path: ask(app, holder, tokens[0], path)
        for path in (f"/cards/{first}/secure-data/pan", f"/cards/{second}/secure-data/pan", "/cards", "/accounts")
    }

    assert tokens[0] != tokens[1]
    assert list(asked.values()) == [200, 404, 403, 403]


def ask(app: Flask, visitor: Visitor, token: str, path: str) -> int:
    """The status of a call to Unit with a bearer token."""
    with as_the_company(app, visitor) as unit:
        url = f"{app.extensions['settings'].unit_api_url}{path}"
        return unit._http.get(url, headers={"Authorization": f"Bearer {token}"}).status_code


@pytest.mark.parametrize(("waited", "lasts"), [(0, 300), (500, 99)])
def test_the_token_lives_five_minutes_at_most_and_no_longer_than_the_step_up(
    app: Flask, holder: Visitor, clock: time_machine.Traveller, waited: int, lasts: int
) -> None:
    number = card_id(holder)
    clock.shift(waited)
    token = str(holder.get(f"/cards/{number}/reveal").one("input[name=token]").attrs["value"])
    path = f"/cards/{number}/secure-data/pan"

    clock.shift(lasts - 1)
    before = ask(app, holder, token, path)
    clock.shift(2)

    assert (before, ask(app, holder, token, path)) == (200, 401)


def test_a_page_that_is_too_old_says_so(holder: Visitor, clock: time_machine.Traveller) -> None:
    reveal(holder)
    clock.shift(301)

    shown = press(holder)

    assert holder.page.status == 401
    assert "Reload it, then press again." in " ".join(shown.text().split())


def test_a_stale_session_steps_up_first_and_then_sees_the_page(holder: Visitor, clock: time_machine.Traveller) -> None:
    number = card_id(holder)
    clock.shift(601)
    code = holder.code()

    assert holder.get(f"/cards/{number}/reveal").asks_for_a_code
    assert "see the number of this card" in holder.follow().text
    assert holder.submit("/step-up", code=code).goes_to == f"/cards/{number}/reveal"
    assert holder.follow().one("iframe")


def test_a_revoked_session_gets_no_token_although_its_jwt_still_verifies(app: Flask, holder: Visitor) -> None:
    number = card_id(holder)
    with as_the_company(app, holder):
        app.extensions["auth"]._client.sessions.revoke(session_token=holder.cookie("stytch_session"))

    assert holder.get(f"/cards/{number}/reveal").goes_to == "/"


@pytest.mark.parametrize("number", ["1", "99999999", "9" * 40])
def test_an_unknown_card_is_not_found(holder: Visitor, number: str) -> None:
    assert holder.get(f"/cards/{number}/reveal").status == 404


def test_somebody_elses_card_is_not_found(holder: Visitor) -> None:
    number = card_id(holder)
    holder.post("/logout")
    holder.sign_in("grace@example.com")
    holder.enrol()
    holder.open_account()

    assert holder.get(f"/cards/{number}/reveal").status == 404


@pytest.mark.parametrize(
    ("action", "words"), [("freeze", "It is frozen: unfreeze it first."), ("close", "This one is out of use.")]
)
def test_a_card_that_is_not_active_says_why_and_gets_no_token(holder: Visitor, action: str, words: str) -> None:
    number = card_id(holder)
    holder.post(f"/cards/{number}/{action}")

    page = holder.get(f"/cards/{number}/reveal")

    assert page.status == 409
    assert words in page.text
    assert not page.html.css("iframe, input[name=token]")


def test_a_physical_card_on_its_way_says_that_it_is_not_switched_on(stepped_up: Visitor) -> None:
    get_card(stepped_up, "physical")

    page = reveal(stepped_up)

    assert page.status == 409
    assert "It is not switched on yet." in page.text


def test_the_bank_shows_no_number_of_a_physical_card_and_says_why(app: Flask, stepped_up: Visitor) -> None:
    get_card(stepped_up, "physical")
    number = card_id(stepped_up)
    with as_the_company(app, stepped_up) as unit:
        unit._call("POST", f"/sandbox/cards/{number}/activate")
    stepped_up.get(f"/cards/{number}/reveal")

    shown = press(stepped_up)

    assert stepped_up.page.status == 400
    assert "yours is printed on the card." in " ".join(shown.text().split())


def test_a_card_that_was_frozen_meanwhile_is_refused_in_the_frame(holder: Visitor) -> None:
    page = reveal(holder)
    holder.post(f"/cards/{card_id_on(page)}/freeze")
    holder.page = page

    shown = press(holder)

    assert holder.page.status == 400
    assert "a card that is ready to use." in " ".join(shown.text().split())
    assert not shown.css("#pan")


@pytest.mark.parametrize("token", ["", "nonsense", "a\r\nb", "ü", "x" * 300])
def test_the_frame_shows_nothing_without_a_token(holder: Visitor, token: str) -> None:
    reveal(holder)

    shown = press(holder, token=token)

    assert holder.page.status == 401
    assert not shown.css("#pan")


def test_another_visitor_can_do_nothing_with_the_token(app: Flask, holder: Visitor) -> None:
    page = reveal(holder)
    token = str(page.one("input[name=token]").attrs["value"])

    answer = Visitor(app).post(f"/emulator/cards/{card_id_on(page)}/number", {"token": token})

    assert answer.status == 401


@pytest.fixture
def real_bank(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing takes the bank's place on the page."""
    monkeypatch.setattr(app.blueprints["emulator_unit"], "jinja_loader", None)
    monkeypatch.setitem(app.config, "REVEAL_SOURCES", VGS)
    app.jinja_env.cache.clear()  # type: ignore[union-attr]
    yield
    app.jinja_env.cache.clear()  # type: ignore[union-attr]


@pytest.mark.usefixtures("real_bank")
def test_with_a_real_bank_the_frames_are_its_vaults(holder: Visitor) -> None:
    number = card_id(holder)

    page = holder.get(f"/cards/{number}/reveal")
    vault = page.one("#vault")
    policy = page.response.headers["Content-Security-Policy"]

    assert [vault.attrs[f"data-{name}"] for name in ("vault", "environment", "card")] == [
        "tntazhyknp1",
        "sandbox",
        number,
    ]
    assert str(vault.attrs["data-token"]).startswith("v2.public.")
    assert "script-src 'self' https://js.verygoodvault.com;" in policy
    assert "frame-src https://js.verygoodvault.com" in policy
    assert not page.html.css("iframe, form[target]")


def test_without_the_emulator_the_policy_names_the_vaults_hosts(settings: Settings) -> None:
    app = create_app(changed(settings, emulated=frozenset()))

    assert app.config["REVEAL_SOURCES"] == VGS
