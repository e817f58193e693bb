"""A visitor's browser without a browser: it keeps cookies, reads pages as a person would, and sends forms whole.

Every answer is checked for what must hold on every answer. The fixtures ``signed_in``, ``enrolled``, ``customer`` and
``stepped_up`` each return a visitor who is that far along.
"""

from __future__ import annotations

import gc
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypeAlias, cast
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from selectolax.lexbor import LexborHTMLParser, LexborNode
from werkzeug.test import TestResponse

from app import create_app
from services import http
from services.limits import limiter
from settings import Settings, load

pytest_plugins = ["emulator.pytest_plugin"]

AppWith: TypeAlias = Callable[..., Flask]  # by environment variables

EMAIL = "ada@example.com"
SECRETS = re.compile(r"eyJ[\w-]{10,}\.eyJ|v2\.public\.|secret-test-|BEGIN [A-Z ]*PRIVATE KEY")
INLINE = re.compile(r"<script(?![^>]*\ssrc=)|<style|(?<=\s)(?:style|on[a-z]+)=|hx-on")
CSRF_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
PERSON = {
    "first_name": "Ada",
    "last_name": "Vance",
    "date_of_birth": "1990-02-03",
    "ssn": "123-45-6789",
    "phone": "(555) 555-0101",
    "street": "1 Main Street",
    "city": "Oakland",
    "state": "CA",
    "postal_code": "94607",
    "occupation": "ArchitectOrEngineer",
    "annual_income": "Between50kAnd100k",
    "source_of_income": "EmploymentOrPayrollIncome",
}


@dataclass
class Page:
    """One answer."""

    response: TestResponse

    @cached_property
    def html(self) -> LexborHTMLParser:
        return LexborHTMLParser(self.body, is_fragment="<html" not in self.body)

    @cached_property
    def body(self) -> str:
        return self.response.get_data(as_text=True)

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def text(self) -> str:
        return " ".join(self.html.text(separator=" ").split())

    @property
    def heading(self) -> str:
        found = self.html.css_first("main h1, h1, h2")
        return " ".join(found.text().split()) if found else ""

    @property
    def goes_to(self) -> str | None:
        return self.response.headers.get("Location") or self.response.headers.get("HX-Redirect")

    @property
    def asks_for_a_code(self) -> bool:
        """Whether it sends a plain browser to the page that asks for a code."""
        return (self.goes_to or "").startswith("/step-up?intent=")

    def one(self, selector: str) -> LexborNode:
        found = self.html.css(selector)
        assert len(found) == 1, f"{len(found)} elements for {selector} in {self.text}"
        return found[0]

    def error_of(self, field: str) -> str:
        """What a screen reader says about a field that is wrong."""
        control = self.one(f"[name={field}][aria-invalid=true]")
        return self.one(f"#{str(control.attrs['aria-describedby']).split()[-1]}").text(strip=True)


class Visitor:
    """One browser."""

    def __init__(self, app: Flask, address: str = "127.0.0.1") -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        self.client.environ_base["REMOTE_ADDR"] = address
        self.page: Page
        self._token, self._token_of = "", cast("str | None", "")  # a CSRF token, and the cookie that it belongs to

    def get(self, path: str, *, htmx: bool = False, **headers: str) -> Page:
        return self._request("GET", path, htmx, headers)

    def post(self, path: str, fields: dict[str, str] | None = None, *, htmx: bool = False, **headers: str) -> Page:
        """Send a form with the CSRF token that pages of this visit hold."""
        return self._request("POST", path, htmx, headers, {"csrf_token": self.csrf_token()} | (fields or {}))

    def submit(self, action: str, typed: Mapping[str, str] | None = None, *, htmx: bool = False, **fields: str) -> Page:
        """Fill in the form of the present page with this action, and send it as a browser would."""
        form = self.page.one(f"form[action='{action}']")
        data = {str(tag.attrs["name"]): tag.attrs.sget("value") for tag in form.css("input[name]:not([type=radio])")}
        data |= {str(tag.attrs["name"]): tag.attrs.sget("value") for tag in form.css("input[type=radio][checked]")}
        for select in form.css("select[name]"):
            chosen = select.css_first("option[selected]") or select.css_first("option")
            data[str(select.attrs["name"])] = chosen.attrs.sget("value") if chosen else ""
        element = f"form#{form.attrs.sget('id')}"
        headers = {"HX-Target": element, "HX-Source": element} if htmx else {}
        return self._request("POST", action, htmx, headers, data | dict(typed or {}) | fields)

    def csrf_token(self) -> str:
        """The newest that a page of this visit held; the first page is opened for it if none did."""
        if self._token_of != self.cookie("forms"):
            self.get("/")
        return self._token

    def follow(self) -> Page:
        """Go where the present page sends the browser."""
        assert self.page.goes_to, f"{self.page.status} goes nowhere: {self.page.text}"
        return self.get(self.page.goes_to)

    def cookie(self, name: str, path: str = "/") -> str | None:
        cookie = self.client.get_cookie(name, path=path)
        return cookie.value if cookie else None

    def ask_for_link(self, email: str = EMAIL) -> str:
        """Ask for a link, and return what the link in the mail leads to: the app's URL with the token."""
        self.get("/")
        self.submit_first("/login", email=email)
        return self.newest_link()

    def submit_first(self, action: str, **fields: str) -> Page:
        """As ``submit``, where the emulator offers a second form with the same action."""
        for second in self.page.html.css(f"form[action='{action}']")[1:]:
            second.decompose()
        return self.submit(action, fields)

    def newest_link(self) -> str:
        """Open the newest mail's link as far as the app: through Stytch's own redirect."""
        link = self.get("/emulator/inbox").one(".mail a").attrs["href"]
        url = urlsplit(self.get(str(link).removeprefix("http://localhost:8000")).goes_to or "")
        return f"{url.path}?{url.query}"

    def sign_in(self, email: str = EMAIL) -> Page:
        self.get(self.ask_for_link(email))
        return self.submit("/login/authenticate")

    def code(self) -> str:
        """The code that the pretend phone shows now."""
        return re.sub(r"\s", "", self.get("/emulator/authenticator").one(".one-time-code").text())

    def enrol(self) -> Page:
        self.get("/")
        self.submit("/totp")
        enrolling = self.page
        code = self.code()
        self.page = enrolling
        return self.submit("/totp/confirm", code=code)

    def open_account(self, **changes: str) -> Page:
        self.get("/customer")
        return self.submit("/customer", PERSON | changes)

    def step_up(self) -> Page:
        code = self.code()
        self.get("/step-up")
        return self.submit("/step-up", code=code)

    def _request(
        self, method: str, path: str, htmx: bool, headers: dict[str, str], data: dict[str, str] | None = None
    ) -> Page:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent |= {"HX-Request": "true"} if htmx else {}
        response = self.client.open(path, method=method, data=data, headers=sent)
        self.page = Page(response)
        check_answer(self.page, whole=not htmx)
        if token := CSRF_TOKEN.search(self.page.body):
            self._token, self._token_of = token[1], self.cookie("forms")
        return self.page


