"""The whole journey without a mouse."""

from __future__ import annotations

from playwright.sync_api import expect

from ..visitor import PERSON
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
