"""Forms that are sent twice: the second press ends where the first did, whether or not its answer arrived."""

from __future__ import annotations

import threading

import pyotp
import pytest
import requests
import time_machine

from app import create_app
from services import magic_links
from settings import Settings

from .cookies import cookies
from .fake_network import FakeNetwork, Forward
from .inside import at_once
from .visitor import EMAIL, Page, Visitor, query

LINK = "POST /v1/magic_links/authenticate"


@pytest.fixture
def opened(visitor: Visitor) -> str:
    """A link whose page is open; its token."""
    link = visitor.ask_for_link()
    visitor.get(link)
    return query(link)["token"]


def press(visitor: Visitor) -> Page:
    return visitor.submit("/login/authenticate")


@pytest.mark.usefixtures("opened")
def test_after_a_lost_answer_the_same_browser_gets_the_same_session(visitor: Visitor, calls: list[str]) -> None:
    lost = visitor.twin()
    press(lost)

    assert press(visitor).goes_to == "/"
    assert visitor.cookie("stytch_session") == lost.cookie("stytch_session")
    assert calls.count(LINK) == 1
    assert EMAIL in visitor.get("/").text


@pytest.mark.usefixtures("opened")
def test_presses_while_the_first_answer_is_on_its_way_share_one_session(visitor: Visitor, network: FakeNetwork) -> None:
    def hold(_request: requests.PreparedRequest, forward: Forward) -> requests.Response:
        answer = forward()
        threading.Event().wait(0.2)
        return answer

    network.set(LINK, hold)
    pages = at_once(visitor, 3, press)

    assert {page.goes_to for page in pages} == {"/"}
    assert len({cookies(page.response)["stytch_session"]["value"] for page in pages}) == 1
    assert len(network.met) == 1


def test_a_browser_that_got_the_answer_stays_signed_in(visitor: Visitor, opened: str, calls: list[str]) -> None:
    press(visitor)
    calls.clear()

    again = visitor.post("/login/authenticate", {"token": opened})
    back = visitor.get(f"/login/authenticate?token={opened}")

    assert again.goes_to == "/"
    assert back.heading == "You’re signed in"
    assert back.one("main a.button").text() == "Continue"
    assert LINK not in calls


def test_another_browser_and_a_later_press_get_no_session(
    visitor: Visitor, opened: str, clock: time_machine.Traveller
) -> None:
    late, thief = visitor.twin(), Visitor(visitor.app)
    press(visitor)
    clock.shift(61)

    assert thief.post("/login/authenticate", {"token": opened}).status == 400
    assert press(late).heading == "This link was already used"
    assert late.cookie("stytch_session") is None


@pytest.mark.usefixtures("opened")
def test_a_press_after_a_sign_out_does_not_sign_in(visitor: Visitor) -> None:
    lost = visitor.twin()
    press(visitor)
    visitor.post("/logout")

    assert press(lost).heading == "This link was already used"


def test_another_replica_says_that_the_link_was_used_and_offers_a_new_one(settings: Settings) -> None:
    here, there = Visitor(create_app(settings)), Visitor(create_app(settings))
    here.get(here.ask_for_link())
    there.client._cookies, there.page = dict(here.client._cookies or {}), here.page
    press(here)
    magic_links.USED.clear()  # another process knows nothing of it

    page = press(there)

    assert page.heading == "This link was already used"
    assert page.one("main a.button").text() == "Ask for a new link"


@pytest.mark.usefixtures("opened")
def test_what_fails_after_the_link_was_used_can_be_tried_again(visitor: Visitor, network: FakeNetwork) -> None:
    visitor.app.extensions["stytch"].keys.jwk_set_cache.jwk_set_with_timestamp = None
    network.set("GET /v1/sessions/jwks/.*")
    failed = press(visitor)
    network.clear()

    assert failed.status == 503
    assert press(visitor).goes_to == "/"
    assert EMAIL in visitor.get("/").text


@pytest.mark.parametrize("action", ["freeze", "report-lost", "report-stolen", "close"])
def test_a_card_that_is_already_in_that_state_is_a_success(holder: Visitor, card_path: str, action: str) -> None:
    pages = [holder.post(f"{card_path}/{action}") for _ in range(3)]

    assert [page.goes_to for page in pages] == [card_path] * 3
    assert holder.get(card_path).one(".state").text() != "Ready to use"


def test_a_card_in_another_state_is_still_refused(holder: Visitor, card_path: str) -> None:
    holder.post(f"{card_path}/close")

    assert holder.post(f"{card_path}/freeze").status == 409


@pytest.mark.parametrize("path", ["/logout", "/logout/everywhere"])
def test_signing_out_twice_ends_where_the_first_press_did(signed_in: Visitor, path: str) -> None:
    signed_in.get("/account")
    second = signed_in.twin()

    ends = [(page.status, page.goes_to) for page in (signed_in.post(path), second.post(path))]

    assert ends[0] == ends[1] == (303, "/")
    assert "everywhere" not in path or "You’re signed out everywhere." in second.follow().text


def test_an_ended_session_signs_nothing_out_everywhere(signed_in: Visitor, clock: time_machine.Traveller) -> None:
    signed_in.get("/account")
    clock.shift(3601)

    page = signed_in.submit("/logout/everywhere")

    assert page.goes_to == "/"
    assert "everywhere." not in signed_in.follow().text


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("at_the_same_time", [True, False])
def test_two_presses_show_the_same_qr_code_and_it_works(signed_in: Visitor, *, at_the_same_time: bool) -> None:
    signed_in.get("/")
    first = signed_in.twin()
    if at_the_same_time:
        pages = at_once(signed_in, 2, lambda visitor: visitor.submit("/totp"))
    else:
        pages = [first.submit("/totp"), signed_in.submit("/totp")]

    assert [page.status for page in pages] == [200, 200]
    assert len({page.one(".key").text() for page in pages}) == 1
    signed_in.post("/totp")
    code = pyotp.TOTP(signed_in.page.one(".key").text().replace(" ", "")).now()
    assert signed_in.submit("/totp/confirm", code=code).heading == "Your authenticator is set up"
