"""Card number and CVV2, for a customer token with ``cards-sensitive``, and activation with them.

Org tokens can't have these scopes. Numbers are test numbers. Whether a PIN is set is not secret.
"""

from __future__ import annotations

from flask import Blueprint, Response

from ..store import Json, Tenant
from . import card_rules, jsonapi
from .calls import Call, endpoint
from .documents import body
from .errors import UnitFault
from .schema import fields, text

routes = Blueprint("card_secrets", __name__)

# The org setting generalSettings.showSensitiveDataForPhysicalCards, off by default.
SHOW_PHYSICAL = False
_PROOF = fields({"cvv2": text("[0-9]{3}"), "expirationDate": text("[0-9]{4}-[0-9]{2}")})


def printed(tenant: Tenant, card_id: str) -> Json:
    """What its holder reads off a physical card; empty for a virtual one."""
    card = tenant.get("card", card_id)
    if card is None or card["type"] != card_rules.PHYSICAL:
        return {}
    return {"cvv2": card["internal"]["cvv2"], "expirationDate": card["attributes"]["expirationDate"]}


@routes.post("/cards/<card_id>/activate")
@endpoint("cards-sensitive-write")
def activate_card(call: Call, card_id: str) -> Response:
    """Activate a physical card with its CVV2 and expiration, ``YYYY-MM``.

    UNCONFIRMED: the scope, that both are needed, and the refusal of a wrong one.
    """
    card, given = call.get("card", card_id), body().get("attributes")
    problems = [*_PROOF(given, "/data/attributes")]
    if problems:
        raise UnitFault.invalid(problems)
    printed = {"cvv2": card["internal"]["cvv2"], "expirationDate": card["attributes"]["expirationDate"]}
    if given != printed:
        raise UnitFault("invalid_value", "The CVV2 or the expiration date is not the card's", "/data/attributes")
    return jsonapi.reply(card_rules.apply_action(call.tenant, card, "activate"))


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
    # UNCONFIRMED: the scope, and that only an inactive card is refused.
    card = call.get("card", card_id)
    if card["attributes"]["status"] == "Inactive":
        raise UnitFault("not_supported_for_card_status", "The card is Inactive")
    return jsonapi.reply({"type": "pinStatus", "attributes": {"status": "NotSet"}})


def _showable(call: Call, card_id: str) -> Json:
    card = call.get("card", card_id)
    card_rules.check_status(card, ("Active",))
    if card["type"] == card_rules.PHYSICAL and not SHOW_PHYSICAL:
        # UNCONFIRMED: the code; feature_disabled is the other candidate.
        why = "Sensitive data of physical cards is off in the org settings"
        raise UnitFault("not_supported_for_card_type", why)
    return card
