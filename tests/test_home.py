"""The home page: the sign-in form, or the next step of a signed-in user."""

from __future__ import annotations

from app import create_app
from settings import Settings

from .visitor import Visitor


def test_a_visitor_sees_what_this_is_the_form_and_that_the_bank_is_not_real(visitor: Visitor) -> None:
    page = visitor.get("/")

    banner = page.one("aside.banner").text()
    assert page.heading.startswith("From sign-in to a bank card")
    assert page.html.css("form input[name=email]")
    assert "Stytch and Unit are both emulated" in banner
    assert "no real bank" in banner
    assert "made-up details" in banner


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
