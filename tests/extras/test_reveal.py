"""The card's number and CVV: shown by the bank in a frame, past this server. And whether a PIN is set."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import requests
import time_machine
from flask import Flask
from flask import session as flask_session

from app import create_app
from extras.reveal.proof import PROOF
from extras.reveal.views import VGS
from services.signals import send, step_up_confirmed
from settings import SettingsError
from stytch_unit_emulator.unit import card_rules

from ..conftest import AtEndOf
from ..environs import BOTH, LIVE, Environ, read
from ..fake_network import REFUSED, Behavior, FakeNetwork, Overheard, altered, unit_refusal
from ..identity import another_browser, step_up_by_text
from ..inside import request_of
from ..journeys import Journey, Kind, get_card, has_card, newest_card
from ..visitor import Page, Visitor

CVV2 = "cvv-of-the-test"  # three digits would be found everywhere


Reveal: TypeAlias = Callable[[Visitor, str], Page]


@pytest.fixture
def reveal(clock: time_machine.Traveller) -> Reveal:
    """Opens the page of a card's number, with the code that it wants."""

    def open_page(visitor: Visitor, card_path: str) -> Page:
        page = visitor.get(f"{card_path}/reveal")
        if page.asks_for_a_code:
            confirm(visitor, clock)
            page = visitor.follow()
        return page

    return open_page


def confirm(visitor: Visitor, clock: time_machine.Traveller) -> Page:
    """Enter a new code where the present page asks for one."""
    asking = visitor.page.goes_to or ""
    clock.shift(30)
    code = visitor.code()
    visitor.get(asking)
    return visitor.submit("/step-up", step_up_code=code)


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
    reveal: Reveal, holder: Visitor, card_path: str
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


def test_the_policy_is_opened_for_this_page_only(reveal: Reveal, holder: Visitor, card_path: str) -> None:
    policy = reveal(holder, card_path).response.headers["Content-Security-Policy"]
    closed = holder.get("/cards").response.headers["Content-Security-Policy"]

    assert policy == f"{closed}; frame-src 'self'"


def test_no_digit_beyond_the_last_four_is_seen_or_logged_by_the_app(
    reveal: Reveal,
    stepped_up: Visitor,
    overheard: Overheard,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(card_rules, "new_cvv2", lambda: CVV2)
    caplog.set_level(logging.DEBUG)
    card_path = get_card(stepped_up)
    seen = [reveal(stepped_up, card_path).body]
    shown = press(stepped_up)
    digits = shown.one("#pan").text().replace(" ", "")
    paths = ("/cards/list", card_path, f"{card_path}/activity")
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
    reveal: Reveal, holder: Visitor, card_path: str
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
    ("step_up", "lasts"), [pytest.param(600, 300, id="five minutes"), pytest.param(120, 120, id="the step-up")]
)
def test_the_token_lives_five_minutes_at_most_and_no_longer_than_the_step_up(
    reveal: Reveal,
    holder: Visitor,
    card_path: str,
    clock: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
    step_up: int,
    lasts: int,
) -> None:
    monkeypatch.setitem(holder.app.config, "STEP_UP_MAX_AGE", timedelta(seconds=step_up))
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


def test_each_look_at_a_number_wants_a_code_of_its_own(reveal: Reveal, holder: Visitor, card_path: str) -> None:
    at_first = holder.get(f"{card_path}/reveal")  # the code of the enrollment is fresh
    shown = [reveal(holder, card_path).status for _ in range(2)]

    again = holder.get(f"{card_path}/reveal")

    assert at_first.asks_for_a_code
    assert shown == [200, 200]
    assert again.asks_for_a_code


@pytest.mark.parametrize("waited", [59, 60])
def test_a_code_for_the_number_counts_for_a_minute(
    holder: Visitor, card_path: str, clock: time_machine.Traveller, waited: int
) -> None:
    holder.get(f"{card_path}/reveal")
    confirm(holder, clock)

    clock.shift(waited)

    assert holder.follow().asks_for_a_code is (waited >= 60)


