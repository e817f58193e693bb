"""Step-up: the dialog asks for a code, and what it interrupted continues."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from . import shortcuts
from .conftest import Arrive
from .server import Server
from .visitor import Visitor, answers

TOO_OLD = 11  # minutes until a code no longer counts as fresh
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


def open_card(visitor: Visitor) -> None:
    shortcuts.become_customer(visitor)
    shortcuts.get_card(visitor)
    visitor.page.goto(LIST)
    visitor.page.get_by_role("link", name="Manage the card").click()
    expect(visitor.page.get_by_role("heading", name="Card ending in")).to_be_visible()


def state(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("region", name="This card").locator(".state")


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
    expect(back_again.page.locator("#progress [aria-current=step]")).to_contain_text("Use your card")


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

    back_again.press("Enter a code")
    back_again.code_field.fill(back_again.next_code)
    back_again.press("Confirm")

    expect(back_again.cards()).to_have_count(1)
    expect(back_again.dialog).to_have_count(0)


def test_after_leaving_the_dialog_the_page_still_says_what_happens(back_again: Visitor) -> None:
    page = back_again.page
    back_again.page.keyboard.press("Escape")
    expect(back_again.dialog).to_have_count(0)
    page.route(f"**{LIST}", lambda route: route.abort("internetdisconnected"))

    back_again.press("Enter a code")

    expect(page.locator("#notice")).to_contain_text("No connection.")
    expect(page.get_by_role("status")).to_contain_text("No connection.")
    back_again.forget_failed_network()


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


def test_an_interrupted_form_continues_by_itself_once(visitor: Visitor, server: Server) -> None:
    visitor.expected = {403}
    open_card(visitor)
    expect(visitor.page.locator("[aria-busy=true]")).to_have_count(0)  # or a panel would ask for the code first
    found = answers(visitor, "POST", "/freeze")
    freeze = visitor.page.get_by_role("button", name="Freeze", exact=True)
    server.move_clock(TOO_OLD)

    freeze.click()
    expect(visitor.dialog).to_contain_text("freeze the card ending in")
    visitor.page.keyboard.press("Escape")
    expect(visitor.dialog).to_have_count(0)
    expect(freeze).to_be_focused()
    expect(state(visitor)).to_have_text("Ready to use")

    visitor.page.keyboard.press("Enter")
    expect(visitor.code_field).to_be_focused()
    visitor.page.keyboard.type(visitor.code_now)
    visitor.page.keyboard.press("Enter")

    expect(state(visitor)).to_have_text("Frozen")
    expect(visitor.dialog).to_have_count(0)
    expect(visitor.page.locator(".card .done")).to_be_focused()
    assert found == [403, 403, 200]


def test_without_script_an_interrupted_form_is_sent_again_once(arrive: Arrive, server: Server) -> None:
    visitor = arrive(script=False)
    visitor.expected = {403}
    open_card(visitor)
    found = answers(visitor, "POST", "/freeze")
    server.move_clock(TOO_OLD)

    visitor.press("Freeze")
    expect(visitor.page.get_by_role("main")).to_contain_text("freeze the card ending in")
    visitor.code_field.fill(visitor.code_now)
    visitor.press("Confirm")

    expect(state(visitor)).to_have_text("Frozen")
    assert found == [403, 303]
