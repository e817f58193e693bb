"""Pages with Unit's elements, and the token that they want.

To copy: the page holds no token; its script asks for one with a POST, and for a new one when Unit refuses it. What it
gets can only read, reaches no other card, and lives no longer than the step-up: a thief can change nothing with it, but
can read the customer's own record, since the pages of all three elements list the scope ``customers``.
One token can do more: that of a card that waits to be activated, whose element sends Unit the CVV and the expiration
date, past this server. It can change this card, but not show its number, and lives five minutes at most.

Unit docs: *Card*, *Multiple Cards*, *Activity*, *Customer API Tokens*. UNCONFIRMED: that the elements make do with
fewer scopes than Unit's pages list, once the actions that need the others are hidden.
"""

from __future__ import annotations

import json
import time

from flask import Blueprint, Response, current_app, jsonify, make_response, render_template

from blueprints.cards import card_purpose, current_customer, prove
from services.exchange import exchange
from services.guards import customer_required, revalidate_session, second_factor_required
from services.security import allow
from services.step_up import step_up_required
from services.unit_models import Card

bp = Blueprint(
    "unit_components",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/static/unit_components",
)
LIST_SCOPE = "cards customers"
CARD_SCOPE = "accounts authorizations cards customers transactions"
ACTIVATION_SCOPE = f"{CARD_SCOPE} cards-sensitive-write cards-write"
ACTIVATION_LIFE = 300  # seconds
LIST = [("unit-elements-multiple-cards", {"hide-card-actions-button": "true"})]


@bp.get("/cards/components")
@customer_required
@step_up_required("see your cards", stytch_only=True)
def cards() -> Response:
    """Show the customer's cards, ours beside Unit's."""
    return page(elements=LIST, cards=list(current_customer().cards()))


@bp.get("/cards/<digits:card_id>/components")
@customer_required
@step_up_required(card_purpose("see {}"), stytch_only=True)
def card(card_id: str) -> Response:
    """Show a card and its activity, ours beside Unit's."""
    found, account = current_customer().card(card_id)
    return page(elements=elements_of(found), card=found, account=account)


@bp.post("/cards/components/token", defaults={"card_id": ""})
@bp.post("/cards/<digits:card_id>/components/token")
@customer_required
@revalidate_session
@second_factor_required
@step_up_required(card_purpose("see {}"), stytch_only=True)
def token(card_id: str) -> Response:
    """Return a customer token for the elements of one page, as ``token`` and ``expires_in``, in seconds."""
    scope, longest, resources = LIST_SCOPE, None, []
    if card_id:
        found, _account = current_customer().card(card_id)
        waits = found.allows("activate")
        scope, longest = (ACTIVATION_SCOPE, ACTIVATION_LIFE) if waits else (CARD_SCOPE, None)
        resources = [{"type": "card", "ids": [found.card_id]}]
    made = exchange.token(prove(), scope, longest, resources)
    return jsonify(token=made.value, expires_in=int(made.expires_at - time.time()))


def elements_of(found: Card) -> list[tuple[str, dict[str, str]]]:
    """Return the elements of a card's page, with their attributes. Actions and the number stay on our own pages."""
    hidden = {"hide-sensitive-data-button": "true"}
    if not found.allows("activate"):
        hidden |= {"hide-actions-menu-button": "true"}
    activity = {"account-id": found.account_id or "", "hide-filter-button": "true"}
    return [("unit-elements-card", {"card-id": found.card_id, **hidden}), ("unit-elements-activity", activity)]


def page(elements: list[tuple[str, dict[str, str]]], **context: object) -> Response:
    """Return a page, whose policy admits Unit's script."""
    allow(current_app.extensions["unit_components"].sources)
    places = [(tag, json.dumps(attributes)) for tag, attributes in elements]
    return make_response(render_template("unit_components/page.html", places=places, **context))
