"""Text as people type and paste it: hyphens of every kind, digits of other scripts, marks that cannot be seen.

To copy: clean what was typed first, then check its shape and length; a ``maxlength`` would cut what is pasted.
"""

from __future__ import annotations

import re
from unicodedata import category, decimal

import idna

HYPHENS = "\u02d7\u2043\u2212\u30fc\uff70"  # besides those of Unicode's category Pd
JOINERS = re.compile("[\u180b-\u180f\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef]")  # variants too
COMPLEX = "\u0590-\u180a\u1810-\u1fff\u2c00-\u3163\u3165-\ud7ff\uf900-\ufdff\U00010000-\U0003ffff"  # may need joiners
UNSEEN = "\xad\u061c\u200b\u200e\u200f\u202a-\u202d\u2060-\u206f\u2800\u3164\ufeff\uffa0"
NEEDLESS = re.compile(f"[{UNSEEN}]|(?<![{COMPLEX}]){JOINERS.pattern}")


def plain(text: str | None) -> str:
    """Return a typed number with ASCII digits, hyphens and blanks, and without invisible marks."""
    return "".join(map(_plain, JOINERS.sub("", clean_line(text))))


def compact(text: str) -> str:
    """Return a typed code or number without its blanks and hyphens, as ``plain`` has it."""
    return re.sub("[ -]", "", plain(text))


def clean_line(text: str | None) -> str:
    """Return a line of text, such as a name, without invisible marks but for those that its spelling needs.

    Control characters stay, and U+202E, which turns what is read around: refuse those.
    """
    return " ".join(NEEDLESS.sub("", text or "").split())


def email_in_ascii(address: str) -> str:
    """Return an email address with its domain as servers know it. Raises UnicodeError if there is no such domain."""
    local, at, domain = address.replace("\uff20", "@").rpartition("@")
    return f"{local}{at}{domain if domain.isascii() else idna.encode(domain, uts46=True).decode()}"


def _plain(char: str) -> str:
    kind = category(char)
    if kind == "Nd":
        return str(decimal(char))
    if kind == "Pd" or char in HYPHENS:
        return "-"
    if kind == "Cf":
        return ""
    return chr(ord(char) - 0xFEE0) if "\uff01" <= char <= "\uff5e" else char  # full-width
