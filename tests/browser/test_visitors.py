"""Two visitors of the same demo."""

from __future__ import annotations

from playwright.sync_api import expect

from .conftest import Arrive


def test_two_browsers_with_one_address_share_neither_emails_nor_links(arrive: Arrive) -> None:
    first, second = arrive(), arrive()
    second.email = first.email
    second.expected = {400}

    first.ask_for_link()
    expect(first.mailed_link).to_be_visible()
    second.page.goto("/emulator/inbox")

    expect(second.mailbox).to_contain_text("No email")
    expect(second.mailed_link).to_have_count(0)

    second.ask_for_link()
    expect(second.mailed_link).to_be_visible()
    link = first.mailed_link.get_attribute("href") or ""

    assert second.mailed_link.get_attribute("href") != link

    second.page.goto(link)

    second.press("Sign me in")

    expect(second.page.get_by_role("link", name="Ask for a new link")).to_be_visible()
    expect(second.page.get_by_role("button", name="Sign out")).to_have_count(0)
