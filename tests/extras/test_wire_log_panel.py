"""The panel beside each page: what comes into it, who sees it, and the code that it shows."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
import requests
import time_machine
from flask import Flask
from selectolax.lexbor import LexborNode

from app import create_app
from extras.wire_log import is_on
from extras.wire_log.curl import curl
from extras.wire_log.handover import MAX_ACTIONS
from extras.wire_log.recorder import Call
from extras.wire_log.redaction import redacted, redacted_url, tokens_in
from extras.wire_log.views import claim_time
from services.signals import cache_hit, upstream_call
from settings import Settings

from ..conftest import AppWith
from ..journeys import get_card
from ..visitor import EMAIL, Page, Visitor

pytestmark = pytest.mark.panel

ARRIVES = "hx-partial[hx-target='#wire-log-calls']"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c2VyLXRlc3QtMSIsImVtYWlsIjoiYWRhQGV4YW1wbGUuY29tIn0.c2lnbmF0dXJl"


def requests_of(page: Page) -> list[str]:
    """The requests of the browser for which the panel shows calls, newest first."""
    return [str(group.attrs["data-request"]) for group in page.html.css("[data-request]")]


def calls_of(within: Page | LexborNode) -> list[str]:
    """The calls that the panel shows, oldest first, ids left out."""
    html = within.html if isinstance(within, Page) else within
    lines = [" ".join(call.text().split()) for call in html.css(".call > summary .target")]
    return [re.sub(r"/[0-9]+", "/:id", line).partition("?")[0] for line in reversed(lines)]


def test_a_page_shows_the_calls_behind_it(stepped_up: Visitor, calls: list[str]) -> None:
    stepped_up.get("/")
    calls.clear()

    page = stepped_up.get("/cards/list")

    assert page.one("aside#wire-log").attrs["aria-labelledby"] == page.one("h2#wire-log-title").attrs["id"]
    assert requests_of(page) == ["GET /cards/list"]
    assert calls_of(page) == calls
    assert calls[-2:] == ["GET /cards", "GET /accounts"]


def test_a_fragment_brings_its_calls_along(stepped_up: Visitor, calls: list[str]) -> None:
    stepped_up.get("/cards/list")
    calls.clear()

    page = stepped_up.get("/cards/list", htmx=True)

    assert calls_of(page.one(ARRIVES)) == calls == ["GET /cards", "GET /accounts"]
    assert page.one(ARRIVES).attrs["hx-swap"] == "afterbegin"
    assert page.one("hx-partial[hx-target='#wire-log-count']").text() == "4"  # with the two that were not needed


def test_a_refusal_brings_its_calls_along(enrolled: Visitor) -> None:
    enrolled.get("/step-up")

    page = enrolled.submit("/step-up", htmx=True, step_up_code="000000")

    assert page.status == 422
    assert "Stytch refused: unable_to_authenticate_totp." in page.one(ARRIVES).text()


def test_where_there_is_no_panel_or_no_news_nothing_is_brought(enrolled: Visitor) -> None:
    enrolled.open_account(ssn="000-00-0004")

    waiting = enrolled.submit("/customer/status", htmx=True)
    after = enrolled.get("/customer")
    mail = enrolled.get("/emulator/inbox", htmx=True)
    opened = Visitor(enrolled.app)
    opened.get(opened.ask_for_link())

    assert (waiting.status, waiting.body) == (204, "")
    assert requests_of(after) == ["GET /customer"]
    assert mail.html.css(ARRIVES) == []
    assert opened.page.html.css("#wire-log, .wire-log-button, .to-wire-log") == []


def test_calls_before_a_redirect_are_on_the_page_that_it_leads_to_and_on_no_other(customer: Visitor) -> None:
    customer.step_up()
    key = customer.cookie("calls") or ""

    missing, first, second = customer.get("/nowhere"), customer.get("/"), customer.get("/")
    customer.client.set_cookie("calls", key)
    again = customer.get("/")

    assert missing.status == 404  # an error page leaves what waits for the next page
    assert requests_of(first) == ["GET /", "POST /step-up"]
    assert "POST /v1/totps/authenticate" in calls_of(first)
    assert requests_of(second) == requests_of(again) == ["GET /"]
    assert customer.cookie("calls") is None


@pytest.mark.parametrize("htmx", [False, True], ids=["page", "htmx"])
def test_several_redirects_in_a_row_lose_nothing(enrolled: Visitor, htmx: bool) -> None:
    enrolled.get("/customer")
    enrolled.submit("/customer", htmx=htmx)
    enrolled.get("/customer")

    assert requests_of(enrolled.follow()) == ["GET /cards", "GET /customer", "POST /customer"]
    assert "POST /applications" in calls_of(enrolled.page)


def test_a_chain_of_redirects_that_is_never_followed_does_not_grow(customer: Visitor) -> None:
    for _ in range(20):
        customer.get("/customer")

    assert len(requests_of(customer.get("/cards"))) <= MAX_ACTIONS + 1


def test_what_is_kept_for_a_redirect_is_for_one_browser_and_for_seconds(
    customer: Visitor, clock: time_machine.Traveller
) -> None:
    customer.step_up()
    stranger = Visitor(customer.app)
    stranger.client.set_cookie("calls", "A" * 22)

    assert "/v1/totps" not in stranger.get("/").body
    assert stranger.cookie("calls") is None
    clock.shift(31)
    assert requests_of(customer.get("/")) == ["GET /"]


def test_what_a_service_asks_to_answer_a_call_is_not_a_call_of_the_app(settings: Settings) -> None:
    visitor = Visitor(create_app(settings))
    visitor.sign_in()
    visitor.enroll()
    visitor.open_account()

    calls = calls_of(visitor.get("/cards/list").one("[data-request='GET /cards/list']"))

    assert "POST /customers/:id/token" in calls  # for which the emulated Unit fetches Stytch's keys
    assert not [call for call in calls if "jwks" in call]


def test_calls_of_parallel_requests_do_not_mix(stepped_up: Visitor) -> None:
    paths = ["/cards/list", get_card(stepped_up)] * 6
    tabs = [stepped_up.twin() for _path in paths]

    with ThreadPoolExecutor(len(paths)) as threads:
        pages = list(threads.map(lambda path, tab: tab.get(path, htmx=True), paths, tabs))

    assert [requests_of(page) for page in pages] == [[f"GET {path}"] for path in paths]
    assert [calls_of(page) for page in pages] == [["GET /cards", "GET /accounts"], ["GET /cards/:id"]] * 6


def test_a_cache_hit_is_shown_once_with_the_time_that_is_left(
    stepped_up: Visitor, clock: time_machine.Traveller
) -> None:
    stepped_up.get("/cards/list")
    clock.shift(48)

    hits = [" ".join(line.text().split()) for line in stepped_up.get("/cards/list").html.css(".cache-hit")]

    assert hits == [
        "Unit No call needed: customer token cached, valid 9:12.",
        "Stytch No call needed: JWT verified locally, valid 4:12.",
    ]


def test_a_call_without_an_answer_is_shown_too(stepped_up: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    stepped_up.get("/cards/list")

    def broken(*_args: object, **_kwargs: object) -> None:
        raise requests.ConnectionError

    monkeypatch.setattr(requests.Session, "send", broken)

    page = stepped_up.get("/cards/list", htmx=True)

    assert page.status == 503
    assert calls_of(page) == ["GET /cards"] * 3
    assert "Unit gave no answer: ConnectionError." in page.one(ARRIVES).text()


def test_calls_outside_of_a_request_are_not_recorded(app: Flask) -> None:
    with app.app_context():
        app.extensions["stytch"].sdk.debug.whoami()

        assert app.extensions["wire_log"].entries() == ()


def test_it_can_be_switched_off_and_costs_nothing_then(app_with: AppWith) -> None:
    app = app_with(WIRE_LOG="off")
    visitor = Visitor(app)
    visitor.sign_in()

    page = visitor.follow()

    assert page.html.css("#wire-log, .wire-log-button, .to-wire-log, [src*=wire_log], [href*=wire_log]") == []
    assert "popover" not in page.body
    assert visitor.cookie("calls") is None
    assert visitor.post("/totp", htmx=True).html.css(ARRIVES) == []
    assert visitor.get("/source/home.index").status == 404
    assert not cache_hit.has_receivers_for(app)
    assert not any("wire_log" in repr(receiver) for receiver in upstream_call.receivers_for(app))


@pytest.mark.parametrize(
    ("given", "is_live", "shown"),
    [("", False, True), ("off", False, False), ("OFF", False, False), ("", True, False), ("on", True, True)],
)
def test_it_is_on_unless_switched_off_or_the_project_is_live(given: str, is_live: bool, shown: bool) -> None:
    assert is_on({"WIRE_LOG": given} if given else {}, is_live=is_live) is shown
    with pytest.raises(SystemExit, match="WIRE_LOG must be on or off"):
        is_on({"WIRE_LOG": "maybe"}, is_live=is_live)


# --- The code ---------------------------------------------------------------------------------------------------------


def test_the_code_of_a_view_comes_with_its_file_and_line_as_a_page_or_a_fragment(visitor: Visitor) -> None:
    path = "/source/totp.confirm?via=services.factors.authenticate_totp:1"

    page, fragment = visitor.get(path), visitor.get(path, htmx=True)

    shown = [" ".join(figure.text().split()) for figure in page.html.css("figure")]
    assert page.heading == "The code that made the call"
    assert [figure.partition(":")[0] for figure in shown] == ["blueprints/totp.py", "services/factors.py"]
    assert "def confirm() -> Response:" in shown[0]
    assert "totps.authenticate(" in shown[1]
    assert fragment.html.css("html, main, h1") == []
    assert len(fragment.html.css(".source figure pre[tabindex='0']")) == 2


def test_the_line_that_the_call_went_through_is_marked(stepped_up: Visitor) -> None:
    link = str(stepped_up.get("/cards/list").html.css(".call a[href^='/source/']")[0].attrs["href"])

    marked = [line.text().strip() for line in stepped_up.get(link).html.css(".hll")]

    assert marked[0] == 'return _listing(announce="Your cards are loaded.")'
    assert any(line.startswith("response = self.http.request(") for line in marked)


@pytest.mark.parametrize(
    "view_name",
    [
        *("static", "nothing", "emulator_stytch.inbox", "os.system", "__init__"),
        *("services.stytch_client.StytchClient.sign_out", "../app.py", "%2e%2e%2fsettings.py", "home.index%00", "é"),
    ],
)
def test_nothing_but_views_of_this_project_is_shown(visitor: Visitor, view_name: str) -> None:
    assert visitor.get(f"/source/{view_name}").status == 404


@pytest.mark.parametrize(
    "via",
    [
        *("os.system:1", "settings.load:1", "emulator.create_app:1", "requests.get:1", "tests.visitor.query:1"),
        *("services.stytch_client.StytchClient:1", "services.stytch_client.log:1", "x", ":1"),
        "services.session.Session.__eq__:1",  # generated: it has no source
    ],
)
def test_nothing_but_functions_of_this_project_is_shown_below(visitor: Visitor, via: str) -> None:
    page = visitor.get(f"/source/home.index?via={quote(via)}")

    assert page.status == 200
    assert len(page.html.css("figure")) == 1


# --- What is redacted -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("totp_code", "123456", "‹six digits›"),
        ("session_jwt", JWT, f"‹eyJ… {len(JWT)} characters›"),
        ("anything", JWT, f"‹eyJ… {len(JWT)} characters›"),
        ("anything", f"Bearer {JWT}", f"Bearer ‹eyJ… {len(JWT)} characters›"),
        ("anything", "v2.public.eyJhIjoxfQ", "‹v2… 20 characters›"),
        ("anything", "secret-test-c2VjcmV0c2VjcmV0", "‹28 characters›"),
        ("anything", "fICvTYMJOTse_Uk8-hXbkyJ-ku4tzEfVdd1WJ_3LcnKc", "‹44 characters›"),
        ("anything", "4000 0012 3456 7899", "‹19 characters›"),
        ("anything", "4000001234567899", "‹16 digits›"),
        ("anything", "123-45-6789", "‹11 characters›"),
        ("ssn", "123456789", "‹9 digits›"),
        ("qr_code", "data:image/png;base64,iVBORw0KGgo=", "‹data:image/png… 34 characters›"),
        ("email", "ada@example.com", "a…@example.com"),
        ("note", "of ada@example.com, say", "of a…@example.com, say"),
        ("recovery_codes", ["ckss-2skx-ebow"], ["‹14 characters›"]),
        ("token", {"value": 12345678}, {"value": "‹8 digits›"}),
        ("user_id", "user-test-16d9ba61-97a1-4ba4-9720-b03761dc50c6", "user-test-16d9ba61-97a1-4ba4-9720-b03761dc50c6"),
        ("idempotencyKey", "3a1a33be-4e12-4603-9ed0-820922389fb8", "3a1a33be-4e12-4603-9ed0-820922389fb8"),
        ("number", "5555550101", "5555550101"),
        ("exp", 1795523526, 1795523526),
        ("anything", 4000001234567899, "‹16 digits›"),
        ("phone", {"countryCode": "1", "number": "55555"}, {"countryCode": "‹one digit›", "number": "‹five digits›"}),
        ("authorization", {"data": {"type": "card", "id": "9"}}, {"data": {"type": "card", "id": "9"}}),
        ("verified", True, True),
    ],
)
def test_secrets_are_redacted_by_name_and_by_shape(name: str, value: object, shown: object) -> None:
    assert redacted({name: value}) == {name: shown}


def test_deep_and_long_answers_are_cut_short_and_queries_redacted() -> None:
    deep: object = "end"
    for _ in range(200):
        deep = [deep]

    assert "end" not in json.dumps(redacted(deep))
    assert redacted(list(range(50)))[-1] == "… and 40 more"
    assert JWT not in redacted_url(f"https://api.s.unit.sh/cards?token={JWT}&page%5Blimit%5D=1")


def test_a_jwt_is_read_without_its_signature() -> None:
    (token,) = tokens_in({"session_jwt": JWT})

    assert (token.name, token.header, token.claims) == (
        "session_jwt",
        {"alg": "RS256"},
        {"sub": "user-test-1", "email": "a…@example.com"},
    )


@pytest.mark.skipif(shutil.which("sh") is None, reason="no shell here")
def test_the_curl_command_sends_the_same_and_expands_nothing_else() -> None:
    name = 'O\'Brien "$HOME" `id` \\ $(id)'
    body = redacted({"totp_code": "123456", "name": name, "token": JWT, "email": EMAIL})
    url = "https://api.s.unit.sh/cards?filter%5Btags%5D=%27x"
    call = Call("Unit", "POST", url, {"X-Accept-Version": "V1"}, "org", body, 200, None, "", 1, (), ())
    environ = {"UNIT_API_TOKEN": "org", "TOTP_CODE": "654321", "TOKEN": "a token", "EMAIL": "ada@example.org"}

    script = 'curl() { for word in "$@"; do printf \'%s\\0\' "$word"; done; }\n' + curl(call)
    words = subprocess.run(["sh", "-c", script], env=environ, capture_output=True, text=True, check=True).stdout  # noqa: S603, S607

    given = words.split("\0")
    assert given[:-2] == ["-X", "POST", url, "-H", "Authorization: Bearer org", "-H", "X-Accept-Version: V1", "-d"]
    assert json.loads(given[-2]) == {
        "totp_code": "654321",
        "name": name,
        "token": "a token",
        "email": "ada@example.org",
    }
    assert shlex.split(curl(call))[0] == "curl"


@pytest.mark.parametrize("claim", [-1, 10**30, 1.5, "soon", None, True])
def test_a_claim_that_is_no_time_is_not_put_into_words(claim: object) -> None:
    assert claim_time(claim, "nothing") == claim_time(-1, "exp") == ""
    assert "from now" not in claim_time(claim, "exp")


def test_the_claims_of_a_jwt_are_explained(app: Flask, signed_in: Visitor) -> None:
    page = signed_in.get("/")

    said = zip(page.html.css(".claims dt"), page.html.css(".claims dd"), strict=True)
    claims = {name.text(): claim.text(separator=" ") for name, claim in said}
    assert {"sub", "iss", "aud", "exp", "https://stytch.com/session"} <= set(claims)
    assert "12:05:00 UTC, 5:00 from now" in claims["exp"]
    assert "jwtSubject" in claims["sub"]
    assert app.extensions["settings"].stytch_project_id in claims["aud"]
