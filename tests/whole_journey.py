"""Everything that visitors can do, in one walk, with all that went over the wire and all that came to a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import requests
import time_machine
from flask import Flask
from requests.adapters import BaseAdapter
from selectolax.lexbor import LexborNode
from urllib3 import HTTPResponse

from emulator import Store
from emulator.unit import card_rules

from .conftest import EMAIL, PERSON, Page, Visitor
from .identity import another_browser, press_text_me, resumed, type_code
from .test_card import newest_card
from .test_hosted_form import ask_for_form, fill_in

OTHER_EMAIL = "bela@example.org"
SECRET_FIELDS = set(
    "session_token session_jwt token secret totp_code recovery_code recovery_codes qr_code code_verifier "
    "code_challenge ssn jwtToken verificationToken verificationCode".split()
)


@dataclass
class Wire:
    """What was said to the services, as it was before anything was cut."""

    sent: list[requests.PreparedRequest] = field(default_factory=list)
    secrets: dict[str, set[str]] = field(default_factory=dict)

    def hear(self, request: requests.PreparedRequest, body: bytes) -> None:
        self.sent.append(request)
        for text in (request.body, body):
            for name, value in _leaves(json.loads(text) if text else None):
                if name in SECRET_FIELDS and value:
                    self.secrets.setdefault(name, set()).add(value)
        if credential := request.headers.get("Authorization", "").partition(" ")[2]:
            self.secrets.setdefault("Authorization", set()).add(credential)


class Ear(BaseAdapter):
    """Listens to what goes through another adapter."""

    def __init__(self, inner: BaseAdapter, wire: Wire) -> None:
        super().__init__()
        self.inner, self.wire = inner, wire

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        response = self.inner.send(request, *args, **kwargs)
        body = response.raw.read(decode_content=True)
        self.wire.hear(request, body)
        response.raw = HTTPResponse(BytesIO(body), response.headers, response.status_code, preload_content=False)
        return response

    def close(self) -> None:
        self.inner.close()


@dataclass
class Journey:
    """What came of it."""

    app: Flask
    wire: Wire
    pages: list[tuple[str, Page]]

    @property
    def panels(self) -> list[LexborNode]:
        """What the panel was given: with a page, or with a fragment."""
        where = "#inspector-calls, hx-partial[hx-target='#inspector-calls']"
        return [panel for _asked, page in self.pages for panel in page.html.css(where)]


class Watched(Visitor):
    """A visitor all of whose pages are kept."""

    def __init__(self, app: Flask, pages: list[tuple[str, Page]]) -> None:
        super().__init__(app)
        self.pages = pages

    def _request(
        self, method: str, path: str, htmx: bool, headers: dict[str, str], data: dict[str, str] | None = None
    ) -> Page:
        page = super()._request(method, path, htmx, headers, data)
        self.pages.append((f"{method} {path}", page))
        return page


def walk(app: Flask, clock: time_machine.Traveller) -> Journey:
    """Two visitors: one of them does everything, the other goes through the bank's own form."""
    wire, pages = Wire(), list[tuple[str, Page]]()
    http: requests.Session = app.extensions["http"]
    for url in [url for url in http.adapters if "stytch" in url or "unit" in url]:
        http.mount(url, Ear(http.adapters[url], wire))
    other, visitor = Watched(app, pages), Watched(app, pages)

    other.sign_in(OTHER_EMAIL)
    other.enrol()
    ask_for_form(other)
    arrive(visitor)
    use_cards(visitor, clock)
    prove(visitor, clock)
    with (
        closing(Store(app.extensions["settings"].emulator_database_url)) as store,
        store.read(visitor.cookie("emulator_visitor") or "") as world,
    ):
        wire.secrets["pan"] = {card_rules.number(card) for card in world.all("card")}
    clock.shift(90_000)  # the next day, the link to the bank's form is over
    other.sign_in(OTHER_EMAIL)
    fill_in(other, ask_for_form(other))
    other.get("/customer/hosted/return/0")
    other.follow()
    other.follow()
    other.post("/logout/everywhere")
    other.follow()
    return Journey(app, wire, pages)


def arrive(visitor: Visitor) -> None:
    visitor.get("/")
    visitor.submit_first("/login", email=EMAIL)
    visitor.get(visitor.newest_link())
    visitor.submit("/login/authenticate")
    visitor.follow()
    visitor.post("/totp", htmx=True)
    visitor.post("/totp/confirm", {"code": "000000"}, htmx=True)
    visitor.enrol()
    visitor.open_account(ssn="000-00-0001")
    visitor.get("/customer/status", htmx=True)
    visitor.get("/customer?again=1")
    visitor.submit("/customer", PERSON)
    visitor.follow()


def use_cards(visitor: Visitor, clock: time_machine.Traveller) -> None:
    virtual, physical = new_card(visitor, "virtual"), new_card(visitor, "physical")
    for path in ("/cards/activity", virtual, f"{virtual}/limits", f"{virtual}/activity", f"{virtual}/reveal"):
        visitor.get(path, htmx=not path.endswith("reveal"))
    visitor.post(f"{virtual}/limits", {"dailyPurchase": "100"}, htmx=True)
    for shop in ("coffee", "hotel", "bicycle"):
        visitor.post(f"{virtual}/buy", {"shop": shop}, htmx=True)
    for action in ("activate", "freeze", "unfreeze", "replace", "report-lost"):
        visitor.post(f"{physical}/{action}", htmx=True)
        visitor.get(physical)
    visitor.post(f"{new_card(visitor, 'virtual')}/report-stolen")
    visitor.follow()
    clock.shift(601)
    visitor.post(f"{virtual}/freeze", htmx=True, HX_Source="form#freeze")
    visitor.submit("/step-up", htmx=True, code="000000")
    visitor.step_up()
    visitor.post(f"{virtual}/close", htmx=True)


def prove(visitor: Visitor, clock: time_machine.Traveller) -> None:
    visitor.get("/account")
    codes = resumed(another_browser(visitor, clock), "/account/recovery-codes").html.css(".codes code")
    clock.shift(601)
    visitor.get("/cards/list")
    visitor.follow()
    press_text_me(visitor)
    type_code(visitor)
    visitor.get("/cards/list")
    visitor.get("/step-up/recover")
    visitor.submit("/step-up/recover", recovery_code="aaaa-bbbb-cccc")
    visitor.submit("/step-up/recover", recovery_code=codes[0].text())
    visitor.follow()
    visitor.post("/logout")
    visitor.follow()


def new_card(visitor: Visitor, kind: str) -> str:
    visitor.get("/cards/list", htmx=True)
    visitor.submit("/cards", htmx=True, kind=kind)
    return newest_card(visitor.page)


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, name)
    else:
        yield name, str(value or "")
