"""Ids in paths: what cannot be an id is a page that does not exist, before any call."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from .conftest import AtEndOf
from .journeys import HAS_CARD
from .routes import UNSAFE
from .visitor import Visitor

IMPOSSIBLE = {
    "letters": "abc",
    "digits of another script": "\uff11\uff12",
    "mixed digits": "1\u0662",
    "superscript": "²",
    "300 digits": "1" * 300,
    "5,000 digits": "1" * 5_000,
    "21 digits": "1" * 21,
    "negative": "-1",
    "signed": "+1",
    "fraction": "1.0",
    "underscore": "1_0",
    "blank": "1%20",
    "line end": "1%0A",
    "null": "1%00",
    "path": "..%2f1",
    "filter": "1%3Fsort=x",
}


def with_ids(app: Flask) -> list[tuple[str, str]]:
    """Return a method and a path with ``{}`` for each route that holds an id or a number."""
    return [
        (
            method,
            re.sub(
                r"<any\('?([a-z]+).*?>",
                r"\1",
                re.sub(r"<(?:digits|int|string)?:?(?:card_id|earlier)>", "{}", rule.rule),
            ),
        )
        for rule in app.url_map.iter_rules()
        if re.search(r"card_id|earlier", rule.rule) and not rule.rule.startswith("/emulator/")
        for method in sorted((rule.methods or set()) & (UNSAFE | {"GET"}))
    ]


@pytest.mark.parametrize("impossible", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_cannot_be_an_id_is_not_found_before_any_call(
    at_end_of: AtEndOf, calls: list[str], impossible: str
) -> None:
    visitor = at_end_of(HAS_CARD)
    visitor.get("/cards/list")
    asked = with_ids(visitor.app)
    assert ("GET", "/cards/{}") in asked
    assert len(asked) >= 2
    calls.clear()

    for method, path in asked:
        url = path.format(impossible)
        page = visitor.get(url) if method == "GET" else visitor.post(url)
        assert (page.status, page.heading) == (404, "Page not found"), url
    assert not calls


def test_ids_of_up_to_twenty_digits_reach_unit(holder: Visitor, calls: list[str]) -> None:
    page = holder.get(f"/cards/{'9' * 20}")

    assert page.status == 404
    assert [call for call in calls if call.startswith("GET /cards")]


@pytest.mark.parametrize("query", ["x=\uff11\uff12", "x=%EF%BC%91", "x=%0d%0aSet-Cookie:a=b", "x=\u202e"], ids=ascii)
def test_a_request_with_other_letters_resumes_after_the_code(customer: Visitor, query: str) -> None:
    code = customer.code()
    customer.get(f"/cards/list?{query}")
    customer.follow()

    page = customer.submit("/step-up", step_up_code=code, htmx=True)

    assert page.status == 200
    assert (page.goes_to or "").isascii()
    assert customer.follow().status == 200
