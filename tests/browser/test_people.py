"""Inviting someone, changing what is known of a user, and the sessions of several browsers."""

from __future__ import annotations

import re
import secrets

from playwright.sync_api import expect

from . import shortcuts
from .accessible import AXE, complaints
from .conftest import Arrive
from .visitor import Visitor


def invited_by(visitor: Visitor, email: str) -> str:
    """Invite an address; return the link that arrives in the pretend mailbox."""
    visitor.wait_for_mail()
    visitor.page.goto("/invitations")
    visitor.page.get_by_label("Their email address").fill(email)
    visitor.press("Send invitation")
    expect(visitor.page.get_by_text(f"If {email} has no account yet")).to_be_visible()
    return str(visitor.mailbox.get_by_role("link", name="Accept the invitation").get_attribute("href"))


def test_an_invitation_is_sent_accepted_and_gone_from_the_list(anybody: Visitor) -> None:
    visitor, grace = anybody, f"grace.{secrets.token_hex(4)}@example.com"
    page = visitor.page
    page.add_init_script(path=AXE)
    shortcuts.enroll(visitor)
    visitor.expected = {422}
    page.goto("/account")
    page.get_by_role("link", name="Invite someone").click()
    page.get_by_label("Their email address").fill("grace")
    visitor.press("Send invitation")
    expect(page.get_by_label("Their email address")).to_have_accessible_description(re.compile("Enter an address like"))

    link = invited_by(visitor, grace)
    expect(page.get_by_role("listitem").filter(has_text=grace)).to_contain_text("The link works until")
    visitor.look("invitations")
    page.goto(link)
    expect(page.get_by_role("heading", name="You’re invited")).to_be_visible()
    expect(page.get_by_text(f"{visitor.email} invited {grace} to open an account here.")).to_be_visible()
    visitor.look("accept")
    visitor.press("Accept the invitation")

    expect(page.get_by_role("heading", name="Add an authenticator")).to_be_visible()
    page.goto("/account")
    expect(page.locator("#account").get_by_text(grace).first).to_be_visible()
    shortcuts.sign_in(visitor)
    page.goto("/invitations")
    expect(page.get_by_text("No invitation is waiting.")).to_be_visible()


def test_a_revoked_invitation_does_not_open(visitor: Visitor) -> None:
    visitor.expected = {400}
    shortcuts.enroll(visitor)
    link = invited_by(visitor, f"grace.{secrets.token_hex(4)}@example.com")
    visitor.page.get_by_role("button", name="Revoke").click()
    expect(visitor.page.get_by_text("The invitation is revoked.")).to_be_visible()

    visitor.page.goto(link)
    visitor.press("Accept the invitation")

    expect(visitor.page.get_by_role("heading", name="This link was used, revoked or has expired")).to_be_visible()


def test_another_address_is_added_by_a_link_and_given_to_the_bank(anybody: Visitor) -> None:
    visitor, page, work = anybody, anybody.page, f"work.{secrets.token_hex(4)}@example.com"
    shortcuts.become_customer(visitor)
    visitor.wait_for_mail()
    page.goto("/account")
    page.get_by_text("Add an email address, with a link").click()
    page.get_by_label("New email address").fill(work)
    visitor.press("Send me a link")
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
    visitor.look("address-sent")
    visitor.mailed_link.click()
    visitor.look("address-open")
    visitor.press("Add the address")
    expect(page.get_by_text("The bank keeps the one that it has")).to_be_visible()

    page.get_by_role("link", name="Compare and change them").click()
    visitor.look("bank-contact")
    visitor.press(f"Use {work} at the bank")

    expect(page.get_by_text(f"The bank now uses {work}.")).to_be_visible()
    expect(page.locator("dl.facts dd").first).to_have_text(work)


def test_a_name_is_changed_and_the_account_deleted_after_a_code(visitor: Visitor) -> None:
    visitor.expected = {403, 422}
    page = visitor.page
    page.add_init_script(path=AXE)
    shortcuts.become_customer(visitor)
    page.goto("/account")
    page.get_by_text("Change your name").click()
    page.get_by_label("First name").fill("Ada")
    page.get_by_label("Last name").fill("Lovelace")
    visitor.press("Save name")
    expect(page.get_by_role("region", name="Name")).to_contain_text("Ada Lovelace")
    page.locator("summary").evaluate_all("all => all.forEach(each => { each.parentElement.open = true })")
    found = complaints(page)
    visitor.look("account-open")
    shortcuts.sign_in(visitor)
    page.goto("/account")
    page.get_by_text("Delete my account").first.click()
    expect(page.get_by_text("Your bank account stays open, with its money and its cards.")).to_be_visible()
    page.get_by_label("Type delete to confirm").fill("no")
    page.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_label("Type delete to confirm")).to_have_accessible_description(
        "Type the word delete to confirm."
    )
    visitor.look("delete-refused")
    page.get_by_label("Type delete to confirm").fill("delete")
    page.get_by_role("button", name="Delete my account").click()
    visitor.code_field.fill(visitor.next_code)
    visitor.press("Confirm")

    expect(page.get_by_text("Your account is deleted, and you’re signed out on all devices.")).to_be_visible()
    assert found == []


def test_another_browser_is_recognized_and_signed_out(arrive: Arrive) -> None:
    first, second = arrive(), arrive(width=360)
    shortcuts.enroll(first)
    second.email = first.email
    cookies = [each for each in first.page.context.cookies() if "emulator_visitor" in each["name"]]
    second.page.context.add_cookies(cookies)  # type: ignore[arg-type]
    shortcuts.sign_in(second)
    second.page.goto("/account")
    second.look("sessions")

    first.page.goto("/account")
    other = first.page.get_by_role("listitem").filter(has_text="Another session")
    expect(other).to_contain_text("Chrome on Linux")
    expect(other).to_contain_text("Address 10.")
    other.get_by_role("button", name="Sign out this session").click()

    expect(first.page.get_by_text("That session is signed out.")).to_be_visible()
    expect(other).to_have_count(0)
    second.page.goto("/account")
    expect(second.page.get_by_label("Email")).to_be_visible()
