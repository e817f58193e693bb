"""Card number and CVV2, for a customer token with ``cards-sensitive``.

Org tokens can't have that scope. Numbers are test numbers. Whether a PIN is set is not secret.
"""

from __future__ import annotations

from flask import Blueprint, Response

from ..store import Json
from . import card_rules, jsonapi
from .calls import Call, endpoint
from .errors import UnitFault

routes = Blueprint("card_secrets", __name__)

# The org setting generalSettings.showSensitiveDataForPhysicalCards, off by default.
SHOW_PHYSICAL = False


@routes.get("/cards/<card_id>/secure-data/pan")
@endpoint("cards-sensitive")
def show_number(call: Call, card_id: str) -> Response:
    """Return the card number."""
    card = _showable(call, card_id)
    return jsonapi.reply({"type": "pan", "attributes": {"pan": card_rules.number(card)}})


@routes.get("/cards/<card_id>/secure-data/cvv2")
@endpoint("cards-sensitive")
def show_cvv2(call: Call, card_id: str) -> Response:
    """Return the CVV2."""
    card = _showable(call, card_id)
    return jsonapi.reply({"type": "cvv2", "attributes": {"cvv2": card["internal"]["cvv2"]}})


@routes.get("/cards/<card_id>/secure-data/pin/status")
@endpoint("cards")
def get_pin_status(call: Call, card_id: str) -> Response:
    """Return whether a PIN is set. The emulator can't set one."""
    # UNCONFIRMED: the scope, and that an inactive card is refused.
    card_rules.check_status(call.get("card", card_id), ("Active", "ActiveForOnlineUse", "Frozen"))
    return jsonapi.reply({"type": "pinStatus", "attributes": {"status": "NotSet"}})


def _showable(call: Call, card_id: str) -> Json:
    card = call.get("card", card_id)
    card_rules.check_status(card, ("Active",))
    if card["type"] == card_rules.PHYSICAL and not SHOW_PHYSICAL:
        # UNCONFIRMED: the code; feature_disabled is the other candidate.
        why = "Sensitive data of physical cards is off in the org settings"
        raise UnitFault("not_supported_for_card_type", why)
    return card
