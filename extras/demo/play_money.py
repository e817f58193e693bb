"""What Unit's sandbox adds: a welcome payment, test purchases, card activation.

To copy: these calls use the org token, which Unit does not bind to a customer. So each view first reads the card with
the customer's own token: someone else's card is a 404. Unit docs: *Simulations*.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, Response, abort, make_response, render_template, request, url_for
from stytch.core.response_base import StytchError

from blueprints.cards import REFUSED, card_changed, card_page, card_purpose, current_customer, dollars
from blueprints.errors import no_customer, service_unavailable, unit_error
from blueprints.htmx import is_htmx, redirect_to
from blueprints.slots import fill_slot
from services.errors import NoCustomer, ServiceUnavailable
from services.guards import current_session, customer_required, revalidate_session
from services.onboarding import set_customer
from services.signals import account_opened
from services.step_up import step_up_required
from services.stytch_client import stytch_client
from services.unit_client import UnitError, UnknownCustomer, link, org_client
from services.unit_models import Account, Card, Json

bp = Blueprint("play_money", __name__)
WELCOME_CENTS = 250_000
ACTIVATED = "Card activated. You can pay with it now."
DECLINED = {  # by Unit's error code
    "not_supported_for_card_status": "this card can’t be used in its current state",
    "limits_exceeded": "the amount exceeds a limit of the card or the account",
}


@dataclass(frozen=True)
class Shop:
    """Where a test purchase is made."""

    merchant: str
    category: int  # merchant category code
    cents: int
    is_hold: bool = False  # the amount is held, and not charged yet


SHOPS = {
    "coffee": Shop("Corner Café", 5814, 450),
    "groceries": Shop("Green Grocer", 5411, 6_275),
    "hotel": Shop("Harbor Hotel", 7011, 18_000, is_hold=True),
    "bicycle": Shop("City Cycles", 5940, 89_900),
}


def init_app(app: Flask) -> None:
    """Add what only the sandbox can do."""
    app.register_blueprint(bp)
    app.register_error_handler(UnknownCustomer, forget_customer)
    account_opened.connect(fund, app)
    fill_slot(app, "card_actions", "demo/_activate.html")
    fill_slot(app, "card_forms", "demo/_buy.html")


@bp.app_context_processor
def inject_shops() -> dict[str, Any]:
    """Give the purchase form its shops."""
    return {"shops": SHOPS}


@bp.post("/cards/<digits:card_id>/buy")
@customer_required
@revalidate_session
@step_up_required(card_purpose("pay with {}"))
def buy(card_id: str) -> Response:
    """Make a test purchase with the card."""
    shop = SHOPS.get(request.form.get("shop", "")) or abort(404)
    customer = current_customer()
    text, declined = charge(shop, *customer.card(card_id))
    if not is_htmx():
        return redirect_to(url_for("cards.show", card_id=card_id), announce=text)
    _card, account = customer.card(card_id)
    body = render_template("demo/_bought.html", text=text, declined=declined, account=account)
    body += render_template("_announce.html", announce=text)
    return make_response(body, {"HX-Trigger": "card-paid"})


@bp.post("/cards/<digits:card_id>/activate")
@customer_required
@revalidate_session
@step_up_required(card_purpose("activate {}"))
def activate(card_id: str) -> Response:
    """Activate a physical card, as its holder would when it arrives."""
    card, account = current_customer().card(card_id)  # checks ownership; the org token would take any card
    try:
        answer = org_client.call("POST", f"/sandbox/cards/{card.card_id}/activate")
    except UnitError as error:
        if not error.code.startswith("not_supported"):
            raise
        return card_page(card, 409, account=account, problem=REFUSED, announce=REFUSED)
    return card_changed(Card.read(answer["data"]), ACTIVATED)


def charge(shop: Shop, card: Card, account: Account) -> tuple[str, bool]:
    """Let the shop charge the card; return what to tell the user, and whether it was declined."""
    attributes: Json = {"amount": shop.cents, "merchantName": shop.merchant, "merchantType": shop.category}
    try:
        if shop.is_hold:
            attributes["cardLast4Digits"] = card.last4
            org_client.post("/sandbox/authorizations", "authorization", attributes, _account_link(account))
        else:
            attributes |= {"last4Digits": card.last4, "direction": "Debit"}
            org_client.post("/sandbox/purchases", "purchaseTransaction", attributes, _account_link(account))
    except UnitError as error:
        if error.status != 400:
            raise
        return f"Declined: {DECLINED.get(error.code, 'the bank did not allow it')}.", True
    return f"{shop.merchant} {'placed a hold of' if shop.is_hold else 'charged'} {dollars(shop.cents)}.", False


def fund(_app: Flask, *, account: Account) -> None:
    """Pay a welcome amount into an empty new account. A retry may pay twice: Unit takes no idempotency key here."""
    if account.balance == 0:
        attributes = {"amount": WELCOME_CENTS, "direction": "Credit", "description": "Welcome"}
        org_client.post("/sandbox/payments", "achPayment", attributes, _account_link(account))


def forget_customer(error: UnknownCustomer) -> Response:
    """Let the user apply again if the sandbox has deleted them; a live bank never does."""
    session = current_session()
    try:
        if _is_known(session.customer_id or ""):
            return unit_error(error)
        set_customer(stytch_client, session, None)
    except (ServiceUnavailable, StytchError) as outage:
        return service_unavailable(outage)
    return no_customer(NoCustomer())


def _is_known(customer_id: str) -> bool:
    """Whether Unit has this customer."""
    try:
        org_client.get(f"/customers/{customer_id}")
    except UnitError as error:
        return error.status != 404
    return True


def _account_link(account: Account) -> Json:
    return link("account", account.account_id, "depositAccount")
