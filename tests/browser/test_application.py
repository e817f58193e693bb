"""An application that a person at the bank must look at."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from . import shortcuts
from .visitor import Visitor

pytestmark = pytest.mark.browser

LOOKS_AGAIN = 10_100  # milliseconds until a page that waits for people asks once more; less than a request may take
REVIEWED = "000-00-0004"  # Unit's sandbox leaves the decision about this one to a person


def test_the_visitor_plays_the_bank_and_gets_the_account(anybody: Visitor) -> None:
    _apply(anybody)

    anybody.press("Approve")

    expect(anybody.page.get_by_role("heading", name="Get a card")).to_be_visible()


def test_the_visitor_plays_the_bank_and_may_apply_again(visitor: Visitor) -> None:
    _apply(visitor)

    visitor.press("Deny")
    expect(visitor.page.get_by_role("heading", name="The bank said no")).to_be_visible()
    visitor.page.get_by_role("link", name="Apply again").click()

    visitor.open_account()


def test_a_waiting_page_moves_on_by_itself(visitor: Visitor) -> None:
    visitor.page.clock.install()
    _apply(visitor)

    desk = visitor.page.context.new_page()
    desk.goto("/customer")
    desk.get_by_role("button", name="Approve").click()
    visitor.page.clock.run_for(LOOKS_AGAIN)

    expect(visitor.page.get_by_role("heading", name="Get a card")).to_be_visible()


def test_a_waiting_page_asks_without_moving_the_focus(visitor: Visitor) -> None:
    visitor.page.clock.install()
    _apply(visitor)
    approve = visitor.page.get_by_role("button", name="Approve")
    approve.focus()

    for _poll in range(2):
        with visitor.page.expect_response("**/customer/status*") as asked:
            visitor.page.clock.run_for(LOOKS_AGAIN)
        assert asked.value.status == 204

    expect(approve).to_be_focused()


def _apply(visitor: Visitor) -> None:
    shortcuts.enrol(visitor)
    visitor.page.goto("/customer")
    visitor.page.get_by_label("Social Security number").fill(REVIEWED)
    visitor.press("Open my account")
    expect(visitor.page.get_by_role("heading", name="A person at the bank is looking")).to_be_visible()
    expect(visitor.page.get_by_text("Rather not type this here?")).to_have_count(0)
