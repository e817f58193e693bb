"""The exchange in the journey: what Unit is shown, what is asked for, and what happens when Unit refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import requests
import time_machine
from flask import Flask

from services.unit_models import Json

from .inside import request_of
from .visitor import Visitor

UNAUTHORIZED = {"errors": [{"title": "Unauthorized", "status": "401", "code": "unauthorized"}]}


@pytest.fixture
def asked(app: Flask) -> Iterator[list[Json]]:
    """What the app asks for at each exchange."""
    made: list[Json] = []

    def note(response: requests.Response, *_args: object, **_kwargs: object) -> None:
        if str(response.request.url).endswith("/token"):
            made.append(json.loads(response.request.body or b"")["data"]["attributes"])

    http: requests.Session = app.extensions["http"]
    http.hooks["response"].append(note)
    yield made
    http.hooks["response"].remove(note)


@pytest.mark.parametrize(("waited", "lasts"), [(0, 600), (100, 500), (599, 1)])
def test_a_token_has_the_scopes_of_the_pages_and_ends_with_the_step_up(
    stepped_up: Visitor, clock: time_machine.Traveller, asked: list[Json], waited: int, lasts: int
) -> None:
    clock.shift(waited)

    stepped_up.get("/cards/list")

    assert [{name: exchange[name] for name in ("scope", "expiresIn")} for exchange in asked] == [
        {"scope": "accounts authorizations cards cards-write transactions", "expiresIn": lasts}
    ]


@pytest.mark.parametrize(("waited", "calls_before"), [(29, []), (31, ["POST /v1/sessions/authenticate"])])
def test_unit_is_shown_a_jwt_that_stytch_has_just_returned(
    stepped_up: Visitor, clock: time_machine.Traveller, calls: list[str], waited: int, calls_before: list[str]
) -> None:
    stepped_up.get("/cards")  # so that this process holds the session
    clock.shift(waited)
    calls.clear()

    stepped_up.get("/cards/list")

    assert calls[: calls.index("POST /customers/:id/token")] == calls_before


def test_a_proof_that_comes_back_for_another_session_signs_out(
    app: Flask, enrolled: Visitor, clock: time_machine.Traveller
) -> None:
    clock.shift(60)
    other = Visitor(app)
    other.sign_in("other@example.com")
    with request_of(other) as session:
        theirs = session.jwt
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


def card_of(visitor: Visitor) -> str:
    """Issue a card, and return the path of its page."""
    visitor.get("/cards/list")
    visitor.submit("/cards", kind="virtual")
    return str(visitor.get("/cards/list").one("a[href^='/cards/1']").attrs["href"]).partition("?")[0]


def test_a_write_asks_for_a_step_up_before_any_call_to_unit(stepped_up: Visitor, calls: list[str]) -> None:
    card = card_of(stepped_up)
    with request_of(stepped_up) as session:  # another process replaces the authenticator; this one has cached the proof
        sdk = stepped_up.app.extensions["stytch"].sdk
        for totp in sdk.users.get(session.user_id).totps:
            sdk.users.delete_totp(totp.totp_id)
        sdk.totps.create(session.user_id)
        sdk.totps.authenticate(session.user_id, stepped_up.code())
    calls.clear()

    page = stepped_up.post(f"{card}/freeze")

    assert (page.status, page.heading) == (403, "Confirm it’s you")
    assert calls == ["POST /v1/sessions/authenticate"]


@pytest.fixture
def refusals(app: Flask) -> Iterator[list[int]]:
    """Unit refuses the next calls with a customer token, once for each item."""
    left: list[int] = []

    def refuse(response: requests.Response, *_args: object, **_kwargs: object) -> None:
        if "/cards" in str(response.request.url) and left:
            response.status_code, response._content = left.pop(), json.dumps(UNAUTHORIZED).encode()

    http: requests.Session = app.extensions["http"]
    http.hooks["response"].append(refuse)
    yield left
    http.hooks["response"].remove(refuse)


def test_a_token_that_unit_no_longer_accepts_is_replaced_once(
    stepped_up: Visitor, calls: list[str], refusals: list[int]
) -> None:
    stepped_up.get("/cards/list")
    calls.clear()
    refusals += [401]

    page = stepped_up.get("/cards/list")

    assert page.status == 200
    assert calls[:3] == ["GET /cards", "POST /customers/:id/token", "GET /cards"]


def test_a_second_refusal_is_an_error_page_and_not_a_step_up(
    stepped_up: Visitor, calls: list[str], refusals: list[int]
) -> None:
    stepped_up.get("/cards/list")
    calls.clear()
    refusals += [401, 401]

    page = stepped_up.get("/cards/list")

    assert page.status == 502
    assert calls == ["GET /cards", "POST /customers/:id/token", "GET /cards"]
