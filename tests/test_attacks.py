"""Ways around the rules that somebody has tried, and that must stay closed."""

from __future__ import annotations

import hashlib
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
from blueprints import own_path
from blueprints.card import DONE
from services import limits
from settings import LIVE_UNIT

from .conftest import EMAIL, Milestones, Page, Visitor, become_customer, changed, query
from .identity import another_browser
from .test_card import new_card, state
from .test_concurrency import at_once
from .test_security import HERE, routes


def with_cookies_of(visitor: Visitor, app: Flask | None = None) -> Visitor:
    other = Visitor(app or visitor.app)
    other.client._cookies = dict(visitor.client._cookies or {})
    return other


def test_a_late_answer_does_not_bring_back_a_signed_out_session(app: Flask, stepped_up: Visitor) -> None:
    auth, token = app.extensions["auth"], stepped_up.cookie("stytch_session") or ""
    stepped_up.get("/cards/list")
    late = next(iter(auth.sessions._sessions._entries.values()))
    thief = with_cookies_of(stepped_up)

    stepped_up.post("/logout")
    auth.sessions._sessions.put(hashlib.sha256(token.encode()).hexdigest(), late)

    assert thief.get("/cards/list").goes_to == "/"


def test_a_proof_that_another_process_has_taken_away_writes_nothing_here(app: Flask, stepped_up: Visitor) -> None:
    path = new_card(stepped_up)
    second = create_app(changed(app.extensions["settings"]))
    there = with_cookies_of(stepped_up, second)
    there.get("/cards/list")
    stepped_up.post("/account/authenticator/remove")

    page = there.post(f"{path}/freeze")

    assert page.goes_to != path


def test_the_step_up_finishes_no_enrolment(signed_in: Visitor) -> None:
    signed_in.post("/totp")
    code = signed_in.code()

    signed_in.post("/step-up", {"code": code})

    assert "Add an authenticator" in signed_in.get("/").one("[aria-current=step]").text()


def test_a_texted_code_opens_nothing_without_an_authenticator(stepped_up: Visitor) -> None:
    stepped_up.post("/account/authenticator/remove")

    stepped_up.post("/step-up/text")
    stepped_up.post("/step-up/text/confirm", {"code": "000001"})

    assert stepped_up.get("/cards/list").goes_to == "/"


def test_refused_attempts_do_not_lengthen_the_wait(customer: Visitor, clock: time_machine.Traveller) -> None:
    waits = [customer.post("/step-up", {"code": "000000"}) for _ in range(25)]
    clock.shift(301)

    assert waits[-1].status == 429
    assert customer.post("/step-up", {"code": "000000"}).status == 422


@pytest.mark.parametrize("query", ["", "?token=abc"])
def test_a_link_that_cannot_be_opened_here_does_not_travel_on_in_a_referer(visitor: Visitor, query: str) -> None:
    page = visitor.get(f"/login/authenticate{query}")

    assert page.response.headers["Referrer-Policy"] == "strict-origin"


def with_session(app: Flask, token: str, address: str = "192.0.2.1") -> Page:
    """The first page as somebody sees it who brings this as a session, from this address."""
    visitor = Visitor(app, address)
    visitor.client.set_cookie("stytch_session", token)
    return visitor.get("/")


@pytest.mark.parametrize("token", ["", "made-up", "a" * 31, "a" * 129, "a" * 40 + ".", "é" * 44, "a" * 44 + "\\n"])
def test_what_cannot_be_a_session_costs_no_call(app: Flask, calls: list[str], token: str) -> None:
    page = with_session(app, token)

    assert page.status == 200
    assert calls == []


def test_of_strangers_who_are_gone_no_counter_is_kept(app: Flask, clock: time_machine.Traveller) -> None:
    for number in range(10):
        Visitor(app, f"192.0.2.{number}").post("/login", {"email": f"{number}@example.com"})
        with_session(app, "0" * 44, f"192.0.2.{number}")
    clock.shift(3601)

    Visitor(app, "192.0.2.99").post("/login", {"email": EMAIL})
    memory = cast(MemoryStorage, limits.limiter.storage)
    memory.timer.join()

    counters = [*memory.storage, *memory.events]
    assert len(counters) == 3, counters  # the newest stranger's, and that of the whole app


