"""Every way in which a service can fail, at every kind of call to it: what the visitor reads, keeps and can do then.

The network fails where ``requests`` would meet it: an adapter before the emulator's lets chosen calls go wrong. The
same faults on a real socket are in ``test_http.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from itertools import product
from threading import Event, Semaphore
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import pytest
import requests
import time_machine
from flask import Flask
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse

import serve
from services import http
from settings import LIVE_UNIT as LIVE

from .conftest import EMAIL, Milestones, Page, Road, Visitor, after, become_customer, changed, enrol, sign_in
from .test_card import new_card, newest_card, state, to_card
from .test_cards import numbers

Clock: TypeAlias = time_machine.Traveller
Turn: TypeAlias = "Callable[..., list[Weather]]"

PATIENCE = 5  # seconds until a test that hangs gives up
JSON_TYPE = {"Content-Type": "application/json"}
TOO_MANY = json.dumps(
    {
        "status_code": 429,
        "request_id": "request-id-test-1",
        "error_type": "too_many_requests",  # as Stytch says it, and then as Unit does
        "error_message": "Too many requests.",
        "errors": [{"title": "Too Many Requests", "status": "429"}],
    }
).encode()
WRONG_SHAPE = b'{"status_code": 200, "request_id": "r", "keys": 3, "data": {"id": 7, "attributes": []}}'
TWENTY_MEGABYTES = b'{"a": "' + b"a" * 20_000_000


class Drip(BytesIO):
    """A body that has not ended when the time is up."""

    def read1(self, _size: int | None = -1) -> bytes:
        if piece := super().read1(1):
            return piece
        raise TimeoutError


@dataclass(frozen=True)
class Fault:
    """What comes instead of an answer; ``acted``: after the service has done what it was asked."""

    status: int = 0
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=lambda: JSON_TYPE)
    error: type[Exception] | None = None
    acted: bool = True
    may_be_repeated: bool = True
    file: type[BytesIO] = BytesIO

    def happen(self, request: requests.PreparedRequest) -> requests.Response:
        if self.error:
            raise self.error
        raw = HTTPResponse(self.file(self.body), self.headers, self.status, preload_content=False)
        return HTTPAdapter().build_response(request, raw)


FAULTS = {
    "refused": Fault(error=requests.ConnectionError, acted=False),
    "reset": Fault(error=ConnectionResetError),
    "time-out": Fault(error=requests.ReadTimeout),
    "one byte a second": Fault(200, b'{"a"', file=Drip),
    "429": Fault(429, TOO_MANY, acted=False),
    "429 with Retry-After": Fault(429, TOO_MANY, {"Retry-After": "30"}, acted=False, may_be_repeated=False),
    "500": Fault(500, b'{"status_code": 500}', acted=False),
    "502": Fault(502, b"<h1>Bad Gateway</h1>"),
    "malformed JSON": Fault(200, b'{"data": {"id"'),
    "empty": Fault(200),
    "HTML": Fault(200, b"<!doctype html><title>Log in to the Wi-Fi</title>", {"Content-Type": "text/html"}),
    "wrong shape": Fault(200, WRONG_SHAPE, may_be_repeated=False),
    "cut body": Fault(200, b'{"a": 1}', {"Content-Length": "500"}),
    "20 MB body": Fault(200, TWENTY_MEGABYTES),
}


class Weather(BaseAdapter):
    """Stands before a service; the calls that it was told of go wrong until it clears."""

    def __init__(self, service: BaseAdapter) -> None:
        super().__init__()
        self.service = service
        self.calls, self.fault, self.met = "", FAULTS["refused"], 0

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        asked = f"{request.method} {urlsplit(str(request.url)).path}"
        if not self.calls or not re.fullmatch(self.calls, asked):
            return self.service.send(request, *args, **kwargs)
        self.met += 1
        if self.fault.acted:
            self.service.send(request, *args, **kwargs)
        return self.fault.happen(request)

    def close(self) -> None:
        """The service's own to close."""


@pytest.fixture
def weather(app: Flask) -> Iterator[Turn]:
    """Turns the weather between the app and both services, and returns what is in between."""
    session: requests.Session = app.extensions["http"]
    before = {url: Weather(session.get_adapter(url)) for url in ("https://test.stytch.com/", "https://api.s.unit.sh")}
    for url, adapter in before.items():
        session.mount(url, adapter)

    def turn(calls: str, fault: Fault = FAULTS["refused"]) -> list[Weather]:
        for adapter in before.values():
            adapter.calls, adapter.fault = calls, fault
        return list(before.values())

    yield turn
    for url, adapter in before.items():
        session.mount(url, adapter.service)


