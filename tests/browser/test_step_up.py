"""Step-up: the dialog asks for a code, and what it interrupted continues."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from . import shortcuts
from .conftest import Arrive
from .visitor import Visitor

LIST = "/cards/list"


@pytest.fixture
def back_again(visitor: Visitor) -> Visitor:
    """A customer with a card who has signed in again and sees the dialog."""
    visitor.expected = {403, 422}  # a code is needed; the code is wrong
    ask_for_cards(visitor)
    expect(visitor.dialog).to_be_visible()
    return visitor


def ask_for_cards(visitor: Visitor) -> None:
    shortcuts.become_customer(visitor)
    shortcuts.get_card(visitor)
    shortcuts.sign_in(visitor)
    visitor.page.goto("/")
    visitor.page.get_by_role("link", name="See my cards").click()


def test_the_dialog_names_its_purpose_and_shows_the_cards_after_the_right_code(back_again: Visitor) -> None:
    expect(back_again.dialog).to_have_accessible_name("Confirm it’s you")
    expect(back_again.dialog).to_contain_text("see your cards")
    expect(back_again.code_field).to_be_focused()

    back_again.page.keyboard.type(back_again.wrong_code)
    back_again.page.keyboard.press("Enter")

    error = back_again.error
    expect(error).to_contain_text("is wrong")
    expect(back_again.code_field).to_be_focused()
    expect(back_again.code_field).to_have_value("")
    expect(back_again.code_field).to_have_accessible_description(error.inner_text())
    expect(back_again.cards()).to_have_count(0)

    back_again.page.keyboard.type(back_again.next_code)
    back_again.page.keyboard.press("Enter")

    expect(back_again.cards()).to_have_count(1)
    expect(back_again.dialog).to_have_count(0)
    expect(back_again.page.locator("body")).not_to_be_focused()
    expect(back_again.page.locator("#progress .is-done")).to_have_count(5)


def test_leaving_the_dialog_leaves_a_button_that_asks_again(back_again: Visitor) -> None:
    ask_again = back_again.page.get_by_role("button", name="Enter a code")

    back_again.page.keyboard.press("Escape")

    expect(back_again.dialog).to_have_count(0)
    expect(ask_again).to_be_focused()

    back_again.page.keyboard.press("Enter")

    expect(back_again.code_field).to_be_focused()

    back_again.press("Cancel")

    expect(back_again.dialog).to_have_count(0)
    expect(ask_again).to_be_focused()

    back_again.page.route(f"**{LIST}", lambda route: route.abort("internetdisconnected"))
    back_again.press("Enter a code")

    expect(back_again.page.locator("#notice")).to_contain_text("No connection.")
    expect(back_again.page.get_by_role("status")).to_contain_text("No connection.")
    back_again.forget_failed_network()

    back_again.page.unroute(f"**{LIST}")
    back_again.press("Enter a code")
    back_again.code_field.fill(back_again.next_code)
    back_again.press("Confirm")

    expect(back_again.cards()).to_have_count(1)
    expect(back_again.dialog).to_have_count(0)


def test_without_script_a_page_asks_for_the_code_and_leads_to_the_cards(arrive: Arrive) -> None:
    visitor = arrive(script=False)
    visitor.expected = {422}
    ask_for_cards(visitor)

    expect(visitor.page.get_by_role("main")).to_contain_text("see your cards")
    visitor.code_field.fill(visitor.wrong_code)
    visitor.press("Confirm")
    expect(visitor.error).to_contain_text("is wrong")
    visitor.code_field.fill(visitor.next_code)
    visitor.press("Confirm")

    expect(visitor.cards()).to_have_count(1)
