"""Sign in with a magic link, and out again."""

from __future__ import annotations

import pytest
import time_machine
from flask import Flask

from .conftest import EMAIL, Visitor, query


@pytest.fixture
def link(visitor: Visitor) -> str:
    """The app's URL that the link in the mail leads to."""
    return visitor.ask_for_link()


def test_the_mail_arrives_and_its_link_goes_through_stytch(visitor: Visitor) -> None:
    visitor.get("/")
    answer = visitor.submit_first("/login", email=EMAIL)
    mail = answer.one(".mail")

    assert EMAIL in mail.text()
    assert str(mail.css("a")[0].attrs["href"]).startswith("http://localhost:8000/emulator/v1/magic_links/redirect?")


def test_the_inbox_is_quiet_once_the_mail_is_there(visitor: Visitor) -> None:
    assert "hx-trigger" in visitor.get("/emulator/inbox", htmx=True).one("#inbox").attrs

    visitor.ask_for_link()

    assert "hx-trigger" not in visitor.get("/emulator/inbox", htmx=True).one("#inbox").attrs


def test_htmx_gets_the_fragment_alone(visitor: Visitor) -> None:
    visitor.get("/")

    page = visitor.post("/login", {"email": EMAIL}, htmx=True)

    assert page.html.css_first("html") is None
    assert page.one("#sign-in")
    assert page.one("hx-partial[hx-target='#status']").text() == "Check your mail."


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Enter your e-mail address."),
        ("ada", "Enter an address like ada@example.com."),
        ("ada@example", "Enter an address like ada@example.com."),
        ("ada@@example.com", "Enter an address like ada@example.com."),
        (f"{'a' * 250}@example.com", "This address is too long to be real."),
    ],
)
def test_a_malformed_address_is_kept_and_explained(visitor: Visitor, typed: str, words: str) -> None:
    visitor.get("/")

    page = visitor.submit_first("/login", email=typed)

    assert page.status == 422
    assert page.error_of("email") == words
    assert page.one("#email").attrs["value"] == typed


def test_the_answer_is_the_same_when_a_mailbox_had_enough_links(
    visitor: Visitor, clock: time_machine.Traveller
) -> None:
    visitor.get("/")
    first = visitor.submit_first("/login", email=EMAIL)
    clock.shift(2)
    visitor.ask_for_link()
    clock.shift(2)
    visitor.ask_for_link()
    clock.shift(2)
    visitor.get("/")

    fourth = visitor.submit_first("/login", email=EMAIL)

    assert (fourth.status, fourth.heading) == (first.status, first.heading)
    assert fourth.html.css("#sign-in > p") == first.html.css("#sign-in > p")
    assert len(visitor.get("/emulator/inbox").html.css(".mail")) == 1


def test_the_answer_is_the_same_when_stytch_says_too_often(visitor: Visitor) -> None:
    visitor.ask_for_link()
    visitor.get("/")

    page = visitor.submit_first("/login", email=EMAIL)

    assert page.status == 200
    assert page.heading == "Check your mail"


def test_opening_the_link_spends_nothing(visitor: Visitor, link: str) -> None:
    visitor.get(link)
    visitor.get(link)

    page = visitor.submit("/login/authenticate")

    assert page.goes_to == "/"
    assert visitor.cookie("stytch_session")


def test_the_page_of_the_link_loads_no_script_and_leaks_no_url(visitor: Visitor, link: str) -> None:
    page = visitor.get(link)

    assert page.html.css("script") == []
    assert page.response.headers["Referrer-Policy"] == "strict-origin"


def test_the_redirect_at_stytch_spends_nothing(visitor: Visitor, link: str) -> None:
    again = visitor.newest_link()

    assert query(again)["token"] == query(link)["token"]
    assert query(again)["stytch_token_type"] == "magic_links"


def test_another_browser_is_sent_back_and_the_link_stays_good(app: Flask, visitor: Visitor, link: str) -> None:
    scanner = Visitor(app, "198.51.100.7")

    opened = scanner.get(link)
    pressed = scanner.post("/login/authenticate", {"token": query(link)["token"]})
    visitor.get(link)

    assert (opened.status, opened.heading) == (400, "Open the link where you asked for it")
    assert (pressed.status, pressed.heading) == (400, "Open the link where you asked for it")
    assert visitor.submit("/login/authenticate").goes_to == "/"


