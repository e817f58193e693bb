"""The list of events, for the whole account or one card."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for

from blueprints.cards import current_customer
from blueprints.htmx import render
from services import guards
from services.step_up import step_up_required

from .events import activity, position_of

bp = Blueprint("activity", __name__, template_folder="templates")


@bp.get("/cards/activity", defaults={"card_id": ""})
@bp.get("/cards/<digits:card_id>/activity")
@guards.customer_required
@step_up_required("see your activity")
def show(card_id: str) -> Response:
    """Show a page of events, newest first; without ``card_id`` of all cards."""
    before = position_of(cursor := request.args.get("before", ""))
    customer, customer_id = current_customer(), guards.current_session().customer_id or ""
    own_card = customer.card(card_id)[0].card_id if card_id else ""  # someone else's card is a 404
    events, more = activity(customer, customer_id, before, own_card)
    next_url = url_for("activity.show", before=events[-1].cursor, card_id=card_id or None) if more else None
    return render("activity/page.html", events=events, next_url=next_url, before=cursor if before else "")
