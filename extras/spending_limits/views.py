"""Show and change what a card may spend, with the customer's own token.

To copy: the form sends what it showed, so that saving a stale page changes only what the user changed.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request, url_for

from blueprints.cards import card_purpose, current_customer
from blueprints.htmx import is_htmx, redirect_to, render
from services.exchange import CARDS_WRITE_SCOPE
from services.guards import customer_required, revalidate_session
from services.step_up import step_up_required
from services.unit_models import Card

from .form import WIRE_NAMES, LimitsForm, by_field
from .limits import Limits, read_limits, set_limits

bp = Blueprint("spending_limits", __name__, template_folder="templates")
SAVED = "Limits saved."


@bp.get("/cards/<digits:card_id>/limits")
@customer_required
@step_up_required(card_purpose("see the limits of {}"))
def show(card_id: str) -> Response:
    """Show what the card may spend in a day and a month, and what it has spent."""
    card, limits = _card_and_limits(card_id)
    return _page(card, limits)


@bp.post("/cards/<digits:card_id>/limits")
@customer_required
@revalidate_session
@step_up_required(card_purpose("change the limits of {}"))
def save(card_id: str) -> Response:
    """Change what the card may spend."""
    card, limits = _card_and_limits(card_id)
    form, shown = LimitsForm(request.form), _shown()
    if not form.validate():
        return _page(card, limits, 422, form=form, shown=shown, announce="Nothing was saved.")
    card = set_limits(current_customer(CARDS_WRITE_SCOPE), card, form.changed(limits.own, shown))
    if not is_htmx():
        return redirect_to(url_for("spending_limits.show", card_id=card_id), announce=SAVED)
    return _page(card, read_limits(current_customer(), card.card_id), done=SAVED, announce=SAVED)


def _card_and_limits(card_id: str) -> tuple[Card, Limits]:
    customer = current_customer()
    card, _account = customer.card(card_id)
    return card, read_limits(customer, card.card_id)


def _page(card: Card, limits: Limits, status: int = 200, **context: Any) -> Response:
    """Return the limits. Unless a form is given, it is filled with the present ones."""
    own = by_field(limits.own)
    context.setdefault("form", LimitsForm(formdata=None, data=own))
    context.setdefault("shown", {name: str(cents) for name, cents in own.items()})
    return render("spending_limits/limits.html", status, card=card, limits=limits, **context)


def _shown() -> dict[str, str]:
    """Return what the page showed when it was filled in, in cents."""
    return {name: request.form.get(f"shown_{name}", "") for name in WIRE_NAMES}
