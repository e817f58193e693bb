"""A visitor's browser without a browser: keeps cookies, reads pages as a person would, and sends whole forms.

Every response is checked for what must hold on every response.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import cast
from urllib.parse import parse_qs, urlsplit

from flask import Flask
from selectolax.lexbor import LexborHTMLParser, LexborNode
from werkzeug.test import TestResponse

from .cookies import Client

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
    """One response."""

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
        return (self.goes_to or "").startswith("/step-up?pending=")

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
        self.client = Client(app, app.response_class)
        self.client.environ_base["REMOTE_ADDR"] = address
        self.page: Page
        self._token, self._token_of = "", cast("str | None", "")  # a CSRF token, and the cookie that it belongs to

    def twin(self) -> Visitor:
        """Return another browser with the same cookies and the same page."""
        twin = Visitor(self.app)
        twin.client._cookies = dict(self.client._cookies or {})
        twin.page, twin._token, twin._token_of = self.page, self._token, self._token_of
        return twin

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
        """Return the newest one that a page of this visit held; open the home page if none did."""
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
        """The code that the pretend phone shows now, of the newest authenticator."""
        return re.sub(r"\s", "", self.get("/emulator/authenticator").html.css(".one-time-code")[0].text())

    def enroll(self) -> Page:
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
        return self.submit("/step-up", step_up_code=code)

    def _request(
        self, method: str, path: str, htmx: bool, headers: dict[str, str], data: dict[str, str] | None = None
    ) -> Page:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent |= {"HX-Request": "true"} if htmx else {}
        response = self.client.open(path, method=method, data=data, headers=sent)
        self.page = Page(response)
        check_response(self.page, whole=not htmx)
        if token := CSRF_TOKEN.search(self.page.body):
            self._token, self._token_of = token[1], self.cookie("forms")
        return self.page


def beside(visitor: Visitor, address: str = "127.0.0.1") -> Visitor:
    """Return another browser, signed out, which shares the pretend phone, mailbox and bank."""
    other = Visitor(visitor.app, address)
    other.client.set_cookie("emulator_visitor", visitor.cookie("emulator_visitor") or "")
    return other


def check_response(page: Page, *, whole: bool) -> None:
    """Check what holds on every response of the app."""
    response = page.response
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    assert "HX-Request" in response.headers["Vary"]
    if not response.request.path.endswith(("/reveal", "/components/token")):  # for what the bank shows in the browser
        assert not SECRETS.search(page.body)
    assert response.mimetype != "text/html" or not INLINE.search(page.body)
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


def query(url: str) -> dict[str, str]:
    """The parameters of a URL."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
