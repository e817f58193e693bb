"""A visitor's browser without a browser: it keeps cookies, reads pages as a person would, and sends forms whole.

Every answer is checked for what must hold on every answer. The fixtures ``signed_in``, ``enrolled``, ``customer`` and
``stepped_up`` each return a visitor who is that far along.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from services.limits import limiter
from settings import Settings, load

EMAIL = "ada@example.com"
SECRETS = re.compile(r"eyJ[\w-]{10,}\.eyJ|v2\.public\.|secret-test-|BEGIN [A-Z ]*PRIVATE KEY")
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
    html: BeautifulSoup

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def text(self) -> str:
        return " ".join(self.html.get_text(" ").split())

    @property
    def heading(self) -> str:
        found = self.html.select_one("main h1, h1, h2")
        return " ".join(found.get_text().split()) if found else ""

    @property
    def goes_to(self) -> str | None:
        return self.response.headers.get("Location") or self.response.headers.get("HX-Redirect")

    def one(self, selector: str) -> Tag:
        found = self.html.select(selector)
        assert len(found) == 1, f"{len(found)} elements for {selector} in {self.text}"
        return found[0]

    def error_of(self, field: str) -> str:
        """What a screen reader says about a field that is wrong."""
        control = self.one(f"[name={field}][aria-invalid=true]")
        return self.one(f"#{str(control['aria-describedby']).split()[-1]}").get_text(strip=True)


class Visitor:
    """One browser."""

    def __init__(self, app: Flask, address: str = "127.0.0.1") -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        self.client.environ_base["REMOTE_ADDR"] = address
        self.page: Page

    def get(self, path: str, *, htmx: bool = False, **headers: str) -> Page:
        return self._request("GET", path, htmx, headers)

    def post(self, path: str, fields: dict[str, str] | None = None, *, htmx: bool = False, **headers: str) -> Page:
        """Send a form with the CSRF token of the first page."""
        token = self.get("/").html.select("input[name=csrf_token]")[0]["value"]
        return self._request("POST", path, htmx, headers, {"csrf_token": str(token)} | (fields or {}))

    def submit(self, action: str, *, htmx: bool = False, press: str = "", **fields: str) -> Page:
        """Fill in the form of the present page with this action, and send it as a browser would."""
        form = self.page.one(f"form[action='{action}']")
        data = {str(tag["name"]): str(tag.get("value", "")) for tag in form.select("input[name]:not([type=radio])")}
        data |= {str(tag["name"]): str(tag["value"]) for tag in form.select("input[type=radio][checked]")}
        for select in form.select("select[name]"):
            chosen = select.select_one("option[selected]") or select.select_one("option")
            data[str(select["name"])] = str(chosen["value"]) if chosen else ""
        headers = {"HX-Target": f"form#{form.get('id', '')}", "HX-Source": f"form#{form.get('id', '')}"} if htmx else {}
        return self._request("POST", action, htmx, headers, data | fields)

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
        for second in self.page.html.select(f"form[action='{action}']")[1:]:
            second.decompose()
        return self.submit(action, **fields)

    def newest_link(self) -> str:
        """Open the newest mail's link as far as the app: through Stytch's own redirect."""
        link = self.get("/emulator/inbox").one(".mail a")["href"]
        url = urlsplit(self.get(str(link).removeprefix("http://localhost:8000")).goes_to or "")
        return f"{url.path}?{url.query}"

    def sign_in(self, email: str = EMAIL) -> Page:
        self.get(self.ask_for_link(email))
        return self.submit("/login/authenticate")

    def code(self) -> str:
        """The code that the pretend phone shows now."""
        return re.sub(r"\s", "", self.get("/emulator/authenticator").one(".one-time-code").get_text())

    def enrol(self) -> Page:
        self.get("/")
        self.submit("/totp")
        enrolling = self.page
        code = self.code()
        self.page = enrolling
        return self.submit("/totp/confirm", code=code)

    def open_account(self, **changes: str) -> Page:
        self.get("/customer")
        return self.submit("/customer", **(PERSON | changes))

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
        self.page = Page(response, BeautifulSoup(response.get_data(as_text=True), "html.parser"))
        check_answer(self.page, whole=not htmx)
        return self.page


def check_answer(page: Page, *, whole: bool) -> None:
    """What holds on every answer of the app."""
    response = page.response
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    assert "HX-Request" in response.headers["Vary"]
    body = response.get_data(as_text=True)
    assert not SECRETS.search(body)
    assert not page.html.select("script:not([src]), style, [style], [onclick], [onload], [hx-on]")
    labels = {label.get("for") for label in page.html.select("label[for]")}
    for control in page.html.select("input:not([type=hidden]), select, textarea"):
        assert control.get("id") in labels or control.find_parent("label"), f"no label: {control}"
    if whole and response.mimetype == "text/html" and not 300 <= page.status < 400:
        assert page.one("html").get("lang") == "en"
        assert page.one("head > title").get_text(strip=True)
        assert "<hx-partial" not in body
        assert len(page.html.select("main")) == 1
        ids = [str(tag["id"]) for tag in page.html.select("[id]")]
        assert len(ids) == len(set(ids)), f"an id twice: {ids}"


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
def shared_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """One app for all tests: visitors are worlds of their own, and every test brings new ones."""
    return create_app(load(environ={}, dotenv=None, instance=tmp_path_factory.mktemp("instance")))


@pytest.fixture
def app(shared_app: Flask, clock: time_machine.Traveller) -> Flask:  # noqa: ARG001 - the clock stands before the app runs
    """The app, with its rate limits forgotten. A test that wants other settings makes an app of its own."""
    with shared_app.app_context():
        limiter.reset()
    return shared_app


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """Somebody who has just arrived."""
    return Visitor(app)


@pytest.fixture
def signed_in(visitor: Visitor) -> Visitor:
    visitor.sign_in()
    return visitor


@pytest.fixture
def enrolled(signed_in: Visitor) -> Visitor:
    """Signed in, with an authenticator whose first code was a moment ago."""
    signed_in.enrol()
    return signed_in


@pytest.fixture
def customer(enrolled: Visitor, clock: time_machine.Traveller) -> Visitor:
    """A customer of the bank who signed in anew, with a mailbox only."""
    enrolled.open_account()
    enrolled.post("/logout")
    clock.shift(600)
    enrolled.sign_in()
    return enrolled


@pytest.fixture
def stepped_up(customer: Visitor) -> Visitor:
    """A customer whose second factor is fresh."""
    customer.step_up()
    return customer


def changed(settings: Settings, **values: Any) -> Settings:
    """The same settings but for some."""
    return replace(settings, **values)


def query(url: str) -> dict[str, str]:
    """The parameters of a URL."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