def check_answer(page: Page, *, whole: bool) -> None:
    """What holds on every answer of the app."""
    response = page.response
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    assert "HX-Request" in response.headers["Vary"]
    if not response.request.path.endswith("/reveal"):  # that page holds a token for one card, for the bank's frame
        assert not SECRETS.search(page.body)
    assert not INLINE.search(page.body)
    labels = set(re.findall(r'<label for="([^"]+)"', page.body))
    for control in re.findall(r'<(?:input|select|textarea)\b(?![^>]*type="(?:hidden|radio)")[^>]*>', page.body):
        assert set(re.findall(r'\sid="([^"]+)"', control)) & labels, f"no label: {control}"
    if whole and response.mimetype == "text/html" and not 300 <= page.status < 400:
        assert '<html lang="en">' in page.body
        assert re.search(r"<title>[^<]+</title>", page.body)
        assert "<hx-partial" not in page.body
        assert page.body.count("<main") == 1
        ids = re.findall(r'(?<=\s)id="([^"]+)"', page.body)
        assert len(ids) == len(set(ids)), f"an id twice: {ids}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long: a worker that came to it last would be waited for."""
    items.sort(key=lambda item: not item.get_closest_marker("long"))


def pytest_collection_finish() -> None:
    """Spare the garbage collector what stays until the end: modules, and thousands of tests."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Compile each template once, however many apps the tests make."""
    kept = FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": kept}


