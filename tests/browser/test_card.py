"""One card's page: what is done with it, what a step-up interrupts, and all of it without a mouse."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from . import shortcuts
from .conftest import Arrive
from .server import Server
from .visitor import SCHEMES, Scheme, Visitor, answers

TOO_OLD = 11  # minutes until a code no longer counts as fresh
LIMITS = {
    "Daily purchase limit": "123.45",
    "Monthly purchase limit": "678.90",
    "Daily ATM limit": "20.00",
    "Monthly ATM limit": "80.00",
}


def test_a_freeze_that_a_code_interrupts_happens_by_itself_once(visitor: Visitor, server: Server) -> None:
    visitor.expected = {403}
    _open_card(visitor)
    page, ending, answered = visitor.page, _ending(visitor), answers(visitor, "POST", "/freeze")
    freeze = page.get_by_role("button", name="Freeze", exact=True)
    server.move_clock(TOO_OLD)

    freeze.click()
    expect(visitor.dialog).to_contain_text(f"freeze the card ending in {ending}")
    expect(visitor.code_field).to_be_focused()
    page.keyboard.press("Escape")
    expect(visitor.dialog).to_have_count(0)
    expect(freeze).to_be_focused()
    expect(_card(page)).to_contain_text("Ready to use")
    page.keyboard.press("Enter")
    expect(visitor.code_field).to_be_focused()
    page.keyboard.type(visitor.code_now)
    page.keyboard.press("Enter")

    expect(_card(page)).to_contain_text("No one can pay with it until you unfreeze it")
    expect(_state(page)).to_have_text("Frozen")
    expect(visitor.dialog).to_have_count(0)
    expect(_done(page)).to_be_focused()
    _wait_for_the_rest(page)
    assert answered == [403, 403, 200]


def test_all_that_waits_for_a_code_loads_after_one(visitor: Visitor, server: Server) -> None:
    visitor.expected = {403}
    _open_card(visitor)
    server.move_clock(TOO_OLD)
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))

    visitor.page.evaluate("document.dispatchEvent(new Event('card-changed'))")
    expect(visitor.page.get_by_role("button", name="Enter a code", include_hidden=True)).to_have_count(2)
    visitor.code_field.fill(visitor.code_now)
    visitor.press("Confirm")

    expect(_limits(visitor.page)).to_contain_text("Spent today")
    expect(_activity(visitor.page)).not_to_contain_text("Confirm it’s you")
    expect(visitor.page.get_by_role("button", name="Enter a code", include_hidden=True)).to_have_count(0)
    assert (asked.count("activity"), asked.count("limits")) == (2, 2)


def test_without_script_a_page_asks_and_the_freeze_is_sent_again_once(arrive: Arrive, server: Server) -> None:
    visitor = arrive(script=False)
    visitor.expected = {403}
    _open_card(visitor)
    page, ending, answered = visitor.page, _ending(visitor), answers(visitor, "POST", "/freeze")
    server.move_clock(TOO_OLD)

    visitor.press("Freeze")
    expect(page.get_by_role("main")).to_contain_text(f"freeze the card ending in {ending}")
    visitor.code_field.fill(visitor.code_now)
    visitor.press("Confirm")

    expect(page.locator("main > .done")).to_contain_text("No one can pay with it")
    expect(_state(page)).to_have_text("Frozen")
    assert answered == [403, 303]


def test_limits_that_a_code_interrupts_keep_what_was_typed(anybody: Visitor, server: Server) -> None:
    anybody.expected = {403}
    _open_card(anybody)
    page, ending, answered = anybody.page, _ending(anybody), answers(anybody, "POST", "/limits")
    if not _runs_scripts(page):
        _limits(page).get_by_role("link", name="Show limits").click()
    for name, typed in LIMITS.items():
        page.get_by_label(name).fill(typed)
    server.move_clock(TOO_OLD)

    anybody.press("Save limits")
    expect(page.get_by_text("Enter a code from your authenticator")).to_contain_text(
        f"change the limits of the card ending in {ending}"
    )
    anybody.code_field.fill(anybody.code_now)
    anybody.press("Confirm")

    expect(page.get_by_text("Limits saved.").first).to_be_visible()
    shown = [page.get_by_label(name).input_value() for name in LIMITS]
    assert shown == [*LIMITS.values()]
    assert answered in ([403, 200], [403, 303])
    page.reload()
    assert [page.get_by_label(name).input_value() for name in LIMITS] == shown


def test_a_purchase_shows_at_once_in_balance_activity_and_limits(visitor: Visitor) -> None:
    _open_card(visitor)
    page, before = visitor.page, _available(visitor)
    page.evaluate("document.body.dataset.still = 'here'")

    page.get_by_label("Shop").select_option("coffee")
    visitor.press("Pay with this card")
    expect(page.get_by_text("Corner Café charged $4.50.").first).to_be_focused()
    expect(_activity(page)).to_contain_text("Corner Café")
    expect(_limits(page)).to_contain_text("Spent today $4.50")
    assert _available(visitor) == before - 450
    visitor.press("Freeze")
    expect(_state(page)).to_have_text("Frozen")
    page.get_by_label("Shop").select_option("groceries")
    visitor.press("Pay with this card")
    expect(page.get_by_text("Declined: this card can’t be used").first).to_be_focused()
    expect(_activity(page).get_by_role("listitem").filter(has_text="Green Grocer")).to_contain_text("declined")
    expect(_limits(page)).to_contain_text("Spent today $4.50")
    assert _available(visitor) == before - 450
    expect(page.locator("body")).to_have_attribute("data-still", "here")


def test_what_cannot_be_undone_asks_first_and_leaves_nothing_to_do(anybody: Visitor) -> None:
    _open_card(anybody)
    page = anybody.page
    lost = page.get_by_role("button", name=f"Report the card ending in {_ending(anybody)} as lost")
    expect(lost).to_be_hidden()

    page.get_by_text("Report as lost…").click()
    expect(page.get_by_text("It stops working right away, permanently.").locator("visible=true")).to_have_count(1)
    lost.click()

    for _look in range(2):
        expect(_state(page)).to_have_text("Reported lost")
        expect(_card(page).get_by_role("button")).to_have_count(0)
        expect(_card(page).get_by_role("link")).to_have_count(0)
        expect(_card(page).locator("summary")).to_have_count(0)
        page.goto(page.url)


def test_the_card_needs_no_mouse(visitor: Visitor) -> None:
    visitor.expected = {422}
    shortcuts.become_customer(visitor)
    shortcuts.get_card(visitor)
    page, keyboard = visitor.page, visitor.page.keyboard
    page.goto("/cards")
    visitor.tab_and_press(page.get_by_role("link", name="Manage the card"), "Enter")
    expect(_limits(page)).to_contain_text("Spent today")

    visitor.tab_and_press(page.get_by_role("button", name="Freeze", exact=True), "Enter")
    _expect_focus_on(_done(page), "Card frozen.")
    visitor.tab_and_press(page.get_by_role("button", name="Unfreeze"), "Space")
    _expect_focus_on(_done(page), "Card unfrozen.")
    expect(_state(page)).to_have_text("Ready to use")

    visitor.tab_and_press(page.locator("summary", has_text="Report as lost"), "Enter")
    visitor.tab_to(page.get_by_role("button", name="Report the card"))
    visitor.tab_and_press(page.locator("summary", has_text="Close this card"), "Space")
    expect(page.get_by_role("button", name="Report the card")).to_be_hidden()
    visitor.tab_to(page.get_by_role("button", name="Close the card ending in"))

    for name, typed in LIMITS.items():
        visitor.tab_to(page.get_by_label(name))
        keyboard.type(typed)
    keyboard.press("Enter")
    _expect_focus_on(_limits(page).locator(".done"), "Limits saved.")
    visitor.tab_to(page.get_by_label("Daily purchase limit"))
    keyboard.press("Control+a")
    keyboard.type("99999")
    visitor.tab_and_press(page.get_by_role("button", name="Save limits"), "Space")
    expect(page.get_by_label("Daily purchase limit")).to_have_accessible_description(re.compile("Enter an amount"))
    expect(_limits(page).locator(".notice")).to_be_focused()

    visitor.tab_to(page.get_by_label("Shop"))
    visitor.tab_and_press(page.get_by_role("button", name="Pay with this card"), "Enter")
    _expect_focus_on(page.locator("#bought"), "charged $4.50")
    expect(_limits(page)).to_contain_text("Spent today $4.50")
    expect(page.locator("#bought")).to_be_focused()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_page_of_a_card_scrolls_sideways(arrive: Arrive, server: Server, scheme: Scheme) -> None:
    visitor = arrive(width=360, scheme=scheme, label=f"360-{scheme}-card")
    visitor.expected = {403, 422}
    _open_card(visitor)
    page = visitor.page
    page.get_by_label("Shop").select_option("hotel")
    visitor.press("Pay with this card")
    expect(_activity(page)).to_contain_text("pending")
    page.get_by_text("Report as lost…").click()
    visitor.look("card")
    page.get_by_label("Daily purchase limit").fill("99999")
    visitor.press("Save limits")
    expect(page.get_by_text("Enter an amount").first).to_be_visible()
    visitor.look("wrong-limit")
    server.move_clock(TOO_OLD)
    visitor.press("Freeze")
    expect(visitor.dialog).to_be_visible()
    visitor.look("dialog-over-card")
    visitor.code_field.fill(visitor.code_now)
    visitor.press("Confirm")
    expect(_state(page)).to_have_text("Frozen")
    visitor.look("frozen")
    page.get_by_text("Report as lost…").click()
    page.get_by_role("button", name="Report the card").click()
    expect(_state(page)).to_have_text("Reported lost")
    visitor.look("lost")
    for part in ("limits", "activity"):
        page.goto(f"{page.url.partition('?')[0].removesuffix('/limits')}/{part}")
        visitor.look(part)


def _open_card(visitor: Visitor) -> None:
    """Become a customer with a card, and open its page."""
    shortcuts.become_customer(visitor)
    shortcuts.get_card(visitor)
    visitor.page.goto("/cards/list")
    visitor.page.get_by_role("link", name="Manage the card").click()
    expect(visitor.page.get_by_role("heading", name="Card ending in")).to_be_visible()
    _wait_for_the_rest(visitor.page)


def _wait_for_the_rest(page: Page) -> None:
    """What the page loads by itself has come, where scripts run."""
    if _runs_scripts(page):
        expect(page.locator("[aria-busy=true], .htmx-request")).to_have_count(0)


def _runs_scripts(page: Page) -> bool:
    return page.locator("noscript a").first.is_hidden()


def _expect_focus_on(target: Locator, words: str) -> None:
    expect(target).to_contain_text(words)
    expect(target).to_be_focused()


def _ending(visitor: Visitor) -> str:
    return visitor.page.get_by_role("heading", name="Card ending in").inner_text()[-4:]


def _available(visitor: Visitor) -> int:
    """The balance in cents."""
    return int(re.sub(r"\D", "", visitor.page.locator("#balance strong").inner_text()))


def _card(page: Page) -> Locator:
    return page.get_by_role("region", name="This card")


def _state(page: Page) -> Locator:
    return _card(page).locator(".state")


def _done(page: Page) -> Locator:
    return _card(page).locator(".done")


def _activity(page: Page) -> Locator:
    return page.get_by_role("region", name="Recent activity")


def _limits(page: Page) -> Locator:
    return page.get_by_role("region", name="Limits")
