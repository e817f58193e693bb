"""The story on the home page."""

from __future__ import annotations

import pytest

from .conftest import Arrive

CUT_OFF = """() => [...document.querySelectorAll('svg text')].filter(text => {
    const word = text.getBoundingClientRect(), drawing = text.ownerSVGElement.getBoundingClientRect();
    const over = [drawing.left - word.left, word.right - drawing.right, word.bottom - drawing.bottom];
    return word.width && Math.max(...over) > 1;
}).map(text => text.textContent)"""


@pytest.mark.parametrize("width", [360, 1280])
def test_the_diagram_has_room_for_its_words(arrive: Arrive, width: int) -> None:
    visitor = arrive(width=width)

    visitor.page.goto("/")

    assert visitor.page.evaluate(CUT_OFF) == []
