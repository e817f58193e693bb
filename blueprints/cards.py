"""Cards: the list, one card, and what its holder may do with it, all with the customer's own token.

To copy: the page comes at once and htmx loads what Unit says; only what a card's state allows is offered; if the state
has changed meanwhile, the card says so and shows the true one. Unit docs: *Cards*.
"""

import re
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, g, render_template, request, url_for
from werkzeug.routing import BaseConverter

from services import guards
from services.errors import ServiceUnavailable, StepUpRequired
from services.exchange import CARDS_SCOPE, CARDS_WRITE_SCOPE, Proof, exchange
from services.step_up import proven_until, step_up_required
from services.unit_client import MOST_CARDS, CustomerClient, UnitError, idempotency_key
from services.unit_models import Card

from .errors import respond
from .htmx import is_htmx, redirect_to, render

bp = Blueprint("cards", __name__)
bp.record_once(lambda state: state.app.url_map.converters.update(digits=DigitsConverter))
UNCONFIRMED = ("Not confirmed yet", "The bank did not answer. Try again. You will get only one card.")
INCOMPLETE = "This form was incomplete. Try again."
REFUSED = "The bank did not make this change. The card is shown as it is now."
KINDS = {"virtual": True, "physical": False}
FRESH_JWT = 30  # seconds for which a JWT counts as "just returned"
NONCE = re.compile(r"[\w-]{22}", re.ASCII)
ACTIONS = {  # what a code is for, the state that the card reaches, and what to say then
    "freeze": ("freeze {}", "Frozen", "Card frozen. No one can pay with it until you unfreeze it."),
    "unfreeze": ("unfreeze {}", "Active", "Card unfrozen. You can pay with it again."),
    "report-lost": ("report {} as lost", "Lost", "Reported as lost. This card can no longer be used."),
    "report-stolen": ("report {} as stolen", "Stolen", "Reported as stolen. This card can no longer be used."),
    "close": ("close {}", "ClosedByCustomer", "Card closed. It can no longer be used."),
    "replace": ("replace {}", None, "A new card with the same number is on its way."),
}


class DigitsConverter(BaseConverter):
    """The ``digits`` of a route: an id at Unit, or a count. Anything else in its place is a 404."""

    regex = "[0-9]{1,20}"  # werkzeug's ``int`` takes digits of every script, and any number of them


def current_customer(scope: str = CARDS_SCOPE) -> CustomerClient:
    """Return Unit's API as the signed-in customer. Raises UnitError, ServiceUnavailable, and what ``prove`` raises."""
    return exchange.customer(guards.current_session().session_id, prove, scope)


def prove() -> Proof:
    """Return what Unit is shown for a customer token.

    Raises StepUpRequired if Stytch's newest answer no longer shows a fresh second factor: before anything is written.
    """
    session = guards.current_session()
    if time.time() - session.jwt_issued_at > FRESH_JWT:
        session = guards.fresh_session()
    until = proven_until(session, stytch_only=True)
    if until is None or session.customer_id is None:
        raise g.get("step_up") or StepUpRequired("continue")
    return Proof(session.session_id, session.user_id, session.customer_id, session.jwt, until)


def card_purpose(verb: str = "") -> Callable[[], str]:
    """Return a function that words what a code is for: this verb, or the URL's action, with the card for ``{}``.

    The card's last digits come from the form or link and are only shown; decide nothing on them.
    """

    def words() -> str:
        ending = request.values.get("ending", "")
        card = f"the card ending in {ending}" if re.fullmatch(r"[0-9]{4}", ending, re.ASCII) else "this card"
        return (verb or ACTIONS[(request.view_args or {})["action"]][0]).format(card)

    return words


@bp.get("/cards")
@guards.customer_required
def index() -> Response:
    """Show the page, without a call to Unit."""
    return Response(render_template("cards/index.html"))


@bp.get("/cards/list")
@guards.customer_required
@step_up_required("see your cards")
def listing() -> Response:
    """Show the customer's cards and balance, as Unit has them now."""
    return _listing(announce="Your cards are loaded.")


