"""One card: what its holder may do with it, its limits, what it paid.

To copy: only what the card's state allows is offered; whatever comes back is the card's own fragment, drawn from what
the bank says now; and if somebody was faster, the card says so and shows its true state.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any, TypeVar

from flask import Blueprint, Response, abort, current_app, request, url_for

from services.customer_unit import PAGE, CustomerUnit
from services.exchange import exchange
from services.guards import current_session, customer_required, stepped_up, writes
from services.unit import unit
from services.unit_objects import Card, Limits
from services.unit_wire import UnitError

from . import dollars, go, is_htmx, render
from .limits_form import LIMITS, LimitsForm

T = TypeVar("T")

bp = Blueprint("card", __name__, url_prefix="/cards/<int:card_id>")

DONE = {
    "freeze": "Frozen. Nobody can pay with it until you unfreeze it.",
    "unfreeze": "Unfrozen. It pays again.",
    "report-lost": "Reported as lost. It will never pay again.",
    "report-stolen": "Reported as stolen. It will never pay again.",
    "close": "Closed. It will never pay again.",
    "replace": "A new card of the same number is on its way.",
    "activate": "Switched on. It pays now.",
}
SAVED = "The limits are saved."
REFUSED = "The bank did not do that. This is how the card is now."
DECLINED = {
    "not_supported_for_card_status": "the card does not pay in this state",
    "limits_exceeded": "it is more than the card or the account allows",
}
VERBS = {
    "freeze": "freeze {}",
    "unfreeze": "unfreeze {}",
    "report-lost": "report {} as lost",
    "report-stolen": "report {} as stolen",
    "close": "close {}",
    "replace": "replace {}",
    "activate": "switch {} on",
}
SHOPS = {  # the pretend purchases: merchant, merchant category code, cents, whether the amount is only held
    "coffee": ("Corner Café", 5814, 450, False),
    "groceries": ("Green Grocer", 5411, 6_275, False),
    "hotel": ("Harbour Hotel", 7011, 18_000, True),
    "bicycle": ("City Cycles", 5940, 89_900, False),
}


def _to(verb: str = "") -> Callable[[], str]:
    """What a code is for: a verb, or that of the action in the URL, and the card as the pressed form names it."""

    def words() -> str:
        ending = request.values.get("ending", "")
        card = f"the card ending {ending}" if re.fullmatch(r"[0-9]{4}", ending, re.ASCII) else "this card"
        return (verb or VERBS[str((request.view_args or {})["action"])]).format(card)

    return words


@bp.get("")
@customer_required
@stepped_up(_to("see {}"))
def show(card_id: int) -> Response:
    """The card, and what can be done with it."""
    card, account = _as_customer(lambda customer: customer.card(str(card_id)))
    has_pin = None  # nobody asks for one with a virtual card, and Unit only knows of one for a card that pays
    if card.status == "Active" and not card.is_virtual:
        with suppress(UnitError):  # a hint is not worth the page
            has_pin = _as_customer(lambda customer: customer.has_pin(card.card_id))
    return _page(card, account=account, has_pin=has_pin)


@bp.post("/<any(freeze,unfreeze,'report-lost','report-stolen',close,replace,activate):action>")
@customer_required
@writes
@stepped_up(_to())
def act(card_id: int, action: str) -> Response:
    """Change the card's state."""
    try:
        card = _act(str(card_id), action)
    except UnitError as error:
        if not error.code.startswith("not_supported"):
            raise
        card, account = _as_customer(lambda customer: customer.card(str(card_id)))
        return _page(card, 409, account=account, problem=REFUSED, say=REFUSED)
    if not is_htmx():
        return go(url_for("card.show", card_id=card_id), say=DONE[action])
    return _tell("card-changed", _page(card, done=DONE[action], say=DONE[action]))


@bp.get("/limits")
@customer_required
@stepped_up(_to("see the limits of {}"))
def limits(card_id: int) -> Response:
    """What the card may spend in a day and a month, and what it has spent."""
    return _limits(*_card_and_limits(card_id))


