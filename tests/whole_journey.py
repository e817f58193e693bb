"""Everything that visitors can do, in one walk, with every secret of it and every page that came to a browser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
import time_machine
from flask import Flask
from selectolax.lexbor import LexborNode

from services.signals import upstream_call
from stytch_unit_emulator import Store
from stytch_unit_emulator.unit import card_rules

from .documents import PNG, forms, send
from .identity import SANDBOX_CODE, another_browser, carried, resumed
from .journeys import get_card
from .passcodes import OTHER_PHONE, address, ask_for_code, newest_code
from .passkeys import a_phone, add_passkey, sign_in
from .visitor import PERSON, Page, Visitor

DETAILS = re.compile(r"GET /calls/[\w-]+/[0-9]+")
OTHER_EMAIL = "bela@example.org"
SECRET_FIELDS = set(
    "session_token session_jwt token secret totp_code recovery_code recovery_codes qr_code code_verifier "
    "code_challenge public_key_credential ssn jwtToken verificationToken verificationCode".split()
)


@dataclass
class Walk:
    """What came of it: pages by what was asked, and secrets by their field, as they were before they were redacted."""

    app: Flask
    pages: list[tuple[str, Page]] = field(default_factory=list)
    secrets: dict[str, set[str]] = field(default_factory=dict)

    @property
    def panels(self) -> list[LexborNode]:
        """What the panel was given: with a page, or with a fragment."""
        where = "#wire-log-calls, hx-partial[hx-target='#wire-log-calls']"
        return [panel for _asked, page in self.pages for panel in page.html.css(where)]

    @property
    def details(self) -> list[Page]:
        """What the panel loaded when its calls were opened."""
        return [page for asked, page in self.pages if DETAILS.fullmatch(asked)]

    def hear(
        self, _app: object, request: requests.PreparedRequest, response: requests.Response | None, **_more: object
    ) -> None:
        """Keep the secrets of a call."""
        for text in (request.body, response is not None and response.content):
            for name, value in _leaves(json.loads(text) if text and isinstance(text, str | bytes) else None):
                if name in SECRET_FIELDS and value:
                    self.secrets.setdefault(name, set()).add(value)
        if credential := request.headers.get("Authorization", "").partition(" ")[2]:
            self.secrets.setdefault("Authorization", set()).add(credential)


class Watched(Visitor):
    """A visitor all of whose pages are kept."""

    def __init__(self, walk: Walk) -> None:
        super().__init__(walk.app)
        self.pages, self.opened = walk.pages, set[str]()

    def _request(
        self, method: str, path: str, htmx: bool, headers: dict[str, str], data: dict[str, str] | None = None
    ) -> Page:
        page = super()._request(method, path, htmx, headers, data)
        self.pages.append((f"{method} {path}", page))
        for call in page.html.css(".action .call"):
            if (url := str(call.attrs["hx-get"])) not in self.opened:
                self.opened.add(url)
                self.pages.append((f"GET {url}", super()._request("GET", url, True, {})))
        self.page = page
        return page


def walk_everything(app: Flask, clock: time_machine.Traveller) -> Walk:
    """Visitors who do everything, apply with the bank's own form, use codes, and send documents."""
    walk = Walk(app)
    visitor, other = Watched(walk), Watched(walk)
    with upstream_call.connected_to(walk.hear, sender=app):
        other.sign_in(OTHER_EMAIL)
        other.enroll()
        _ask_for_form(other)
        _open_account(visitor)
        _use_cards(visitor, clock)
        _prove(visitor, clock)
        store = closing(Store(app.extensions["settings"].emulator_database_url))
        with store as opened, opened.read(visitor.cookie("emulator_visitor") or "") as tenant:
            walk.secrets["pan"] = {card_rules.number(card) for card in tenant.all("card")}
        clock.shift(80_000)
        other.sign_in(OTHER_EMAIL)  # a visit, so that the emulator keeps the tenant for another day
        clock.shift(10_000)  # the link to the bank's form has expired
        _apply_at_the_bank(other)
        walk.secrets["passcode"] = _use_codes(Watched(walk), clock)
        _send_documents(Watched(walk))
    return walk


def _open_account(visitor: Visitor) -> None:
    visitor.sign_in()
    visitor.follow()
    visitor.post("/totp", htmx=True)
    visitor.post("/totp/confirm", {"code": "000000"}, htmx=True)
    visitor.enroll()
    visitor.open_account(ssn="000-00-0001")
    visitor.post("/customer/status", {"shown": "Pending"}, htmx=True)
    visitor.get("/customer?again=1")
    visitor.submit("/customer", PERSON)
    visitor.follow()


