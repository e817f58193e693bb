"""The whole journey without a mouse, and where the focus is meanwhile."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from app import EXTRAS

from ..visitor import PERSON
from . import shortcuts
from .visitor import Visitor

TYPED = {  # as on a keyboard, where a field is more than text
    "date_of_birth": "02/03/1990",
    "occupation": "Architect",
    "annual_income": "$50,000",
    "source_of_income": "Employment",
}


def test_the_journey_needs_no_mouse(visitor: Visitor) -> None:
    page, keyboard = visitor.page, visitor.page.keyboard
    page.goto("/")

    visitor.tab_to(page.get_by_label("Email"))
    keyboard.type(visitor.email)
    keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Check your email")).to_be_focused()
    visitor.tab_and_press(visitor.mailed_link, "Enter")
    visitor.tab_and_press(page.get_by_role("button", name="Sign me in"), "Enter")

    visitor.tab_and_press(page.get_by_role("button", name="Show the QR code"), "Space")
    expect(page.get_by_role("heading", name="Scan this")).to_be_focused()
    visitor.tab_to(visitor.code_field)
    keyboard.type(visitor.phone.locator(".one-time-code").inner_text())
    keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your authenticator is set up")).to_be_focused()
    visitor.tab_and_press(page.get_by_role("link", name="I’ve saved my codes"), "Enter")

    for name, value in PERSON.items():
        visitor.tab_to(page.locator(f"[name={name}]"))
        keyboard.type(TYPED.get(name, value))
    visitor.tab_and_press(page.get_by_role("button", name="Open my account"), "Enter")

    visitor.tab_and_press(page.get_by_role("button", name="Get this card"), "Space")
    expect(visitor.cards("Virtual")).to_have_count(1)
    expect(page.locator("body")).not_to_be_focused()
    visitor.tab_to(page.get_by_role("radio", name="Virtual"))
    keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="Physical")).to_be_checked()
    visitor.tab_and_press(page.get_by_role("button", name="Get this card"), "Enter")
    expect(visitor.cards("Physical")).to_have_count(1)
    expect(page.locator("body")).not_to_be_focused()

    visitor.tab_and_press(page.get_by_role("button", name="Sign out"), "Enter")
    expect(page.get_by_label("Email")).to_be_visible()


def test_the_first_stop_of_a_page_skips_to_its_content(visitor: Visitor) -> None:
    visitor.page.goto("/")

    visitor.page.keyboard.press("Tab")
    visitor.tab_and_press(visitor.page.get_by_role("link", name="Skip to content"), "Enter")

    expect(visitor.page.get_by_role("main")).to_be_focused()


@pytest.mark.parametrize("width", [1280, 390])
def test_opening_a_page_moves_neither_the_focus_nor_the_page(holder: Visitor, width: int) -> None:
    page = holder.page
    page.set_viewport_size({"width": width, "height": 800})
    account = ["/account"] if "account" in EXTRAS else []
    for path in ("/", "/cards", "/cards/list", "/customer", "/step-up/recover", *account):
        page.goto(path)
        expect(page.locator("[aria-busy=true]")).to_have_count(0)

        expect(page.locator("body")).to_be_focused()
        assert page.evaluate("scrollY") == 0
        if path == "/cards":
            expect(page.get_by_role("status")).to_have_text("Your cards are loaded.")


def test_the_page_of_a_link_and_of_a_decision_do_not_take_the_focus(visitor: Visitor) -> None:
    visitor.ask_for_link()
    visitor.mailed_link.click()
    expect(visitor.page.get_by_role("button", name="Sign me in")).to_be_visible()
    expect(visitor.page.locator("body")).to_be_focused()
    visitor.press("Sign me in")
    visitor.enroll()
    visitor.continue_to_application()
    visitor.fill_in_application(ssn="000-00-0004")
    visitor.press("Open my account")
    expect(visitor.page.get_by_role("heading", name="Under review")).to_be_focused()

    visitor.page.goto("/customer")

    expect(visitor.page.locator("body")).to_be_focused()


def test_after_a_press_and_after_a_code_the_focus_is_on_what_came(holder: Visitor) -> None:
    holder.expected = {403}
    page = holder.page
    shortcuts.sign_in(holder)
    page.goto("/cards")
    holder.code_field.fill(holder.next_code)
    holder.dialog.get_by_role("button", name="Confirm", exact=True).click()
    expect(holder.cards()).to_have_count(1)
    expect(page.locator("#cards")).to_be_focused()
    assert page.evaluate("scrollY") == 0

    holder.press("Get this card")

    expect(holder.cards()).to_have_count(2)
    expect(page.locator("#cards")).to_be_focused()
