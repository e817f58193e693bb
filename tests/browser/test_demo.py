"""The two roads of a demo, and what can be tried on them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from .conftest import Arrive
from .visitor import Visitor

pytestmark = pytest.mark.panel

CUT_OFF = """() => [...document.querySelectorAll('svg text')].filter(text => {
    const word = text.getBoundingClientRect(), drawing = text.ownerSVGElement.getBoundingClientRect();
    const over = [drawing.left - word.left, word.right - drawing.right, word.bottom - drawing.bottom];
    return word.width && Math.max(...over) > 1;
}).map(text => text.textContent)"""
MOST_CLICKS = 9


def start(visitor: Visitor, persona: str) -> None:
    visitor.page.goto("/")
    visitor.page.get_by_text("Or start as someone else").click()
    visitor.press(persona)


def click_in_view(visitor: Visitor, target: Locator) -> None:
    """Click what is in the window without scrolling."""
    expect(target).to_be_visible()
    expect(target).to_be_in_viewport(ratio=1)
    assert visitor.page.evaluate("scrollY") == 0
    target.click()


def test_the_diagram_has_room_for_its_words(visitor: Visitor) -> None:
    visitor.page.goto("/")
    visitor.page.get_by_text("Show what happens behind each step").click()
    expect(visitor.page.get_by_role("img", name="Messages between browser, app, Stytch and Unit")).to_be_visible()

    assert visitor.page.evaluate(CUT_OFF) == []
    visitor.page.set_viewport_size({"width": 360, "height": 800})
    assert visitor.page.evaluate(CUT_OFF) == []


def test_both_ways_in_are_on_the_first_screen_of_a_phone(visitor: Visitor) -> None:
    visitor.page.set_viewport_size({"width": 390, "height": 664})
    visitor.page.goto("/")

    for name in ("Try the demo", "Show me a finished account", "Email me a link"):
        expect(visitor.page.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)


def test_a_card_is_few_clicks_away_and_nothing_is_typed_or_scrolled(visitor: Visitor) -> None:
    page, button = visitor.page, visitor.page.get_by_role
    page.goto("/")
    walk = [
        button("button", name="Try the demo"),
        button("button", name="Show the QR code"),
        button("button", name="Use this code"),
        button("link", name="I’ve saved my codes"),
        button("button", name="Apply with these details"),
        button("button", name="Get this card"),
    ]

    for target in walk:
        click_in_view(visitor, target)

    assert len(walk) <= MOST_CLICKS
    expect(visitor.cards("Virtual")).to_be_visible()
    expect(page.locator("#progress li").last).to_have_class("is-done")
    expect(page.get_by_role("heading", name="That’s the whole path")).to_be_visible()


def test_a_finished_account_is_one_click_away_and_its_number_asks_for_a_code(anybody: Visitor) -> None:
    anybody.expected = {403}  # a code is needed
    page = anybody.page
    page.goto("/")

    anybody.press("Show me a finished account")
    expect(page.get_by_role("heading", name="Card ending in")).to_be_visible()
    expect(page.locator("#progress [aria-current=step]")).to_contain_text("Confirm it’s you")
    page.get_by_role("link", name="Show card number").click()
    expect(page.get_by_text("see the number of the card ending in")).to_be_visible()
    anybody.press("Use this code")
    expect(page.get_by_role("heading", name="Number of the card")).to_be_visible()
    if page.get_by_role("button", name="Show card number").count():  # without script
        anybody.press("Show card number")

    expect(page.frame_locator("iframe").locator("#pan")).to_have_text(re.compile("4111 "))
    expect(page.locator("#progress .is-done")).to_have_count(5)


def test_a_saved_recovery_code_is_used_with_a_press(anybody: Visitor) -> None:
    anybody.expected = {403}
    start(anybody, "Lost phone")

    anybody.page.get_by_role("link", name="Use a recovery code").click()
    anybody.press("Use this code")

    expect(anybody.page.get_by_text("Your lost authenticator is removed.")).to_be_visible()


def test_a_text_message_is_used_with_a_press(anybody: Visitor) -> None:
    anybody.expected = {403}
    start(anybody, "Lost phone")

    anybody.press("Use a code texted by your bank instead")
    anybody.press("Use this code")

    expect(anybody.cards()).to_have_count(1)


@pytest.mark.parametrize("width", [360, 1280])
def test_an_outage_begins_and_ends_with_a_press(arrive: Arrive, width: int) -> None:
    visitor = arrive(width=width)
    visitor.expected = {503}
    start(visitor, "Two accounts")
    expect(visitor.cards()).to_have_count(2)
    page = visitor.page

    page.get_by_text("Try what happens when…").first.click()
    visitor.look("drawer")
    visitor.press("Unit answers 429")

    expect(page.get_by_text("Right now: Unit answers 429.")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    visitor.look("outage")
    visitor.press("End it now")
    expect(visitor.cards()).to_have_count(2)
