"""The list of events, for the whole account or one card."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for

from blueprints.cards import current_customer
from blueprints.htmx import render
from services import guards

from .events import PAGE, activity

bp = Blueprint("activity", __name__, template_folder="templates")


@bp.get("/cards/activity", defaults={"card_id": ""})
@bp.get("/cards/<digits:card_id>/activity")
@guards.customer_required
@guards.step_up_required("see your activity")
def show(card_id: str) -> Response:
    """Show a page of events, newest first; without ``card_id`` of all cards."""
    offset = min(max(0, request.args.get("start", 0, int)), 10_000)
    customer, customer_id = current_customer(), guards.current_session().customer_id or ""
    own_card = customer.card(card_id)[0].card_id if card_id else ""  # someone else's card is a 404
    events, more = activity(customer, customer_id, offset, own_card)
    next_url = url_for("activity.show", start=offset + PAGE, card_id=card_id or None) if more else None
    return render("activity/page.html", events=events, next_url=next_url, offset=offset)
