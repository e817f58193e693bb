"""Unit's components, as the emulator's stand-ins: drawn with their token, renewed, and gone with what they stored."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from . import shortcuts
from .conftest import Arrive
from .visitor import Scheme, Visitor

OVER = "Your code has run out. Reload the page to enter a new one."
STORED = "localStorage.getItem('unitCustomerToken')"


def open_card(visitor: Visitor) -> None:
    visitor.page.goto("/cards/list")
    visitor.page.get_by_role("link", name="Manage").click()
    visitor.page.get_by_role("link", name="Compare them").click()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 360)])
def test_units_components_read_the_card_beside_ours(arrive: Arrive, scheme: Scheme, width: int) -> None:
    visitor = arrive(scheme=scheme, width=width, label="components")
    shortcuts.become_customer(visitor)
    shortcuts.get_card(visitor)
    open_card(visitor)
    page = visitor.page
    card = page.locator("unit-elements-card")

    expect(card).to_contain_text("Card ending in")
    expect(page.locator("unit-elements-activity")).to_contain_text("No activity yet.")  # of this card
    card.get_by_text("What it was given").click()
    expect(card).to_contain_text("accounts authorizations cards customers transactions")
    visitor.look(f"components-{scheme}-{width}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    assert page.evaluate(STORED)
    page.get_by_role("link", name="Back to the card").click()
    expect(page.get_by_role("link", name="Compare them")).to_be_visible()
    assert page.evaluate(STORED) is None


def test_the_list_leads_to_a_card(holder: Visitor) -> None:
    page = holder.page
    page.goto("/cards/components")

    page.get_by_role("button", name="Card ending in").click()

    expect(page.locator("unit-elements-activity")).to_be_visible()


@pytest.mark.parametrize(
    "refusal",
    [
        "document.querySelector('unit-elements-card').setAttribute('customer-token', 'v2.public.ended')",
        "dispatchEvent(new CustomEvent('unitUnauthorizedToken'))",
        "dispatchEvent(new CustomEvent('unitOnLoad', { detail: Promise.resolve({ errors: [{ status: '401' }] }) }))",
    ],
    ids=["refused by the stand-in", "unitUnauthorizedToken", "unitOnLoad"],
)
def test_a_token_that_unit_refuses_is_renewed(holder: Visitor, refusal: str) -> None:
    holder.page.clock.install()
    open_card(holder)
    page = holder.page
    holder.expected = {401}
    card = page.locator("unit-elements-card")
    expect(card).to_contain_text("Card ending in")
    before = card.get_attribute("customer-token") or ""
    page.clock.fast_forward(10_001)

    with page.expect_request("**/components/token"):
        page.evaluate(refusal)

    expect(card).not_to_have_attribute("customer-token", before)
    expect(card).not_to_have_attribute("customer-token", "v2.public.ended")
    expect(card).to_contain_text("Card ending in")
    expect(page.locator("#components-message")).to_be_empty()


def test_without_a_fresh_code_the_page_says_what_to_do(holder: Visitor) -> None:
    page = holder.page
    page.route("**/components/token", lambda route: route.fulfill(status=403))

    open_card(holder)
    holder.expected = {403}

    expect(page.locator("#components-message")).to_have_text(
        "Your code has run out. Reload the page to enter a new one."
    )
    expect(page.locator("unit-elements-card")).to_have_count(0)


def test_a_card_that_came_in_the_mail_is_activated_with_what_is_printed_on_it(visitor: Visitor) -> None:
    shortcuts.become_customer(visitor)
    page = visitor.page
    page.goto("/cards")
    visitor.get_card("Physical")
    open_card(visitor)
    expect(page.get_by_role("heading", name="Activate the card ending in")).to_be_visible()

    page.locator("unit-elements-card").get_by_role("button", name="Activate").click()

    expect(page.get_by_role("button", name="Freeze")).to_be_visible()


def test_sign_out_deletes_what_was_stored(holder: Visitor) -> None:
    page = holder.page
    page.goto("/cards")
    page.evaluate("localStorage.setItem('unitCustomerToken', 'x')")

    holder.press("Sign out")

    expect(page.get_by_role("button", name="Email me a link")).to_be_visible()
    assert page.evaluate(STORED) is None