def test_guessing_at_sessions_costs_thirty_calls_a_minute_at_most(
    app: Flask, signed_in: Visitor, calls: list[str], clock: time_machine.Traveller
) -> None:
    clock.shift(301)  # the JWT that is known here has ended
    answers = [with_session(app, f"{number:044}") for number in range(40)]

    assert [page.status for page in answers] == [200] * 30 + [429] * 10
    assert answers[-1].response.headers["Retry-After"] == "60"
    assert len(calls) == 30
    assert with_session(app, "0" * 44, "192.0.2.2").status == 200
    assert with_session(app, signed_in.cookie("stytch_session") or "", "192.0.2.1").status == 429
    signed_in.get("/")
    assert with_session(app, signed_in.cookie("stytch_session") or "", "192.0.2.1").status == 200  # known here
    clock.shift(61)
    assert with_session(app, "0" * 44).status == 200


def test_the_way_back_fits_into_a_header_whatever_script_its_digits_are_of(visitor: Visitor) -> None:
    visitor.get("/cards/\u0661")
    visitor.get(visitor.ask_for_link())

    page = visitor.submit("/login/authenticate", htmx=True)

    assert page.goes_to == "/cards/%D9%A1"


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "\x99\xf5", "bytes=0-", "a b"])
@pytest.mark.parametrize("path", ["/login", "/logout", "/cards", "/nothing"])
def test_a_form_that_is_sent_to_a_foreign_host_is_told_where_the_app_is(app: Flask, path: str, host: str) -> None:
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
@pytest.mark.parametrize("path", ["", "/cards"])
def test_no_url_leads_out_of_the_app(app: Flask, url: str, path: str) -> None:
    with app.test_request_context():
        found = own_path(url + path)

    assert found is None or re.fullmatch(r"/([\w.-]+(/[\w.%-]+)*)?", found, re.ASCII)
    assert found is None or urlsplit(urljoin(f"{HERE}/login", found))[:2] == urlsplit(HERE)[:2]


def test_a_scanner_that_opens_links_and_presses_buttons_spends_none(visitor: Visitor, calls: list[str]) -> None:
    link = visitor.ask_for_link()
    scanner = Visitor(visitor.app, "192.0.2.1")
    calls.clear()

    opened = scanner.get(link)
    pressed = scanner.post("/login/authenticate", {"token": query(link)["token"]})

    assert (opened.status, pressed.status) == (400, 400)
    assert calls == []
    visitor.get(link)
    assert visitor.submit("/login/authenticate").goes_to == "/"


def test_whoever_has_the_cookie_alone_finishes_no_enrolment_that_another_browser_began(signed_in: Visitor) -> None:
    signed_in.post("/totp")
    code = signed_in.code()
    thief = Visitor(signed_in.app, "192.0.2.1")
    thief.client.set_cookie("stytch_session", signed_in.cookie("stytch_session") or "")
    thief.client.set_cookie("emulator_visitor", signed_in.cookie("emulator_visitor") or "")

    page = thief.post("/totp/confirm", {"code": code})

    assert page.status == 409
    assert signed_in.post("/totp/confirm", {"code": code}).status == 200


def test_nobody_elses_card_can_be_seen_or_changed_on_any_route(
    app: Flask, milestones: Milestones, clock: time_machine.Traveller
) -> None:
    victim = milestones.reach(become_customer, clock)
    path = new_card(victim)
    thief = Visitor(app, "192.0.2.1")
    clock.shift(60)
    become_customer(thief, clock)
    asked = [(method, path + rest[8:]) for method, rest in routes(app, {"GET", "POST"}) if rest.startswith("/cards/1")]
    asked += [("POST", f"{path}/{action}") for action in DONE]
    form = {"shop": "coffee", "dailyPurchase": "1"}

    given = {(method, path): thief.get(path) if method == "GET" else thief.post(path, form) for method, path in asked}

    assert len(asked) > len(DONE) + 5
    assert {key: page.status for key, page in given.items()} == dict.fromkeys(asked, 404)
    assert state(victim.get(path)) == "Ready to use"


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
        pytest.param(lambda client: client.get("/step-up?intent=" + "A" * 60_000), id="signed words"),
    ],
)
def test_whatever_is_oversized_is_refused_at_once(
    app: Flask, calls: list[str], request_of: Callable[[FlaskClient], TestResponse]
) -> None:
    began = time.process_time()

    answer = request_of(app.test_client())

    assert answer.status_code < 500
    assert len(answer.data) < 50_000
    assert calls == []
    assert time.process_time() - began < 1


