"""What the browser says before a session ends."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

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
