"""What if a service's data were an attacker's: every text in every answer, in turn, is markup, a script or a header."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask
from limits import parse

from services import limits

from .conftest import Milestones, Page, Road, Visitor, after, become_customer, enrol, sign_in
from .test_card import new_card
from .test_faults import Clock, to_application, to_journey, to_link

pytestmark = pytest.mark.panel

Text: TypeAlias = tuple[str, str]  # the call, and the name of the text in its answer

HOSTILE = (
    "javascript:alert(1)//\"'></title></textarea><script>alert(1)</script><img/src=x/onerror=alert(1)>{{7777*7777}}"
    "\r\nSet-Cookie: evil=1\r\n\u2028\u202e\u0661é\x00"
)

SUSPECT = re.compile(r"<script(?! src=\"/static/)|<[^>]*onerror|<img[^>]*src=.?x|=.?javascript:")  # worth a parse


@dataclass
class Attacker:
    """Sits in a service: remembers which texts stand in its answers, and puts one of its own in place of some."""

    seen: set[Text] = field(default_factory=set)
    aim: Text | None = None

    def __call__(self, response: requests.Response, *_args: object, **_kwargs: object) -> requests.Response:
        path = re.sub(r"[0-9]{5,}", ":id", urlsplit(str(response.request.url)).path)
        if "jwks" not in path:
            answer = self._walk(response.json(), f"{response.request.method} {path}", "")
            response._content = json.dumps(answer).encode()
        return response

    def _walk(self, value: Any, call: str, name: str) -> Any:
        if isinstance(value, dict):
            return {inner: self._walk(value[inner], call, inner) for inner in value}
        if isinstance(value, list):
            return [self._walk(inner, call, name) for inner in value]
        if isinstance(value, str):
            self.seen.add((call, name))
            return HOSTILE if (call, name) == self.aim else value
        return value


@pytest.fixture
def attacker(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Attacker]:
    monkeypatch.setattr(limits, "UNKNOWN_SESSIONS_PER_CLIENT", parse("1000/minute"))
    sitting, http = Attacker(), app.extensions["http"]
    http.hooks["response"].append(sitting)
    yield sitting
    http.hooks["response"].remove(sitting)


def harm(page: Page) -> str:
    """What an attacker has achieved in an answer."""
    headers = str([value for name, value in page.response.headers if name not in {"Content-Security-Policy"}])
    selector = "script:not([src^='/static/']), img[src=x], [onerror], [href^='javascript:']"
    tags = page.html.css(selector) if SUSPECT.search(page.body) else []
    found = [f"status {page.status}"] if page.status >= 500 and page.status not in {502, 503} else []
    found += [f"tag {tag.html}" for tag in tags]
    found += ["header"] if re.search(r"[\r\n]|evil=|alert", headers) else []
    found += ["evaluated"] if "60481729" in page.body else []
    return ", ".join(found)


@after(become_customer)
def to_card(visitor: Visitor, _clock: Clock) -> None:
    path = new_card(visitor)
    visitor.post(f"{path}/buy", {"shop": "coffee"})
    visitor.post(f"{path}/buy", {"shop": "hotel"})
    visitor.get(path)


@after(to_application)
def to_review(visitor: Visitor, _clock: Clock) -> None:
    visitor.submit("/customer", ssn="000-00-0004")


@after(enrol)
def to_account(visitor: Visitor, _clock: Clock) -> None:
    visitor.get("/account")


def card(visitor: Visitor, path: str = "") -> str:
    return f"/cards/{re.findall('/cards/([0-9]+)', visitor.page.body)[0]}{path}"


PAGES: dict[
    str, tuple[str, Road, Callable[[Visitor], Page]]
] = {  # which answers are an attacker's, and where they show
    "link": ("POST /v1/magic_links/authenticate", to_link, lambda visitor: visitor.submit("/login/authenticate")),
    "start": ("POST /v1/sessions/authenticate", sign_in, lambda visitor: visitor.get("/")),
    "QR code": ("POST /v1/totps", to_journey, lambda visitor: visitor.submit("/totp")),
    "application": ("GET /applications", to_review, lambda visitor: visitor.get("/customer")),
    "new account": ("POST /accounts", to_application, lambda visitor: visitor.submit("/customer")),
    "hosted form": ("POST /application-forms", to_application, lambda visitor: visitor.submit("/customer/hosted")),
    "account": ("GET /v1/sessions", to_account, lambda visitor: visitor.get("/account")),
    "recovery codes": (
        "POST /v1/totps/recovery_codes",
        to_account,
        lambda visitor: visitor.submit("/account/recovery-codes"),
    ),
    "cards": ("GET /cards|POST /customers/:id/token", to_card, lambda visitor: visitor.get("/cards/list")),
    "card": ("GET /cards/:id", to_card, lambda visitor: visitor.get(card(visitor))),
    "limits": ("GET /cards/:id/limits", to_card, lambda visitor: visitor.get(card(visitor, "/limits"))),
    "activity": ("GET /transactions|GET /authorizations", to_card, lambda visitor: visitor.get("/cards/activity")),
    "number": ("POST /customers/:id/token", to_card, lambda visitor: visitor.get(card(visitor, "/reveal"))),
    "purchase": (
        "POST /sandbox/purchases",
        to_card,
        lambda visitor: visitor.submit(card(visitor, "/buy"), {"shop": "coffee"}, htmx=True),
    ),
}


@pytest.mark.parametrize(("calls", "road", "ask"), PAGES.values(), ids=PAGES)
def test_no_text_of_a_service_does_any_harm(
    milestones: Milestones,
    clock: Clock,
    attacker: Attacker,
    calls: str,
    road: Road,
    ask: Callable[[Visitor], Page],
) -> None:
    def attacked(text: Text | None = None) -> str:
        visitor = milestones.reach(road, clock)
        attacker.aim = text
        return harm(ask(visitor))

    milestones.reach(road, clock)
    attacker.seen.clear()
    attacked()
    texts = [(call, name) for call, name in attacker.seen if re.fullmatch(calls, call)]
    done = {text: attacked(text) for text in texts}

    assert texts
    assert {text: words for text, words in done.items() if words} == {}