def _use_cards(visitor: Visitor, clock: time_machine.Traveller) -> None:
    virtual, physical, stolen = get_card(visitor), get_card(visitor, "physical"), get_card(visitor)
    for path in ("/cards/activity", virtual, f"{virtual}/limits", f"{virtual}/activity", f"{virtual}/reveal"):
        visitor.get(path, htmx=not path.endswith("reveal"))
    visitor.post(f"{virtual}/limits", {"daily_purchase": "100", "dailyPurchase": "100"}, htmx=True)
    for shop in ("coffee", "hotel", "bicycle"):
        visitor.post(f"{virtual}/buy", {"shop": shop}, htmx=True)
    for action in ("activate", "freeze", "unfreeze", "replace", "report-lost"):
        visitor.post(f"{physical}/{action}", htmx=True)
        visitor.get(physical)
    visitor.post(f"{stolen}/report-stolen")
    visitor.follow()
    clock.shift(601)
    visitor.post(f"{virtual}/freeze", htmx=True, HX_Source="form#freeze")
    visitor.submit("/step-up", htmx=True, step_up_code="000000")
    visitor.step_up()
    visitor.post(f"{virtual}/close", htmx=True)


def _prove(visitor: Visitor, clock: time_machine.Traveller) -> None:
    phone = a_phone()
    add_passkey(visitor, phone)
    visitor.get("/account")
    codes = resumed(another_browser(visitor, clock), "/account/recovery-codes").html.css(".codes code")
    clock.shift(601)
    visitor.get("/cards/list")
    visitor.follow()
    visitor.post("/step-up/method", carried(visitor.page) | {"step_up_use": "unit_sms"})
    visitor.submit("/step-up", step_up_code=SANDBOX_CODE)
    visitor.get("/cards/list")
    visitor.get("/step-up/recover")
    visitor.submit("/step-up/recover", recovery_code="aaaa-bbbb-cccc")
    visitor.submit("/step-up/recover", recovery_code=codes[0].text())
    visitor.follow()
    visitor.post("/logout")
    visitor.follow()
    sign_in(visitor, phone)
    visitor.follow()
    visitor.post("/logout")


def _use_codes(visitor: Visitor, clock: time_machine.Traveller) -> set[str]:
    """Sign in with a code, add a number and an address, confirm with a code, and remove them; returns the codes."""
    ask_for_code(visitor, "whatsapp_code", OTHER_PHONE)
    codes = [newest_code(visitor)]
    visitor.submit("/codes/whatsapp_code/sign-in", code=codes[-1])
    for method in ("email_code", "sms_code"):
        visitor.post(f"/codes/{method}/add", address(method))
        codes.append(newest_code(visitor, method))
        visitor.submit(f"/codes/{method}/confirm", code=codes[-1])
    clock.shift(601)
    for method in ("email_code", "sms_code"):
        visitor.post(f"/codes/{method}/add", address(method))  # which the step-up interrupts
    visitor.post("/step-up/method", {"step_up_use": "sms_code"})
    codes.append(newest_code(visitor))
    visitor.submit("/step-up", step_up_code=codes[-1])
    for contact in visitor.get("/account").html.css("form[action='/codes/remove'] input[name=id]")[1:]:
        visitor.post("/codes/remove", {"id": contact.attrs.sget("value")})
    return set(codes)


def _apply_at_the_bank(visitor: Visitor) -> None:
    visitor.sign_in(OTHER_EMAIL)
    visitor.step_up()
    form = _ask_for_form(visitor)
    visitor.get(form).one("form.pretend").attrs["action"] = form  # a form without one is sent to its own page
    visitor.submit(form)
    visitor.follow()
    visitor.follow()
    visitor.submit("/customer/status")
    visitor.follow()
    visitor.post("/logout/everywhere")
    visitor.follow()


def _send_documents(visitor: Visitor) -> None:
    visitor.sign_in("omar@example.org")
    visitor.enroll()
    visitor.open_account(ssn="000-00-0003")
    for path in forms(visitor.get("/customer/documents")):
        send(visitor, path, PNG)
    visitor.follow()


def _ask_for_form(visitor: Visitor) -> str:
    """Ask for the bank's form; return the path that the link to it leads to."""
    visitor.get("/customer")
    page = visitor.submit("/customer/hosted")
    return urlsplit(str(page.one("#application a.button:not(.quiet)").attrs["href"])).path


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, name)
    else:
        yield name, str(value or "")
