"""One wish makes one card, however it is pressed."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from . import shortcuts
from .visitor import Visitor

pytestmark = pytest.mark.browser


def test_pressing_twice_and_reloading_make_one_card(anybody: Visitor) -> None:
    shortcuts.become_customer(anybody)
    anybody.page.goto("/cards")

    anybody.page.get_by_role("button", name="Get this card").dblclick()
    expect(anybody.cards()).to_have_count(1)
    anybody.page.reload()
    expect(anybody.cards()).to_have_count(1)
    anybody.page.goto("/cards")

    expect(anybody.cards()).to_have_count(1)
