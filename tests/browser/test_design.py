"""What a designer found: what is seen, and what is said meanwhile."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from app import EXTRAS

from . import shortcuts
from .accessible import TOO_WIDE
from .visitor import Visitor

BROKEN_WORDS = """() => [...document.querySelectorAll(
    '.progress .is-current .name, .top *, h1, h2, button, .button'
)].flatMap((element) => {
    const range = document.createRange(), broken = [];
    for (const node of element.childNodes) {
        if (node.nodeType !== Node.TEXT_NODE) continue;
        for (const { index, 0: word } of node.data.matchAll(/[\\p{L}\\p{N}]+/gu)) {
            range.setStart(node, index); range.setEnd(node, index + word.length);
            const tops = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
            if (tops.size > 1) broken.push(word);
        }
    }
    return broken;
})"""
needs_limits = pytest.mark.skipif("spending_limits" not in EXTRAS, reason="extras/spending_limits is deleted")
needs_demo = pytest.mark.skipif("demo" not in EXTRAS, reason="extras/demo is deleted")


def color(page: Page, selector: str, name: str) -> str:
    return str(page.locator(selector).evaluate(f"element => getComputedStyle(element).{name}"))


def test_a_field_with_an_error_has_a_red_edge(visitor: Visitor) -> None:
    visitor.expected = {422}
    visitor.page.goto("/")
    before = color(visitor.page, "#email", "borderColor")
    visitor.page.get_by_label("Email").fill("ada")
    visitor.press("Email me a link")
    expect(visitor.error).to_be_visible()
    assert visitor.page.url.endswith("/")

    assert color(visitor.page, "#email", "borderTopWidth") == "2px"
    assert color(visitor.page, "#email", "borderColor") == color(visitor.page, "#email-error", "color") != before
    visitor.page.emulate_media(color_scheme="dark")
    assert color(visitor.page, "#email", "borderColor") == color(visitor.page, "#email-error", "color") != before


def test_every_kind_of_field_shows_its_error(visitor: Visitor) -> None:
    visitor.expected = {422}
    shortcuts.enroll(visitor)
    visitor.page.goto("/customer")
    visitor.page.locator("input[name=first_name], input[name=date_of_birth]").evaluate_all(
        "fields => fields.forEach(field => { field.value = '' })"
    )
    visitor.page.locator("select[name=occupation]").select_option("")
    visitor.press("Open my account")
    expect(visitor.error).to_be_visible()
    wrong = visitor.page.locator("[aria-invalid=true]")
    kinds = wrong.evaluate_all("fields => [...new Set(fields.map(field => field.type))].sort()")
    widths = wrong.evaluate_all("fields => [...new Set(fields.map(field => getComputedStyle(field).borderTopWidth))]")

    assert kinds == ["select-one", "text"]
    assert widths == ["2px"]


@needs_demo
def test_in_forced_colors_cards_are_opaque_and_have_an_edge(visitor: Visitor) -> None:
    page = visitor.page
    page.emulate_media(forced_colors="active")
    page.goto("/")
    for number in range(2):
        card = page.locator(".showcase .plastic").nth(number)
        style = card.evaluate(
            "card => (({ backgroundImage, borderTop }) => [backgroundImage, borderTop])(getComputedStyle(card))"
        )
        assert style[0] == "none"
        assert style[1].startswith("1px solid")
    shortcuts.enroll(visitor)
    page.goto("/")
    steps = page.locator(".progress li")
    backgrounds = steps.evaluate_all(
        "steps => steps.map(step => getComputedStyle(step.firstElementChild).backgroundColor)"
    )
    current = steps.evaluate_all("steps => steps.findIndex(step => step.ariaCurrent === 'step')")

    assert backgrounds.count(backgrounds[current]) == 1


def test_the_progress_does_not_arrive_anew_on_each_page(holder: Visitor) -> None:
    holder.page.emulate_media(reduced_motion="no-preference")
    holder.page.goto("/account" if "account" in EXTRAS else "/")
    names = holder.page.locator(".progress *").evaluate_all(
        "all => [...new Set(all.map(it => getComputedStyle(it).animationName))]"
    )

    assert names == ["none"]


def test_the_eyebrow_and_the_progress_name_the_same_step(anybody: Visitor) -> None:
    page = anybody.page

    def expect_step(number: int) -> None:
        expect(page.locator(".eyebrow")).to_have_text(f"Step {number} of 5")
        expect(page).to_have_title(re.compile(f": step {number} of 5"))
        current = page.locator("#progress li").evaluate_all("all => all.findIndex(it => it.ariaCurrent === 'step') + 1")
        assert current == number

    anybody.sign_in()
    expect_step(2)
    anybody.show_qr_code()
    expect_step(2)
    anybody.code_field.fill(anybody.code_now)
    anybody.press("Confirm the code")
    expect(page.get_by_role("heading", name="Your authenticator is set up")).to_be_visible()
    expect_step(2)
    anybody.continue_to_application()
    expect_step(3)


def test_who_is_not_signed_in_reads_a_notice_and_no_success(visitor: Visitor) -> None:
    visitor.page.goto("/cards")

    expect(visitor.page.locator("main > .said")).to_contain_text("You’re not signed in")
    expect(visitor.page.locator("main > .said")).not_to_be_focused()
    expect(visitor.page.locator(".done")).to_have_count(0)
    expect(visitor.page.get_by_role("status")).to_contain_text("You’re not signed in")


@needs_demo
@needs_limits
def test_a_success_goes_with_the_next_act(holder: Visitor) -> None:
    holder.expected = {403, 409, 422}
    page = holder.page
    page.goto("/cards")
    page.get_by_role("link", name="Manage the card").click()
    holder.press("Pay with this card")
    expect(page.locator("#bought")).to_contain_text("charged")
    page.get_by_label("Daily purchases").or_(page.locator("#limits-form input[type=text]").first).first.fill("100")
    holder.press("Save limits")
    expect(page.locator("#card-limits .done")).to_have_text("Limits saved.")
    expect(page.locator("#bought")).to_be_empty()
    holder.press("Freeze")
    expect(page.locator(".card .done")).to_contain_text("Card frozen")
    expect(page.get_by_text("Limits saved.").filter(visible=True)).to_have_count(0)
    holder.press("Pay with this card")
    expect(page.locator("#bought.error")).to_be_visible()
    expect(page.locator(".card .done")).to_be_empty()
    holder.press("Unfreeze")
    expect(page.locator(".card .done")).to_contain_text("Card unfrozen")

    expect(page.locator("#bought")).to_be_empty()


def test_on_a_small_phone_no_word_breaks_and_the_header_is_one_row(visitor: Visitor) -> None:
    page = visitor.page
    shortcuts.sign_in(visitor)
    page.goto("/")
    _look_on_small_phones(visitor)
    visitor.show_qr_code()
    _look_on_small_phones(visitor)
    shortcuts.become_customer(visitor)
    shortcuts.get_card(visitor)
    page.goto("/cards")
    expect(visitor.cards()).to_have_count(1)
    _look_on_small_phones(visitor)


@pytest.mark.parametrize("brand", ["<img src='data:,' alt='' width=600 height=28>", "<span>" + "W" * 40 + "</span>"])
def test_a_wide_logo_or_name_leaves_room_for_the_rest_of_the_header(holder: Visitor, brand: str) -> None:
    page = holder.page
    for path in ("/cards", "/login"):
        page.goto(path)
        page.locator(".brand").evaluate("(place, brand) => { place.innerHTML = brand; }", brand)
        for width in (320, 390, 640, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate(TOO_WIDE) <= 0, (path, width)


def _look_on_small_phones(visitor: Visitor) -> None:
    page = visitor.page
    for width in (360, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(BROKEN_WORDS) == []
        brand, sign_out = (page.locator(name).bounding_box() for name in (".brand", ".who button"))
        assert brand
        assert sign_out
        assert abs(brand["y"] + brand["height"] / 2 - sign_out["y"] - sign_out["height"] / 2) < 4
        visitor.look("small")
