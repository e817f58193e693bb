"""News from the bank on pages that are open, delivered by the emulated Unit's own thread."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from .visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.long]


@pytest.fixture
def other_tab(holder: Visitor) -> Page:
    """The card's page in another tab, beside the list."""
    holder.page.goto("/cards")
    tab = holder.page.context.new_page()
    tab.goto(str(holder.page.locator("a.manage").get_attribute("href")))
    return tab


def test_an_open_list_shows_what_has_changed_and_leaves_the_focus_and_a_choice_alone(
    holder: Visitor, other_tab: Page
) -> None:
    physical = holder.page.get_by_role("radio", name="Physical")
    physical.check()

    other_tab.get_by_role("button", name="Freeze", exact=True).click()

    expect(holder.cards().locator(".state")).to_have_text("Frozen")
    expect(holder.page.locator("#status")).to_have_text("Your cards have changed.")
    expect(physical).to_be_focused()
    expect(physical).to_be_checked()


def test_an_open_card_page_shows_a_purchase_that_was_made_elsewhere(holder: Visitor, other_tab: Page) -> None:
    holder.page.get_by_role("link", name="Manage").click()
    before = holder.page.locator("#balance strong").inner_text()

    other_tab.get_by_label("Shop").select_option("coffee")
    other_tab.get_by_role("button", name="Pay with this card").click()

    expect(holder.page.locator("#activity")).to_contain_text("Corner Café")
    expect(holder.page.locator("#balance strong")).not_to_have_text(before)
