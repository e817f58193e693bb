"""The card page: the shell comes at once, htmx swaps in what Unit says."""

from __future__ import annotations

import re
import secrets
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for

from services.customer_unit import PAGE, CustomerUnit
from services.exchange import exchange
from services.guards import current_session, customer_required, stepped_up, writes
from services.http import ServiceDown
from services.unit_objects import Account, Card
from services.unit_wire import UnitError, idempotency_key

from . import dollars, go, is_htmx, notice, render

bp = Blueprint("cards", __name__)
bp.add_app_template_filter(dollars)

UNCONFIRMED = ("Not confirmed yet", "The bank did not answer. Press again: however often, you get one card.")
KINDS = {"virtual": True, "physical": False}
NONCE = re.compile(r"[\w-]{22}", re.ASCII)


@bp.get("/cards")
@customer_required
def index() -> Response:
    """The shell, without a call to Unit."""
    return Response(render_template("cards/index.html"))


@bp.get("/cards/list")
@customer_required
@stepped_up("see your cards")
def listing() -> Response:
    """The customer's cards and balance, as Unit has them now."""
    return render("cards/list.html", "cards/_list.html", say="Your cards are here.", **_cards())


@bp.get("/cards/activity")
@customer_required
@stepped_up("see what happened on your account")
def activity() -> Response:
    """What happened on the account, newest first."""
    offset = min(max(0, request.args.get("start", 0, int)), 10_000)
    session = current_session()
    events, more = exchange.as_customer(session, lambda customer: customer.activity(session.customer_id or "", offset))
    next_url = url_for("cards.activity", start=offset + PAGE) if more else None
    return render("card/activity.html", "card/_activity.html", events=events, next_url=next_url, offset=offset)


@bp.post("/cards")
@customer_required
@writes
@stepped_up("get a new card")
def create() -> Response:
    """Issue a card. The key was minted with the form, so that pressing twice or re-sending makes one card."""
    kind, nonce = request.form.get("kind", ""), request.form.get("nonce", "")
    if kind not in KINDS or not NONCE.fullmatch(nonce):
        error = (
            "Choose a virtual or a physical card." if kind not in KINDS else "This form was incomplete. Press again."
        )
        return render("cards/list.html", "cards/_list.html", 422, error=error, **_cards())
    session = current_session()
    key = idempotency_key(session.user_id, "card", nonce)
    try:
        card = exchange.as_customer(session, lambda customer: _issue(customer, virtual=KINDS[kind], key=key))
    except ServiceDown as down:
        page, wait = "cards/unconfirmed.html", down.retry_after
        return notice(503, *UNCONFIRMED, page, retry_after=wait, nonce=nonce, kind=kind)
    if card.is_virtual != KINDS[kind]:
        error = "This form has made another card already. Choose again."
        return render("cards/list.html", "cards/_list.html", 409, error=error, **_cards())
    if not is_htmx():
        return go(url_for("cards.listing"), say=f"Your new card ends in {card.last4}.")
    return render("cards/list.html", "cards/_list.html", say=f"Your new card ends in {card.last4}.", **_cards())


@bp.app_template_filter("month_and_year")
def month_and_year(expires: str) -> str:
    """``2030-06`` as it stands on a card: ``06/30``."""
    return f"{expires[5:7]}/{expires[2:4]}"


def _issue(customer: CustomerUnit, *, virtual: bool, key: str) -> Card:
    """A card on the customer's open account; the account is never the browser's choice."""
    account = next((account for account in customer.accounts() if account.status == "Open"), None)
    if account is None:
        raise UnitError(400, "not_supported_for_account_status")
    return customer.create_card(account.account_id, virtual=virtual, key=key)


def _cards() -> dict[str, Any]:
    cards, account = exchange.as_customer(current_session(), _overview)
    return {"cards": cards, "account": account, "nonce": secrets.token_urlsafe(16)}


def _overview(customer: CustomerUnit) -> tuple[list[Card], Account | None]:
    cards, accounts = customer.cards()
    accounts = accounts or customer.accounts()
    return list(cards), next(iter(accounts), None)
