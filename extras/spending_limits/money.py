"""Amounts of money as people type them, in cents. What may mean two things is refused, never guessed.

A comma or a point with one or two digits behind it, or none, is the decimal sign: ``99,50``, ``5.``. Thousands are
groups of three: ``1,234`` is 1234.00, as are ``1 234`` and ``1.234,00``. A point before three last digits may mean
either, so ``1.234`` and ``5.500`` are refused, and so is ``0,500``.
"""

from __future__ import annotations

import re

from services.methods import plain

AMOUNT = re.compile(
    r"(?P<whole>[0-9]{0,9}|[1-9][0-9]{0,2}(?P<group>[ ,.'’\u066c])[0-9]{3}(?:(?P=group)[0-9]{3})?)"
    r"(?:(?P<point>[.,\u066b])(?P<cents>[0-9]{0,2}))?"
)


def cents_from(text: str) -> int | None:
    """Return an amount in cents, or None for an empty text. Raises ValueError for anything else."""
    typed = plain(text)
    if not typed:
        return None
    amount = AMOUNT.fullmatch(typed[1:].strip() if typed.startswith("$") else typed.removesuffix("$").strip())
    if not amount or not (amount["whole"] or amount["cents"]):
        raise ValueError("not an amount")
    if amount["group"] and (amount["group"] == amount["point"] or (amount["group"] == "." and not amount["point"])):
        raise ValueError("may mean two amounts")
    whole, cents = re.sub("[^0-9]", "", amount["whole"]), amount["cents"] or ""
    return int(whole or "0") * 100 + int(cents.ljust(2, "0"))
