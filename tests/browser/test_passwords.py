"""Passwords in a browser: set, sign in, confirm, change, reset by mail, remove; rated and shown."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from . import shortcuts
from .accessible import AXE, complaints
from .conftest import Arrive
from .visitor import Visitor

GOOD, OTHER = "violet-otter-plays-harp", "seven quiet lanterns drift"


def set_password(visitor: Visitor, password: str = GOOD) -> None:
    visitor.page.goto("/account")
    visitor.press("Set a password")
    visitor.page.get_by_label("New password").fill(password)
    visitor.press("Set my password")
    expect(visitor.page.get_by_text("Your password is set")).to_be_visible()


def sign_out(visitor: Visitor) -> None:
    visitor.page.get_by_role("button", name="Sign out", exact=True).first.click()
    expect(visitor.page.get_by_role("heading", name="Sign in", exact=True).last).to_be_visible()


def sign_in(visitor: Visitor, password: str = GOOD) -> None:
    visitor.page.goto("/")
    visitor.page.get_by_role("link", name="Sign in with a password").click()
    form = visitor.page.locator("#password-sign-in")
    form.get_by_label("Email").fill(visitor.email)
    form.get_by_label("Password", exact=True).fill(password)
    form.get_by_role("button", name="Sign in").click()


def open_reset_mail(visitor: Visitor, link: str) -> None:
    visitor.wait_for_mail()
    visitor.page.goto("/passwords/forgot")
    visitor.page.get_by_label("Email").fill(visitor.email)
    visitor.press("Email me a link")
    visitor.look("reset-mail")
    visitor.mailbox.get_by_role("link", name=link).click()


def confirm_by_email(visitor: Visitor) -> None:
    visitor.dialog.get_by_role("button", name="Use a code by email instead").click()
    code = visitor.mailbox.locator("article.text").first
    expect(code).to_be_visible()
    visitor.dialog.get_by_role("button", name="Use this code").first.click()


def test_a_password_is_set_signs_in_and_opens_the_cards_after_both_proofs(visitor: Visitor) -> None:
    visitor.expected = {403}
    shortcuts.become_customer(visitor)
    shortcuts.get_card(visitor)
    set_password(visitor)
    sign_out(visitor)
    sign_in(visitor)
    expect(visitor.page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()

    visitor.page.goto("/cards")
    expect(visitor.dialog).to_contain_text("which is not enough here")
    visitor.look("two-ways")
    confirm_by_email(visitor)
    expect(visitor.dialog).to_contain_text("One of two ways is done")
    visitor.look("second-way")
    visitor.code_field.fill(visitor.next_code)
    visitor.press("Confirm")

    expect(visitor.cards()).to_have_count(1)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_password_is_changed_and_removed(arrive: Arrive, script: bool) -> None:
    visitor = arrive(script=script)
    visitor.expected = {422}
    shortcuts.sign_in(visitor)
    set_password(visitor)
    visitor.press("Change my password")
    page = visitor.page
    page.get_by_label("Current password").fill(OTHER)
    page.get_by_label("New password").fill(OTHER)
    visitor.press("Change my password")
    expect(page.get_by_label("Current password")).to_have_accessible_description("That is not your current password.")
    expect(page.get_by_label("Current password")).to_have_value("")
    page.get_by_label("Current password").fill(GOOD)
    page.get_by_label("New password").fill(OTHER)
    visitor.press("Change my password")
    expect(page.get_by_text("Your password is changed.")).to_be_visible()
    shortcuts.sign_in(visitor)
    page.goto("/account")

    page.get_by_text("Remove password").click()
    visitor.press("Remove my password")

    expect(page.get_by_text("Your password is removed")).to_be_visible()
    sign_out(visitor)
    sign_in(visitor, OTHER)
    expect(visitor.error).to_contain_text("This email and password don’t match")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_forgotten_password_is_reset_by_the_mails_first_link(arrive: Arrive, script: bool) -> None:
    visitor = arrive(script=script)
    visitor.expected = {422}
    shortcuts.sign_in(visitor)
    set_password(visitor)
    sign_out(visitor)
    open_reset_mail(visitor, "Set a new password")
    visitor.look("reset-link")
    visitor.press("Choose a new password")
    visitor.page.get_by_label("New password").fill("sesame7")
    visitor.press("Set my password")
    expect(visitor.error).to_contain_text("too easy to guess")

    visitor.page.get_by_label("New password").fill(OTHER)
    visitor.press("Set my password")

    expect(visitor.page.get_by_label("Signed in")).to_contain_text(visitor.email)


def test_the_mails_second_link_signs_in_without_a_password(visitor: Visitor) -> None:
    shortcuts.sign_in(visitor)
    visitor.page.goto("/")
    sign_out(visitor)
    open_reset_mail(visitor, "Sign in without a password")

    visitor.press("Sign me in")

    expect(visitor.page.get_by_label("Signed in")).to_contain_text(visitor.email)


def test_a_password_is_rated_while_it_is_typed_and_can_be_shown(visitor: Visitor) -> None:
    page = visitor.page
    page.add_init_script(path=AXE)
    shortcuts.sign_in(visitor)
    page.goto("/account")
    visitor.press("Set a password")
    new = page.get_by_label("New password")
    expect(page.locator("#strength")).to_contain_text("Any characters")

    new.press_sequentially("sesame7")
    expect(page.locator("#strength")).to_contain_text("Too easy to guess.")
    expect(page.get_by_role("status")).to_have_text("Too easy to guess.")
    visitor.look("weak")
    found = complaints(page)
    new.fill("correct horse battery staple")
    expect(page.locator("#strength")).to_contain_text("This password was leaked")
    new.fill(GOOD)
    expect(page.locator("#strength")).to_contain_text("Strong enough.")
    expect(new).to_be_focused()
    visitor.press("Show new password")
    expect(new).to_have_attribute("type", "text")
    visitor.look("shown")
    visitor.press("Hide new password")

    expect(new).to_have_attribute("type", "password")
    assert found + complaints(page) == []


def test_a_wrong_password_keeps_the_form_open_and_can_be_repeated(visitor: Visitor) -> None:
    visitor.expected = {422}
    shortcuts.sign_in(visitor)
    set_password(visitor)
    sign_out(visitor)
    sign_in(visitor, OTHER)
    password = visitor.page.locator("#password-sign-in").get_by_label("Password", exact=True)
    expect(password).to_be_focused()
    expect(password).to_have_value("")
    visitor.look("wrong")

    visitor.press("Show password")
    password.fill(GOOD)
    visitor.page.keyboard.press("Enter")

    expect(visitor.page.get_by_label("Signed in")).to_contain_text(visitor.email)
