"""One browser, one flow: which links it can open, and why others do not work."""

from __future__ import annotations

import pytest
import time_machine
from flask import Flask

from app import create_app
from settings import Settings

from .cookies import cookies
from .visitor import EMAIL, Visitor

EXPIRED = "This link has expired"


def ask(visitor: Visitor, clock: time_machine.Traveller, at: float = 0) -> str:
    clock.shift(at)
    return visitor.ask_for_link()


def use(visitor: Visitor, link: str) -> str:
    """Open the link and press; return where that leads, or why not."""
    page = visitor.get(link)
    if page.html.css("form[action='/login/authenticate']"):
        page = visitor.submit("/login/authenticate")
    return page.goes_to or page.heading


@pytest.mark.parametrize("number", [0, 1], ids=["older", "newer"])
def test_links_that_still_work_share_a_verifier(visitor: Visitor, clock: time_machine.Traveller, number: int) -> None:
    links = [ask(visitor, clock), ask(visitor, clock, 540)]

    assert use(visitor, links[number]) == "/"


def test_a_verifier_lives_for_ten_minutes_and_is_deleted_when_used(visitor: Visitor) -> None:
    visitor.get("/")
    visitor.submit_first("/login", email=EMAIL)
    cookie = visitor.client.get_cookie("pkce_verifier")

    assert cookie
    assert cookie.max_age == 600
    assert use(visitor, visitor.newest_link()) == "/"
    assert visitor.cookie("pkce_verifier") is None


def test_an_old_link_has_expired_although_another_was_asked_for_meanwhile(
    visitor: Visitor, clock: time_machine.Traveller
) -> None:
    old = ask(visitor, clock)
    ask(visitor, clock, 540)
    clock.shift(120)

    assert use(visitor, old) == EXPIRED


@pytest.mark.parametrize("minutes", [11, 61, 600])
def test_an_old_link_has_expired_whenever_it_is_opened(
    visitor: Visitor, clock: time_machine.Traveller, minutes: int
) -> None:
    link = ask(visitor, clock)
    clock.shift(60 * minutes)
    visitor.client.delete_cookie("pkce_verifier")  # its time is over

    assert use(visitor, link) == EXPIRED
    assert use(Visitor(visitor.app), link) == "Open the link in the browser where you asked for it"


def test_the_cookie_that_tells_them_apart_holds_only_a_time(visitor: Visitor, clock: time_machine.Traveller) -> None:
    ask(visitor, clock)

    assert str(visitor.cookie("links")).isdecimal()


def test_the_first_page_after_a_sign_in_says_once_who_is_signed_in(visitor: Visitor) -> None:
    visitor.sign_in()

    greeting = visitor.follow().one("aside.hello")

    assert EMAIL in greeting.text()
    assert "Not you?" in greeting.text()
    assert greeting.css_first("form[action='/logout'] button")
    assert not visitor.get("/").html.css("aside.hello")
    assert EMAIL not in str(visitor.client._cookies)


def test_two_copies_on_one_machine_share_no_cookie(settings: Settings, app: Flask) -> None:
    other = create_app(settings)
    other.config.update(PUBLIC_URL="http://localhost:8001", SESSION_COOKIE_NAME="forms_8001")
    names = [set(cookies(Visitor(each).get("/").response)) for each in (app, other)]

    assert {name for name in names[0] & names[1] if "emulator" not in name} == set()
