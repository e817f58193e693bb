"""A service whose data are an attacker's: each text in each answer, in turn, is markup, a script or a header."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import pytest
import requests
import time_machine

from app import EXTRAS

from .conftest import AtEndOf
from .fake_network import FakeNetwork, Forward, altered
from .journeys import ENROLLED, HAS_CARD, SIGNED_IN, Journey, newest_card
from .sandbox import buy, deposit
from .visitor import PERSON, Page, Visitor

pytestmark = pytest.mark.panel

Text: TypeAlias = tuple[str, str]  # the call, and the name of the text in its answer
EXCEPT_KEYS = r"(?!.*/jwks/).*"
SHAPES: list[Any] = [None, 7, [None], {}, "7", "2026-06-01T12:00:00", [], True, -1.5, {"id": None}]
ANSWERS: list[Any] = [{}, {"data": 7}, {"data": [{}]}, {"errors": [None]}, {"errors": [{"code": {}}]}, None]
HOSTILE = (
    "javascript:alert(1)//\"'></title></textarea><script>alert(1)</script><img/src=x/onerror=alert(1)>{{7777*7777}}"
    "\r\nSet-Cookie: evil=1\r\n\u2028\u202e\u0661é\x00"
)
# Parsing is slow: only a page in which one of these occurs is parsed.
SUSPECT = re.compile(r"<script(?! src=\"/static/)|<[^>]*onerror|<img[^>]*src=.?x|=.?javascript:")


class Attacker:
    """A behavior: remembers which values the answers hold, and replaces one of them."""

    def __init__(self) -> None:
        self.seen: set[Text] = set()
        self.values: set[Text] = set()
        self.target: Text | None = None
        self.value: Any = HOSTILE

    def __call__(self, request: requests.PreparedRequest, forward: Forward) -> requests.Response:
        call = f"{request.method} {re.sub(r'[0-9]{5,}', ':id', urlsplit(str(request.url)).path)}"
        return altered(lambda answer: self._walk(answer, call, ""))(request, forward)

    def _walk(self, value: Any, call: str, name: str) -> Any:
        self.values.add((call, name))
        if isinstance(value, str):
            self.seen.add((call, name))
        if (call, name) == self.target:
            return self.value
        if isinstance(value, dict):
            return {inner: self._walk(value[inner], call, inner) for inner in value}
        if isinstance(value, list):
            return [self._walk(inner, call, name) for inner in value]
        return value


@pytest.fixture
def attacker(network: FakeNetwork) -> Attacker:
    attacker = Attacker()
    network.set(EXCEPT_KEYS, attacker)
    return attacker


def harm(page: Page) -> str:
    """Return what the attacker achieved on a page."""
    headers = str([value for name, value in page.response.headers if name != "Content-Security-Policy"])
    selector = "script:not([src^='/static/'], [src^='/emulator/static/']), img[src=x], [onerror], [href^='javascript:']"
    tags = page.html.css(selector) if SUSPECT.search(page.body) else []
    found = [f"status {page.status}"] if page.status >= 500 and page.status not in {502, 503} else []
    found += [f"tag {tag.html}" for tag in tags]
    found += ["header"] if re.search(r"[\r\n]|evil=|alert", headers) else []
    found += ["evaluated"] if "60481729" in page.body else []
    return ", ".join(found)


def _open_paid_card(visitor: Visitor, _clock: time_machine.Traveller) -> None:
    path = newest_card(visitor.page)
    deposit(visitor, 100_000)
    buy(visitor, path, 450)
    buy(visitor, path, 18_000, hold=True)
    visitor.get(path)


def _enter_code_for_number(visitor: Visitor, clock: time_machine.Traveller) -> None:
    asking = visitor.get(card(visitor, "/reveal")).goes_to or ""
    clock.shift(30)
    code = visitor.code()
    visitor.get(asking)
    visitor.submit("/step-up", step_up_code=code)


def _show_number(visitor: Visitor) -> Page:
    visitor.app.extensions["rate_limits"].reset()  # where it is noted that the code was used
    return visitor.get(card(visitor, "/reveal"))


LINK = Journey(lambda visitor, _clock: visitor.get(visitor.ask_for_link()))
NEXT_STEP = Journey(lambda visitor, _clock: visitor.get("/"), after=SIGNED_IN)
APPLICATION = Journey(lambda visitor, _clock: visitor.get("/customer"), after=ENROLLED)
REVIEW = Journey(lambda visitor, _clock: visitor.open_account(ssn="000-00-0004"), after=ENROLLED)
ACCOUNT = Journey(lambda visitor, _clock: visitor.get("/account"), after=ENROLLED)
CARD = Journey(_open_paid_card, after=HAS_CARD)
NUMBER = Journey(_enter_code_for_number, after=CARD)


def card(visitor: Visitor, path: str = "") -> str:
    return f"/cards/{re.findall('/cards/([0-9]+)', visitor.page.body)[0]}{path}"


def case(name: str, calls: str, after: Journey, ask: Callable[[Visitor], Page]) -> Any:
    """Return a case: which answers are an attacker's, and where they show. Skipped without the extra in its name."""
    extra, colon, _ = name.partition(":")
    without = pytest.mark.skipif(bool(colon) and extra not in EXTRAS, reason=f"no extras/{extra}")
    return pytest.param(calls, after, ask, id=name, marks=without)


