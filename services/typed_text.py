"""Numbers and codes as people type and paste them: hyphens of every kind, digits of other scripts, invisible marks.

To copy: clean what was typed first, then check its shape and length; a ``maxlength`` would cut what is pasted.
"""

from __future__ import annotations

import re
from unicodedata import category, decimal

HYPHENS = "\u02d7\u2043\u2212\u30fc\uff70"  # besides those of Unicode's category Pd
UNSEEN = re.compile("[\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")  # besides category Cf


def plain(text: str | None) -> str:
    """Return a typed number with ASCII digits, hyphens and blanks, and without invisible marks."""
    return " ".join("".join(map(_plain, UNSEEN.sub("", text or ""))).split())


def compact(text: str | None) -> str:
    """Return a typed code or number without its blanks and hyphens, as ``plain`` has it."""
    return re.sub("[ -]", "", plain(text))


def _plain(char: str) -> str:
    kind = category(char)
    if kind == "Nd":
        return str(decimal(char))
    if kind == "Pd" or char in HYPHENS:
        return "-"
    if kind == "Cf":
        return ""
    return chr(ord(char) - 0xFEE0) if "\uff01" <= char <= "\uff5e" else char  # full-width
