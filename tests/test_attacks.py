"""Ways around the rules that were tried, and that must stay closed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import cast
from urllib.parse import urljoin, urlsplit

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from limits import parse
from limits.storage import MemoryStorage
from werkzeug.test import TestResponse

from app import create_app
from blueprints.cards import DONE
from blueprints.errors import safe_next_path
from services import rate_limits
from services.stytch_client import stytch_client

from .inside import request_of
from .journeys import STEPPED_UP
from .routes import HERE, routes
from .visitor import EMAIL, Page, Visitor, query


def with_session(app: Flask, cookie: str, address: str = "192.0.2.1") -> Page:
    """Return the home page for this session cookie."""
    visitor = Visitor(app, address)
    visitor.client.set_cookie("stytch_session", cookie)
    return visitor.get("/")


def test_a_second_factor_that_another_process_removed_writes_nothing_here(
    app: Flask, holder: Visitor, card_path: str
) -> None:
    there = Visitor(create_app(app.extensions["settings"]))
    there.client._cookies = dict(holder.client._cookies or {})
    assert there.get("/cards/list").status == 200
    with request_of(holder) as session:
        stytch_client.remove_authenticator(session)

    assert there.post(f"{card_path}/freeze").goes_to == "/"


def test_a_step_up_finishes_no_enrollment(signed_in: Visitor) -> None:
    signed_in.post("/totp")
    code = signed_in.code()

    signed_in.post("/step-up", {"code": code})

    assert "Add an authenticator" in signed_in.get("/").one("[aria-current=step]").text()


def test_refused_attempts_do_not_extend_the_wait(customer: Visitor, clock: time_machine.Traveller) -> None:
    waits = [customer.post("/step-up", {"code": "000000"}) for _ in range(25)]
    clock.shift(301)

    assert waits[-1].status == 429
    assert customer.post("/step-up", {"code": "000000"}).status == 422


@pytest.mark.parametrize("query", ["", "?token=abc"], ids=["no token", "token"])
def test_a_link_that_cannot_be_opened_here_is_not_sent_as_a_referrer(visitor: Visitor, query: str) -> None:
    page = visitor.get(f"/login/authenticate{query}")

    assert page.response.headers["Referrer-Policy"] == "strict-origin"


@pytest.mark.parametrize(
    "cookie",
    ["", "made-up", "a" * 31, "a" * 44, "a" * 129, "a" * 40 + ".", "é" * 44, "a" * 44 + "\\n", "a" * 44 + ".é"],
)
def test_a_session_cookie_that_we_did_not_sign_costs_no_call(app: Flask, calls: list[str], cookie: str) -> None:
    assert with_session(app, cookie).status == 200
    assert calls == []


def test_no_counter_is_kept_for_anonymous_clients_who_are_gone(app: Flask, clock: time_machine.Traveller) -> None:
    for number in range(10):
        Visitor(app, f"192.0.2.{number}").post("/login", {"email": f"{number}@example.com"})
    clock.shift(3601)

    Visitor(app, "192.0.2.99").post("/login", {"email": EMAIL})
    memory = cast(MemoryStorage, rate_limits.limiter.storage)
    memory.timer.join()

    counters = [*memory.storage, *memory.events]
    assert len(counters) == 3, counters  # the newest client's, the newest address's, and the whole app's


def test_the_next_page_fits_into_a_header_whatever_the_script_of_its_digits(visitor: Visitor) -> None:
    visitor.get("/cards/\u0661")
    visitor.get(visitor.ask_for_link())

    page = visitor.submit("/login/authenticate", htmx=True)

    assert page.goes_to == "/cards/%D9%A1"


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "\x99\xf5", "bytes=0-", "a b"])
@pytest.mark.parametrize("path", ["/login", "/logout", "/cards", "/nothing"])
def test_a_form_sent_to_another_host_gets_only_the_apps_address(app: Flask, path: str, host: str) -> None:
    answer = app.test_client().post(path, headers={"Host": host})

    assert (answer.status_code, answer.mimetype) == (400, "text/plain")


WAYS_OUT = [
    *("//evil.example", "////evil.example//", "/\\evil.example", "\\\\evil.example", "/\\/evil.example"),
    *("https://evil.example", "https:evil.example", "https:/evil.example", "HTTPS://evil.example", "ftp://evil.example"),
    *("javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "vbscript:x", " javascript:alert(1)"),
    *("http://localhost:8000@evil.example", "http://localhost:8000.evil.example/", "http://evil.example#@localhost:8000"),
    *("http://evil.example\\@localhost:8000/", "http://[::1]:8000", "http://[", "//localhost:8000:80@evil.example"),
    *("/\t/evil.example", "/\n/evil.example", "/\r\n/evil.example", "\t//evil.example", "\0//evil.example"),
    *("/%09/evil.example", "/%2f%2fevil.example", "/%2F/evil.example", "/%5cevil.example", "/%5c%5cevil"),
    *("/%252f%252fevil.example", "/.evil.example", "/..//evil.example", "/cards/..//evil.example", "/./\\evil.example"),
    *("//evil%E3%80%82example", "/\u2044evil.example", "/\uff0fevil.example", "/cards/%2e%2e//x"),
    *("?next=//evil.example", "#//evil.example", "", " ", ".", "..", "cards", "/cards\r\nLocation: //evil.example"),
    *("/logout", "/cards/1/freeze", "/login/authenticate/../..//evil.example", "/emulator//evil.example", "/nothing"),
    *("/\ufeff/evil.example", "//cards", "//cards/1", "///cards", "//emulator/inbox", "http://evil.example//cards"),
]  # fmt: skip


@pytest.mark.parametrize("url", WAYS_OUT)
@pytest.mark.parametrize("path", ["", "/cards"], ids=["as it is", "before /cards"])
def test_no_url_leads_out_of_the_app(app: Flask, url: str, path: str) -> None:
    with app.test_request_context():
        found = safe_next_path(url + path)

    assert found is None or re.fullmatch(r"/([\w.-]+(/[\w.%-]+)*)?", found, re.ASCII)
    assert found is None or urlsplit(urljoin(f"{HERE}/login", found))[:2] == urlsplit(HERE)[:2]


def test_a_scanner_that_opens_links_and_presses_buttons_uses_up_no_link(visitor: Visitor, calls: list[str]) -> None:
    link = visitor.ask_for_link()
    scanner = Visitor(visitor.app, "192.0.2.1")
    calls.clear()

    opened = scanner.get(link)
    pressed = scanner.post("/login/authenticate", {"token": query(link)["token"]})

    assert (opened.status, pressed.status) == (400, 400)
    assert calls == []
    visitor.get(link)
    assert visitor.submit("/login/authenticate").goes_to == "/"


def test_no_route_shows_or_changes_another_customers_card(
    app: Flask, holder: Visitor, card_path: str, clock: time_machine.Traveller
) -> None:
    thief = Visitor(app, "192.0.2.1")
    clock.shift(60)
    STEPPED_UP(thief, clock)
    asked = [
        (method, card_path + path.removeprefix("/cards/1"))
        for method, path in routes(app, {"GET", "POST"})
        if path.startswith("/cards/1")
    ]
    asked += [("POST", f"{card_path}/{action}") for action in DONE]
    form = {"shop": "coffee", "dailyPurchase": "1"}

    given = {(method, path): thief.get(path) if method == "GET" else thief.post(path, form) for method, path in asked}

    assert len(asked) > len(DONE) + 1
    assert {key: page.status for key, page in given.items()} == dict.fromkeys(asked, 404)
    assert holder.get(card_path).one(".state").text() == "Ready to use"


@pytest.mark.parametrize(
    "request_of",
    [
        pytest.param(lambda client: client.get("/cards/" + "1" * 60_000), id="path"),
        pytest.param(lambda client: client.get("/cards/list?start=" + "9" * 60_000), id="query"),
        pytest.param(lambda client: client.get("/", query_string="a&" * 30_000), id="many parameters"),
        pytest.param(lambda client: client.get("/cards", headers={"HX-Current-URL": "/" + "a" * 60_000}), id="header"),
        pytest.param(lambda client: client.get("/", headers={"Cookie": "stytch_session=" + "a" * 60_000}), id="cookie"),
        pytest.param(lambda client: client.get("/", headers={"Cookie": "a=b; " * 10_000}), id="many cookies"),
        pytest.param(lambda client: client.post("/login", data="a&" * 30_000), id="many fields"),
        pytest.param(lambda client: client.post("/login", data=b"a" * 10_000_000), id="body"),
        pytest.param(lambda client: client.post("/login", data={"email": "a@" + "b." * 15_000 + "c"}), id="address"),
        pytest.param(lambda client: client.get("/step-up?pending=" + "A" * 60_000), id="pending action"),
    ],
)
def test_an_oversized_request_is_refused_at_once(
    app: Flask, calls: list[str], request_of: Callable[[FlaskClient], TestResponse]
) -> None:
    began = time.process_time()

    answer = request_of(app.test_client())

    assert answer.status_code < 500
    assert len(answer.data) < 50_000
    assert calls == []
    assert time.process_time() - began < 1


def test_a_session_that_was_ended_elsewhere_is_not_a_wrong_code(customer: Visitor) -> None:
    code = customer.code()
    asked = customer.get("/step-up")
    with request_of(customer) as session:  # as another process does, of which this one hears nothing
        stytch_client.sdk.sessions.revoke(session_token=session.token)
    customer.page = asked

    page = customer.submit("/step-up", code=code)

    assert page.goes_to == "/"
    assert customer.cookie("stytch_session") is None


def test_malformed_addresses_use_up_no_links(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "LINKS_IN_ALL", parse("2/hour"))

    wrong = [visitor.post("/login", {"email": "nobody"}).status for _ in range(4)]
    right = [visitor.post("/login", {"email": f"ada{n}@example.com"}).status for n in range(3)]

    assert wrong == [422] * 4
    assert right == [200, 200, 429]


def test_an_unknown_address_signs_no_one_out(signed_in: Visitor) -> None:
    page = signed_in.get("/nowhere")

    assert page.status == 404
    assert EMAIL in page.text


def test_nothing_that_one_visitor_types_is_shown_to_another(app: Flask, clock: time_machine.Traveller) -> None:
    typist = Visitor(app)
    typist.sign_in("marker@example.com")
    typist.enroll()
    typist.open_account(first_name="Marker", street="1 Marker Street", ssn="000-00-0004")
    clock.shift(60)
    other = Visitor(app)
    STEPPED_UP(other, clock)

    seen = {path: other.client.get(path, buffered=True).text for _, path in routes(app, {"GET"})}

    assert len(seen) > 10
    assert EMAIL in seen["/cards"]
    assert [path for path in seen if "marker" in seen[path].lower()] == []
