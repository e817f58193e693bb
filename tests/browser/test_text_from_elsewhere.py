"""Names from the services on a narrow screen, pasted codes, and times in the visitor's own zone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Route

from . import shortcuts
from .conftest import Arrive
from .visitor import Visitor

pytestmark = pytest.mark.browser

EVENT = """<div id="events-0"><ul class="events"><li class="event posted">
  <span class="what"><bdi>{name}</bdi> <small>card 6396</small></span><span class="amount">-$1,234.50</span>
  <span class="when"><time datetime="{at}">Nov 27, 2:48 AM UTC</time></span></li></ul></div>"""
RIGHT_EDGES = (
    "() => [document.documentElement.scrollWidth, document.querySelector('.amount').getBoundingClientRect().right]"
)
PASTE = """(input, text) => {
    input.focus();
    document.execCommand('insertText', false, text);
}"""


def show_activity(visitor: Visitor, name: str, at: str = "2026-11-27T02:48:00+00:00") -> None:
    """Open the page of cards, whose activity is answered with one event."""

    def answer(route: Route) -> Any:
        headers = {"Content-Type": "text/html; charset=utf-8", "Vary": "HX-Request"}
        return route.fulfill(body=EVENT.format(name=name, at=at), headers=headers)

    shortcuts.become_customer(visitor)
    shortcuts.get_card(visitor)
    visitor.page.route("**/activity", answer)
    visitor.page.goto("/cards")
    visitor.page.locator(".event").wait_for()


@pytest.mark.parametrize(
    "name", ["W" * 20, "W" * 60, "W" * 10_000, "\u202e" + "W" * 60], ids=lambda name: str(len(name))
)
def test_a_long_name_keeps_the_page_and_the_amount_on_the_screen(arrive: Arrive, name: str) -> None:
    visitor = arrive(width=320)

    show_activity(visitor, name)

    width, amount = visitor.page.evaluate(RIGHT_EDGES)
    assert width == 320
    assert amount <= 320


@pytest.mark.parametrize(
    ("zone", "shown"), [("America/New_York", "Nov 26, 9:48 PM"), ("Asia/Tokyo", "Nov 27, 11:48 AM")]
)
def test_a_time_that_htmx_loads_is_shown_in_the_visitors_zone(arrive: Arrive, zone: str, shown: str) -> None:
    visitor = arrive()
    page = visitor.page
    page.context.new_cdp_session(page).send("Emulation.setTimezoneOverride", {"timezoneId": zone})
    year = page.evaluate("() => new Date().getFullYear()")

    show_activity(visitor, "Corner Café", f"{year}-11-27T02:48:00+00:00")

    time = page.locator(".event time")
    time.and_(page.locator("[title]")).wait_for()
    assert (time.inner_text(), time.get_attribute("title")) == (shown, "Nov 27, 2:48 AM UTC")


def test_the_times_of_a_whole_page_are_shown_in_the_visitors_zone(arrive: Arrive) -> None:
    visitor = arrive()
    page = visitor.page
    page.context.new_cdp_session(page).send("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"})
    shortcuts.enroll(visitor)

    page.goto("/account")

    times = page.locator("#account time").all_inner_texts()
    assert times
    assert not [time for time in times if not time.endswith((" AM", " PM"))]


def test_a_pasted_code_is_not_cut(arrive: Arrive) -> None:
    visitor = arrive()
    shortcuts.enroll(visitor)
    visitor.page.goto("/step-up")

    visitor.code_field.evaluate(PASTE, "   123 456   ")

    assert visitor.code_field.input_value().split() == ["123", "456"]