def test_another_browser_with_a_verifier_of_its_own_is_refused_by_stytch(
    app: Flask, visitor: Visitor, link: str
) -> None:
    thief = Visitor(app, "198.51.100.7")
    thief.ask_for_link("eve@example.com")
    thief.client.set_cookie("emulator_visitor", visitor.cookie("emulator_visitor") or "")

    page = thief.post("/login/authenticate", {"token": query(link)["token"]})

    assert (page.status, page.heading) == (400, "Open the link where you asked for it")
    assert thief.cookie("stytch_session") is None


def test_a_link_works_once(visitor: Visitor, link: str) -> None:
    visitor.get(link)
    visitor.submit("/login/authenticate")

    page = visitor.post("/login/authenticate", {"token": query(link)["token"]})

    assert (page.status, page.heading) == (400, "This link was used already")


def test_a_link_works_for_ten_minutes(visitor: Visitor, link: str, clock: time_machine.Traveller) -> None:
    visitor.get(link)
    clock.shift(601)

    page = visitor.submit("/login/authenticate")

    assert (page.status, page.heading) == (400, "This link has expired")
    assert page.html.css_first("form[action='/login'] input[name=email]")


@pytest.mark.parametrize("token", ["", "x" * 44, "not a token", "é" * 20])
def test_an_unknown_link_says_so(visitor: Visitor, token: str) -> None:
    visitor.ask_for_link()

    page = visitor.post("/login/authenticate", {"token": token})

    assert (page.status, page.heading) == (400, "We do not know this link")


def test_the_cookie_holds_the_opaque_token_and_is_set_once(signed_in: Visitor) -> None:
    cookie = signed_in.client.get_cookie("stytch_session")

    assert cookie is not None
    assert (cookie.http_only, cookie.same_site, cookie.path, cookie.secure) == (True, "Lax", "/", False)
    assert cookie.value.count(".") == 0
    assert "stytch_session" not in str(signed_in.get("/").response.headers.getlist("Set-Cookie"))


def test_signing_in_leaves_nothing_of_the_visit_before(visitor: Visitor, link: str) -> None:
    before = visitor.cookie("forms")
    visitor.get(link)
    visitor.submit("/login/authenticate")

    with visitor.client.session_transaction() as kept:
        assert "csrf_token" not in kept
    assert visitor.cookie("forms") != before


def test_signing_in_comes_back_to_the_page_that_asked_for_it(visitor: Visitor) -> None:
    asked = visitor.get("/cards")

    visitor.sign_in()

    assert asked.goes_to == "/"
    assert visitor.page.goes_to == "/cards"


def test_a_second_user_in_the_same_browser_signs_the_first_one_out(
    signed_in: Visitor, clock: time_machine.Traveller
) -> None:
    first = signed_in.cookie("stytch_session")
    clock.shift(60)
    signed_in.get("/emulator/inbox")
    signed_in.client.delete_cookie("stytch_session")
    link = signed_in.ask_for_link("grace@example.com")
    signed_in.client.set_cookie("stytch_session", first or "")

    warned = signed_in.get(link)
    signed_in.submit("/login/authenticate")

    assert f"You are signed in as {EMAIL}" in warned.text
    assert "grace@example.com" in signed_in.get("/").one(".who").text()
    signed_in.client.set_cookie("stytch_session", first or "")
    assert signed_in.get("/account-or-cards").status == 404
    assert signed_in.get("/cards").goes_to == "/"


def test_signing_out_revokes_the_session_at_stytch(signed_in: Visitor) -> None:
    token = signed_in.cookie("stytch_session")

    page = signed_in.post("/logout")
    signed_in.client.set_cookie("stytch_session", token or "")

    assert page.goes_to == "/"
    assert page.response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert signed_in.get("/cards").goes_to == "/"


def test_a_session_ends_after_an_hour(signed_in: Visitor, clock: time_machine.Traveller) -> None:
    clock.shift(3601)

    assert signed_in.get("/customer").goes_to == "/"


def test_htmx_is_sent_away_when_the_session_is_over(signed_in: Visitor, clock: time_machine.Traveller) -> None:
    clock.shift(3601)

    page = signed_in.get("/cards/list", htmx=True, HX_Current_URL="http://localhost:8000/cards")

    assert (page.status, page.response.headers["HX-Redirect"]) == (401, "/")
    assert page.html.text() == ""


def test_links_need_a_registered_host_and_never_the_one_in_the_request(visitor: Visitor) -> None:
    mail = visitor.ask_for_link()

    assert mail.startswith("/login/authenticate?")
    assert visitor.get("/", Host="evil.example").status == 400
