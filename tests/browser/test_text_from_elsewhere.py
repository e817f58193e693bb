"""Names from the services on a narrow screen, pasted codes, and times in the visitor's own zone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Route

from . import shortcuts
from .visitor import Visitor

pytestmark = pytest.mark.browser

ACTIVITY = "**/activity"
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

    visitor.page.unroute(ACTIVITY)
    visitor.page.route(ACTIVITY, answer)
    visitor.page.goto("/cards")
    visitor.page.locator(".event").wait_for()


def test_a_long_name_keeps_the_page_and_the_amount_on_the_screen(holder: Visitor) -> None:
    holder.page.set_viewport_size({"width": 320, "height": 800})

    for name in ("W" * 20, "W" * 60, "W" * 10_000, "\u202e" + "W" * 60):
        show_activity(holder, name)
        width, amount = holder.page.evaluate(RIGHT_EDGES)
        assert width == 320
        assert amount <= 320


def test_times_are_shown_in_the_visitors_zone(holder: Visitor) -> None:
    page = holder.page
    devtools = page.context.new_cdp_session(page)
    year = page.evaluate("() => new Date().getFullYear()")
    time = page.locator(".event time")
    for zone, shown in {"America/New_York": "Nov 26, 9:48 PM", "Asia/Tokyo": "Nov 27, 11:48 AM"}.items():
        devtools.send("Emulation.setTimezoneOverride", {"timezoneId": zone})
        show_activity(holder, "Corner Café", f"{year}-11-27T02:48:00+00:00")  # comes with htmx
        time.and_(page.locator("[title]")).wait_for()
        assert (time.inner_text(), time.get_attribute("title")) == (shown, "Nov 27, 2:48 AM UTC")

    page.goto("/account")

    times = page.locator("#account time").all_inner_texts()
    assert times
    assert not [time for time in times if not time.endswith((" AM", " PM"))]


def test_a_pasted_code_is_not_cut(visitor: Visitor) -> None:
    shortcuts.enroll(visitor)
    visitor.page.goto("/step-up")

    visitor.code_field.evaluate(PASTE, "   123 456   ")

    assert visitor.code_field.input_value().split() == ["123", "456"]
