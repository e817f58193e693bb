"""Every page is open to everybody, and tells where the news is."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from . import shortcuts
from .accessible import complaints
from .visitor import Visitor

pytestmark = pytest.mark.browser


def test_no_page_of_a_stranger_has_a_barrier(visitor: Visitor) -> None:
    visitor.expected = {404}
    page = visitor.page
    page.goto("/")
    found = complaints(page)
    page.get_by_label("E-mail").fill(visitor.email)
    visitor.press("Send me a link")
    expect(visitor.mailed_link).to_be_visible()
    found += complaints(page)
    for path in ("/emulator/inbox", "/emulator/authenticator"):
        page.goto(path)
        found += complaints(page)

    assert found == []


def test_no_page_of_a_customer_has_a_barrier(visitor: Visitor) -> None:
    visitor.expected = {403, 404}
    shortcuts.enrol(visitor)
    page = visitor.page
    found: list[str] = []
    for path in ("/", "/customer"):
        page.goto(path)
        found += complaints(page)
    visitor.open_account()
    shortcuts.get_card(visitor)
    for path in ("/", "/cards", "/cards/list", "/account", "/step-up/recover", "/nowhere"):
        page.goto(path)
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        found += complaints(page)
    page.goto("/cards/list")
    page.get_by_role("link", name="Manage the card").click()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    found += complaints(page)
    page.get_by_role("link", name="Show the number").click()
    expect(page.get_by_role("heading", name="The number of the card")).to_be_visible()
    found += complaints(page)
    shortcuts.sign_in(visitor)
    page.goto("/cards")
    expect(visitor.dialog).to_be_visible()
    found += complaints(page)

    assert found == []


def test_the_focus_goes_to_what_is_new(visitor: Visitor) -> None:
    visitor.expected = {422}
    page = visitor.page
    page.goto("/")
    page.get_by_label("E-mail").fill("ada")
    visitor.press("Send me a link")
    expect(page.get_by_label("E-mail")).to_be_focused()
    expect(page.get_by_label("E-mail")).to_have_accessible_description("Enter an address like ada@example.com.")

    visitor.sign_in()
    visitor.show_qr_code()
    visitor.code_field.fill(visitor.wrong_code)
    visitor.press("Confirm the code")
    expect(visitor.code_field).to_be_focused()
    expect(visitor.code_field).to_have_accessible_description(re.compile("not right"))
    visitor.code_field.fill(f"{visitor.next_code[:3]} {visitor.next_code[3:]}")
    visitor.press("Confirm the code")
    expect(page.get_by_role("heading", name="Your authenticator is set up")).to_be_focused()
    expect(page).to_have_title(re.compile("^Save your recovery codes: step 2 of 5"))

    visitor.go_on()
    page.get_by_label("Social Security number").fill("12")
    visitor.press("Open my account")
    expect(visitor.error).to_be_focused()
    visitor.error.get_by_role("link").click()
    expect(page.get_by_label("Social Security number")).to_be_focused()
    page.get_by_label("Social Security number").fill("000-00-0004")
    visitor.press("Open my account")
    expect(page.get_by_role("heading", name="A person at the bank is looking")).to_be_focused()
    expect(page).to_have_title(re.compile("^A person at the bank is looking: step 3 of 5"))
    visitor.press("Approve")
    expect(page.get_by_text("Your account is open.")).to_be_visible()
    expect(page.locator("#progress [aria-current=step]")).to_have_text(re.compile("Use your card"))


def test_the_qr_code_has_a_text_in_its_place(visitor: Visitor) -> None:
    shortcuts.sign_in(visitor)
    visitor.page.goto("/")
    visitor.show_qr_code()

    expect(visitor.page.get_by_role("img", name="QR code")).to_have_accessible_name(re.compile("key in words"))
    expect(visitor.page.locator(".key")).to_have_text(re.compile(r"^([A-Z2-7]{4} ?){8}$"))
    expect(visitor.page.get_by_role("link", name="Open the app on this device")).to_have_attribute(
        "href", re.compile("^otpauth://totp/")
    )


def test_without_a_network_nothing_is_lost_and_all_is_said(visitor: Visitor) -> None:
    shortcuts.become_customer(visitor)
    shortcuts.get_card(visitor)
    page = visitor.page
    page.goto("/cards/list")
    page.get_by_role("link", name="Manage the card").click()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    page.get_by_label("Purchases in a day").fill("12.50")
    page.context.set_offline(True)

    visitor.press("Save the limits")

    expect(page.locator("#notice")).to_contain_text("No connection. Nothing was lost")
    expect(page.get_by_role("status")).to_contain_text("No connection. Nothing was lost")
    expect(page.get_by_label("Purchases in a day")).to_have_value("12.50")

    page.context.set_offline(False)
    visitor.press("Save the limits")

    expect(page.get_by_text("The limits are saved.").first).to_be_visible()
    expect(page.locator("#notice")).to_be_empty()
    _forget_that_the_network_failed(visitor)


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
    _forget_that_the_network_failed(visitor)


def _forget_that_the_network_failed(visitor: Visitor) -> None:
    said = ("ERR_INTERNET_DISCONNECTED", "Failed to fetch")
    visitor.complaints = [text for text in visitor.complaints if not any(words in text for words in said)]
