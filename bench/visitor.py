"""A visitor over HTTP who reads pages, fills in forms and retries failed requests."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

import pyotp
import requests
from requests.adapters import HTTPAdapter
from selectolax.lexbor import LexborHTMLParser

PATIENCE = 60.0  # seconds of retries before a visitor gives up
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
}


class GaveUp(Exception):
    """A visitor could not finish a step."""


class _From(HTTPAdapter):
    """Connect from a given address, so that each visitor has their own rate limits."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, source_address=(self._address, 0))


@dataclass
class Visitor:
    """One browser; its number is its address in ``127.0.0.0/16``."""

    origin: str
    number: int
    failures: int = 0  # connections refused or reset, and 5xx
    requests: int = 0
    signed_out: bool = False
    page: LexborHTMLParser = field(default_factory=lambda: LexborHTMLParser(""))

    def __post_init__(self) -> None:
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.mount("http://", _From(f"127.0.{self.number >> 8}.{self.number & 255}"))
        self._email = f"visitor.{self.number}@example.com"
        self.url = self.origin

    def journey(self, turns: int = 3) -> None:
        """Sign in, get a card, freeze and unfreeze it ``turns`` times. Raises GaveUp."""
        self.sign_in()
        self.enroll()
        self._until(lambda: self.get("/customer"), "form[action='/customer']")
        self._until(lambda: self.submit("/customer", PERSON), "a[href^='/cards'], form[action='/cards']")
        self.get_card()
        card = self.card()
        for action in ("freeze", "unfreeze") * turns:
            self._until(lambda: self.get(card), f"form[action='{card}/{action}']")
            self.submit(f"{card}/{action}")
            self.get("/cards/list")

    def sign_in(self) -> None:
        """Request a link and open it; request another if the answer was lost."""
        give_up = time.monotonic() + PATIENCE
        while time.monotonic() < give_up:
            self.get("/")
            self.submit("/login", {"email": self._email})
            if link := self.newest_link():
                self.get(link)
                if self.page.css_first("form[action='/login/authenticate']"):
                    self.submit("/login/authenticate")
            if self.is_signed_in():
                return
            time.sleep(1.1)  # the app sends one mail per second and address
        raise GaveUp("no link worked")

    def enroll(self) -> None:
        """Add an authenticator; try the next code if the answer was lost."""
        give_up = time.monotonic() + PATIENCE
        while time.monotonic() < give_up:
            self.get("/")
            if not self.page.css_first("form[action='/totp']"):
                return
            self.submit("/totp")
            if self.page.css_first("form[action='/totp/confirm']"):
                self.submit("/totp/confirm", {"code": self.code()})
        raise GaveUp("no authenticator")

    def leave(self) -> None:
        """Close the browser."""
        self._http.close()

    def newest_link(self) -> str:
        """The URL in the newest mail, or an empty string."""
        self.get("/emulator/inbox")
        link = self.page.css_first(".mail a")
        return str(link.attrs["href"]) if link else ""

    def code(self) -> str:
        """The current code for the key on this page."""
        key = self.page.css_first("code")
        return pyotp.TOTP(re.sub(r"\s", "", key.text() if key else "")).now()

    def get_card(self) -> None:
        """Order a card; retries send the same form."""
        self._until(lambda: self.get("/cards/list"), "form[action='/cards']")
        self.submit("/cards", {"kind": "virtual"})

    def card(self) -> str:
        """The path of the card's page. Raises GaveUp unless there is exactly one card."""
        self._until(lambda: self.get("/cards/list"), "form[action='/cards']")
        cards = self.cards()
        if len(cards) != 1:
            raise GaveUp(f"{len(cards)} cards")
        return cards.pop()

    def cards(self) -> set[str]:
        """The paths of the cards on this page."""
        paths = (urlsplit(str(link.attrs["href"])).path for link in self.page.css("a[href^='/cards/']"))
        return {path for path in paths if re.fullmatch(r"/cards/[0-9]+", path)}

    def cookies(self) -> str:
        """The value of the Cookie header."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._http.cookies)

    def is_signed_in(self) -> bool:
        """Whether the page has a sign-out form."""
        return self.page.css_first("form[action='/logout']") is not None

    def get(self, path: str) -> None:
        """Open a page, with retries."""
        self._ask("GET", path)

    def submit(self, action: str, values: dict[str, str] | None = None) -> None:
        """Fill in a form on this page and send it, with retries."""
        form = self.page.css_first(f"form[action='{action}']")
        if form is None:
            raise GaveUp(f"no form {action} on {self.url}")
        sent = {str(tag.attrs["name"]): tag.attrs.sget("value") for tag in form.css("input[name]:not([type=radio])")}
        for select in form.css("select[name]"):
            chosen = select.css_first("option[selected]") or select.css_first("option[value]:not([value=''])")
            sent[str(select.attrs["name"])] = str(chosen.attrs["value"]) if chosen else ""
        self._ask("POST", action, sent | (values or {}))

    def _until(self, act: Any, selector: str) -> None:
        give_up = time.monotonic() + PATIENCE
        while time.monotonic() < give_up:
            act()
            if self.page.css_first(selector):
                return
            time.sleep(0.2)
        raise GaveUp(f"no {selector} on {self.url}")

    def _ask(self, method: str, path: str, sent: dict[str, str] | None = None) -> None:
        give_up = time.monotonic() + PATIENCE
        was_signed_in = self.is_signed_in()
        while time.monotonic() < give_up:
            self.requests += 1
            try:
                answer = self._http.request(method, urljoin(self.url, path), data=sent, timeout=20)
            except requests.RequestException:
                answer = None
            if answer is not None and answer.status_code < 500:
                self.url = answer.url
                self.page = LexborHTMLParser(answer.text)
                is_whole = bool(self.page.css_first("main"))
                self.signed_out |= is_whole and was_signed_in and not self.is_signed_in() and "emulator" not in self.url
                return
            self.failures += 1
            time.sleep(0.2)
        raise GaveUp(f"no answer from {path}")
