"""The panel beside each page: what comes into it, and when."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
import time_machine
from flask import Flask
from selectolax.lexbor import LexborNode

from app import create_app
from extras.wire_log import is_on
from extras.wire_log.views import claim_time
from services.signals import cache_hit, upstream_call
from settings import Settings

from ..conftest import AppWith
from ..journeys import get_card
from ..visitor import Page, Visitor

pytestmark = pytest.mark.panel

ARRIVES = "hx-partial[hx-target='#wire-log-calls']"


def requests_of(page: Page) -> list[str]:
    """The requests of the browser for which the panel shows calls, newest first."""
    return [str(group.attrs["data-request"]) for group in page.html.css("[data-request]")]


def calls_of(within: Page | LexborNode) -> list[str]:
    """The calls that the panel lists, oldest first, ids left out."""
    html = within.html if isinstance(within, Page) else within
    lines = [" ".join(call.text().split()) for call in html.css("li .call > summary .target")]
    return [re.sub(r"/[0-9]+", "/:id", line).partition("?")[0] for line in reversed(lines)]


def count_of(page: Page) -> str:
    return page.one("#wire-log-count").text()


def test_a_page_shows_the_calls_behind_it(stepped_up: Visitor, calls: list[str]) -> None:
    stepped_up.get("/")
    calls.clear()

    page = stepped_up.get("/cards/list")

    assert page.one("aside#wire-log").attrs["aria-labelledby"] == page.one("h2#wire-log-title").attrs["id"]
    assert requests_of(page)[0] == "GET /cards/list"
    assert calls_of(page.html.css("li.action")[0]) == calls
    assert calls[-2:] == ["GET /cards", "GET /accounts"]


def test_a_fragment_brings_its_calls_along(stepped_up: Visitor, calls: list[str]) -> None:
    stepped_up.get("/cards/list")
    calls.clear()

    page = stepped_up.get("/cards/list", htmx=True)

    assert calls_of(page.one(ARRIVES)) == calls == ["GET /cards", "GET /accounts"]
    assert page.one(ARRIVES).attrs["hx-swap"] == "afterbegin"
    assert page.one("hx-partial[hx-target='#wire-log-count']").text() == count_of(stepped_up.get("/"))


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
    assert "POST /customer/status" not in requests_of(after)
    assert mail.html.css(ARRIVES) == []
    assert opened.page.html.css("#wire-log, .wire-log-button, .to-wire-log") == []


def test_what_a_service_asks_to_answer_a_call_is_not_a_call_of_the_app(settings: Settings) -> None:
    visitor = Visitor(create_app(settings))
    visitor.sign_in()
    visitor.enroll()
    visitor.open_account()

    calls = calls_of(visitor.get("/cards/list").html.css("[data-request='GET /cards/list']")[0])

    assert "POST /customers/:id/token" in calls  # for which the emulated Unit fetches Stytch's keys
    assert not [call for call in calls if "jwks" in call]


def test_calls_of_parallel_requests_do_not_mix(stepped_up: Visitor) -> None:
    paths = ["/cards/list", get_card(stepped_up)] * 6
    tabs = [stepped_up.twin() for _path in paths]

    with ThreadPoolExecutor(len(paths)) as threads:
        pages = list(threads.map(lambda path, tab: tab.get(path, htmx=True), paths, tabs))

    assert [requests_of(page) for page in pages] == [[f"GET {path}"] for path in paths]  # what is new only
    assert [calls_of(page) for page in pages] == [["GET /cards", "GET /accounts"], ["GET /cards/:id"]] * 6


def test_calls_that_were_not_needed_are_one_line_with_the_time_that_is_left(
    stepped_up: Visitor, clock: time_machine.Traveller
) -> None:
    stepped_up.get("/cards/list")
    clock.shift(48)

    lines = stepped_up.get("/cards/list", htmx=True).html.css(".cache-hit")

    assert [" ".join(line.text().split()) for line in lines] == [
        "No call needed: customer token cached (9:12 left), JWT verified locally (4:12 left)."
    ]


def test_without_calls_there_is_a_sample_that_is_marked_as_one(visitor: Visitor) -> None:
    page = visitor.get("/")

    sample = page.one("#wire-log .sample")
    assert "sample" in sample.text()
    assert requests_of(page) == []
    assert count_of(page) == ""
    details = visitor.get(str(sample.css("[hx-get]")[0].attrs["hx-get"]), htmx=True)
    assert "The JWT in jwtToken, decoded" in details.text
    visitor.ask_for_link()
    assert visitor.get("/").one(".sample").css(".call") == []


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

        assert app.extensions["wire_log"].action() is None


def test_it_can_be_switched_off_and_costs_nothing_then(app_with: AppWith) -> None:
    app = app_with(WIRE_LOG="off")
    visitor = Visitor(app)
    visitor.sign_in()

    page = visitor.follow()

    assert page.html.css("#wire-log, .wire-log-button, .to-wire-log, [src*=wire_log], [href*=wire_log]") == []
    assert "popover" not in page.body
    assert visitor.cookie("calls") is None
    assert visitor.post("/totp", htmx=True).html.css(ARRIVES) == []
    assert [visitor.get(path).status for path in ("/source/home.index", "/calls", "/calls.json")] == [404] * 3
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


def test_details_come_when_a_call_is_opened_as_a_fragment_or_a_page(stepped_up: Visitor) -> None:
    page = stepped_up.get("/cards/list")
    opened = page.html.css("li .call")[0].attrs

    fragment, whole = stepped_up.get(str(opened["hx-get"]), htmx=True), stepped_up.get(str(opened["hx-get"]))

    assert page.html.css("#wire-log pre") == []
    assert opened["hx-trigger"] == "toggle once"
    assert [label.text() for label in fragment.html.css(".label")][:2] == ["Response", "As a curl command Copy"]
    assert fragment.html.css("html, main, .action") == []
    assert (whole.heading, whole.one("#main .call pre.json").text()) == (
        "An API call",
        fragment.one("pre.json").text(),
    )


def test_the_claims_of_a_jwt_are_explained(app: Flask, visitor: Visitor) -> None:
    visitor.sign_in()
    calls = [call for call in visitor.follow().html.css(".call") if "/magic_links/authenticate" in call.text()]

    page = visitor.get(str(calls[0].attrs["hx-get"]), htmx=True)

    said = zip(page.html.css(".claims dt"), page.html.css(".claims dd"), strict=True)
    claims = {name.text(): claim for name, claim in said}
    assert {"sub", "iss", "aud", "exp", "https://stytch.com/session"} <= set(claims)
    assert claims["exp"].css("time")[0].attrs["datetime"] == "2026-06-01T12:05:00+00:00"
    assert ", 5:00 from now" in claims["exp"].text()
    assert "jwtSubject" in claims["sub"].text()
    assert app.extensions["settings"].stytch_project_id in claims["aud"].text()


@pytest.mark.parametrize("claim", [-1, 10**30, 1.5, "soon", None])
def test_a_claim_that_is_no_time_is_not_put_into_words(claim: object) -> None:
    assert claim_time(claim, "exp") is None
    assert claim_time(1, "nothing") is None
