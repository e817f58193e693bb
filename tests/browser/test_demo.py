"""The story on the home page."""

from __future__ import annotations

from .visitor import Visitor

CUT_OFF = """() => [...document.querySelectorAll('svg text')].filter(text => {
    const word = text.getBoundingClientRect(), drawing = text.ownerSVGElement.getBoundingClientRect();
    const over = [drawing.left - word.left, word.right - drawing.right, word.bottom - drawing.bottom];
    return word.width && Math.max(...over) > 1;
}).map(text => text.textContent)"""


def test_the_diagram_has_room_for_its_words(visitor: Visitor) -> None:
    visitor.page.goto("/")

    assert visitor.page.evaluate(CUT_OFF) == []
    visitor.page.set_viewport_size({"width": 360, "height": 800})
    assert visitor.page.evaluate(CUT_OFF) == []
