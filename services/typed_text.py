"""Text as people type and paste it: hyphens of every kind, digits of other scripts, marks that cannot be seen.

To copy: clean what was typed first, then check its shape and length; a ``maxlength`` would cut what is pasted.
"""

from __future__ import annotations

import re
from unicodedata import category, decimal

HYPHENS = "\u02d7\u2043\u2212\u30fc\uff70"  # besides those of Unicode's category Pd
INVISIBLE = re.compile("[\xad\u061c\u180e\u200b-\u200f\u202a-\u202c\u2060-\u206f\u2800\u3164\ufeff\uffa0]")
JOINERS = re.compile("[\u180b-\u180f\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef]")  # spelling may need them
COMPLEX = "\u0590"  # scripts from here on may need joiners


def plain(text: str) -> str:
    """Return a typed number with ASCII digits, hyphens and blanks, and without invisible marks."""
    return " ".join("".join(map(_plain, text)).split())


def compact(text: str) -> str:
    """Return a typed code or number without its blanks and hyphens, as ``plain`` has it."""
    return re.sub("[ -]", "", plain(text))


def clean_line(text: str) -> str:
    """Return a line of text, such as a name, without invisible marks but for those that its spelling needs.

    Control characters stay, and so do overrides of the direction, which change what is read: refuse those.
    """
    kept = ""
    for char in text:
        needed = JOINERS.match(char) and kept[-1:] >= COMPLEX and category(kept[-1])[0] in "LM"
        if needed or not (INVISIBLE.match(char) or JOINERS.match(char)):
            kept += char
    return " ".join(kept.split())


def _plain(char: str) -> str:
    kind = category(char)
    if kind == "Nd":
        return str(decimal(char))
    if kind == "Pd" or char in HYPHENS:
        return "-"
    if kind == "Cf" or INVISIBLE.match(char) or JOINERS.match(char):
        return ""
    return chr(ord(char) - 0xFEE0) if "\uff01" <= char <= "\uff5e" else char  # full-width