CASES = [
    case("link", "POST /v1/magic_links/authenticate", LINK, lambda v: v.submit("/login/authenticate")),
    case("next step", "POST /v1/sessions/authenticate", SIGNED_IN, lambda v: v.get("/")),
    case("QR code", "POST /v1/totps", NEXT_STEP, lambda v: v.submit("/totp")),
    case("application", "GET /applications", REVIEW, lambda v: v.get("/customer")),
    case("new account", "POST /accounts", APPLICATION, lambda v: v.submit("/customer", PERSON)),
    case("cards", "GET /cards|POST /customers/:id/token", CARD, lambda v: v.get("/cards/list")),
    case("card", "GET /cards/:id", CARD, lambda v: v.get(card(v))),
    case("new card", "POST /cards", HAS_CARD, lambda v: v.submit("/cards", htmx=True)),
    case("action", "POST /cards/:id/freeze", CARD, lambda v: v.post(card(v, "/freeze"), htmx=True)),
    case("hosted_form:", "POST /application-forms", APPLICATION, lambda v: v.submit("/customer/hosted")),
    case("account:", "GET /v1/sessions", ACCOUNT, lambda v: v.get("/account")),
    case("account: codes", "POST /v1/totps/recovery_codes", ACCOUNT, lambda v: v.submit("/account/recovery-codes")),
    case("spending_limits:", "GET /cards/:id/limits", CARD, lambda v: v.get(card(v, "/limits"))),
    case("activity:", "GET /transactions|GET /authorizations", CARD, lambda v: v.get("/cards/activity")),
    case("reveal:", "POST /customers/:id/token", NUMBER, _show_number),
    case("demo:", "POST /sandbox/purchases", CARD, lambda v: v.submit(card(v, "/buy"), {"shop": "coffee"})),
]


@pytest.mark.parametrize(("calls", "after", "ask"), CASES)
def test_no_text_of_a_service_does_any_harm(
    at_end_of: AtEndOf, attacker: Attacker, calls: str, after: Journey, ask: Callable[[Visitor], Page]
) -> None:
    def attacked(text: Text | None = None) -> str:
        visitor = at_end_of(after)
        attacker.target = text
        return harm(ask(visitor))

    at_end_of(after)
    attacker.seen.clear()
    attacked()
    texts = [(call, name) for call, name in attacker.seen if re.fullmatch(calls, call)]
    done = {text: attacked(text) for text in texts}

    assert texts
    assert {text: found for text, found in done.items() if found} == {}


@pytest.mark.long
@pytest.mark.parametrize(("calls", "after", "ask"), CASES)
def test_an_answer_of_another_shape_is_an_outage_or_changes_nothing(
    at_end_of: AtEndOf, attacker: Attacker, calls: str, after: Journey, ask: Callable[[Visitor], Page]
) -> None:
    def shown(target: Text | None = None, value: Any = None) -> int:
        visitor = at_end_of(after)
        attacker.target, attacker.value = target, value
        return ask(visitor).status

    at_end_of(after)
    attacker.values.clear()
    shown()
    values = sorted(value for value in attacker.values if re.fullmatch(calls, value[0]))
    some = {value: [SHAPES[(place + step) % len(SHAPES)] for step in (0, 3)] for place, value in enumerate(values)}
    asked = [(value, shape) for value in values for shape in (some[value] if value[1] else ANSWERS)]

    assert values
    assert not [f"{value}: {shape!r}" for value, shape in asked if shown(value, shape) == 500]