@pytest.fixture(scope="session", autouse=True)
def no_pauses() -> Iterator[None]:
    """Repeat calls at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(http, "PAUSE", (0, 0))
        yield


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A clock that stands still until a test shifts it."""
    with time_machine.travel("2026-06-01T12:00:00Z", tick=False) as traveller:
        yield traveller


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings of a fresh clone: nothing set, all emulated."""
    return load(environ={}, dotenv=None, instance=tmp_path)


@pytest.fixture(scope="session")
def all_apps(tmp_path_factory: pytest.TempPathFactory) -> AppWith:
    """One app for all tests that want the same settings: visitors are worlds of their own, and tests bring new ones."""

    @cache
    def made(**environ: str) -> Flask:
        return create_app(load(environ, dotenv=None, instance=tmp_path_factory.mktemp("instance")))

    return made


@pytest.fixture
def app_with(all_apps: AppWith, clock: time_machine.Traveller) -> AppWith:  # noqa: ARG001 - it stands before the app runs
    """The app with these settings, its rate limits forgotten.

    It is without the panel, which makes each page far longer to read, unless a test says so.
    """

    def shared(**environ: str) -> Flask:
        app = all_apps(**{"WIRE_LOG": "off"} | environ)
        with app.app_context():
            limiter.reset()
        return app

    return shared


@pytest.fixture
def app(app_with: AppWith, request: pytest.FixtureRequest) -> Flask:
    """The app of a fresh clone; tests marked ``panel`` have the panel."""
    return app_with(WIRE_LOG="on" if request.node.get_closest_marker("panel") else "off")


@pytest.fixture
def calls(app: Flask) -> Iterator[list[str]]:
    """What the app asks of either service during the test, as ``POST /v1/sessions/authenticate``, ids left out."""
    made: list[str] = []

    def note(response: requests.Response, *_args: object, **_kwargs: object) -> None:
        path = re.sub(r"/[0-9]+", "/:id", urlsplit(str(response.request.url)).path)
        if "jwks" not in path:  # the emulated Unit fetches the keys through the same session
            made.append(f"{response.request.method} {path}")

    http: requests.Session = app.extensions["http"]
    http.hooks["response"].append(note)
    yield made
    http.hooks["response"].remove(note)


Steps: TypeAlias = Callable[[Visitor, time_machine.Traveller], None]


@dataclass(frozen=True)
class Road:
    """A way through the app that tests begin at the end of."""

    steps: Steps
    begins_after: Road | None = None

    def __call__(self, visitor: Visitor, clock: time_machine.Traveller) -> None:
        """Walk it from the very beginning."""
        if self.begins_after:
            self.begins_after(visitor, clock)
        self.steps(visitor, clock)


def after(road: Road) -> Callable[[Steps], Road]:
    """These steps go on where another road ends."""
    return lambda steps: Road(steps, road)


@dataclass(frozen=True)
class Reached:
    """All that was known at the end of a road."""

    store: sqlite3.Connection
    caches: list[dict[str, Any]]
    visitor: Visitor
    at: datetime


class Milestones:
    """How far a visitor can come. Each road is walked once; after that all that was known at its end is put back."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._database = app.extensions["settings"].emulator_database_url.removeprefix("sqlite:///")
        auth, exchange = app.extensions["auth"], app.extensions["exchange"]
        self._caches = [cache._entries for cache in (auth.sessions._sessions, auth.sessions._ended, exchange._tokens)]
        self._reached: dict[Road, Reached] = {}

    def reach(self, road: Road, clock: time_machine.Traveller) -> Visitor:
        """A visitor who has walked this road, in a world in which nothing else has happened."""
        if road not in self._reached:
            first = self.reach(road.begins_after, clock) if road.begins_after else Visitor(self.app)
            road.steps(first, clock)
            self._reached[road] = self._now(first)
        reached = self._reached[road]
        with closing(sqlite3.connect(self._database)) as live:
            live.execute("PRAGMA synchronous=OFF")
            reached.store.backup(live)
        clock.move_to(reached.at)
        for cached, entries in zip(self._caches, reached.caches, strict=True):
            cached.clear()
            cached.update(entries)
        visitor = Visitor(self.app)
        visitor.client._cookies = dict(reached.visitor.client._cookies or {})
        visitor.page = reached.visitor.page
        visitor._token, visitor._token_of = reached.visitor._token, reached.visitor._token_of
        return visitor

    def _now(self, visitor: Visitor) -> Reached:
        kept = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(self._database)) as live:
            live.backup(kept)
        return Reached(kept, [dict(cache) for cache in self._caches], visitor, datetime.now(UTC))


@Road
def sign_in(visitor: Visitor, _clock: time_machine.Traveller) -> None:
    visitor.sign_in()


@after(sign_in)
def enrol(visitor: Visitor, _clock: time_machine.Traveller) -> None:
    visitor.enrol()


@after(enrol)
def become_customer(visitor: Visitor, _clock: time_machine.Traveller) -> None:
    visitor.open_account()


@after(become_customer)
def come_back(visitor: Visitor, clock: time_machine.Traveller) -> None:
    visitor.post("/logout")
    clock.shift(600)
    visitor.sign_in()


@pytest.fixture(scope="session")
def roads() -> Callable[[Flask], Milestones]:
    return cache(Milestones)


@pytest.fixture
def milestones(app: Flask, roads: Callable[[Flask], Milestones]) -> Milestones:
    return roads(app)


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """Somebody who has just arrived."""
    return Visitor(app)


@pytest.fixture
def signed_in(app: Flask, milestones: Milestones, clock: time_machine.Traveller) -> Visitor:  # noqa: ARG001
    """Signed in with a link."""
    return milestones.reach(sign_in, clock)


@pytest.fixture
def enrolled(app: Flask, milestones: Milestones, clock: time_machine.Traveller) -> Visitor:  # noqa: ARG001
    """Signed in, with an authenticator whose first code was a moment ago."""
    return milestones.reach(enrol, clock)


@pytest.fixture
def customer(app: Flask, milestones: Milestones, clock: time_machine.Traveller) -> Visitor:  # noqa: ARG001
    """A customer of the bank who signed in anew, with a mailbox only."""
    return milestones.reach(come_back, clock)


@pytest.fixture
def stepped_up(app: Flask, milestones: Milestones, clock: time_machine.Traveller) -> Visitor:  # noqa: ARG001
    """A customer whose second factor is fresh: it was enrolled a moment ago."""
    return milestones.reach(become_customer, clock)


def changed(settings: Settings, **values: Any) -> Settings:
    """The same settings but for some."""
    return replace(settings, **values)


def query(url: str) -> dict[str, str]:
    """The parameters of a URL."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
