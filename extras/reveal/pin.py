"""Whether a card's PIN is set. Unit docs: *Check PIN status*."""

from __future__ import annotations

from pydantic import Field

from blueprints.cards import current_customer
from services.errors import ServiceUnavailable
from services.unit_client import UnitError
from services.unit_models import Card, Resource, attribute


class PinStatus(Resource):
    """Whether the customer has set a PIN."""

    status: str = Field(validation_alias=attribute("status"))  # Set, NotSet


def pin_status(card: Card) -> str:
    """Return ``Set`` or ``NotSet``, or an empty string if that is unknown.

    The page works without it, so Unit's errors are ignored.
    """
    if card.is_virtual or card.status != "Active":  # Unit refuses to answer for others
        return ""
    try:
        return PinStatus.read(current_customer().get(f"/cards/{card.card_id}/secure-data/pin/status")["data"]).status
    except (UnitError, ServiceUnavailable):
        return ""