def test_a_code_for_anything_else_shows_no_number(
    holder: Visitor, card_path: str, clock: time_machine.Traveller
) -> None:
    clock.shift(601)
    asked = holder.get(f"{card_path}?ending=1234")
    confirm(holder, clock)

    assert asked.asks_for_a_code
    assert holder.follow().status == 200
    assert holder.get(f"{card_path}/reveal").asks_for_a_code


def test_a_code_for_one_cards_number_shows_no_others(
    holder: Visitor, card_path: str, clock: time_machine.Traveller
) -> None:
    other_card = get_card(holder)
    holder.get(f"{card_path}/reveal")
    confirm(holder, clock)

    assert holder.get(f"{other_card}/reveal").asks_for_a_code
    assert holder.get(f"{card_path}/reveal").status == 200


def test_a_proof_that_was_used_is_not_taken_again_from_an_older_cookie(
    holder: Visitor, card_path: str, clock: time_machine.Traveller
) -> None:
    holder.get(f"{card_path}/reveal")
    confirm(holder, clock)
    copy = holder.twin()

    pages = [browser.get(f"{card_path}/reveal") for browser in (holder, copy)]

    assert [page.asks_for_a_code for page in pages] == [False, True]


def test_a_proof_counts_in_its_own_session_only(holder: Visitor, card_path: str, clock: time_machine.Traveller) -> None:
    other = another_browser(holder, clock)
    other.step_up()
    holder.get(f"{card_path}/reveal")
    confirm(holder, clock)

    other.client.set_cookie("forms", holder.cookie("forms") or "")

    assert other.get(f"{card_path}/reveal").asks_for_a_code
    assert holder.get(f"{card_path}/reveal").status == 200


@pytest.mark.parametrize(("age", "kept"), [(59, True), (60, False)])
def test_a_code_from_the_mailbox_proves_nothing_for_a_number(
    holder: Visitor, clock: time_machine.Traveller, age: int, kept: bool
) -> None:
    clock.shift(age)  # of the authenticator's proof, which a mailbox's code does not renew

    with request_of(holder):
        send(step_up_confirmed, purpose="see the number of the card ending in 1234")

        assert (PROOF in flask_session) is kept


def test_with_script_the_link_asks_in_a_dialog_and_then_opens_the_page(
    holder: Visitor, card_path: str, clock: time_machine.Traveller
) -> None:
    link = holder.get(card_path).one(".card-actions a").attrs
    clock.shift(30)
    code = holder.code()

    asked = holder.get(str(link["hx-get"]), htmx=True, HX_Source=f"a#{link['id']}")
    said = asked.one("dialog").text()
    confirmed = holder.submit("/step-up", htmx=True, step_up_code=code)

    event = json.loads(confirmed.response.headers["HX-Trigger"])
    assert asked.status == 403
    assert f"see the number of the card ending in {str(link['href'])[-4:]}" in said
    assert event == {"stepup-done": {"source": link["id"]}}
    assert holder.get(str(link["hx-get"]), htmx=True).goes_to == link["href"]
    assert holder.follow().one("iframe")


@pytest.mark.usefixtures("texts")
def test_a_texted_code_shows_no_card_number(holder: Visitor, card_path: str, clock: time_machine.Traveller) -> None:
    clock.shift(601)
    step_up_by_text(holder)

    assert holder.get(card_path).status == 200
    assert holder.get(f"{card_path}/reveal").asks_for_a_code
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
    reveal: Reveal, at_end_of: AtEndOf, card: tuple[Kind, ...], words: str
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
    reveal: Reveal, at_end_of: AtEndOf, card: tuple[Kind, ...], action: str, words: str
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
    reveal: Reveal, app: Flask, holder: Visitor, card_path: str, token: str
) -> None:
    good = token_on(reveal(holder, card_path))

    shown = press(holder, token=token)

    assert shown.status == 401
    assert not shown.html.css("#pan")
    assert Visitor(app).post(f"/emulator{card_path}/number", {"token": good}).status == 401


def test_with_a_real_bank_the_frames_are_its_vaults(
    reveal: Reveal, app: Flask, holder: Visitor, card_path: str, monkeypatch: pytest.MonkeyPatch
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
