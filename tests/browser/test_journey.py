"""From an email address to cards and out again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from . import shortcuts
from .conftest import Arrive
from .visitor import SCHEMES, SCREENSHOTS, Scheme, Visitor

pytestmark = pytest.mark.panel
WIDTHS = [360, 1280] if SCREENSHOTS else [360]


def test_the_journey_leads_to_cards_and_out_again(anybody: Visitor) -> None:
    page = anybody.page

    anybody.sign_in()
    anybody.enroll()
    with page.expect_download() as saving:
        page.get_by_role("link", name="Save as a text file").click()
    codes = Path(saving.value.path()).read_text().split()

    assert len(set(codes)) == 10
    assert codes == page.locator(".codes").get_by_role("listitem").all_inner_texts()

    anybody.continue_to_application()
    anybody.open_account()
    anybody.get_card("Virtual")
    anybody.get_card("Physical")

    expect(anybody.cards()).to_have_count(2)

    anybody.sign_out()
    expect(page.locator("main > .done")).to_have_text("You’re signed out.")


@pytest.mark.whole_browser
def test_after_signing_out_going_back_leads_to_the_form(anybody: Visitor) -> None:
    page = anybody.page
    shortcuts.become_customer(anybody)
    shortcuts.get_card(anybody)
    page.goto("/cards/list")
    expect(anybody.cards()).to_have_count(1)

    anybody.sign_out()
    with page.expect_response(re.compile(r"/cards(/list)?$")) as asked_again:
        page.evaluate("history.back()")
    expect(page.get_by_label("Email")).to_be_visible()

    assert asked_again.value.status == 303
    expect(anybody.cards()).to_have_count(0)


def test_a_reload_at_check_your_email_keeps_it_and_back_is_the_form(visitor: Visitor) -> None:
    page, sent = visitor.page, visitor.page.get_by_role("heading", name="Check your email")
    visitor.ask_for_link()
    expect(visitor.mailed_link).to_be_visible()
    assert visitor.email not in page.url

    page.go_back()
    expect(page.get_by_label("Email")).to_be_visible()
    page.go_forward()
    expect(sent).to_be_visible()
    page.reload()
    expect(sent).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Email")).to_be_visible()
    page.go_forward()
    visitor.mailed_link.click()
    visitor.press("Sign me in")

    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_a_reload_at_the_qr_code_offers_one_again(visitor: Visitor) -> None:
    shortcuts.sign_in(visitor)
    visitor.page.goto("/")
    visitor.show_qr_code()

    visitor.page.reload()

    expect(visitor.page.get_by_text("Each QR code is shown only once.")).to_be_visible()
    visitor.show_qr_code()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_scrolls_sideways(arrive: Arrive, width: int, scheme: Scheme) -> None:
    visitor = arrive(width=width, scheme=scheme, label=f"{width}-{scheme}")
    visitor.expected = {403, 422}  # a code is needed; the code is wrong

    visitor.become_customer()
    visitor.get_card("Virtual")
    visitor.get_card("Physical")
    visitor.page.get_by_role("link", name="Manage the card").first.click()
    expect(visitor.page.locator("[aria-busy=true]")).to_have_count(0)
    visitor.look("card")
    visitor.sign_out()
    visitor.sign_in()
    visitor.page.get_by_role("link", name="See my cards").click()
    expect(visitor.dialog).to_be_visible()
    visitor.look("dialog")
    visitor.dialog.get_by_label("code").fill(visitor.wrong_code)
    visitor.press("Confirm")
    expect(visitor.error).to_be_visible()
    visitor.look("wrong-code")
    visitor.page.keyboard.press("Escape")
    visitor.look("locked-cards")
