"""Sign in with a magic link."""

from __future__ import annotations

import pytest
import time_machine
from flask import Flask

from .visitor import EMAIL, Page, Visitor, query

OTHER_BROWSER = (400, "Open the link in the browser where you asked for it")


@pytest.fixture
def link(visitor: Visitor) -> str:
    """The app's URL that the link in the email leads to."""
    return visitor.ask_for_link()


def outcome(page: Page) -> tuple[int, str]:
    return page.status, page.heading


def test_the_email_arrives_and_its_link_goes_through_stytch(visitor: Visitor) -> None:
    visitor.get("/")

    mail = visitor.submit_first("/login", email=EMAIL).one(".mail")

    assert EMAIL in mail.text()
    assert str(mail.css("a")[0].attrs["href"]).startswith("http://localhost:8000/emulator/v1/magic_links/redirect?")


def test_the_inbox_polls_until_an_email_is_there(visitor: Visitor) -> None:
    before = visitor.get("/emulator/inbox", htmx=True).one("#inbox").attrs

    visitor.ask_for_link()

    assert "hx-trigger" in before
    assert "hx-trigger" not in visitor.get("/emulator/inbox", htmx=True).one("#inbox").attrs


def test_htmx_gets_only_the_fragment(visitor: Visitor) -> None:
    visitor.get("/")

    page = visitor.post("/login", {"email": EMAIL}, htmx=True)

    assert page.html.css_first("html") is None
    assert page.one("#sign-in")
    assert page.one("hx-partial[hx-target='#status']").text() == "Check your email."


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        pytest.param("", "Enter your email address.", id="empty"),
        pytest.param("ada", "Enter an address like ada@example.com.", id="no domain"),
        pytest.param("ada@example", "Enter an address like ada@example.com.", id="no top-level domain"),
        pytest.param("ada@@example.com", "Enter an address like ada@example.com.", id="two at signs"),
        pytest.param("ada@example..com", "Enter an address like ada@example.com.", id="refused by Stytch"),
        pytest.param(f"{'a' * 250}@example.com", "This address is too long.", id="too long"),
    ],
)
def test_a_malformed_address_stays_in_the_field_with_an_explanation(visitor: Visitor, typed: str, message: str) -> None:
    visitor.get("/")

    page = visitor.submit_first("/login", email=typed)

    assert page.status == 422
    assert page.error_of("email") == message
    assert page.one("#email").attrs["value"] == typed


def test_the_answer_is_the_same_when_an_address_has_had_enough_links(
    visitor: Visitor, clock: time_machine.Traveller
) -> None:
    visitor.get("/")
    first = visitor.submit_first("/login", email=EMAIL)
    for _ in range(2):
        clock.shift(2)
        visitor.ask_for_link()
    clock.shift(2)
    visitor.get("/")

    fourth = visitor.submit_first("/login", email=EMAIL)

    assert outcome(fourth) == outcome(first)
    assert fourth.one("#sign-in > p:not(.hint)").text() == first.one("#sign-in > p:not(.hint)").text()
    assert len(visitor.get("/emulator/inbox").html.css(".mail")) == 1


def test_the_answer_is_the_same_when_stytch_refuses_for_being_asked_too_often(visitor: Visitor) -> None:
    visitor.ask_for_link()
    visitor.get("/")

    page = visitor.submit_first("/login", email=EMAIL)

    assert outcome(page) == (200, "Check your email")


def test_opening_the_link_uses_nothing_up(visitor: Visitor, link: str) -> None:
    visitor.get(link)
    visitor.get(link)

    page = visitor.submit("/login/authenticate")

    assert page.goes_to == "/"
    assert visitor.cookie("stytch_session")


def test_stytchs_redirect_uses_nothing_up(visitor: Visitor, link: str) -> None:
    again = visitor.newest_link()

    assert query(again)["token"] == query(link)["token"]
    assert query(again)["stytch_token_type"] == "magic_links"


def test_the_page_of_the_link_loads_no_script_and_leaks_no_url(visitor: Visitor, link: str) -> None:
    page = visitor.get(link)

    assert page.html.css("script") == []
    assert page.response.headers["Referrer-Policy"] == "strict-origin"


def test_another_browser_is_refused_and_the_link_still_works(app: Flask, visitor: Visitor, link: str) -> None:
    scanner = Visitor(app, "198.51.100.7")

    opened = scanner.get(link)
    pressed = scanner.post("/login/authenticate", {"token": query(link)["token"]})
    visitor.get(link)

    assert outcome(opened) == outcome(pressed) == OTHER_BROWSER
    assert visitor.submit("/login/authenticate").goes_to == "/"


def test_stytch_refuses_another_browser_that_has_its_own_verifier(app: Flask, visitor: Visitor, link: str) -> None:
    thief = Visitor(app, "198.51.100.7")
    thief.ask_for_link("eve@example.com")
    thief.client.set_cookie("emulator_visitor", visitor.cookie("emulator_visitor") or "")

    page = thief.post("/login/authenticate", {"token": query(link)["token"]})

    assert outcome(page) == OTHER_BROWSER
    assert thief.cookie("stytch_session") is None


def test_a_link_works_once(visitor: Visitor, link: str) -> None:
    visitor.get(link)
    visitor.submit("/login/authenticate")
    visitor.post("/logout")

    page = visitor.post("/login/authenticate", {"token": query(link)["token"]})

    assert outcome(page) == (400, "This link was already used")


def test_a_link_works_for_ten_minutes(visitor: Visitor, link: str, clock: time_machine.Traveller) -> None:
    visitor.get(link)
    clock.shift(601)

    page = visitor.submit("/login/authenticate")

    assert outcome(page) == (400, "This link has expired")
    assert page.html.css_first("form[action='/login'] input[name=email]")


@pytest.mark.usefixtures("link")
@pytest.mark.parametrize("token", ["", "x" * 44, "not a token", "é" * 20], ids=["empty", "unknown", "words", "Unicode"])
def test_an_invalid_link_says_so(visitor: Visitor, token: str) -> None:
    page = visitor.post("/login/authenticate", {"token": token})

    assert outcome(page) == (400, "This link is not valid")


def test_signing_in_keeps_nothing_of_the_visit_before(visitor: Visitor, link: str) -> None:
    before = visitor.cookie("forms")
    visitor.get(link)
    visitor.submit("/login/authenticate")

    with visitor.client.session_transaction() as kept:
        assert "csrf_token" not in kept
    assert visitor.cookie("forms") != before


def test_signing_in_returns_to_the_page_that_asked_for_it(visitor: Visitor) -> None:
    asked = visitor.get("/cards")

    visitor.sign_in()

    assert asked.goes_to == "/"
    assert visitor.page.goes_to == "/cards"


@pytest.mark.parametrize("url", ["http://[", "http://[::1", "//evil.example/cards", "\\cards"])
def test_only_a_page_of_this_app_is_returned_to(visitor: Visitor, url: str) -> None:
    page = visitor.get("/cards", htmx=True, HX_Current_URL=url)
    visitor.sign_in()

    assert page.status == 401
    assert visitor.page.goes_to in {"/", "/cards"}


def test_links_lead_to_the_public_url_and_never_to_the_host_of_the_request(visitor: Visitor) -> None:
    mail = visitor.ask_for_link()

    assert mail.startswith("/login/authenticate?")
    assert visitor.get("/", Host="evil.example").status == 400
