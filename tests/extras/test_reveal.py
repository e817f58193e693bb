"""The card's number and CVV: shown by the bank in a frame, past this server. And whether a PIN is set."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import time_machine
from flask import Flask
from selectolax.lexbor import LexborHTMLParser

from app import create_app
from emulator.unit import card_rules
from extras.reveal.views import VGS
from services.guards import sign_in_token
from services.signals import upstream_call
from settings import SettingsError, load

from ..conftest import AtEndOf
from ..fake_network import REFUSED, Behavior, FakeNetwork, altered, unit_refusal
from ..identity import step_up_by_text
from ..inside import request_of
from ..journeys import STEPPED_UP, Journey, get_card, has_card, newest_card
from ..visitor import Page, Visitor

CVV2 = "cvv-of-the-test"  # three digits would be found everywhere
CLOSED = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'"
KEY = "an-odd-key-that-only-these-tests-know"
SANDBOX = {
    "STYTCH_PROJECT_ID": "project-test-11111111-1111-4111-8111-111111111111",
    "STYTCH_SECRET": "secret-test-11111111",
    "UNIT_API_TOKEN": "v2.public.hush",
    "SECRET_KEY": KEY,
}
LIVE = {
    "STYTCH_PROJECT_ID": "project-live-11111111-1111-4111-8111-111111111111",
    "STYTCH_SECRET": "secret-live-11111111",
    "UNIT_API_TOKEN": "v2.public.hush",
    "UNIT_API_URL": "https://api.unit.co",
    "SECRET_KEY": KEY,
}


def _get_card_with_cvv(visitor: Visitor, _clock: time_machine.Traveller) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(card_rules, "new_cvv2", lambda: CVV2)
        get_card(visitor)


HAS_KNOWN_CVV = Journey(_get_card_with_cvv, after=STEPPED_UP)


@pytest.fixture
def holder(at_end_of: AtEndOf) -> Visitor:
    """A customer with a virtual card whose CVV is known, and whose list of cards is open."""
    return at_end_of(HAS_KNOWN_CVV)


@pytest.fixture
def overheard(app: Flask) -> Iterator[list[tuple[requests.PreparedRequest, requests.Response]]]:
    """All that the app asks of the services, and their answers."""
    heard: list[tuple[requests.PreparedRequest, requests.Response]] = []

    def hear(
        _app: object, *, request: requests.PreparedRequest, response: requests.Response | None, **_: object
    ) -> None:
        assert response is not None
        heard.append((request, response))

    with upstream_call.connected_to(hear, sender=app):
        yield heard


def reveal(visitor: Visitor, card_path: str) -> Page:
    return visitor.get(f"{card_path}/reveal")


def token_on(page: Page) -> str:
    return str(page.one("input[name=token]").attrs["value"])


def press(visitor: Visitor, **fields: str) -> LexborHTMLParser:
    """Press the button of the present page, and return what the frame shows then."""
    action = str(visitor.page.one("form[target=card-number]").attrs["action"])
    return visitor.submit(action, fields).html


def ask(visitor: Visitor, token: str, path: str) -> int:
    """Return the status of a call to Unit with a bearer token."""
    with request_of(visitor):
        unit = visitor.app.extensions["unit"]
        answer: requests.Response = unit.http.get(f"{unit.url}{path}", headers={"Authorization": f"Bearer {token}"})
        return answer.status_code


def test_the_bank_shows_the_number_in_a_frame_that_can_do_nothing_else(holder: Visitor, card_path: str) -> None:
    page = reveal(holder, card_path)
    last4 = page.heading.split()[-1]
    frame = page.one("iframe[name=card-number]")

    shown = press(holder)

    assert not frame.attrs["sandbox"]
    assert frame.attrs["title"]
    assert shown.css("#pan")[0].text() == f"4111 1111 1{shown.css('#pan')[0].text()[11:15]}{last4}"
    assert shown.css("#cvv2")[0].text() == CVV2


def test_the_frame_may_stand_in_our_own_page_only_and_may_load_nothing(holder: Visitor, card_path: str) -> None:
    reveal(holder, card_path)
    press(holder)
    headers = holder.page.response.headers

    assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]
    assert "src 'self'" not in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "SAMEORIGIN"


def test_the_digits_disappear_after_a_minute_without_a_script(holder: Visitor, card_path: str) -> None:
    reveal(holder, card_path)
    shown = press(holder)

    assert [(tag.attrs["begin"], tag.attrs["to"]) for tag in shown.css("set")] == [("60s", "none"), ("60s", "inline")]
    assert shown.css("#pan")[0].parent == shown.css("set")[0].parent


def test_the_page_leads_back_to_the_card(holder: Visitor, card_path: str) -> None:
    page = reveal(holder, card_path)

    assert page.one(f"main a[href^='{card_path}?']").text() == "Hide the number and go back"


def test_the_policy_is_opened_for_this_page_only(holder: Visitor, card_path: str) -> None:
    policy = reveal(holder, card_path).response.headers["Content-Security-Policy"]

    assert policy.startswith(CLOSED)
    assert policy.endswith("frame-ancestors 'none'; frame-src 'self'")
    assert "frame-src" not in holder.get("/cards").response.headers["Content-Security-Policy"]


def test_htmx_is_sent_to_the_page_since_a_fragment_has_no_policy(holder: Visitor, card_path: str) -> None:
    path = f"{card_path}/reveal"

    assert holder.get(path, htmx=True).response.headers["HX-Redirect"] == path


def test_no_digit_beyond_the_last_four_is_seen_or_logged_by_the_app(
    holder: Visitor,
    card_path: str,
    overheard: list[tuple[requests.PreparedRequest, requests.Response]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    seen = [reveal(holder, card_path).body]
    digits = press(holder).css("#pan")[0].text().replace(" ", "")
    paths = ("/cards/list", card_path, f"{card_path}/activity", f"{card_path}/reveal")
    seen += [holder.get(path).body for path in paths]

    said = "\n".join(
        [*seen, caplog.text, *(f"{request.url} {request.body!r} {answer.text}" for request, answer in overheard)]
    )

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
    token = token_on(reveal(holder, card_path))
    path = f"{card_path}/secure-data/pan"

    clock.shift(lasts - 1)
    before = ask(holder, token, path)
    clock.shift(2)

    assert (before, ask(holder, token, path)) == (200, 401)


def test_a_page_that_is_too_old_says_so(holder: Visitor, card_path: str, clock: time_machine.Traveller) -> None:
    reveal(holder, card_path)
    clock.shift(301)

    shown = press(holder)

    assert holder.page.status == 401
    assert "Reload it and try again." in " ".join(shown.text().split())


def test_a_stale_session_steps_up_first_and_then_sees_the_page(
    holder: Visitor, card_path: str, clock: time_machine.Traveller
) -> None:
    link = str(holder.get(card_path).one(".card-actions a").attrs["href"])
    clock.shift(601)
    code = holder.code()

    assert holder.get(link).asks_for_a_code
    assert f"see the number of the card ending in {link[-4:]}" in holder.follow().text
    assert holder.submit("/step-up", code=code).goes_to == link
    assert holder.follow().one("iframe")


@pytest.mark.usefixtures("texts")
def test_a_texted_code_shows_no_card_number(holder: Visitor, card_path: str, clock: time_machine.Traveller) -> None:
    clock.shift(601)
    step_up_by_text(holder)

    assert holder.get(card_path).status == 200
    assert reveal(holder, card_path).asks_for_a_code
    assert holder.follow().html.css("#step-up button[name=use]") == []


def test_a_revoked_session_gets_no_token_although_its_jwt_still_verifies(holder: Visitor, card_path: str) -> None:
    with request_of(holder):
        holder.app.extensions["stytch"].sdk.sessions.revoke(session_token=sign_in_token())

    assert reveal(holder, card_path).goes_to == "/"


@pytest.mark.parametrize("number", ["1", "99999999", "9" * 40], ids=["too small", "unknown", "too long"])
def test_an_unknown_card_is_not_found(holder: Visitor, number: str) -> None:
    assert holder.get(f"/cards/{number}/reveal").status == 404


def test_somebody_elses_card_is_not_found(holder: Visitor, card_path: str) -> None:
    holder.post("/logout")
    holder.sign_in("grace@example.com")
    holder.enroll()
    holder.open_account()

    assert reveal(holder, card_path).status == 404


def test_the_link_stands_on_the_page_of_an_active_card_only(holder: Visitor, card_path: str) -> None:
    active = holder.get(card_path).one(".card-actions a")
    frozen = holder.post(f"{card_path}/freeze", htmx=True)

    assert active.text() == "Show card number"
    assert str(active.attrs["href"]).startswith(f"{card_path}/reveal?ending=")
    assert frozen.html.css(".card-actions a") == []


@pytest.mark.parametrize(
    ("action", "words"),
    [("freeze", "This one is frozen. Unfreeze it first."), ("close", "This one can no longer be used.")],
)
def test_a_card_that_is_not_active_says_why_and_gets_no_token(
    holder: Visitor, card_path: str, action: str, words: str
) -> None:
    holder.post(f"{card_path}/{action}")

    page = reveal(holder, card_path)

    assert page.status == 409
    assert words in page.text
    assert not page.html.css("iframe, input[name=token]")


def test_a_physical_card_in_the_mail_says_that_it_is_not_activated(at_end_of: AtEndOf) -> None:
    visitor = at_end_of(has_card("physical"))

    page = reveal(visitor, newest_card(visitor.page))

    assert page.status == 409
    assert "This one is not activated yet." in page.text


def test_the_bank_shows_no_number_of_a_physical_card_and_says_why(at_end_of: AtEndOf) -> None:
    visitor = at_end_of(has_card("physical", "activate"))
    reveal(visitor, newest_card(visitor.page))

    shown = press(visitor)

    assert visitor.page.status == 400
    assert "It is printed on the card." in " ".join(shown.text().split())


def test_a_card_that_was_frozen_meanwhile_is_refused_in_the_frame(holder: Visitor, card_path: str) -> None:
    page = reveal(holder, card_path)
    holder.post(f"{card_path}/freeze")
    holder.page = page

    shown = press(holder)

    assert holder.page.status == 400
    assert "number of active cards only." in " ".join(shown.text().split())
    assert not shown.css("#pan")


@pytest.mark.parametrize(
    "token", ["", "nonsense", "a\r\nb", "ü", "x" * 300], ids=["empty", "nonsense", "two lines", "not ASCII", "too long"]
)
def test_the_frame_shows_nothing_without_a_token(holder: Visitor, card_path: str, token: str) -> None:
    reveal(holder, card_path)

    shown = press(holder, token=token)

    assert holder.page.status == 401
    assert not shown.css("#pan")


def test_another_visitor_can_do_nothing_with_the_token(app: Flask, holder: Visitor, card_path: str) -> None:
    token = token_on(reveal(holder, card_path))

    answer = Visitor(app).post(f"/emulator{card_path}/number", {"token": token})

    assert answer.status == 401


@pytest.fixture
def real_bank(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing takes the bank's place on the page."""
    monkeypatch.delitem(app.extensions["slots"], "card_number")
    monkeypatch.setitem(app.config, "CARD_NUMBER_SOURCES", VGS)


