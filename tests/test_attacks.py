"""Ways around the rules that somebody has tried, and that must stay closed."""

from __future__ import annotations

import hashlib

import pytest
import time_machine
from flask import Flask

from app import create_app

from .conftest import Page, Visitor, changed
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


def with_session(app: Flask, token: str, address: str = "192.0.2.1") -> Page:
    """The first page as somebody sees it who brings this as a session, from this address."""
    visitor = Visitor(app, address)
    visitor.client.set_cookie("stytch_session", token)
    return visitor.get("/")


@pytest.mark.parametrize("token", ["", "made-up", "a" * 31, "a" * 129, "a" * 40 + ".", "é" * 44, "a" * 44 + "\\n"])
def test_what_cannot_be_a_session_costs_no_call(app: Flask, calls: list[str], token: str) -> None:
    page = with_session(app, token)

    assert page.status == 200
    assert calls == []


def test_guessing_at_sessions_costs_thirty_calls_a_minute_at_most(
    app: Flask, signed_in: Visitor, calls: list[str], clock: time_machine.Traveller
) -> None:
    answers = [with_session(app, f"{number:044}") for number in range(40)]

    assert [page.status for page in answers] == [200] * 30 + [429] * 10
    assert answers[-1].response.headers["Retry-After"] == "60"
    assert len(calls) == 30
    assert with_session(app, "0" * 44, "192.0.2.2").status == 200
    assert with_session(app, signed_in.cookie("stytch_session") or "", "192.0.2.1").status == 429
    signed_in.get("/")
    assert with_session(app, signed_in.cookie("stytch_session") or "", "192.0.2.1").status == 200  # known here
    clock.shift(61)
    assert with_session(app, "0" * 44).status == 200


def test_the_way_back_fits_into_a_header_whatever_script_its_digits_are_of(visitor: Visitor) -> None:
    visitor.get("/cards/\u0661")
    visitor.get(visitor.ask_for_link())

    page = visitor.submit("/login/authenticate", htmx=True)

    assert page.goes_to == "/cards/%D9%A1"
