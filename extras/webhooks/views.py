"""Receives Unit's deliveries, and brings open card pages up to date.

To copy: only a signature opens the route, so it needs no session and no CSRF token. It answers 200 as soon as the news
is noted, since Unit counts any other status as lost; it never logs the body, which may hold names and addresses.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Sequence

from flask import Blueprint, Response, current_app, g, make_response, render_template, request, url_for
from limits import parse

from blueprints.cards import current_customer
from blueprints.htmx import is_htmx, redirect_to
from services.guards import current_session, customer_required, public
from services.rate_limits import limited
from services.signals import log_security_event
from services.step_up import proven_until
from services.unit_models import Card

from .deliveries import SIGNATURE, events_in, is_signed
from .news import has_news, note_event
from .polls import no_news

PATH = "/webhooks/unit"
MAX_BYTES = 1_000_000  # 64 events, with their resources if the webhook includes them
DELIVERIES = parse("1200/minute")  # from one client
bp = Blueprint("webhooks", __name__, template_folder="templates")


@bp.before_app_request
def prepare() -> None:
    """Before any check: a delivery is larger than a form, and its signature stands for a CSRF token."""
    g.news_since = int(time.time())
    if request.endpoint == "webhooks.receive":
        request.max_content_length = MAX_BYTES
        g.csrf_valid = True


@bp.post(PATH)
@public
@limited(DELIVERIES)
def receive() -> Response:
    """Receive a delivery of Unit's: 401 unless it is signed, else 200 once its news is noted."""
    body = request.get_data()
    if not is_signed(body, request.headers.get(SIGNATURE, ""), current_app.config["UNIT_WEBHOOK_TOKEN"]):
        log_security_event("denial", "webhook signature")
        return Response(status=401, mimetype="text/plain")
    for event in events_in(body):
        note_event(event)
    return Response(status=200, mimetype="text/plain")


@bp.get("/news", defaults={"card_id": ""})
@bp.get("/news/<digits:card_id>")
@customer_required
def update(card_id: str) -> Response:
    """Bring a page of cards up to date if there is news; never asks for a step-up, since no one pressed anything."""
    if not is_htmx():
        return redirect_to(url_for("cards.index"))
    session, since = current_session(), request.args.get("since", 0, int)
    if not proven_until(session) or not has_news("customer", session.customer_id or "", since):
        return no_news()
    customer = current_customer()
    card, account = customer.card(card_id) if card_id else (None, None)
    cards, accounts = ([card], [account]) if card else (customer.cards(), customer.accounts())
    changed = request.args.get("shown") != fingerprint(cards)
    body = render_template("webhooks/_update.html", cards=cards, card=card, accounts=accounts, changed=changed)
    return make_response(body, {"HX-Trigger": "card-changed"})


@bp.app_template_global()
def news_url(cards: Sequence[Card], card: Card | None = None) -> str:
    """Return the URL that a page polls: it says when the page was made, and which states it shows."""
    card_id = card.card_id if card else None
    return url_for("webhooks.update", card_id=card_id, since=g.news_since, shown=fingerprint(cards))


def fingerprint(cards: Sequence[Card]) -> str:
    """Return a short text that changes if a card is added or changes its state."""
    return f"{zlib.crc32(' '.join(f'{card.card_id}:{card.status}' for card in cards).encode()):x}"