@dataclass(frozen=True)
class Call:
    """A call to a service, and what a visitor does to cause it."""

    fails: str  # method and path of the call at the service
    road: Road  # to where the visitor causes it
    action: str  # where the form of that page goes; or the path that is read
    done: Callable[[Visitor], bool]  # whether the visitor has it, once and not twice, after having tried again
    times: int = 1  # how often the call is made: more only for what may be repeated

    @property
    def reads(self) -> bool:
        return self.action in {"/", "/cards/list"}

    def make(self, visitor: Visitor, *, htmx: bool) -> Page:
        if self.reads:
            return visitor.get(self.action, htmx=htmx, **({"HX_Target": "div#cards"} if htmx else {}))
        action = str(visitor.page.one(f"form[action$='{self.action}']").attrs["action"])
        return visitor.submit(action, htmx=htmx)


@Road
def to_first_page(visitor: Visitor, _clock: Clock) -> None:
    visitor.get("/")
    for second in visitor.page.html.css("form[action='/login']")[1:]:
        second.decompose()
    fill_in(visitor, email=EMAIL)


@Road
def to_link(visitor: Visitor, _clock: Clock) -> None:
    visitor.get(visitor.ask_for_link())


@after(sign_in)
def to_journey(visitor: Visitor, _clock: Clock) -> None:
    visitor.get("/")


@after(to_journey)
def to_first_code(visitor: Visitor, _clock: Clock) -> None:
    enrolling = visitor.submit("/totp")
    code = visitor.code()
    visitor.page = enrolling
    fill_in(visitor, code=code)


@after(enrol)
def to_application(visitor: Visitor, _clock: Clock) -> None:
    visitor.get("/customer")
    fill_in(visitor, occupation="Doctor")


@after(become_customer)
def to_cards(visitor: Visitor, _clock: Clock) -> None:
    visitor.get("/cards/list")


def fill_in(visitor: Visitor, **typed: str) -> None:
    """Type into the fields of the page, or choose."""
    for name, value in typed.items():
        control = visitor.page.one(f"[name={name}]")
        for chosen in control.css("[selected]"):
            del chosen.attrs["selected"]
        if control.tag == "select":
            visitor.page.one(f"[name={name}] [value={value}]").attrs["selected"] = ""
        else:
            control.attrs["value"] = value


def is_signed_in(visitor: Visitor) -> bool:
    return EMAIL in visitor.get("/").text


CALLS = {
    "send link": Call(
        "POST /v1/magic_links/email/login_or_create",
        to_first_page,
        "/login",
        lambda visitor: "Check your mail" in visitor.page.text,
    ),
    "spend link": Call(
        "POST /v1/magic_links/authenticate",
        to_link,
        "/login/authenticate",
        lambda visitor: visitor.page.heading == "This link was used already" or is_signed_in(visitor),
    ),
    "enrol": Call(
        "POST /v1/totps",
        to_journey,
        "/totp",
        lambda visitor: bool(visitor.page.one("img[src^='data:image/png']")),
    ),
    "confirm": Call(
        "POST /v1/totps/authenticate",
        to_first_code,
        "/totp/confirm",
        lambda visitor: len(visitor.page.html.css(".codes li")) == 10,
    ),
    "session check": Call("POST /v1/sessions/authenticate", sign_in, "/", is_signed_in),
    "JWKS": Call("GET /v1/sessions/jwks/.*", sign_in, "/", is_signed_in),
    "apply": Call(
        "POST /applications",
        to_application,
        "/customer",
        lambda visitor: visitor.page.goes_to == "/cards" and numbers(visitor) == [],
        times=3,
    ),
    "exchange": Call(
        "POST /customers/[0-9]+/token",
        become_customer,
        "/cards/list",
        lambda visitor: numbers(visitor) == [],
    ),
    "list": Call("GET /cards", to_cards, "/cards/list", lambda visitor: numbers(visitor) == [], times=3),
    "create": Call("POST /cards", to_cards, "/cards", lambda visitor: len(numbers(visitor)) == 1, times=3),
    "freeze": Call(
        "POST /cards/[0-9]+/freeze",
        to_card,
        "/freeze",
        lambda visitor: state(visitor.follow() if visitor.page.goes_to else visitor.page) == "Frozen",
    ),
}
SILENT = {"429", "429 with Retry-After"}  # about an address: the answer to who asks for a link is always the same


