"""What a card may spend, as its holder types it: dollars and cents, or nothing for no limit of the card's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import DecimalField
from wtforms.widgets import TextInput

AMOUNT = re.compile(r"[0-9]{1,6}(\.[0-9]{1,2})?", re.ASCII)
LIMITS = ("dailyPurchase", "monthlyPurchase", "dailyWithdrawal", "monthlyWithdrawal")


class AmountField(DecimalField):  # type: ignore[misc]
    """Dollars and cents, or nothing."""

    data: Any
    widget = TextInput()  # a browser sends nothing for a number that it cannot read, and nothing means no limit

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take an amount, or say in one sentence what would be one."""
        if not any(text.strip() for text in valuelist):
            self.data = None
            return
        try:
            typed = [text for text in (re.sub(r"[$,\s]", "", text) for text in valuelist) if AMOUNT.fullmatch(text)]
            super().process_formdata(typed)
            fits = bool(typed) and self.data <= 50_000
        except ValueError:
            fits = False
        if not fits:
            raise ValueError("Enter an amount from 0 to 50,000 dollars, such as 250 or 99.50.")


class LimitsForm(FlaskForm):  # type: ignore[misc]
    """What a card may spend, in dollars; the fields are named as Unit names the limits."""

    dailyPurchase = AmountField("Purchases in a day", render_kw={"inputmode": "decimal"})  # noqa: N815
    monthlyPurchase = AmountField("Purchases in a month", render_kw={"inputmode": "decimal"})  # noqa: N815
    dailyWithdrawal = AmountField("Cash in a day", render_kw={"inputmode": "decimal"})  # noqa: N815
    monthlyWithdrawal = AmountField("Cash in a month", render_kw={"inputmode": "decimal"})  # noqa: N815

    def cents(self, now: Mapping[str, int], shown: Mapping[str, str]) -> dict[str, int]:
        """The limits as Unit takes them: those of ``now``, but for what was changed from what the page had ``shown``.

        So a page that is a little old takes nothing back that was changed in another one.
        """
        typed = {name: self[name].data for name in LIMITS}
        wanted = {name: None if amount is None else round(amount * 100) for name, amount in typed.items()}
        changed = {name: cents for name, cents in wanted.items() if str(cents) != shown.get(name)}
        return {name: cents for name, cents in {**now, **changed}.items() if cents is not None}
