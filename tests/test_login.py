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


@pytest.mark.parametrize("htmx", [False, True], ids=["page", "htmx"])
def test_the_email_arrives_and_its_link_goes_through_stytch(visitor: Visitor, htmx: bool) -> None:
    visitor.get("/")

    page = visitor.post("/login", {"email": EMAIL}, htmx=htmx)

    mail = page.one(".mail")
    assert EMAIL in mail.text()
    assert str(mail.css("a")[0].attrs["href"]).startswith("http://localhost:8000/emulator/v1/magic_links/redirect?")
    assert bool(page.html.css("html")) is not htmx
    assert not htmx or page.one("hx-partial[hx-target='#status']").text() == "Check your email."


def test_the_inbox_polls_until_an_email_is_there(visitor: Visitor) -> None:
    before = visitor.get("/emulator/inbox", htmx=True).one("#inbox").attrs

    visitor.ask_for_link()

    assert "hx-trigger" in before
    assert "hx-trigger" not in visitor.get("/emulator/inbox", htmx=True).one("#inbox").attrs


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
    answers = []
    for wait in (0, 0, 2, 2):  # Stytch refuses the second, which comes at once, and the app the fourth
        clock.shift(wait)
        visitor.get("/")
        answers.append(visitor.submit_first("/login", email=EMAIL))

    assert {outcome(page) for page in answers} == {(200, "Check your email")}
    assert len({page.one("#sign-in > p:not(.hint)").text() for page in answers}) == 1


def test_opening_the_link_uses_nothing_up_loads_no_script_and_leaks_no_url(visitor: Visitor, link: str) -> None:
    again = visitor.newest_link()  # through Stytch's redirect once more
    visitor.get(link)
    opened = visitor.get(link)

    page = visitor.submit("/login/authenticate")

    assert query(again)["token"] == query(link)["token"]
    assert query(again)["stytch_token_type"] == "magic_links"
    assert opened.html.css("script") == []
    assert opened.response.headers["Referrer-Policy"] == "strict-origin"
    assert page.goes_to == "/"
    assert visitor.cookie("stytch_session")


def test_another_browser_is_refused_without_a_call_and_the_link_still_works(
    app: Flask, visitor: Visitor, link: str, calls: list[str]
) -> None:
    scanner = Visitor(app, "198.51.100.7")
    calls.clear()

    opened = scanner.get(link)
    pressed = scanner.post("/login/authenticate", {"token": query(link)["token"]})

    assert outcome(opened) == outcome(pressed) == OTHER_BROWSER
    assert calls == []
    visitor.get(link)
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
    assert page.one("main a.button").attrs["href"] == "/"


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


@pytest.mark.parametrize(
    ("path", "leads_to"), [("/cards", "/cards"), ("/cards/list?a=b", "/cards/list"), ("/step-up?pending=a", "/")]
)
def test_signing_in_returns_to_the_page_that_asked_for_it(visitor: Visitor, path: str, leads_to: str) -> None:
    asked = visitor.get(path)
    visitor.sign_in()

    assert (asked.status, asked.goes_to) == (303, "/")
    assert visitor.page.goes_to == leads_to
