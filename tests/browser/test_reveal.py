"""The card's number in the bank's frame, and the bank's own form, with and without script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from . import shortcuts
from .conftest import Arrive


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_the_bank_shows_the_number_in_its_frame_and_the_page_cannot_read_it(arrive: Arrive, script: bool) -> None:
    anybody = arrive(script=script)
    anybody.expected = {403}  # a code is needed
    shortcuts.become_customer(anybody)
    shortcuts.get_card(anybody)
    page = anybody.page
    page.goto("/cards/list")
    page.get_by_role("link", name="Manage").click()
    page.get_by_role("link", name="Show card number").click()
    expect(anybody.code_field).to_be_visible()
    anybody.look("before-the-number")

    anybody.code_field.fill(anybody.next_code)
    anybody.press("Confirm")
    if not script:
        anybody.press("Show card number")

    expect(page.frame_locator("iframe").locator("#pan")).to_have_text(re.compile(r"4111 1111 \d{4} \d{4}"))
    anybody.look("the-number")
    assert page.locator("iframe").evaluate("frame => frame.contentDocument") is None
    page.get_by_role("link", name="Hide the number").click()
    expect(page.get_by_role("article", name="card ending in")).to_be_visible()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_the_bank_s_own_form_leads_to_the_cards(arrive: Arrive, script: bool) -> None:
    visitor = arrive(script=script)
    shortcuts.enroll(visitor)
    visitor.page.goto("/customer")
    visitor.press("Use the bank’s form instead")
    visitor.page.get_by_role("link", name="Go to the bank’s form").click()
    visitor.look("the-banks-form")

    visitor.press("Submit application")
    if not script:
        visitor.press("Continue")

    expect(visitor.page.get_by_role("heading", name="Get a card")).to_be_visible()
