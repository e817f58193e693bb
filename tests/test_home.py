"""The home page: the sign-in form, or the next step of a signed-in user."""

from __future__ import annotations

import pytest

from app import create_app
from settings import Settings

from .visitor import Visitor


def test_a_visitor_sees_what_this_is_and_the_form(visitor: Visitor) -> None:
    page = visitor.get("/")

    assert page.status == 200
    assert page.heading.startswith("From sign-in to a bank card")
    assert page.html.css("form input[name=email]")


def test_a_banner_says_that_the_bank_is_not_real(visitor: Visitor) -> None:
    banner = visitor.get("/").one("aside.banner").text()

    assert "Stytch and Unit are both emulated" in banner
    assert "no real bank" in banner
    assert "made-up details" in banner


@pytest.mark.parametrize(
    ("fixture", "step"),
    [("signed_in", "Add an authenticator"), ("enrolled", "Open an account"), ("customer", "Confirm it’s you")],
)
def test_the_journey_shows_the_next_step(request: pytest.FixtureRequest, fixture: str, step: str) -> None:
    visitor: Visitor = request.getfixturevalue(fixture)

    page = visitor.get("/")

    assert step in page.one("nav [aria-current=step]").text()


def test_the_cookie_of_an_ended_session_is_deleted(signed_in: Visitor) -> None:
    token = signed_in.cookie("stytch_session")
    signed_in.post("/logout")
    signed_in.client.set_cookie("stytch_session", token or "")

    page = signed_in.get("/")

    assert page.html.css_first("form input[name=email]")
    assert signed_in.cookie("stytch_session") is None


def test_a_step_taken_in_another_process_counts_as_done(settings: Settings) -> None:
    here, elsewhere = Visitor(create_app(settings)), Visitor(create_app(settings))
    here.sign_in()
    elsewhere.client._cookies = here.client._cookies
    elsewhere.get("/")

    here.enroll()

    assert not elsewhere.get("/").html.css("form[action='/totp']")
