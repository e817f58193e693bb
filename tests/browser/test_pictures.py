"""Take the README's pictures and the link preview: ``PICTURES=1 pytest tests/browser/test_pictures.py``."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from . import shortcuts
from .conftest import Arrive
from .visitor import Visitor

pytestmark = [
    pytest.mark.panel,
    pytest.mark.skipif("PICTURES" not in os.environ, reason="set PICTURES to take pictures"),
]

PROJECT = Path(__file__).parents[2]
LARGEST = 40_000  # bytes


def test_the_pictures_of_the_journey(arrive: Arrive) -> None:
    visitor = arrive(width=1200)
    visitor.expected = {403}
    visitor.email = "ada@example.com"
    page = visitor.page
    page.set_viewport_size({"width": 1190, "height": 625})
    page.goto("/")
    _take(visitor, "extras/demo/static/preview.jpg", "jpeg")
    page.set_viewport_size({"width": 1200, "height": 560})
    visitor.sign_in()
    visitor.show_qr_code()
    _take(visitor, "docs/authenticator.webp")
    visitor.code_field.fill(visitor.phone.locator(".one-time-code").inner_text())
    visitor.press("Confirm the code")
    visitor.continue_to_application()
    visitor.open_account()
    visitor.get_card("Virtual")
    visitor.get_card("Physical")
    page.get_by_role("link", name="Manage the card").first.click()
    for shop in ("coffee", "groceries"):
        page.get_by_label("Shop").select_option(shop)
        visitor.press("Pay with this card")
        expect(page.locator("#bought")).to_contain_text("charged")
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    page.evaluate("scrollTo(0, 0)")
    _take(visitor, "docs/card.webp")
    visitor.press("Freeze")
    expect(page.locator(".plastic.is-frozen")).to_be_visible()
    page.goto("/cards")
    expect(visitor.cards()).to_have_count(2)
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    page.evaluate("scrollTo(0, 0)")
    _take(visitor, "docs/cards.webp")
    shortcuts.sign_in(visitor)
    page.goto("/cards")
    expect(visitor.dialog).to_be_visible()
    _take(visitor, "docs/step-up.webp")


def _take(visitor: Visitor, name: str, form: str = "webp") -> None:
    """Take a picture, at the highest quality that is small enough."""
    devtools = visitor.page.context.new_cdp_session(visitor.page)
    for quality in range(85, 10, -5):
        answer = devtools.send("Page.captureScreenshot", {"format": form, "quality": quality})
        picture = base64.b64decode(answer["data"])
        if len(picture) <= LARGEST:
            break
    assert len(picture) <= LARGEST
    path = PROJECT / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(picture)
