"""The limits form: amounts in dollars, each of which may be empty for no limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field
from wtforms.widgets import TextInput

from blueprints.cards import dollars

from .money import cents_from

HIGHEST = 5_000_000  # cents
INVALID = "Enter an amount from $0 to $50,000, such as 250 or 99.50."
WIRE_NAMES = {
    "daily_purchase": "dailyPurchase",
    "monthly_purchase": "monthlyPurchase",
    "daily_atm": "dailyWithdrawal",
    "monthly_atm": "monthlyWithdrawal",
}


class AmountField(Field):  # type: ignore[misc]
    """Cents, typed as dollars; None if the field is empty."""

    data: Any
    widget = TextInput()  # a number field sends nothing for text that is not a number, which would mean "no limit"

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else dollars(self.data).removeprefix("$")

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read an amount. Raises ValueError, with what to tell the user."""
        try:
            self.data = cents_from(valuelist[0] if valuelist else "")
        except ValueError:
            raise ValueError(INVALID) from None
        if self.data is not None and self.data > HIGHEST:
            raise ValueError(INVALID)


class LimitsForm(FlaskForm):  # type: ignore[misc]
    """What a card may spend."""

    daily_purchase = AmountField("Daily purchase limit", render_kw={"inputmode": "decimal"})
    monthly_purchase = AmountField("Monthly purchase limit", render_kw={"inputmode": "decimal"})
    daily_atm = AmountField("Daily ATM limit", render_kw={"inputmode": "decimal"})
    monthly_atm = AmountField("Monthly ATM limit", render_kw={"inputmode": "decimal"})

    def changed(self, own: Mapping[str, int], shown: Mapping[str, str]) -> dict[str, int]:
        """Return the limits by Unit's names: ``own``, with what the user changed.

        Only fields that differ from what the form had ``shown`` count, so a stale page undoes no change made elsewhere.
        """
        typed = {name: self[name].data for name in WIRE_NAMES if str(self[name].data) != shown.get(name)}
        limits = {**own, **{WIRE_NAMES[name]: cents for name, cents in typed.items()}}
        return {name: cents for name, cents in limits.items() if cents is not None}


def by_field(own: Mapping[str, int]) -> dict[str, int | None]:
    """Return a card's limits by the names of the form's fields."""
    return {name: own.get(wire_name) for name, wire_name in WIRE_NAMES.items()}
