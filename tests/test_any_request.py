"""Random requests to every route, by a stranger or a customer: no crash, and every header that protects.

Some eight hundred requests, the same ones each time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from .conftest import AtEndOf
from .journeys import CUSTOMER, HAS_CARD, SIGNED_IN, Journey
from .routes import HEADERS
from .visitor import Visitor

pytestmark = [pytest.mark.long, pytest.mark.panel]

Fields: TypeAlias = dict[str, str]

METHODS = ["GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "get", "BREW"]
NAMES = [
    *(
        "token email code recovery_code kind nonce step_up_source pending start ending again earlier shown shop "
        "step_up_code step_up_pending step_up_form step_up_method step_up_use "
        "decision dailyPurchase monthlyPurchase first_name date_of_birth ssn phone state "
        "postal_code occupation resume csrf_token"
    ).split(),
    *("é", ""),
]
TEXTS = [
    *("", " ", "0", "-1", "1", "10001", "9" * 30, "9" * 5_000, "1e400", "NaN", "0x10", "\u0661" * 6, "\x00"),
    *("000000", "123456", "true", "null", "[]", "{}", "virtual", "physical", "coffee", "approve", "ada@example.com"),
    *("../../etc/passwd", "..%2f", "%00", "%0d%0aSet-Cookie: a=b", "\r\nSet-Cookie: a=b", "{{7*7}}", "' OR 1=1 --"),
    *("//evil.example", "https://evil.example/cards", "/\\evil.example", "javascript:alert(1)", "/cards", "/step-up"),
    *("<script>alert(1)</script>", "a" * 3_000, "1990-02-30", "123-45-6789", "card#1", "CARD", "freeze"),
]  # fmt: skip
HEADER_NAMES = [
    *("HX-Request", "HX-Target", "HX-Source", "HX-Current-URL", "HX-History-Restore-Request", "HX-Boosted"),
    *("Accept", "Accept-Language", "Content-Type", "Cookie", "Origin", "Referer", "Sec-Fetch-Site", "X-CSRFToken"),
    *("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-HTTP-Method-Override", "X-Request-ID", "Range"),
    *("Host", "If-None-Match", "If-Modified-Since", "Authorization", "Content-Length", "Transfer-Encoding"),
]
HEADER_TEXTS = [
    *("true", "div#cards", "form#new-card", "button#x", "http://localhost:8000/cards", "/cards", "null", "*", "1e9"),
    *("application/json", "multipart/form-data", "multipart/form-data; boundary=", "text/html;q=x", "bytes=0-", "\xff"),
    *(
        "forms_8000=abc; stytch_session_8000=" + "a" * 44,
        "emulator_visitor=" + "b" * 22,
        "same-origin",
        "http://localhost:8000",
    ),
    *("Wed, 21 Oct 2015 07:28:00 GMT", "Basic YTpi", "-5", "chunked", "localhost:8000", "http://[::1", "a" * 3_000),
]
SAME_EVERYWHERE = {name: HEADERS[name] for name in HEADERS if name not in {"Referrer-Policy", "X-Frame-Options"}}
HERE = {("", ""), ("http", "localhost"), ("http", "localhost:8000")}  # the second for a path with two slashes
OUR_COOKIES = re.compile(
    r"(forms_8000(-calls)?|emulator_visitor(_8000)?|(links|oauth_flow|passkeys|pkce_verifier|stytch_session)_8000)="
)

texts = st.sampled_from(TEXTS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
latin = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=20)


@dataclass(frozen=True)
class Request:
    """Something that a client sends: a route by its number, and all else at random."""

    route: int
    in_path: list[str]
    method: str
    query: Fields
    form: Fields | str
    headers: Fields
    has_token: bool  # the CSRF token that our own pages hold


requests = st.builds(
    Request,
    route=st.integers(0, 1_000),
    in_path=st.lists(texts, min_size=2, max_size=2),
    method=st.sampled_from(METHODS[:1]) | st.sampled_from(METHODS),
    query=st.dictionaries(st.sampled_from(NAMES), texts, max_size=3),
    form=st.dictionaries(st.sampled_from(NAMES), texts, max_size=5) | texts,
    headers=st.dictionaries(st.sampled_from(HEADER_NAMES), st.sampled_from(HEADER_TEXTS) | latin, max_size=3),
    has_token=st.just(value=True) | st.booleans(),
)


ARRIVED = Journey(lambda visitor, _clock: visitor.get("/"))


def sent(visitor: Visitor, request: Request, card: str, csrf_token: str) -> TestResponse:
    """Send a request and return the answer. GET stands for the method that the route is there for."""
    rules = sorted(visitor.app.url_map.iter_rules(), key=lambda rule: (rule.rule, sorted(rule.methods or ())))
    rule, words = rules[request.route % len(rules)], iter(request.in_path)
    path = re.sub("<[^>]*>", lambda _: quote(next(words).replace("CARD", card), safe="/"), rule.rule)
    own = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    token = {"csrf_token": csrf_token} if request.has_token else {}
    return visitor.client.open(
        path,
        method=own[0] if request.method == "GET" else request.method,
        query_string=request.query,
        data=request.form | token if isinstance(request.form, dict) else request.form.encode(),
        headers=list(request.headers.items()),
        buffered=True,
    )


def faults_of(answer: TestResponse) -> str:
    """Return which rules an answer breaks."""
    given = dict(answer.headers)
    away = urlsplit(given.get("Location") or given.get("HX-Redirect") or "/")
    rules = {
        f"status {answer.status_code}": answer.status_code < 500,
        "a header is missing": given.items() >= SAME_EVERYWHERE.items(),
        "a referrer is sent": given["Referrer-Policy"] in {"same-origin", "strict-origin", "no-referrer"},
        "in a frame": given["X-Frame-Options"] == "DENY" or answer.request.path.endswith("/number"),
        "no policy": given["Content-Security-Policy"].startswith("default-src 'none'; "),
        "it may be cached": answer.request.path.startswith(("/static/", "/emulator/static/"))
        or given["Cache-Control"] == "no-store",
        "a header in two lines": not re.search(r"[\r\n]", "".join(given.values())),
        "a foreign cookie": all(OUR_COOKIES.match(line) for line in answer.headers.getlist("Set-Cookie")),
        "it leads away": (away.scheme, away.netloc) in HERE and away.path[:2] != "//",
    }
    return ", ".join(words for words, holds in rules.items() if not holds)


@pytest.mark.parametrize(
    "journey", [ARRIVED, SIGNED_IN, CUSTOMER, HAS_CARD], ids=["stranger", "signed in", "customer", "card holder"]
)
@settings(
    max_examples=25,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],  # shrinking would take longer than it helps
    suppress_health_check=list(HealthCheck),
)
@given(requests=st.lists(requests, min_size=1, max_size=15))
def test_no_request_does_any_harm(at_end_of: AtEndOf, journey: Journey, requests: list[Request]) -> None:
    visitor = at_end_of(journey)
    visitor.app.extensions["rate_limits"].reset()
    card = re.findall("/cards/([0-9]+)|$", visitor.page.body)[0]
    csrf_token = visitor.csrf_token()

    answers = [(request, sent(visitor, request, card, csrf_token)) for request in requests]

    assert [(words, answer.request.path, request) for request, answer in answers if (words := faults_of(answer))] == []
