"""Every way in which a service can fail, at every kind of call: what the visitor reads, keeps and can try again.

The network fails where ``requests`` would notice it. The same faults on a real socket are in ``test_http.py``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from itertools import product

import pytest
import time_machine
from flask import Flask

from .conftest import AtEndOf
from .fake_network import LOST, REFUSED, FakeNetwork, Fault
from .journeys import ENROLLED, HAS_CARD, SIGNED_IN, STEPPED_UP, Journey, newest_card
from .visitor import EMAIL, PERSON, Page, Visitor

PATIENCE = 5  # seconds until a test that hangs gives up
CUSTOMER_TOKEN = "POST /customers/[0-9]+/token"
CHECK_SESSION = "POST /v1/sessions/authenticate"
TOO_MANY = {
    "status_code": 429,
    "request_id": "request-id-test-1",
    "error_type": "too_many_requests",  # in Stytch's format, and then in Unit's
    "error_message": "Too many requests.",
    "errors": [{"title": "Too Many Requests", "status": "429"}],
}
WRONG_SHAPE = {"status_code": 200, "request_id": "r", "keys": 3, "data": {"id": 7, "attributes": []}}


class Drip(BytesIO):
    """A body that has not ended when the time is up."""

    def read1(self, _size: int | None = -1) -> bytes:
        if piece := super().read1(1):
            return piece
        raise TimeoutError


FAULTS = {
    "refused": REFUSED,
    "reset": Fault(error=ConnectionResetError, acted=True),
    "time-out": LOST,
    "one byte a second": Fault(200, b'{"a"', acted=True, file=Drip),
    "429": Fault(429, json.dumps(TOO_MANY).encode()),
    "429 with Retry-After": Fault(429, json.dumps(TOO_MANY).encode(), {"Retry-After": "30"}),
    "500": Fault(500, b'{"status_code": 500}'),
    "502": Fault(502, b"<h1>Bad Gateway</h1>", acted=True),
    "malformed JSON": Fault(200, b'{"data": {"id"', acted=True),
    "empty": Fault(200, acted=True),
    "HTML": Fault(200, b"<!doctype html><title>Log in to the Wi-Fi</title>", {"Content-Type": "text/html"}, acted=True),
    "wrong shape": Fault(200, json.dumps(WRONG_SHAPE).encode(), acted=True),
    "cut body": Fault(200, b'{"a": 1}', {"Content-Length": "500"}, acted=True),
    "20 MB body": Fault(200, b'{"a": "' + b"a" * 20_000_000, acted=True),
}
USABLE = {"429", "429 with Retry-After", "wrong shape"}  # answers for HTTP, so that nothing is repeated


@dataclass(frozen=True)
class Call:
    """A call to a service, and what a visitor does to cause it."""

    fails: str  # method and path of the call
    after: Journey  # ends where the visitor causes it
    action: str  # the end of the form's URL, or the path that is read
    done: Callable[[Visitor], bool]  # whether the visitor has it, once and not twice, after trying again
    times: int = 1  # how often the call is made: more only for what may be repeated

    @property
    def reads(self) -> bool:
        return self.action in {"/", "/cards/list"}

    def make(self, visitor: Visitor, *, htmx: bool) -> Page:
        if self.reads:
            return visitor.get(self.action, htmx=htmx, **({"HX_Target": "div#cards"} if htmx else {}))
        action = str(visitor.page.one(f"form[action$='{self.action}']").attrs["action"])
        return visitor.submit(action, htmx=htmx)


def fill_in(visitor: Visitor, **typed: str) -> None:
    """Type into fields of the page, or choose."""
    for name, value in typed.items():
        control = visitor.page.one(f":is(input, select)[name={name}]")
        for chosen in control.css("[selected]"):
            del chosen.attrs["selected"]
        if control.tag == "select":
            visitor.page.one(f"[name={name}] [value={value}]").attrs["selected"] = ""
        else:
            control.attrs["value"] = value


def _open_home_page(visitor: Visitor, _clock: time_machine.Traveller) -> None:
    visitor.get("/")
    for second in visitor.page.html.css("form[action='/login'] ~ *, form[action^='/codes/']"):
        second.decompose()
    fill_in(visitor, email=EMAIL)


def _type_first_code(visitor: Visitor, _clock: time_machine.Traveller) -> None:
    enrolling = visitor.submit("/totp")
    code = visitor.code()
    visitor.page = enrolling
    fill_in(visitor, code=code)


def _fill_in_application(visitor: Visitor, _clock: time_machine.Traveller) -> None:
    visitor.get("/customer")
    fill_in(visitor, **PERSON)


HOME_PAGE = Journey(_open_home_page)
LINK = Journey(lambda visitor, _clock: visitor.get(visitor.ask_for_link()))
NEXT_STEP = Journey(lambda visitor, _clock: visitor.get("/"), after=SIGNED_IN)
FIRST_CODE = Journey(_type_first_code, after=NEXT_STEP)
APPLICATION = Journey(_fill_in_application, after=ENROLLED)
EMPTY_LIST = Journey(lambda visitor, _clock: visitor.get("/cards/list"), after=STEPPED_UP)
CARD_PAGE = Journey(lambda visitor, _clock: visitor.get(newest_card(visitor.page)), after=HAS_CARD)


def is_signed_in(visitor: Visitor) -> bool:
    return EMAIL in visitor.get("/").text


def number_of_cards(visitor: Visitor) -> int:
    page = visitor.get("/cards/list")
    assert page.status == 200
    return len(page.html.css("article.plastic"))


CALLS = {
    "send link": Call(
        "POST /v1/magic_links/email/login_or_create",
        HOME_PAGE,
        "/login",
        lambda visitor: visitor.page.heading == "Check your email",
    ),
    "use link": Call(
        "POST /v1/magic_links/authenticate",
        LINK,
        "/login/authenticate",
        lambda visitor: visitor.page.heading == "This link was already used" or is_signed_in(visitor),
    ),
    "enroll": Call(
        "POST /v1/totps",
        NEXT_STEP,
        "/totp",
        lambda visitor: bool(visitor.page.one("img[src^='data:image/png']")),
    ),
    "first code": Call(
        "POST /v1/totps/authenticate",
        FIRST_CODE,
        "/totp/confirm",
        lambda visitor: len(visitor.page.html.css(".codes li")) == 10,
    ),
    "session check": Call(CHECK_SESSION, SIGNED_IN, "/", is_signed_in),
    "key set": Call("GET /v1/sessions/jwks/.*", SIGNED_IN, "/", is_signed_in, times=3),
    "apply": Call(
        "POST /applications",
        APPLICATION,
        "/customer",
        lambda visitor: visitor.page.goes_to == "/cards" and number_of_cards(visitor) == 0,
        times=3,
    ),
    "exchange": Call(CUSTOMER_TOKEN, STEPPED_UP, "/cards/list", lambda visitor: number_of_cards(visitor) == 0),
    "list": Call("GET /cards", EMPTY_LIST, "/cards/list", lambda visitor: number_of_cards(visitor) == 0, times=3),
    "create": Call("POST /cards", EMPTY_LIST, "/cards", lambda visitor: number_of_cards(visitor) == 1, times=3),
    "freeze": Call(
        "POST /cards/[0-9]+/freeze",
        CARD_PAGE,
        "/freeze",
        lambda visitor: (visitor.follow() if visitor.page.goes_to else visitor.page).one(".state").text() == "Frozen",
    ),
}
SILENT = {"429", "429 with Retry-After"}  # about an address: the answer to a request for a link is always the same


@pytest.mark.parametrize(
    ("name", "kind", "htmx"),
    [
        pytest.param(name, kind, number % 2 == 0, id=f"{name}-{kind}-{'page' if number % 2 else 'htmx'}")
        for number, (kind, name) in enumerate(product(FAULTS, CALLS))  # each call meets some in a page, some with htmx
        if not (name == "send link" and kind in SILENT)
    ],
)
def test_a_fault_gets_an_answer_that_keeps_everything_and_offers_to_try_again(
    app: Flask, at_end_of: AtEndOf, network: FakeNetwork, name: str, kind: str, htmx: bool
) -> None:
    call, fault = CALLS[name], FAULTS[kind]
    visitor = at_end_of(call.after)
    form, cookie = visitor.page, visitor.cookie("stytch_session")
    app.extensions["stytch"].keys.jwk_set_cache.jwk_set_with_timestamp = None

    network.set(call.fails, fault)
    page = call.make(visitor, htmx=htmx)
    network.clear()

    assert page.status == 503
    assert page.response.headers.get("Retry-After") == fault.headers.get("Retry-After")
    assert len(network.met) == (1 if kind in USABLE else call.times)
    assert visitor.cookie("stytch_session") == cookie
    if not htmx:
        assert page.one("main form button, main a.button").text() == "Try again"
    elif call.reads:
        assert page.one("hx-partial[hx-target='#cards'] button").attrs["hx-get"] == call.action
    else:
        assert page.one("hx-partial[hx-target='#notice'] .notice")
        visitor.page = form  # stays as it is
    call.make(visitor, htmx=False)
    assert call.done(visitor)