def test_who_signs_out_everywhere_stops_the_other_browsers_of_this_process_at_once(
    stepped_up: Visitor, clock: time_machine.Traveller
) -> None:
    other = another_browser(stepped_up, clock)
    stepped_up.get("/cards/list")

    other.post("/logout/everywhere")

    assert stepped_up.get("/cards/list").goes_to == "/"


def test_a_late_answer_does_not_bring_back_a_proof_that_is_gone(app: Flask, stepped_up: Visitor) -> None:
    auth, token = app.extensions["auth"], stepped_up.cookie("stytch_session") or ""
    asked_at = auth.sessions._sessions.moment()
    stepped_up.get("/cards/list")
    key, late = next(iter(auth.sessions._sessions._entries.items()))
    stepped_up.post("/account/authenticator/remove")

    auth.sessions._sessions.put(key, late, asked_at)

    assert not auth.sessions.known(token).enrolled


def test_a_session_that_was_ended_elsewhere_is_no_wrong_code(
    app: Flask, customer: Visitor, clock: time_machine.Traveller
) -> None:
    code = customer.code()
    other = another_browser(customer, clock)
    customer.get("/step-up")
    asked = customer.page
    other.post("/logout/everywhere")
    app.extensions["auth"].sessions._ended._entries.clear()  # as in another process, which has not heard of it
    customer.page = asked

    page = customer.submit("/step-up", code=code)

    assert page.goes_to == "/"
    assert customer.cookie("stytch_session") is None


def test_parallel_enrolments_end_in_one_and_no_crash(signed_in: Visitor) -> None:
    signed_in.get("/")

    answers = at_once(signed_in, 6, lambda tab: tab.submit("/totp"))

    assert {page.status for page in answers} <= {200, 409}
    assert any(page.status == 200 for page in answers)


def test_addresses_that_are_none_use_up_nobody_s_links(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LINKS_IN_ALL", parse("2/hour"))

    wrong = [visitor.post("/login", {"email": "nobody"}).status for _ in range(4)]
    right = [visitor.post("/login", {"email": f"ada{n}@example.com"}).status for n in range(3)]

    assert wrong == [422] * 4
    assert right == [200, 200, 429]


@pytest.mark.parametrize("action", ["activate", "buy"])
def test_what_only_the_sandbox_can_do_is_not_there_elsewhere(
    app: Flask, stepped_up: Visitor, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    path = new_card(stepped_up)
    monkeypatch.setitem(app.extensions, "settings", changed(app.extensions["settings"], unit_api_url=LIVE_UNIT))

    assert stepped_up.post(f"{path}/{action}", {"shop": "coffee"}).status == 404


def test_an_unknown_address_signs_nobody_out(signed_in: Visitor) -> None:
    page = signed_in.get("/nowhere")

    assert page.status == 404
    assert "ada@example.com" in page.text


def test_nothing_that_one_types_is_shown_to_another(app: Flask, clock: time_machine.Traveller) -> None:
    typist = Visitor(app)
    typist.sign_in("marker@example.com")
    typist.enrol()
    typist.open_account(first_name="Marker", street="1 Marker Street", ssn="000-00-0004")
    clock.shift(60)
    other = Visitor(app)
    become_customer(other, clock)

    seen = {path: other.client.get(path, buffered=True).text for _, path in routes(app, {"GET"})}

    assert len(seen) > 15
    assert "ada@example.com" in seen["/account"]
    assert [path for path in seen if "marker" in seen[path].lower()] == []