@pytest.mark.parametrize(
    ("call", "fault", "htmx"),
    [
        pytest.param(CALLS[name], FAULTS[kind], number % 2 == 0, id=f"{name}-{kind}-{'page' if number % 2 else 'htmx'}")
        for number, (kind, name) in enumerate(product(FAULTS, CALLS))  # each call meets some in a page, some with htmx
        if not (name == "send link" and kind in SILENT)
    ],
)
def test_a_fault_is_an_answer_that_keeps_everything_and_leads_on(
    milestones: Milestones, clock: Clock, weather: Turn, call: Call, fault: Fault, htmx: bool
) -> None:
    visitor = milestones.reach(call.road, clock)
    form, cookie = visitor.page, visitor.cookie("stytch_session")
    milestones.app.extensions["auth"]._client._key_set.jwk_set_cache.jwk_set_with_timestamp = None

    between = weather(call.fails, fault)
    page = call.make(visitor, htmx=htmx)
    weather("")

    assert page.status == 503
    assert page.response.headers.get("Retry-After") == fault.headers.get("Retry-After")
    assert sum(service.met for service in between) == (call.times if fault.may_be_repeated else 1)
    assert visitor.cookie("stytch_session") == cookie
    if not htmx:
        retry = page.one("main form button, main a.button") if call.action != "/cards" else page.one("#new-card button")
        assert retry.text() in {"Try again", "Get this card"}
    elif call.reads:
        assert page.one("hx-partial[hx-target='#cards'] button").attrs["hx-get"] == call.action
    else:
        assert page.one("hx-partial[hx-target='#notice'] .notice")
        visitor.page = form  # stays as it is
    call.make(visitor, htmx=False)
    assert call.done(visitor)


def test_stytch_may_fail_even_while_a_code_is_being_asked_for(stepped_up: Visitor, weather: Turn) -> None:
    unauthorized = Fault(401, b'{"errors": [{"code": "unauthorized", "title": "Unauthorized"}]}', acted=False)
    stytch, unit = weather("")
    unit.calls, unit.fault = "GET /cards", unauthorized
    stepped_up.get("/")
    stytch.calls = "POST /v1/sessions/authenticate"

    page = stepped_up.get("/cards/list", htmx=True)

    assert (unit.met, stytch.met) == (2, 1)
    assert page.status == 503