@pytest.mark.usefixtures("real_bank")
def test_with_a_real_bank_the_frames_are_its_vaults(holder: Visitor, card_path: str) -> None:
    page = reveal(holder, card_path)
    vault = page.one("#vault")
    policy = page.response.headers["Content-Security-Policy"]

    assert [vault.attrs[f"data-{name}"] for name in ("vault", "environment", "card")] == [
        "tntazhyknp1",
        "sandbox",
        card_path.rpartition("/")[2],
    ]
    assert str(vault.attrs["data-token"]).startswith("v2.public.")
    assert "script-src 'self' https://js.verygoodvault.com;" in policy
    assert "frame-src https://js.verygoodvault.com" in policy
    assert not page.html.css("iframe, form[target]")


@pytest.mark.usefixtures("real_bank")
def test_the_script_of_the_frames_is_served(holder: Visitor, card_path: str) -> None:
    page = reveal(holder, card_path)

    scripts = [str(tag.attrs["src"]) for tag in page.html.css("script[src*=reveal]")]

    assert [path.partition("?")[0] for path in scripts] == ["/static/reveal/reveal.js"]
    with holder.client.get(scripts[0]) as script:
        assert script.status_code == 200


@pytest.mark.parametrize(
    ("environ", "vault", "environment"),
    [
        pytest.param(SANDBOX, "tntazhyknp1", "sandbox", id="sandbox"),
        pytest.param(LIVE | {"UNIT_VGS_VAULT": "tntabcdefgh"}, "tntabcdefgh", "live", id="live"),
    ],
)
def test_with_real_services_the_vault_is_the_banks(
    tmp_path: Path, environ: dict[str, str], vault: str, environment: str
) -> None:
    app = create_app(load(environ, dotenv=None, instance=tmp_path))

    assert app.config["CARD_NUMBER_SOURCES"] == VGS
    assert app.config["CARD_NUMBER_VAULT"] == vault
    assert app.config["CARD_NUMBER_ENVIRONMENT"] == environment


MISSING = "UNIT_VGS_VAULT is missing: Unit's live API has a vault of its own for card numbers."


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        pytest.param(LIVE | {"UNIT_VGS_VAULT": ""}, MISSING, id="live without a vault"),
        pytest.param(LIVE | {"UNIT_VGS_VAULT": "tntazhyknp1"}, MISSING, id="live with the sandbox's vault"),
        pytest.param(
            SANDBOX | {"UNIT_VGS_VAULT": "tnt; script-src *"},
            "UNIT_VGS_VAULT must be the id of a vault, such as tntazhyknp1.",
            id="not a vault",
        ),
    ],
)
def test_a_wrong_vault_stops_the_start(tmp_path: Path, environ: dict[str, str], message: str) -> None:
    settings = load(environ, dotenv=None, instance=tmp_path)

    with pytest.raises(SettingsError) as stopped:
        create_app(settings)

    assert str(stopped.value) == message


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
