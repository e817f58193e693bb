"""One form makes one card, however often it is pressed."""

from __future__ import annotations

from playwright.sync_api import expect

from . import shortcuts
from .visitor import Visitor


def test_pressing_twice_and_reloading_make_one_card(anybody: Visitor) -> None:
    shortcuts.become_customer(anybody)
    anybody.page.goto("/cards")

    anybody.page.get_by_role("button", name="Get this card").dblclick()
    expect(anybody.cards()).to_have_count(1)
    anybody.page.reload()
    expect(anybody.cards()).to_have_count(1)
    anybody.page.goto("/cards")

    expect(anybody.cards()).to_have_count(1)


def test_a_message_of_the_page_before_goes_with_the_next_press(visitor: Visitor) -> None:
    shortcuts.enroll(visitor)
    visitor.page.goto("/customer")
    visitor.open_account()
    message = visitor.page.get_by_text("Your bank account is open.")
    expect(message).to_be_visible()

    visitor.get_card("Virtual")

    expect(message).to_have_count(0)
