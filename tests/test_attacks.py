"""Ways around the rules that somebody has tried, and that must stay closed."""

from __future__ import annotations

import hashlib

import pytest
import time_machine
from flask import Flask

from app import create_app

from .conftest import Visitor, changed
from .test_card import new_card


def with_cookies_of(visitor: Visitor, app: Flask | None = None) -> Visitor:
    other = Visitor(app or visitor.app)
    other.client._cookies = dict(visitor.client._cookies or {})
    return other


def test_a_late_answer_does_not_bring_back_a_signed_out_session(app: Flask, stepped_up: Visitor) -> None:
    auth, token = app.extensions["auth"], stepped_up.cookie("stytch_session") or ""
    stepped_up.get("/cards/list")
    late = next(iter(auth._sessions._entries.values()))
    thief = with_cookies_of(stepped_up)

    stepped_up.post("/logout")
    auth._sessions.put(hashlib.sha256(token.encode()).hexdigest(), late)

    assert thief.get("/cards/list").goes_to == "/"


def test_a_proof_that_another_process_has_taken_away_writes_nothing_here(app: Flask, stepped_up: Visitor) -> None:
    path = new_card(stepped_up)
    second = create_app(changed(app.extensions["settings"]))
    there = with_cookies_of(stepped_up, second)
    there.get("/cards/list")
    stepped_up.post("/account/authenticator/remove")

    page = there.post(f"{path}/freeze")

    assert page.goes_to != path


def test_the_step_up_finishes_no_enrolment(signed_in: Visitor) -> None:
    signed_in.post("/totp")
    code = signed_in.code()

    signed_in.post("/step-up", {"code": code})

    assert "Add an authenticator" in signed_in.get("/").one("[aria-current=step]").get_text()


def test_a_texted_code_opens_nothing_without_an_authenticator(stepped_up: Visitor) -> None:
    stepped_up.post("/account/authenticator/remove")

    stepped_up.post("/step-up/text")
    stepped_up.post("/step-up/text/confirm", {"code": "000001"})

    assert stepped_up.get("/cards/list").goes_to == "/"


def test_refused_attempts_do_not_lengthen_the_wait(customer: Visitor, clock: time_machine.Traveller) -> None:
    waits = [customer.post("/step-up", {"code": "000000"}) for _ in range(25)]
    clock.shift(301)

    assert waits[-1].status == 429
    assert customer.post("/step-up", {"code": "000000"}).status == 422


@pytest.mark.parametrize("query", ["", "?token=abc"])
def test_a_link_that_cannot_be_opened_here_does_not_travel_on_in_a_referer(visitor: Visitor, query: str) -> None:
    page = visitor.get(f"/login/authenticate{query}")

    assert page.response.headers["Referrer-Policy"] == "strict-origin"
