"""Identity: a lost phone, a texted code, and what the account page knows."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from . import shortcuts
from .conftest import Arrive
from .visitor import SCHEMES, Scheme, Visitor

pytestmark = pytest.mark.browser

TEXTED = "Six-digit code from the text"


def test_a_lost_phone_is_replaced_with_a_recovery_code(anybody: Visitor) -> None:
    anybody.expected = {403, 422}
    code = _come_back(anybody)[0]
    page = anybody.page
    old_key = anybody.key

    page.get_by_role("link", name="Use a recovery code").click()
    page.get_by_label("Recovery code").fill("abcd-1234-efgh")
    anybody.press("Remove the lost authenticator")
    expect(anybody.error).to_be_visible()
    page.get_by_label("Recovery code").fill(code)
    anybody.press("Remove the lost authenticator")
    expect(page.get_by_role("heading", name="Add an authenticator")).to_be_visible()

    page.goto("/cards/list")
    expect(anybody.cards()).to_have_count(0)
    page.goto("/")
    anybody.enroll()

    assert anybody.key != old_key
    assert code not in _codes(page).all_inner_texts()

    page.get_by_role("link", name="I’ve saved my codes").click()
    expect(anybody.cards()).to_have_count(1)


def test_a_texted_code_shows_the_cards(anybody: Visitor) -> None:
    anybody.expected = {403, 422}
    _come_back(anybody)

    anybody.press("Use a code texted by your bank instead")
    expect(anybody.page.get_by_text("Your bank texts a code")).to_contain_text("see your cards")
    anybody.page.get_by_label(TEXTED).fill("000002")
    anybody.press("Confirm")
    expect(anybody.error).to_be_visible()
    anybody.page.get_by_label(TEXTED).fill("000001")
    anybody.press("Confirm")

    expect(anybody.cards()).to_have_count(1)
    expect(anybody.dialog).to_have_count(0)


def test_the_account_shows_this_session_and_how_it_was_proven(anybody: Visitor) -> None:
    shortcuts.enroll(anybody)
    page = anybody.page
    page.goto("/")
    page.get_by_role("link", name="Account", exact=True).click()

    proofs = page.get_by_role("region", name="How you confirmed it’s you")
    expect(proofs.get_by_role("term")).to_have_text(["Email link or code", "Authenticator"])
    sessions = page.get_by_role("region", name="Where you’re signed in").get_by_role("listitem")
    expect(sessions).to_have_count(1)
    expect(sessions).to_contain_text("This session")

    anybody.press("Show my recovery codes")

    expect(_codes(page)).to_have_count(10)
    expect(page.get_by_role("link", name="Save as a text file")).to_be_visible()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_page_about_identity_scrolls_sideways(arrive: Arrive, scheme: Scheme) -> None:
    visitor = arrive(width=360, scheme=scheme, label=f"360-{scheme}-identity")
    visitor.expected = {403, 422}
    _come_back(visitor)
    page = visitor.page
    visitor.press("Use a code texted by your bank instead")
    expect(page.get_by_text("Your bank texts a code")).to_be_visible()
    visitor.look("text")
    page.get_by_label(TEXTED).fill("000002")
    visitor.press("Confirm")
    expect(visitor.error).to_be_visible()
    visitor.look("wrong-text")
    page.goto("/account")
    for name in ("Replace authenticator", "Remove authenticator", "Sign out everywhere"):
        page.locator("summary", has_text=name).click()
    visitor.look("account")
    visitor.press("Show my recovery codes")
    expect(visitor.dialog).to_contain_text("see your recovery codes")
    visitor.look("dialog-over-account")
    visitor.code_field.fill(visitor.next_code)
    visitor.press("Confirm")
    expect(_codes(page)).to_have_count(10)
    visitor.look("account-with-codes")
    page.goto("/step-up/recover")
    visitor.look("recovery")
    page.get_by_label("Recovery code").fill("abcd-1234-efgh")
    visitor.press("Remove the lost authenticator")
    expect(visitor.error).to_be_visible()
    visitor.look("wrong-recovery-code")


def _come_back(visitor: Visitor) -> list[str]:
    """A customer with a card who has signed in anew is asked for a code; returns the recovery codes saved before."""
    shortcuts.become_customer(visitor)
    shortcuts.get_card(visitor)
    visitor.page.goto("/account")
    visitor.press("Show my recovery codes")
    expect(_codes(visitor.page)).to_have_count(10)
    codes = _codes(visitor.page).all_inner_texts()
    shortcuts.sign_in(visitor)
    visitor.page.goto("/")
    visitor.page.get_by_role("link", name="See my cards").click()
    expect(visitor.page.get_by_role("heading", name="Confirm it’s you")).to_be_visible()
    return codes


def _codes(page: Page) -> Locator:
    """The recovery codes that the page shows."""
    return page.locator(".codes").get_by_role("listitem")