def test_all_calls_of_one_request_share_one_budget(
    stepped_up: Visitor, weather: Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    stepped_up.get("/")
    between = weather(".*")

    monkeypatch.setattr(http, "REQUEST_BUDGET", 0)
    page = stepped_up.get("/cards/list")

    assert page.status == 503
    assert [service.met for service in between] == [0, 0]


class Hanging(BaseAdapter):
    """A service that takes every call, and answers none until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.taken, self.released = Semaphore(0), Event()

    def send(self, *_args: Any, **_kwargs: Any) -> requests.Response:
        self.taken.release()
        self.released.wait(PATIENCE)
        raise requests.ReadTimeout

    def close(self) -> None:
        """Nothing to close."""


@pytest.fixture
def hanging_stytch(weather: Turn) -> Iterator[Hanging]:
    stytch, _unit = weather("")
    answering, stytch.service = stytch.service, (hanging := Hanging())
    yield hanging
    hanging.released.set()
    stytch.service = answering


def with_session(app: Flask, token: str) -> Visitor:
    visitor = Visitor(app)
    visitor.client.set_cookie("stytch_session", token)
    return visitor


def test_a_service_that_hangs_stops_no_page_that_does_without_it(
    app: Flask, hanging_stytch: Hanging, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "TURN", 0)
    many = [with_session(app, f"{number:044}") for number in range(http.IN_FLIGHT + 1)]

    with ThreadPoolExecutor(http.IN_FLIGHT) as threads:
        waiting = [threads.submit(visitor.get, "/") for visitor in many[1:]]
        taken = [hanging_stytch.taken.acquire(timeout=PATIENCE) for _ in waiting]
        too_many, without = many[0].get("/"), Visitor(app).get("/")
        hanging_stytch.released.set()

    assert all(taken)
    assert (too_many.status, too_many.response.headers["Retry-After"]) == (503, "1")
    assert without.status == 200
    assert {page.result().status for page in waiting} == {503}


def test_parallel_requests_of_one_visitor_hang_once(app: Flask, hanging_stytch: Hanging) -> None:
    tabs = [with_session(app, "a" * 44) for _ in range(4)]

    with ThreadPoolExecutor(len(tabs)) as threads:
        waiting = [threads.submit(tab.get, "/") for tab in tabs]
        assert hanging_stytch.taken.acquire(timeout=PATIENCE)
        arrived = hanging_stytch.taken.acquire(timeout=0.1)  # gives the others time to arrive
        hanging_stytch.released.set()

    assert not arrived
    assert {page.result().status for page in waiting} == {503}


UNAUTHORIZED = Fault(401, b'{"errors": [{"code": "unauthorized", "title": "Unauthorized"}]}', acted=False)
NOT_FOUND = Fault(404, b'{"errors": [{"code": "not_found", "title": "Not Found"}]}', acted=False)
FORBIDDEN = Fault(403, b'{"errors": [{"code": "forbidden", "title": "Forbidden"}]}', acted=False)
ODD_SOURCE = Fault(400, b'{"errors": [{"code": "invalid_value", "source": "text"}]}', acted=False)


def test_an_org_token_that_is_refused_is_our_fault_and_asks_for_no_code(stepped_up: Visitor, weather: Turn) -> None:
    weather("POST /customers/[0-9]+/token", UNAUTHORIZED)

    assert stepped_up.get("/cards/list").status == 502


def test_a_customer_whom_unit_does_not_know_is_forgotten_with_play_money_only(
    app: Flask, stepped_up: Visitor, weather: Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    weather("(POST|GET) /customers/.*", NOT_FOUND)
    with monkeypatch.context() as live:
        live.setattr(app.extensions["exchange"], "_settings", changed(app.extensions["settings"], unit_api_url=LIVE))
        unknown = stepped_up.get("/cards/list")
    weather("")

    assert unknown.status == 404
    assert stepped_up.get("/cards/list").status == 200


def test_one_can_sign_out_while_stytch_is_down(stepped_up: Visitor, weather: Turn, clock: Clock) -> None:
    stepped_up.get("/cards")
    clock.shift(301)
    weather("(POST|GET) /v1/.*")

    page = stepped_up.submit("/logout")

    assert (page.status, page.goes_to) == (303, "/")
    assert stepped_up.cookie("stytch_session") is None


def test_a_link_is_not_spent_in_vain_while_the_present_session_cannot_be_seen(
    signed_in: Visitor, weather: Turn, clock: Clock
) -> None:
    clock.shift(301)
    signed_in.post("/login", {"email": "bob@example.com"})
    signed_in.get(signed_in.newest_link())
    weather("POST /v1/sessions/authenticate")

    assert signed_in.submit("/login/authenticate").status == 303


@pytest.mark.parametrize("fault", [FORBIDDEN, NOT_FOUND], ids=["forbidden", "unknown"])
def test_a_pin_status_that_is_refused_costs_a_hint_and_no_page(
    stepped_up: Visitor, weather: Turn, fault: Fault
) -> None:
    stepped_up.get("/cards/list")
    stepped_up.submit("/cards", kind="physical")
    path = newest_card(stepped_up.get("/cards/list"))
    stepped_up.post(f"{path}/activate")
    weather("GET /cards/[0-9]+/secure-data/pin/status", fault)

    page = stepped_up.get(path)

    assert page.status == 200
    assert "PIN" not in page.text


def test_a_purchase_that_we_may_not_make_is_no_decline(stepped_up: Visitor, weather: Turn) -> None:
    path = new_card(stepped_up)
    weather("POST /sandbox/purchases", FORBIDDEN)

    assert stepped_up.post(f"{path}/buy", {"shop": "coffee"}, htmx=True).status == 502


def test_a_refusal_of_an_odd_shape_is_no_crash(stepped_up: Visitor, weather: Turn) -> None:
    weather("GET /cards", ODD_SOURCE)

    assert stepped_up.get("/cards/list").status == 502


def test_a_wrong_texted_code_is_known_by_the_status_alone(customer: Visitor, weather: Turn) -> None:
    customer.post("/step-up/text")
    weather("POST /customers/[0-9]+/token", Fault(400, ODD_SOURCE.body, acted=False))

    page = customer.submit("/step-up/text/confirm", code="123456")

    assert page.status == 422
    assert page.error_of("code").startswith("That code is not right.")


def test_two_services_that_hang_leave_the_server_threads_for_the_rest() -> None:
    threads = serve.OPTIONS["threads"]

    assert isinstance(threads, int)
    assert threads > 2 * http.IN_FLIGHT
