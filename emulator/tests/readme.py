"""The examples of the README, which tests run."""

from __future__ import annotations

import re

from .command import FOLDER


def example(language: str) -> str:
    """The README's example in a language."""
    found = re.search(rf"```{language}\n(.+?)```", (FOLDER / "README.md").read_text(), re.S)
    assert found, language
    return found[1]
