"""The card's number and CVV: shown by the bank in a frame, past this server. And whether a PIN is set."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import pytest
import requests
import time_machine
from flask import Flask

from app import create_app
from extras.reveal.views import VGS
from settings import SettingsError
from stytch_unit_emulator.unit import card_rules

from ..conftest import AtEndOf
from ..environs import BOTH, LIVE, Environ, read
from ..fake_network import REFUSED, Behavior, FakeNetwork, Overheard, altered, unit_refusal
from ..identity import step_up_by_text
from ..inside import request_of
from ..journeys import Journey, Kind, get_card, has_card, newest_card
from ..visitor import Page, Visitor

CVV2 = "cvv-of-the-test"  # three digits would be found everywhere


def reveal(visitor: Visitor, card_path: str) -> Page:
    return visitor.get(f"{card_path}/reveal")


def token_on(page: Page) -> str:
    return str(page.one("input[name=token]").attrs["value"])


def press(visitor: Visitor, **fields: str) -> Page:
    """Press the button of the present page, and return what the frame shows then."""
    action = str(visitor.page.one("form[target=card-number]").attrs["action"])
    return visitor.submit(action, fields)


def ask(visitor: Visitor, token: str, path: str) -> int:
    """Return the status of a call to Unit with a bearer token."""
    with request_of(visitor):
        unit = visitor.app.extensions["unit"]
        answer: requests.Response = unit.http.get(f"{unit.url}{path}", headers={"Authorization": f"Bearer {token}"})
        return answer.status_code


def test_the_bank_shows_the_number_for_a_minute_in_a_frame_that_can_do_nothing_else(
    holder: Visitor, card_path: str
) -> None:
    page = reveal(holder, card_path)
    last4 = page.heading.split()[-1]
    frame = page.one("iframe[name=card-number]")
    back = page.one(f"main a[href^='{card_path}?']").text()

    shown = press(holder)

    headers, fade = shown.response.headers, shown.html.css("set")
    assert not frame.attrs["sandbox"]
    assert frame.attrs["title"]
    assert back == "Hide the number and go back"
    assert re.fullmatch(rf"4111 1111 1\d\d\d {last4}", shown.one("#pan").text())
    assert re.fullmatch(r"\d{3}", shown.one("#cvv2").text())
    assert [(tag.attrs["begin"], tag.attrs["to"]) for tag in fade] == [("60s", "none"), ("60s", "inline")]
    assert shown.one("#pan").parent == fade[0].parent
    assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]
    assert "src 'self'" not in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "SAMEORIGIN"


def test_the_policy_is_opened_for_this_page_only_which_htmx_is_sent_to(holder: Visitor, card_path: str) -> None:
    policy = reveal(holder, card_path).response.headers["Content-Security-Policy"]
    closed = holder.get("/cards").response.headers["Content-Security-Policy"]
    sent_to = holder.get(f"{card_path}/reveal", htmx=True).response.headers["HX-Redirect"]

    assert policy == f"{closed}; frame-src 'self'"
    assert sent_to == f"{card_path}/reveal"


def test_no_digit_beyond_the_last_four_is_seen_or_logged_by_the_app(
    stepped_up: Visitor, overheard: Overheard, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(card_rules, "new_cvv2", lambda: CVV2)
    caplog.set_level(logging.DEBUG)
    card_path = get_card(stepped_up)
    seen = [reveal(stepped_up, card_path).body]
    shown = press(stepped_up)
    digits = shown.one("#pan").text().replace(" ", "")
    paths = ("/cards/list", card_path, f"{card_path}/activity", f"{card_path}/reveal")
    seen += [stepped_up.get(path).body for path in paths]

    said = "\n".join(
        [*seen, caplog.text, *(f"{request.url} {request.body!r} {answer.text}" for request, answer in overheard)]
    )

    assert shown.one("#cvv2").text() == CVV2
    assert CVV2 not in said
    assert digits[:12] not in said
    assert " ".join((digits[:4], digits[4:8], digits[8:12])) not in said
    assert len(overheard) > 3
    assert not [request.url for request, _answer in overheard if re.search("secure-data/(pan|cvv2)", str(request.url))]


def test_each_page_has_a_token_of_its_own_that_can_show_this_card_and_nothing_else(
    holder: Visitor, card_path: str
) -> None:
    other_card = get_card(holder)
    tokens = [token_on(reveal(holder, card_path)) for _ in range(2)]

    asked = {
        path: ask(holder, tokens[0], path)
        for path in (f"{card_path}/secure-data/pan", f"{other_card}/secure-data/pan", "/cards", "/accounts")
    }

    assert tokens[0] != tokens[1]
    assert list(asked.values()) == [200, 404, 403, 403]


@pytest.mark.parametrize(
    ("waited", "lasts"), [pytest.param(0, 300, id="five minutes"), pytest.param(500, 99, id="the step-up's rest")]
)
def test_the_token_lives_five_minutes_at_most_and_no_longer_than_the_step_up(
    holder: Visitor, card_path: str, clock: time_machine.Traveller, waited: int, lasts: int
) -> None:
    clock.shift(waited)
    page = reveal(holder, card_path)
    path = f"{card_path}/secure-data/pan"

    clock.shift(lasts - 1)
    before = ask(holder, token_on(page), path)
    clock.shift(2)

    assert (before, ask(holder, token_on(page), path)) == (200, 401)
    holder.page = page
    assert "Reload it and try again." in press(holder).text


def test_a_stale_session_steps_up_first_and_then_sees_the_page(
    holder: Visitor, card_path: str, clock: time_machine.Traveller
) -> None:
    link = holder.get(card_path).one(".card-actions a")
    href = str(link.attrs["href"])
    clock.shift(601)
    code = holder.code()

    assert link.text() == "Show card number"
    assert holder.get(href).asks_for_a_code
    assert f"see the number of the card ending in {href[-4:]}" in holder.follow().text
    assert holder.submit("/step-up", step_up_code=code).goes_to == href
    assert holder.follow().one("iframe")


@pytest.mark.usefixtures("texts")
def test_a_texted_code_shows_no_card_number(holder: Visitor, card_path: str, clock: time_machine.Traveller) -> None:
    clock.shift(601)
    step_up_by_text(holder)

    assert holder.get(card_path).status == 200
    assert reveal(holder, card_path).asks_for_a_code
    assert holder.follow().html.css("#step-up button[name=step_up_use]") == []


@pytest.mark.parametrize(
    ("card", "words"),
    [
        pytest.param(("virtual", "freeze"), "This card is frozen. Unfreeze it first.", id="frozen"),
        pytest.param(("virtual", "close"), "This card can no longer be used.", id="closed"),
        pytest.param(("physical",), "This card is not activated yet.", id="in the mail"),
    ],
)
def test_a_card_that_is_not_active_has_no_link_says_why_and_gets_no_token(
    at_end_of: AtEndOf, card: tuple[Kind, ...], words: str
) -> None:
    visitor = at_end_of(has_card(*card))
    path = newest_card(visitor.page)
    links = visitor.get(path).html.css(".card-actions a")

    page = reveal(visitor, path)

    assert links == []
    assert page.status == 409
    assert words in page.text
    assert not page.html.css("iframe, input[name=token]")


@pytest.mark.parametrize(
    ("card", "action", "words"),
    [
        pytest.param(("physical", "activate"), "", "It is printed on the card.", id="physical"),
        pytest.param(("virtual",), "freeze", "number of active cards only.", id="frozen meanwhile"),
    ],
)
def test_the_bank_says_in_the_frame_why_it_shows_no_number(
    at_end_of: AtEndOf, card: tuple[Kind, ...], action: str, words: str
) -> None:
    visitor = at_end_of(has_card(*card))
    path = newest_card(visitor.page)
    page = reveal(visitor, path)
    if action:
        visitor.post(f"{path}/{action}")
    visitor.page = page

    shown = press(visitor)

    assert shown.status == 400
    assert words in shown.text
    assert not shown.html.css("#pan")


@pytest.mark.parametrize(
    "token", ["", "nonsense", "a\r\nb", "ü", "x" * 300], ids=["empty", "nonsense", "two lines", "not ASCII", "too long"]
)
def test_the_frame_shows_nothing_without_a_token_of_this_visitor(
    app: Flask, holder: Visitor, card_path: str, token: str
) -> None:
    good = token_on(reveal(holder, card_path))

    shown = press(holder, token=token)

    assert shown.status == 401
    assert not shown.html.css("#pan")
    assert Visitor(app).post(f"/emulator{card_path}/number", {"token": good}).status == 401


def test_with_a_real_bank_the_frames_are_its_vaults(
    app: Flask, holder: Visitor, card_path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(app.extensions["slots"], "card_number")  # the emulator's frame
    monkeypatch.setitem(app.config, "CARD_NUMBER_SOURCES", VGS)

    page = reveal(holder, card_path)

    vault = page.one("#vault").attrs
    policy = page.response.headers["Content-Security-Policy"]
    script = str(page.one("script[src*=reveal]").attrs["src"])
    card_id = card_path.rpartition("/")[2]
    assert (vault["data-vault"], vault["data-environment"], vault["data-card"]) == ("tntazhyknp1", "sandbox", card_id)
    assert str(vault["data-token"]).startswith("v2.public.")
    assert "script-src 'self' https://js.verygoodvault.com;" in policy
    assert "frame-src https://js.verygoodvault.com" in policy
    assert not page.html.css("iframe, form[target]")
    assert script.startswith("/static/reveal/reveal.js")
    assert holder.client.get(script, buffered=True).status_code == 200


@pytest.mark.parametrize(
    ("environ", "vault", "environment"),
    [
        pytest.param(BOTH, "tntazhyknp1", "sandbox", id="sandbox"),
        pytest.param(LIVE | {"UNIT_VGS_VAULT": "tntabcdefgh"}, "tntabcdefgh", "live", id="live"),
    ],
)
def test_with_real_services_the_vault_is_the_banks(
    tmp_path: Path, environ: Environ, vault: str, environment: str
) -> None:
    config = create_app(read(environ, tmp_path)).config

    names = ("CARD_NUMBER_SOURCES", "CARD_NUMBER_VAULT", "CARD_NUMBER_ENVIRONMENT")
    assert [config[name] for name in names] == [VGS, vault, environment]


@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        pytest.param(LIVE, "is missing: Unit's live API has a vault of its own", id="live without a vault"),
        pytest.param(
            LIVE | {"UNIT_VGS_VAULT": "tntazhyknp1"}, "is missing: Unit's live API", id="live with the sandbox's vault"
        ),
        pytest.param(BOTH | {"UNIT_VGS_VAULT": "tnt; script-src *"}, "must be the id of a vault", id="not a vault"),
    ],
)
def test_a_wrong_vault_stops_the_start(tmp_path: Path, environ: Environ, problem: str) -> None:
    with pytest.raises(SettingsError, match=f"^UNIT_VGS_VAULT {problem}"):
        create_app(read(environ, tmp_path))


@pytest.mark.parametrize(
    ("journey", "status", "hint"),
    [
        pytest.param(has_card("physical", "activate"), "NotSet", "No PIN is set.", id="physical, active, no PIN"),
        pytest.param(has_card("physical", "activate"), "Set", "A PIN is set.", id="physical, active, PIN"),
        pytest.param(has_card("physical"), "Set", "", id="physical, in the mail"),
        pytest.param(has_card(), "Set", "", id="virtual"),
    ],
)
def test_the_pins_status_is_said_where_there_can_be_one(
    at_end_of: AtEndOf, network: FakeNetwork, journey: Journey, status: str, hint: str
) -> None:
    visitor = at_end_of(journey)
    network.set("GET .*/pin/status", altered(lambda answer: _with_status(answer, status)))

    page = visitor.get(newest_card(visitor.page))

    assert len(network.met) == bool(hint)
    assert hint in page.text
    assert ("PIN is set" in page.text) is bool(hint)


@pytest.mark.parametrize(
    "behavior",
    [
        pytest.param(REFUSED, id="unreachable"),
        pytest.param(unit_refusal(400, "not_supported_for_card_status"), id="refused"),
        pytest.param(altered(lambda _answer: {"data": {}}), id="another shape"),
    ],
)
def test_a_pin_status_that_cannot_be_had_costs_a_hint_and_no_page(
    at_end_of: AtEndOf, network: FakeNetwork, behavior: Behavior
) -> None:
    visitor = at_end_of(has_card("physical", "activate"))
    network.set("GET .*/pin/status", behavior)

    page = visitor.get(newest_card(visitor.page))

    assert network.met
    assert page.status == 200
    assert "PIN is set" not in page.text


def _with_status(answer: Any, status: str) -> Any:
    answer["data"]["attributes"]["status"] = status
    return answer
