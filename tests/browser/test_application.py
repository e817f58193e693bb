"""An application that the bank reviews."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from . import shortcuts
from .conftest import Arrive
from .server import Server
from .visitor import POLL, Visitor

REVIEWED = "000-00-0004"  # Unit's sandbox leaves this one for review


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_the_visitor_plays_the_bank_and_gets_the_account(arrive: Arrive, script: bool) -> None:
    visitor = arrive(script=script)
    _apply(visitor)

    visitor.press("Approve")
    if not script:
        visitor.press("Continue")

    expect(visitor.page.get_by_role("heading", name="Get a card")).to_be_visible()


def test_the_visitor_plays_the_bank_and_may_apply_again(visitor: Visitor) -> None:
    _apply(visitor)

    visitor.press("Deny")
    expect(visitor.page.get_by_role("heading", name="Application declined")).to_be_visible()
    visitor.page.get_by_role("link", name="Apply again").click()

    visitor.open_account()


def test_a_waiting_page_polls_without_moving_the_focus_and_continues_by_itself(
    visitor: Visitor, server: Server
) -> None:
    visitor.page.clock.install()
    _apply(visitor)
    approve = visitor.page.get_by_role("button", name="Approve")
    approve.focus()

    for _ in range(2):
        with visitor.page.expect_response("**/customer/status*") as asked:
            visitor.page.clock.run_for(POLL)
        assert asked.value.status == 204

    expect(approve).to_be_focused()

    other_tab = visitor.page.context.new_page()
    other_tab.goto("/customer")
    other_tab.get_by_role("button", name="Approve").click()
    server.move_clock(seconds=31)  # so that Unit is asked, whether or not it has delivered its event by now
    visitor.page.clock.run_for(POLL)

    expect(visitor.page.get_by_role("heading", name="Get a card")).to_be_visible()


def _apply(visitor: Visitor) -> None:
    shortcuts.enroll(visitor)
    visitor.page.goto("/customer")
    visitor.fill_in_application(REVIEWED)
    visitor.press("Open my account")
    expect(visitor.page.get_by_role("heading", name="Under review")).to_be_visible()


def test_a_lost_session_leaves_a_waiting_page_which_continues_after_signing_in_again(visitor: Visitor) -> None:
    visitor.page.clock.install()
    visitor.expected = {401}
    _apply(visitor)
    notice, sign_in = visitor.page.locator("#notice"), visitor.page.get_by_role("link", name="Sign in in a new tab")
    visitor.page.context.clear_cookies(name=re.compile("stytch_session"))

    visitor.page.clock.run_for(POLL)
    expect(notice).to_contain_text("Your session has ended.")
    sign_in.focus()
    with visitor.page.expect_response("**/customer/status*") as asked:
        visitor.page.clock.run_for(POLL)
    assert asked.value.status == 401
    expect(sign_in).to_be_focused()
    expect(visitor.page.get_by_role("button", name="Approve")).to_be_visible()

    shortcuts.sign_in(visitor)
    visitor.page.clock.run_for(POLL)

    expect(notice).to_be_empty()
