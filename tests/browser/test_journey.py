"""From an e-mail address to cards and out again, as different people do it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .conftest import Arrive
from .visitor import SCREENSHOTS, Scheme, Visitor

pytestmark = pytest.mark.browser

WIDTHS = [360, 1280] if SCREENSHOTS else [360]
CUT_OFF = """() => [...document.querySelectorAll('svg text')].filter(text => {
    const word = text.getBoundingClientRect(), drawing = text.ownerSVGElement.getBoundingClientRect();
    const over = [drawing.left - word.left, word.right - drawing.right, word.bottom - drawing.bottom];
    return word.width && Math.max(...over) > 1;
}).map(text => text.textContent)"""
FILLED_IN = ("First name", "Last name", "Social Security number", "Mobile phone", "ZIP code", "Occupation")


def test_the_journey_leads_from_an_email_address_to_cards_and_leaves_nothing_behind(anybody: Visitor) -> None:
    page = anybody.page

    anybody.sign_in()
    anybody.enrol()
    with page.expect_download() as saving:
        page.get_by_role("link", name="Save as a text file").click()
    codes = Path(saving.value.path()).read_text().split()

    assert len(set(codes)) == 10
    assert codes == page.locator(".codes").get_by_role("listitem").all_inner_texts()

    anybody.go_on()
    for name in FILLED_IN:
        expect(page.get_by_label(name)).not_to_have_value("")
    anybody.open_account()
    anybody.get_card("Virtual")
    anybody.get_card("Physical")

    expect(anybody.cards()).to_have_count(2)

    anybody.sign_out()
    with page.expect_response(re.compile(r"/cards(/list)?$")) as asked_again:
        page.evaluate("history.back()")
    expect(page.get_by_label("E-mail")).to_be_visible()

    assert asked_again.value.status == 303
    expect(anybody.cards()).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_scrolls_sideways(arrive: Arrive, width: int, scheme: Scheme) -> None:
    visitor = arrive(width=width, scheme=scheme, label=f"{width}-{scheme}")
    visitor.expected = {403, 422}  # a code is needed; the code is wrong

    visitor.become_customer()
    visitor.get_card("Virtual")
    visitor.get_card("Physical")
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


@pytest.mark.parametrize("width", [360, 1280])
def test_the_drawing_of_the_journey_has_room_for_its_words(arrive: Arrive, width: int) -> None:
    visitor = arrive(width=width)

    visitor.page.goto("/")

    assert visitor.page.evaluate(CUT_OFF) == []
