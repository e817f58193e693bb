"""Clocks that differ: the services' from ours, and the visitor's from both."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie

import pytest

from services.signals import security_event
from stytch_unit_emulator.clock import shifted

from .visitor import EMAIL, Visitor


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("ahead", [45, -45, -270], ids=lambda seconds: f"{seconds:+} s")
def test_a_small_difference_signs_in_and_reaches_the_cards(visitor: Visitor, ahead: int) -> None:
    with shifted(ahead):
        visitor.sign_in()
        assert EMAIL in visitor.get("/").text
        visitor.enroll()
        visitor.open_account()

        assert visitor.get("/cards/list").status == 200


@pytest.mark.parametrize("ahead", [540, -540], ids=["ahead", "behind"])
def test_a_large_difference_is_our_fault_and_the_log_names_it(visitor: Visitor, ahead: int) -> None:
    visitor.get(visitor.ask_for_link())
    heard: list[str] = []

    def hear(_app: object, *, outcome: str, **_: object) -> None:
        heard.append(outcome)

    with security_event.connected_to(hear, sender=visitor.app), shifted(ahead):
        failed = visitor.submit("/login/authenticate")
    again = visitor.submit("/login/authenticate")

    assert failed.status == 503
    assert f"the clock differs from Stytch's by {ahead:+} seconds" in " ".join(heard)
    assert again.goes_to == "/"  # the link was not used up for nothing
    assert EMAIL in visitor.get("/").text


@pytest.mark.usefixtures("clock")
def test_the_cookies_life_does_not_depend_on_the_visitors_clock(visitor: Visitor) -> None:
    page = visitor.sign_in()

    lines = [SimpleCookie(line) for line in page.response.headers.getlist("Set-Cookie")]
    cookie = next(line["stytch_session_8000"] for line in lines if "stytch_session_8000" in line)
    assert cookie["max-age"] == "3600"
    assert cookie["expires"] == (datetime.now(UTC) + timedelta(hours=1)).strftime("%a, %d %b %Y %H:%M:%S GMT")
