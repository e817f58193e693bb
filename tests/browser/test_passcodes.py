"""Codes by SMS, WhatsApp and email: signing in, and a step-up that continues what it interrupted."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from . import shortcuts
from .accessible import AXE, complaints
from .visitor import Visitor


@dataclass(frozen=True)
class Way:
    """How a code arrives."""

    title: str
    field: str
    arrives: str  # the region of the page that shows it


WAYS = {
    "sms_code": Way("Get a code by text message", "Mobile number", "phone"),
    "whatsapp_code": Way("Get a code by WhatsApp", "Mobile number", "phone"),
    "email_code": Way("Get a code by email", "Send the code to", "mailbox"),
}


@pytest.fixture
def number(visitor: Visitor) -> str:
    """A mobile number of the visitor's own: the limits count each."""
    return f"(202) 55{int(visitor.email.split('.')[1][:6], 16) % 90_000 + 10_000}"


def arrived(visitor: Visitor, way: Way) -> str:
    """The code that the pretend phone or mailbox shows."""
    text = visitor.page.get_by_role("region", name=way.arrives).locator("article.text").first.inner_text()
    found = re.search(r"Your code is (\d{6})", text)
    assert found
    return found[1]


def ask_for_code(visitor: Visitor, way: Way, to: str) -> None:
    visitor.page.goto("/")
    visitor.page.get_by_text(way.title).click()
    visitor.page.get_by_label(way.field).filter(visible=True).fill(to)
    visitor.press("Send me a code")
    expect(visitor.page.get_by_role("heading", name="Enter your code", level=2)).to_be_focused()


@pytest.mark.parametrize("method", WAYS)
def test_a_code_signs_in(visitor: Visitor, number: str, method: str) -> None:
    visitor.expected = {422}
    visitor.page.add_init_script(path=AXE)
    way = WAYS[method]
    ask_for_code(visitor, way, visitor.email if method == "email_code" else number)
    found = complaints(visitor.page)
    arrived(visitor, way)
    visitor.code_field.fill("12345")
    visitor.page.keyboard.press("Enter")
    expect(visitor.code_field).to_be_focused()
    expect(visitor.code_field).to_have_accessible_description("Enter the six digits from the newest message.")

    visitor.code_field.clear()
    visitor.press("Use this code")

    expect(visitor.page.get_by_label("Signed in")).to_contain_text(visitor.email if "email" in method else "+1202")
    assert found + complaints(visitor.page) == []


@pytest.mark.parametrize("method", WAYS)
def test_a_code_continues_what_it_interrupted(visitor: Visitor, number: str, method: str) -> None:
    """Sign in by mailbox or phone, and confirm with the other."""
    visitor.expected = {403}
    way = WAYS[method]
    shortcuts.sign_in(visitor)
    shortcuts.add_number(visitor, number)
    visitor.page.goto("/customer")
    visitor.open_account()
    shortcuts.sign_in(visitor, number if method == "email_code" else "")
    visitor.page.goto("/cards")

    instead = "Use a code by WhatsApp instead" if method == "whatsapp_code" else "Send a new code"
    visitor.dialog.get_by_role("button", name=instead).click()
    expect(visitor.code_field).to_be_focused()
    arrived(visitor, way)
    visitor.dialog.get_by_role("button", name="Use this code").first.click()

    expect(visitor.page.get_by_role("heading", name="Get a card")).to_be_visible()
    expect(visitor.dialog).to_have_count(0)