@bp.post("/cards")
@guards.customer_required
@guards.revalidate_session
@step_up_required("get a new card")
def create() -> Response:
    """Issue a card. The key was made with the form, so that pressing twice or re-sending makes one card."""
    kind, nonce, account_id = (request.form.get(name, "") for name in ("kind", "nonce", "account"))
    if kind not in KINDS or not NONCE.fullmatch(nonce):
        return _listing(422, error=INCOMPLETE if kind in KINDS else "Choose a virtual or a physical card.")
    try:
        key = idempotency_key(guards.current_session().user_id, "card", nonce)
        card = _issue(account_id, virtual=KINDS[kind], key=key)
    except ServiceUnavailable as error:
        return respond(503, *UNCONFIRMED, again=True, retry_after=error.retry_after)
    if card is None:
        return _listing(409, error="Choose one of your open accounts.")  # if there is none, the list says so
    if card.is_virtual != KINDS[kind] or account_id not in {"", card.account_id}:
        return _listing(409, error="This form was already used for another card. Choose again.")
    announce = f"Your new card ends in {card.last4}."
    if not is_htmx():
        return redirect_to(url_for("cards.listing"), announce=announce)
    return _listing(new=card, announce=announce)


@bp.get("/cards/<digits:card_id>")
@guards.customer_required
@step_up_required(card_purpose("see {}"))
def show(card_id: str) -> Response:
    """Show the card, and what can be done with it."""
    card, account = current_customer().card(card_id)
    return card_page(card, account=account)


@bp.post("/cards/<digits:card_id>/<any(freeze,unfreeze,'report-lost','report-stolen',close,replace):action>")
@guards.customer_required
@guards.revalidate_session
@step_up_required(card_purpose())
def act(card_id: str, action: str) -> Response:
    """Change the card's state."""
    _verb, reached, done = ACTIONS[action]
    try:
        card = current_customer(CARDS_WRITE_SCOPE).act(card_id, action)
    except UnitError as error:
        if not error.code.startswith("not_supported"):
            raise
        card, account = current_customer().card(card_id)
        if card.status == reached:  # pressed twice
            return card_changed(card, done)
        return card_page(card, 409, account=account, problem=REFUSED, announce=REFUSED)
    return card_changed(card, done)


def card_page(card: Card, status: int = 200, **context: Any) -> Response:
    """Return the card's page, or its fragment."""
    return render("cards/show.html", status, card=card, **context)


def card_changed(card: Card, done: str) -> Response:
    """Return the card after a change, and let the rest of the page reload what depends on it."""
    if not is_htmx():
        return redirect_to(url_for("cards.show", card_id=card.card_id), announce=done)
    response = card_page(card, done=done, announce=done)
    response.headers["HX-Trigger"] = "card-changed"
    return response


@bp.app_template_filter("dollars")
def dollars(cents: int) -> str:
    """Return an amount as ``-$1,234.50``."""
    return f"{'-' if cents < 0 else ''}${abs(cents) // 100:,}.{abs(cents) % 100:02}"


@bp.app_template_filter("month_and_year")
def month_and_year(expires: str) -> str:
    """Return ``2030-06`` as ``06/30``, as it stands on a card."""
    return f"{expires[5:7]}/{expires[2:4]}"


@bp.app_template_filter("date_and_time")
def date_and_time(moment: datetime) -> str:
    """Return a time as ``Nov 27, 2:48 AM UTC``, with its year if that is not this one."""
    at = moment.astimezone(UTC)
    year = "" if at.year == datetime.now(UTC).year else f", {at.year}"
    return f"{at:%b} {at.day}{year}, {at.hour % 12 or 12}:{at:%M %p} UTC"


def _issue(account_id: str, *, virtual: bool, key: str) -> Card | None:
    """Issue a card for this open account of the customer's, or without an id for the first; None if there is none."""
    customer = current_customer(CARDS_WRITE_SCOPE)
    opened = [account for account in customer.accounts() if account.status == "Open"]
    account = next((account for account in opened if account_id in {"", account.account_id}), None)
    return customer.create_card(account.account_id, virtual=virtual, key=key) if account else None


def _listing(status: int = 200, new: Card | None = None, **context: Any) -> Response:
    customer = current_customer()
    cards, accounts = list(customer.cards()), customer.accounts()
    if new and new.card_id not in {card.card_id for card in cards}:
        cards.append(new)
    context |= {"accounts": accounts, "new": new, "most": MOST_CARDS, "nonce": secrets.token_urlsafe(16)}
    return render("cards/list.html", status, cards=cards, **context)
