"""The list of cards: what it looks like, and that one form makes one card, however often it is pressed."""

from __future__ import annotations

from playwright.sync_api import Route, expect

from . import shortcuts
from .visitor import Visitor

IN_THE_WAY = """(element) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    const found = document.elementFromPoint(left + width / 2, top + height / 2);
    return found.closest('a')?.textContent ?? found.outerHTML;
}"""


def test_pressing_twice_and_reloading_make_one_card(anybody: Visitor) -> None:
    shortcuts.become_customer(anybody)
    anybody.page.goto("/cards")

    anybody.page.get_by_role("button", name="Get this card").dblclick()
    expect(anybody.cards()).to_have_count(1)
    anybody.page.reload()
    expect(anybody.cards()).to_have_count(1)
    anybody.page.goto("/cards")

    expect(anybody.cards()).to_have_count(1)


def test_a_message_of_the_page_before_goes_with_the_next_press(visitor: Visitor) -> None:
    shortcuts.enroll(visitor)
    visitor.page.goto("/customer")
    visitor.open_account()
    message = visitor.page.get_by_text("Your bank account is open.")
    expect(message).to_be_visible()

    visitor.get_card("Virtual")

    expect(message).to_have_count(0)


def test_the_card_itself_is_the_link_to_it(holder: Visitor) -> None:
    page = holder.page
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto("/cards")
        card = holder.cards().first
        expect(card).to_be_visible()
        assert "Manage" in card.evaluate(IN_THE_WAY)
        small = page.locator("main a:visible, main button:visible").evaluate_all(
            "all => all.filter(it => it.getBoundingClientRect().height < 24).map(it => it.outerHTML)"
        )
        assert small == []

        box = card.bounding_box()
        assert box
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

        expect(page.get_by_role("heading", name="Card ending in")).to_be_visible()


def test_while_cards_load_one_is_drawn_and_while_one_is_made_the_button_says_so(visitor: Visitor) -> None:
    shortcuts.become_customer(visitor)
    page, held = visitor.page, list[Route]()
    page.route("**/cards/list", lambda route: held.append(route))
    page.goto("/cards")
    button = page.locator("#new-card button")
    expect(page.locator(".skeleton .plastic")).to_have_count(1)
    held.pop().continue_()
    page.unroute("**/cards/list")
    expect(page.locator(".skeleton")).to_have_count(0)
    expect(button).to_have_text("Get this card")

    page.route("**/cards", lambda route: held.append(route))
    button.click()
    expect(button).to_have_text("Getting your card…")
    expect(page.get_by_role("status")).to_have_text("Getting your card…")
    page.evaluate("htmx.ajax('GET', '/cards/list', { target: '#notice', swap: 'none' })")  # not what it waits for
    expect(button).to_have_text("Getting your card…")
    held.pop().continue_()

    expect(visitor.cards()).to_have_count(1)
    expect(button).to_have_text("Get this card")


def test_on_paper_the_panel_takes_no_room_and_cards_are_there(holder: Visitor) -> None:
    holder.page.goto("/cards")
    expect(holder.cards()).to_have_count(1)
    holder.page.emulate_media(media="print")

    assert holder.page.evaluate("getComputedStyle(document.body).paddingRight") == "0px"
    expect(holder.cards().first).to_be_visible()
    expect(holder.page.get_by_role("button").filter(visible=True)).to_have_count(0)
