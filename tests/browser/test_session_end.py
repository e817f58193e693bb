"""What the browser says before a session ends."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from . import shortcuts
from .visitor import Visitor

pytestmark = pytest.mark.browser


def test_two_minutes_before_its_end_a_session_says_so(visitor: Visitor) -> None:
    page = visitor.page
    page.clock.install()
    visitor.sign_in()
    notice = page.locator("#session-end p")

    page.clock.fast_forward("57:00")
    expect(notice).to_be_hidden()
    page.clock.fast_forward("01:30")

    expect(notice).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("Your session ends at")


def test_an_open_dialog_says_so_too_and_the_page_after_it(visitor: Visitor) -> None:
    page = visitor.page
    page.clock.install()
    visitor.expected = {403}
    shortcuts.become_customer(visitor)
    shortcuts.sign_in(visitor)
    page.goto("/cards")
    sign_in = page.get_by_role("link", name="Sign in again in a new tab")
    expect(visitor.dialog).to_be_visible()

    page.clock.fast_forward("58:30")

    expect(visitor.dialog.locator(sign_in)).to_be_visible()
    sign_in.click(trial=True)
    visitor.press("Cancel")
    expect(visitor.dialog).to_have_count(0)
    expect(page.locator("#session-end + #notice + main")).to_have_count(1)
    expect(sign_in).to_be_visible()
