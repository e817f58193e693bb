"""The exchange: what is shown to the bank, what is asked for, and whose proof counts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import time_machine
from flask import Flask

from .conftest import Visitor


@pytest.fixture
def asked(app: Flask) -> Iterator[list[dict[str, Any]]]:
    """What the app asks for at each exchange."""
    made: list[dict[str, Any]] = []

    def note(response: requests.Response, *_args: object, **_kwargs: object) -> None:
        if str(response.request.url).endswith("/token"):
            made.append(json.loads(response.request.body or b"")["data"]["attributes"])

    http: requests.Session = app.extensions["http"]
    http.hooks["response"].append(note)
    yield made
    http.hooks["response"].remove(note)


@pytest.mark.parametrize(("waited", "lasts"), [(0, 600), (100, 500), (599, 1)])
def test_a_token_can_do_what_the_pages_do_and_ends_with_the_step_up(
    stepped_up: Visitor, clock: time_machine.Traveller, asked: list[dict[str, Any]], waited: int, lasts: int
) -> None:
    clock.shift(waited)

    stepped_up.get("/cards/list")

    assert [{name: exchange[name] for name in ("scope", "expiresIn")} for exchange in asked] == [
        {"scope": "accounts authorizations cards cards-write transactions", "expiresIn": lasts}
    ]


@pytest.mark.parametrize(("waited", "calls_before"), [(29, []), (31, ["POST /v1/sessions/authenticate"])])
def test_the_bank_is_shown_a_jwt_that_stytch_has_just_returned(
    stepped_up: Visitor, clock: time_machine.Traveller, calls: list[str], waited: int, calls_before: list[str]
) -> None:
    stepped_up.get("/account")  # so that this process holds the session
    clock.shift(waited)
    calls.clear()

    stepped_up.get("/cards/list")

    assert calls[: calls.index("POST /customers/:id/token")] == calls_before


def test_a_proof_that_comes_back_for_another_session_is_none(
    app: Flask, enrolled: Visitor, clock: time_machine.Traveller
) -> None:
    clock.shift(60)
    other = Visitor(app)
    other.sign_in("other@example.com")
    theirs = app.extensions["auth"].sessions.get(other.cookie("stytch_session")).jwt
    http, code = app.extensions["http"], enrolled.code()

    def swap(response: requests.Response, *_args: object, **_kwargs: object) -> None:
        if str(response.request.url).endswith("/v1/totps/authenticate"):
            response._content = json.dumps({**response.json(), "session_jwt": theirs}).encode()

    http.hooks["response"].append(swap)
    page = enrolled.post("/step-up", {"code": code})
    http.hooks["response"].remove(swap)

    assert page.goes_to == "/"
    assert enrolled.cookie("stytch_session") is None
    assert "other@example.com" not in enrolled.get("/").text
