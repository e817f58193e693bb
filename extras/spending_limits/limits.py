"""A card's limits at Unit, in cents. Unit docs: *Get card limits*, *Update card*.

The calls raise UnitError, ServiceUnavailable, StepUpRequired.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from services.unit_client import CustomerClient
from services.unit_models import Card, Resource, Whole, attribute


class Limits(Resource):
    """What a card may spend, and what it has spent."""

    given: dict[str, Whole | None] | None = Field(None, validation_alias=attribute("limits"))
    spent_today: Whole = Field(validation_alias=attribute("dailyTotals", "purchases"))
    spent_this_month: Whole = Field(validation_alias=attribute("monthlyTotals", "purchases"))

    @property
    def own(self) -> Mapping[str, int]:
        """The card's own limits, by Unit's names; the account's apply as well."""
        return {name: cents for name, cents in (self.given or {}).items() if cents is not None}


def read_limits(customer: CustomerClient, card_id: str) -> Limits:
    """Return a card's limits and totals."""
    return Limits.read(customer.get(f"/cards/{card_id}/limits")["data"])


def set_limits(customer: CustomerClient, card: Card, cents: Mapping[str, int]) -> Card:
    """Replace the card's own limits."""
    document = {"type": card.kind, "attributes": {"limits": dict(cents)}}
    return Card.read(customer.call("PATCH", f"/cards/{card.card_id}", document)["data"])
