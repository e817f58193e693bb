"""Every button that makes htmx send something has words for the meantime."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEMPLATES = [file for folder in ("templates", "extras") for file in (ROOT / folder).rglob("*.html")]
SENDS = re.compile(r"<form\b(?:(?!</form>).)*?hx-post.*?</form>", re.DOTALL)
BUTTON = re.compile(r"<button\b(?:[^>{]|{[^>]*?}|{%.*?%})*>", re.DOTALL)
FOUND = [
    pytest.param(button, id=f"{file.name}-{number}")
    for file in TEMPLATES
    for form in SENDS.findall(file.read_text())
    for number, button in enumerate(BUTTON.findall(form))
]


@pytest.mark.parametrize("button", FOUND)
def test_a_button_has_words_for_the_meantime(button: str) -> None:
    assert "data-busy=" in button


def test_there_are_buttons() -> None:
    assert len(FOUND) >= 8