@bp.post("/limits")
@customer_required
@writes
@stepped_up(_to("change the limits of {}"))
def set_limits(card_id: int) -> Response:
    """Change what the card may spend."""
    card, limits = _card_and_limits(card_id)
    form = LimitsForm(request.form)
    if not form.validate():
        return _limits(card, limits, form, status=422, say="Nothing is saved yet.")
    _as_customer(lambda customer: customer.set_limits(card, form.cents(limits.own, _shown())))
    if not is_htmx():
        return go(url_for("card.limits", card_id=card_id), say=SAVED)
    return _limits(*_card_and_limits(card_id), done=SAVED, say=SAVED)


@bp.get("/activity")
@customer_required
@stepped_up(_to("see what was paid with {}"))
def activity(card_id: int) -> Response:
    """What was paid with the card, newest first."""
    offset = min(max(0, request.args.get("start", 0, int)), 10_000)
    card, _account = _as_customer(lambda customer: customer.card(str(card_id)))
    customer_id = current_session().customer_id or ""
    events, more = _as_customer(lambda customer: customer.activity(customer_id, offset, card.card_id))
    next_url = url_for("card.activity", card_id=card_id, start=offset + PAGE) if more else None
    return render("card/activity.html", "card/_activity.html", events=events, next_url=next_url, offset=offset)


@bp.post("/buy")
@customer_required
@writes
@stepped_up(_to("pay with {}"))
def buy(card_id: int) -> Response:
    """Pay at a pretend shop; only where the money is pretend too."""
    shop = SHOPS.get(request.form.get("shop", ""))
    if not shop or not current_app.extensions["settings"].unit_is_sandbox:
        abort(404)
    card, account = _as_customer(lambda customer: customer.card(str(card_id)))
    merchant, category, cents, only_held = shop
    charge = unit.authorize if only_held else unit.purchase
    try:
        charge(account, card, merchant, category, cents)
        declined, words = False, f"{merchant} {'holds' if only_held else 'took'} {dollars(cents)}."
    except UnitError as error:
        if error.status != 400:
            raise
        declined, words = True, f"Declined: {DECLINED.get(error.code, 'the bank said no')}."
    if not is_htmx():
        return go(url_for("card.show", card_id=card_id), say=words)
    _card, account = _as_customer(lambda customer: customer.card(str(card_id)))
    limits = _as_customer(lambda customer: customer.limits(str(card_id)))
    context: dict[str, Any] = {"words": words, "declined": declined, "account": account, "limits": limits}
    return _tell("card-paid", render("card/show.html", "card/_bought.html", say=words, **context))


def _act(card_id: str, action: str) -> Card:
    """The call that the action is. Only the sandbox switches cards on, for the company: so whose it is comes first."""
    if action == "replace":
        return _as_customer(lambda customer: customer.replace(card_id))
    if action != "activate":
        return _as_customer(lambda customer: customer.act(card_id, action))
    if not current_app.extensions["settings"].unit_is_sandbox:
        abort(404)
    card, _account = _as_customer(lambda customer: customer.card(card_id))
    return unit.activate(card)


def _as_customer(ask: Callable[[CustomerUnit], T]) -> T:
    return exchange.as_customer(current_session(), ask)


def _page(card: Card, status: int = 200, **context: Any) -> Response:
    sandbox = current_app.extensions["settings"].unit_is_sandbox
    return render("card/show.html", "card/_card.html", status, card=card, sandbox=sandbox, shops=SHOPS, **context)


def _card_and_limits(card_id: int) -> tuple[Card, Limits]:
    card, _account = _as_customer(lambda customer: customer.card(str(card_id)))
    return card, _as_customer(lambda customer: customer.limits(card.card_id))


def _limits(card: Card, limits: Limits, form: LimitsForm | None = None, status: int = 200, **context: Any) -> Response:
    shown = _shown() if form else {name: str(limits.own.get(name)) for name in LIMITS}
    form = form or LimitsForm(formdata=None, data={name: Decimal(cents) / 100 for name, cents in limits.own.items()})
    context |= {"card": card, "limits": limits, "form": form, "shown": shown}
    return render("card/limits.html", "card/_limits.html", status, **context)


def _shown() -> dict[str, str]:
    """What the page showed when it was filled in, in cents."""
    return {name: request.form.get(f"shown-{name}", "") for name in LIMITS}


def _tell(event: str, response: Response) -> Response:
    """Let the other parts of the page look again."""
    response.headers["HX-Trigger"] = event
    return response
