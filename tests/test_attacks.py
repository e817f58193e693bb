"""Ways around the rules that were tried, and that must stay closed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import cast
from urllib.parse import urljoin, urlsplit

import pytest
import requests
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from limits import parse
from limits.storage import MemoryStorage
from werkzeug.test import TestResponse

from blueprints.cards import ACTIONS
from blueprints.errors import safe_next_path
from services import magic_links
from services.session import CUSTOMER_CLAIM
from services.stytch_client import stytch_client

from .conftest import AtEndOf
from .fake_network import FakeNetwork, Fault, Forward
from .identity import another_customer
from .inside import request_of
from .journeys import STEPPED_UP, has_card, newest_card
from .routes import HERE, routes
from .visitor import EMAIL, Visitor

WITHOUT_A_CODE = {  # routes that answer although the second factor is stale
    *("GET /account", "GET /invitations"),  # what Stytch knows of the user; adding to it wants proofs
    *("POST /account/sessions/end", "POST /invitations/revoke"),  # take access away, which must be possible at once
    *("POST /profile/delete", "POST /codes/remove", "POST /oauth/1/add"),  # find nothing to do, before they ask
    *("GET /cards", "GET /news", "GET /news/1"),  # pages without data: their fragments ask, or have no news
    *("GET /customer", "POST /customer/status"),  # whether the bank has decided, and never what was typed
    *("POST /customer", "POST /customer/hosted", "GET /customer/hosted/return/1"),  # customers are sent on
    *("POST /totp", "POST /totp/confirm"),  # who has an authenticator is sent on
    *("GET /step-up/recover", "POST /step-up/recover", "POST /passkeys/step-up/options"),  # towards the proof itself
    "GET /demo/play",
}
NO_SESSION = Fault(
    404, b'{"status_code": 404, "request_id": "r", "error_type": "session_not_found", "error_message": "No session."}'
)


def test_a_step_up_finishes_no_enrollment(signed_in: Visitor) -> None:
    signed_in.post("/totp")
    code = signed_in.code()

    signed_in.post("/step-up", {"step_up_code": code})

    assert "Add a second factor" in signed_in.get("/").one("[aria-current=step]").text()


@pytest.mark.parametrize("query", ["", "?token=abc"], ids=["no token", "token"])
def test_a_link_that_cannot_be_opened_here_is_not_sent_as_a_referrer(visitor: Visitor, query: str) -> None:
    page = visitor.get(f"/login/authenticate{query}")

    assert page.response.headers["Referrer-Policy"] == "strict-origin"


def test_no_counter_is_kept_for_anonymous_clients_who_are_gone(app: Flask, clock: time_machine.Traveller) -> None:
    for number in range(10):
        Visitor(app, f"192.0.2.{number}").post("/login", {"email": f"{number}@example.com"})
    clock.shift(3601)

    Visitor(app, "192.0.2.99").post("/login", {"email": EMAIL})
    memory = cast(MemoryStorage, app.extensions["rate_limits"])
    memory.timer.join()

    counters = [*memory.storage, *memory.events]
    assert len(counters) == 3, counters  # the newest client's, the newest address's, and the whole app's


def test_a_path_with_digits_of_another_script_is_not_the_next_page(visitor: Visitor) -> None:
    visitor.get("/cards/\u0661")
    visitor.get(visitor.ask_for_link())

    page = visitor.submit("/login/authenticate", htmx=True)

    assert page.goes_to == "/"


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


@pytest.mark.parametrize("whose", ["another customer's", "unknown"])
def test_a_card_of_someone_else_is_not_found_on_any_route(
    app: Flask, at_end_of: AtEndOf, clock: time_machine.Traveller, whose: str
) -> None:
    holder = at_end_of(has_card("physical"))  # waits to be activated, which the org token may do with any card
    path = newest_card(holder.page) if whose == "another customer's" else "/cards/99999999"
    thief = another_customer(holder, clock)
    found = routes(app, {"GET", "POST"})
    asked = [(method, path + rest.removeprefix("/cards/1")) for method, rest in found if rest.startswith("/cards/1")]
    asked += [("POST", f"{path}/{action}") for action in ACTIONS]
    form = {"shop": "coffee", "dailyPurchase": "1"}

    given = {(method, path): thief.get(path) if method == "GET" else thief.post(path, form) for method, path in asked}

    assert len(asked) > len(ACTIONS) + 1
    assert {key: (page.status, page.heading) for key, page in given.items()} == dict.fromkeys(
        asked, (404, "Page not found")
    )
    assert holder.get("/cards/list").one(".state").text() == "In the mail"


def test_every_route_asks_for_a_fresh_code_but_these(
    app: Flask, holder: Visitor, card_path: str, clock: time_machine.Traveller
) -> None:
    clock.shift(601)

    def asks(method: str, path: str) -> bool:
        tab, url = holder.twin(), path.replace("/cards/1", card_path)
        page = tab.get(url) if method == "GET" else tab.post(url)
        return page.asks_for_a_code or bool(page.html.css("form[action='/step-up']"))

    asked = [asked for asked in routes(app, {"GET", "POST"}, guarded=True) if asked[1] != "/step-up"]

    assert ("GET", "/cards/list") in asked
    assert {" ".join(each) for each in asked if not asks(*each)} <= WITHOUT_A_CODE


def test_a_revoked_session_changes_nothing_although_its_jwt_still_verifies(
    app: Flask, holder: Visitor, card_path: str, clock: time_machine.Traveller
) -> None:
    clock.shift(60)
    holder.get("/cards/list")
    code, sessions = holder.code(), app.extensions["session_cache"]
    caches = [sessions._sessions, sessions._ended, app.extensions["exchange"]._tokens]
    with request_of(holder) as session:
        sessions.refresh(session.token)  # so that an exchange needs no newer JWT
        known = [dict(cache) for cache in caches]
        stytch_client.sdk.sessions.revoke(session_token=session.token)  # as another process does; unheard of here
    asked = [path.replace("/cards/1", card_path) for _method, path in routes(app, {"POST"}, guarded=True)]

    def leads_to(path: str, method: str = "POST") -> str | None:
        for cache, entries in zip(caches, known, strict=True):
            cache.clear()
            cache.update(entries)
        tab = holder.twin()
        return (tab.post(path, {"code": code, "step_up_code": code}) if method == "POST" else tab.get(path)).goes_to

    assert leads_to("/cards/list", "GET") is None  # known here, with a customer token
    assert {path: leads_to(path) for path in asked} == dict.fromkeys(asked, "/")
    assert "reveal" not in app.blueprints or leads_to(f"{card_path}/reveal", "GET") == "/"


def test_a_session_that_is_revoked_while_its_claims_are_updated_is_signed_out(
    enrolled: Visitor, network: FakeNetwork
) -> None:
    with request_of(enrolled) as session:  # the link-customer command does this
        stytch_client.sdk.users.update(session.user_id, trusted_metadata={CUSTOMER_CLAIM: "10001"})
    enrolled.app.extensions["session_cache"]._sessions.clear()

    def revoke_before_the_update(request: requests.PreparedRequest, forward: Forward) -> requests.Response:
        return NO_SESSION(request, forward) if b"session_custom_claims" in (request.body or b"") else forward()

    network.set("POST /v1/sessions/authenticate", revoke_before_the_update)

    assert enrolled.get("/customer").goes_to == "/"
    assert enrolled.cookie("stytch_session") is None


@pytest.mark.parametrize(
    "request_of",
    [
        pytest.param(lambda client: client.get("/cards/" + "1" * 60_000), id="path"),
        pytest.param(lambda client: client.get("/cards/list?start=" + "9" * 60_000), id="query"),
        pytest.param(lambda client: client.get("/", query_string="a&" * 30_000), id="many parameters"),
        pytest.param(lambda client: client.get("/cards", headers={"HX-Current-URL": "/" + "a" * 60_000}), id="header"),
        pytest.param(lambda client: client.get("/", headers={"Cookie": "a=" + "a" * 60_000}), id="cookie"),
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


def test_malformed_addresses_use_up_no_links(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(magic_links, "LINKS_IN_ALL", parse("2/hour"))

    wrong = [visitor.post("/login", {"email": "nobody"}).status for _ in range(4)]
    right = [visitor.post("/login", {"email": f"ada{n}@example.com"}).status for n in range(3)]

    assert wrong == [422] * 4
    assert right == [200, 200, 429]


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
