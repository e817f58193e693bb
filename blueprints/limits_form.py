"""What a card may spend, as its holder types it: dollars and cents, or nothing for no limit of the card's own."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import DecimalField


class AmountField(DecimalField):  # type: ignore[misc]
    """Dollars and cents, or nothing."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take an amount, or say in one sentence what would be one."""
        if not any(text.strip() for text in valuelist):
            self.data = None
            return
        try:
            super().process_formdata(valuelist)
            fits = self.data.is_finite() and 0 <= self.data <= 50_000
        except ValueError:
            fits = False
        if not fits:
            raise ValueError("Enter an amount from 0 to 50,000 dollars.")


class LimitsForm(FlaskForm):  # type: ignore[misc]
    """What a card may spend, in dollars; the fields are named as Unit names the limits."""

    dailyPurchase = AmountField("Purchases in a day")  # noqa: N815
    monthlyPurchase = AmountField("Purchases in a month")  # noqa: N815
    dailyWithdrawal = AmountField("Cash in a day")  # noqa: N815
    monthlyWithdrawal = AmountField("Cash in a month")  # noqa: N815

    def cents(self) -> dict[str, int]:
        """The limits as Unit takes them."""
        amounts = {field.name: field.data for field in self if isinstance(field, AmountField)}
        return {name: round(amount * 100) for name, amount in amounts.items() if amount is not None}
