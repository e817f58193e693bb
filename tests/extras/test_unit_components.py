"""Unit's own components beside our pages: who gets a token for them, what it can do, and what the browser may load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests
import time_machine
from flask import Flask

from app import create_app
from extras.unit_components.setup import findings
from settings import SettingsError

from ..conftest import AtEndOf
from ..environs import BOTH, LIVE, Environ, read
from ..fake_network import REFUSED, FakeNetwork, Fault
from ..inside import request_of
from ..journeys import get_card, has_card, newest_card
from ..visitor import Visitor

URL = "https://ui.s.unit.sh/release/4.2.9/components.js"
PINNED = {"UNIT_COMPONENTS_URL": URL, "UNIT_COMPONENTS_INTEGRITY": f"sha384-{'A' * 64}"}
READING = "accounts authorizations cards customers transactions"


def token_of(visitor: Visitor, path: str) -> str:
    page = visitor.post(f"{path}/components/token")
    assert page.status == 200, page.text
    return str((page.response.json or {})["token"])


def ask(visitor: Visitor, token: str, method: str, path: str) -> int:
    """Return the status of a call to Unit with this token."""
    with request_of(visitor):
        unit = visitor.app.extensions["unit"]
        answer: requests.Response = unit.http.request(
            method, f"{unit.url}{path}", headers={"Authorization": f"Bearer {token}"}
        )
        return answer.status_code


def given_to(visitor: Visitor, token: str, element: str, card: str = "") -> Any:
    """Return what a stand-in gets with this token."""
    page = visitor.get(f"/emulator/components/{element}?card={card}", Authorization=f"Bearer {token}")
    return page.response.json


def test_the_token_reads_one_card_and_changes_nothing(holder: Visitor, card_path: str) -> None:
    other_card = get_card(holder)

    token = token_of(holder, card_path)

    allowed = [ask(holder, token, "GET", path) for path in (card_path, "/transactions", other_card)]
    refused = [ask(holder, token, "POST", f"{card_path}/freeze")]
    refused += [ask(holder, token, "GET", f"{card_path}/secure-data/{name}") for name in ("pan", "cvv2")]
    assert allowed == [200, 200, 404]
    assert refused == [403, 403, 403]


def test_the_token_of_the_list_reads_all_cards_and_no_activity(holder: Visitor, card_path: str) -> None:
    token = token_of(holder, "/cards")

    asked = [ask(holder, token, "GET", path) for path in ("/cards", card_path, "/transactions", "/accounts")]

    assert asked == [200, 200, 403, 403]


def test_the_token_ends_with_the_step_up(holder: Visitor, card_path: str, clock: time_machine.Traveller) -> None:
    first: Any = holder.post(f"{card_path}/components/token").response.json
    clock.shift(400)
    answer: Any = holder.post(f"{card_path}/components/token").response.json

    clock.shift(answer["expires_in"] - 1)
    before = ask(holder, answer["token"], "GET", card_path)
    clock.shift(2)

    assert first["expires_in"] - answer["expires_in"] == 400
    assert (before, ask(holder, answer["token"], "GET", card_path)) == (200, 401)


def test_without_a_fresh_code_there_is_neither_page_nor_token(
    holder: Visitor, card_path: str, clock: time_machine.Traveller
) -> None:
    clock.shift(601)

    for path in (card_path, "/cards"):
        assert holder.get(f"{path}/components").asks_for_a_code
        assert "token" not in (holder.post(f"{path}/components/token").response.json or {})


def test_a_token_wants_a_post_with_a_csrf_token_and_an_own_card(holder: Visitor, card_path: str) -> None:
    path = f"{card_path}/components/token"

    assert holder.get(path).status == 405
    assert holder.post(path, {"csrf_token": "forged"}).status == 400
    assert holder.post("/cards/9999999/components/token").status == 404


def test_ours_stands_beside_units_and_the_page_holds_no_token(holder: Visitor, card_path: str) -> None:
    link = holder.get(card_path).one("#components-title ~ p a").attrs

    page = holder.get(str(link["href"]))

    tags = [str(place.attrs["data-tag"]) for place in page.html.css(".component")]
    assert page.html.css(".both article.plastic")
    assert tags == ["unit-elements-card", "unit-elements-activity"]
    assert page.one("script[src='/emulator/static/components.js']")
    assert '"hide-sensitive-data-button": "true"' in str(page.html.css(".component")[0].attrs["data-attributes"])
    assert (
        page.response.headers["Content-Security-Policy"] == holder.get("/").response.headers["Content-Security-Policy"]
    )


def test_a_card_in_the_mail_gets_a_token_that_activates_it_for_five_minutes(at_end_of: AtEndOf) -> None:
    visitor = at_end_of(has_card("physical"))
    path = newest_card(visitor.page)
    card = path.rpartition("/")[2]
    visitor.get(f"{path}/components")
    answer: Any = visitor.post(f"{path}/components/token").response.json
    shown = given_to(visitor, answer["token"], "unit-elements-card", card)
    bearer = f"Bearer {answer['token']}"

    wrong = visitor.post(f"/emulator/components/activate?card={card}", {"cvv2": "000"}, Authorization=bearer)
    right = visitor.post(f"/emulator/components/activate?card={card}", shown["printed"], Authorization=bearer)

    assert answer["expires_in"] == 300
    assert set(shown["granted"]["scopes"]) - set(READING.split()) == {"cards-write", "cards-sensitive-write"}
    assert shown["granted"]["resources"] == {"card": [card]}
    assert (wrong.status, right.status) == (400, 200)
    after = given_to(visitor, token_of(visitor, path), "unit-elements-card", card)
    assert after["data"]["attributes"]["status"] == "Active"
    assert " ".join(after["granted"]["scopes"]) == READING


def test_the_card_leads_to_its_activation_where_there_is_no_play_money(
    at_end_of: AtEndOf, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = at_end_of(has_card("physical"))
    path = newest_card(visitor.page)
    monkeypatch.setitem(app.extensions["slots"], "card_actions", ["unit_components/_activate.html"])

    link = visitor.get(path).one(".card-actions a")

    assert link.text() == "Activate card"
    assert visitor.get(str(link.attrs["href"])).heading.startswith("Activate the card ending in")


@pytest.mark.parametrize("token", ["", "nonsense", "v2.public.emulator-someone"])
def test_a_stand_in_shows_nothing_without_a_customer_token(holder: Visitor, card_path: str, token: str) -> None:
    shown = given_to(holder, token, "unit-elements-card", card_path.rpartition("/")[2])

    assert shown["errors"]
    assert "data" not in shown


def test_another_visitors_token_shows_nothing(app: Flask, holder: Visitor, card_path: str) -> None:
    token = token_of(holder, card_path)

    assert "data" not in given_to(Visitor(app), token, "unit-elements-card", card_path.rpartition("/")[2])


def test_with_a_real_bank_only_this_page_admits_units_script(
    app: Flask, holder: Visitor, card_path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = create_app(read(BOTH | PINNED, tmp_path)).extensions["unit_components"]
    monkeypatch.setitem(app.extensions, "unit_components", script)
    monkeypatch.setitem(app.jinja_env.globals, "components_script", script)

    page = holder.client.get(f"{card_path}/components")  # its policy admits the elements' own styles
    policy = page.headers["Content-Security-Policy"]

    assert f'src="{URL}" integrity="{script.integrity}" crossorigin="anonymous" defer' in page.text
    assert "script-src 'self' https://ui.s.unit.sh;" in policy
    assert "connect-src 'self' https://*.s.unit.sh;" in policy
    assert "unit.sh" not in holder.get(card_path).response.headers["Content-Security-Policy"]


def test_with_a_real_bank_and_no_settings_there_are_no_such_pages(tmp_path: Path) -> None:
    app = create_app(read(BOTH, tmp_path))

    assert app.extensions["unit_components"] is None
    assert "unit_components" not in app.blueprints


@pytest.mark.parametrize(
    ("environ", "changes", "problem"),
    [
        pytest.param({}, {}, "needs UNIT_API_TOKEN", id="emulated"),
        pytest.param(BOTH, {"UNIT_COMPONENTS_INTEGRITY": ""}, "belong together", id="no checksum"),
        pytest.param(BOTH, {"UNIT_COMPONENTS_URL": ""}, "belong together", id="no URL"),
        pytest.param(BOTH, {"UNIT_COMPONENTS_INTEGRITY": "md5-x"}, "must be a checksum", id="not a checksum"),
        pytest.param(BOTH, {"UNIT_COMPONENTS_URL": URL.replace("4.2.9", "latest")}, "must name a version", id="latest"),
        pytest.param(
            BOTH, {"UNIT_COMPONENTS_URL": URL.replace("unit.sh", "evil.test")}, "must name a version", id="host"
        ),
        pytest.param(BOTH, {"UNIT_COMPONENTS_URL": f"{URL}?'"}, "must name a version", id="more than a file"),
        pytest.param(LIVE | {"UNIT_VGS_VAULT": "tntabcdefgh"}, {}, "https://ui.unit.co/release", id="sandbox's script"),
    ],
)
def test_a_script_that_is_not_pinned_stops_the_start(
    tmp_path: Path, environ: Environ, changes: Environ, problem: str
) -> None:
    with pytest.raises(SettingsError, match=problem):
        create_app(read({**environ, **PINNED, **changes}, tmp_path))


@pytest.mark.parametrize(
    ("answer", "ok"),
    [
        pytest.param(Fault(200, b"", {"Access-Control-Allow-Origin": "*"}), True, id="there"),
        pytest.param(Fault(200, b""), False, id="no CORS"),
        pytest.param(Fault(404, b""), False, id="no such version"),
        pytest.param(REFUSED, None, id="unreachable"),
    ],
)
def test_the_doctor_asks_for_the_script(tmp_path: Path, answer: Any, ok: bool | None) -> None:
    app = create_app(read(BOTH | PINNED, tmp_path))

    with app.app_context(), FakeNetwork(app.extensions["http"]) as network:
        network.set("HEAD /release/4.2.9/components.js", answer)

        assert [found[0] for found in findings()] == [ok]
