"""Every page is accessible, and says what is new."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from app import EXTRAS

from . import shortcuts
from .accessible import AXE, complaints
from .visitor import Visitor

pytestmark = pytest.mark.panel

EXTRA_PAGES = [
    path
    for extra, path in {
        "account": "/account",
        "activity": "/cards/activity",
        "invitations": "/invitations",
        "profile": "/profile/bank",
    }.items()
    if extra in EXTRAS
]


def test_no_public_page_has_a_barrier(visitor: Visitor) -> None:
    visitor.expected = {404}
    page = visitor.page
    page.add_init_script(path=AXE)
    page.goto("/")
    found = complaints(page)
    page.get_by_label("Email").fill(visitor.email)
    visitor.press("Email me a link")
    expect(visitor.mailed_link).to_be_visible()
    found += complaints(page)
    for path in ("/emulator/inbox", "/emulator/authenticator", "/cards", "/?sent"):
        page.goto(path)
        found += complaints(page)

    assert found == []


def test_no_page_of_a_customer_has_a_barrier(visitor: Visitor) -> None:
    visitor.expected = {403, 404}
    page = visitor.page
    page.add_init_script(path=AXE)
    shortcuts.sign_in(visitor)
    page.goto("/?setup")
    found = complaints(page)
    shortcuts.enroll(visitor)
    for path in ("/", "/customer"):
        page.goto(path)
        found += complaints(page)
    visitor.open_account()
    shortcuts.get_card(visitor)
    for path in ("/", "/cards", "/cards/list", "/step-up/recover", "/nowhere", *EXTRA_PAGES):
        page.goto(path)
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        found += complaints(page)
    page.goto("/cards/list")
    page.get_by_role("link", name="Manage the card").click()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    found += complaints(page)
    if "reveal" in EXTRAS:
        page.get_by_role("link", name="Show card number").click()
        visitor.code_field.fill(visitor.next_code)
        visitor.press("Confirm")
        expect(page.locator("iframe")).to_have_count(1)
        found += complaints(page)
    shortcuts.sign_in(visitor)
    page.goto("/cards")
    expect(visitor.dialog).to_be_visible()
    found += complaints(page)
    page.keyboard.press("Escape")
    visitor.press("Sign out")
    expect(page.locator("main > .done")).to_be_visible()
    found += complaints(page)

    assert found == []


def test_the_focus_goes_to_what_is_new(visitor: Visitor) -> None:
    visitor.expected = {422}
    page = visitor.page
    page.goto("/")
    page.get_by_label("Email").fill("ada")
    visitor.press("Email me a link")
    expect(page.get_by_label("Email")).to_be_focused()
    expect(page.get_by_label("Email")).to_have_accessible_description("Enter an address like ada@example.com.")

    visitor.sign_in()
    visitor.show_qr_code()
    visitor.code_field.fill(visitor.wrong_code)
    visitor.press("Confirm the code")
    expect(visitor.code_field).to_be_focused()
    expect(visitor.code_field).to_have_accessible_description(re.compile("is wrong"))
    visitor.code_field.fill(f"{visitor.next_code[:3]} {visitor.next_code[3:]}")
    visitor.press("Confirm the code")
    expect(page.get_by_role("heading", name="Your authenticator is set up")).to_be_focused()
    expect(page).to_have_title(re.compile("^Save your recovery codes: step 2 of 5"))

    visitor.continue_to_application()
    visitor.fill_in_application(ssn="12")
    visitor.press("Open my account")
    expect(visitor.error).to_be_focused()
    visitor.error.get_by_role("link").click()
    expect(page.get_by_label("Social Security number")).to_be_focused()
    page.get_by_label("Social Security number").fill("000-00-0004")
    visitor.press("Open my account")
    expect(page.get_by_role("heading", name="Under review")).to_be_focused()
    expect(page).to_have_title(re.compile("^Under review: step 3 of 5"))
    visitor.press("Approve")
    expect(page.get_by_text("Your bank account is open.")).to_be_visible()
    expect(page.locator("#progress [aria-current=step]")).to_have_text(re.compile("Confirm it’s you"))


def test_the_qr_code_has_a_text_alternative(visitor: Visitor) -> None:
    shortcuts.sign_in(visitor)
    visitor.page.goto("/")
    visitor.show_qr_code()

    expect(visitor.page.get_by_role("img", name="QR code")).to_have_accessible_name(
        re.compile("same key is shown as text")
    )
    expect(visitor.page.locator(".key")).to_have_text(re.compile(r"^([A-Z2-7]{4} ?){8}$"))
    expect(visitor.page.get_by_role("link", name="Open the app on this device")).to_have_attribute(
        "href", re.compile("^otpauth://totp/")
    )


def test_without_a_network_a_press_says_so_loses_nothing_and_can_be_repeated(visitor: Visitor) -> None:
    page = visitor.page
    page.goto("/")
    page.get_by_label("Email").fill(visitor.email)
    page.route("**/login", lambda route: route.abort("internetdisconnected"))

    visitor.press("Email me a link")

    expect(page.locator("#notice")).to_contain_text("No connection. Nothing was lost")
    expect(page.get_by_role("status")).to_contain_text("No connection. Nothing was lost")
    expect(page.get_by_label("Email")).to_have_value(visitor.email)

    page.unroute("**/login")
    visitor.press("Email me a link")

    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
    expect(page.locator("#notice")).to_be_empty()
    visitor.forget_failed_network()


def test_what_cannot_be_loaded_without_a_network_says_so_in_its_place(visitor: Visitor) -> None:
    shortcuts.become_customer(visitor)
    page = visitor.page
    page.route("**/cards/list", lambda route: route.abort("internetdisconnected"))

    page.goto("/cards")

    expect(page.locator("#cards")).to_contain_text("No connection.")
    expect(page.locator("#cards .skeleton")).to_have_count(0)

    page.unroute("**/cards/list")
    page.locator("#cards").get_by_role("link", name="Reload the page").click()

    expect(page.get_by_role("heading", name="Get a card")).to_be_visible()
    visitor.forget_failed_network()
