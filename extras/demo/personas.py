"""The people whom a visitor can be: each is seeded at the emulated services, and signed in, with one click.

Only where both services are emulated: ``app.extensions["emulator"]`` holds the emulator's controls for this visitor.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from flask import current_app, url_for

from services.unit_client import USER_TAG
from services.unit_models import Json

from .sample import OUTCOMES

if TYPE_CHECKING:
    from stytch_unit_emulator.visitor_controls import VisitorControls

DAYS = 21  # of activity
HISTORY = (  # days ago, merchant, category code, cents
    (20, "Green Grocer", 5411, 8_240),
    (19, "City Cycles", 5940, 12_900),
    (17, "Corner Café", 5814, 575),
    (16, "Metro Transit", 4111, 2_750),
    (14, "Green Grocer", 5411, 6_315),
    (12, "Harbor Books", 5942, 3_180),
    (10, "Corner Café", 5814, 450),
    (9, "Rosa’s Kitchen", 5812, 4_625),
    (7, "Green Grocer", 5411, 7_190),
    (5, "Streamline TV", 4899, 1_599),
    (3, "Corner Café", 5814, 620),
    (2, "Fuel Stop", 5541, 4_310),
)
MAGIC_LINK = {"type": "magic_link", "age": 90}  # a factor of a session; ages are in seconds
CODE = {"type": "totp", "age": 60}


def controls() -> VisitorControls:
    """Return the emulator's controls, for the visitor whose request this is."""
    found: VisitorControls = current_app.extensions["emulator"]
    return found


def _home(_made: Json) -> str:
    return "/"


def _application(_made: Json) -> str:
    return url_for("onboarding.index")


def _cards(_made: Json) -> str:
    return url_for("cards.index")


def _finished(made: Json) -> str:
    """Activate the physical card, pay with it, and show the virtual one."""
    account = made["accounts"][0]
    virtual, physical = account["cards"]
    controls().at_bank(f"/sandbox/cards/{physical['card_id']}/activate", "activateCard", {})
    pay(account["account_id"], physical["last4Digits"], "Corner Café", 5814, 450)
    return url_for("cards.show", card_id=virtual["card_id"], ending=virtual["last4Digits"])


def _frozen(made: Json) -> str:
    freeze(made["accounts"][0]["account_id"])
    return _cards(made)


def _lost(made: Json) -> str:
    controls().lose_phone()
    return _cards(made)


@dataclass(frozen=True)
class Persona:
    """Who a visitor can be."""

    title: str
    name: str
    story: str  # completes "Ada Vance ..."
    watch: str  # what to do first
    opens: Callable[[Json], str]  # returns the URL to start at, given what was seeded
    ssn: str = OUTCOMES["approved"].ssn  # the bank's emulator decides by it
    is_new: bool = False  # without authenticator and application
    accounts: tuple[Json, ...] = ()
    factors: tuple[Json, ...] = field(default=(MAGIC_LINK, CODE))


def _account(funds: int, *cards: Json) -> Json:
    return {"funds": funds, "cards": list(cards)}


PERSONAS = {
    "ada": Persona(
        "New here", "Ada Vance", "takes the five steps and is approved", "", _home, is_new=True, factors=(MAGIC_LINK,)
    ),
    "finished": Persona(
        "Finished account",
        "Ada Vance",
        "has had two cards for three weeks",
        "Freeze the card, change its limits, show its number.",
        _finished,
        accounts=(_account(286_400, {"purchases": True}, {"type": "individualDebitCard"}),),
    ),
    "review": Persona(
        "Under review",
        "Grace Kim",
        "waits while the bank reviews her application",
        "Play the bank: approve or deny her.",
        _application,
        OUTCOMES["review"].ssn,
    ),
    "documents": Persona(
        "Asked for a document",
        "Omar Diaz",
        "has to send the bank his ID, both sides",
        "Send two pictures, then play the bank.",
        _application,
        OUTCOMES["documents"].ssn,
    ),
    "declined": Persona(
        "Declined",
        "Lena Fox",
        "was declined, and may apply again",
        "Apply again with other details.",
        _application,
        OUTCOMES["declined"].ssn,
    ),
    "lost-phone": Persona(
        "Lost phone",
        "Sam Rivera",
        "has lost the phone with the authenticator",
        "His cards want a code. Use a recovery code instead.",
        _lost,
        accounts=(_account(98_050, {}),),
        factors=(MAGIC_LINK,),
    ),
    "frozen": Persona(
        "Frozen account",
        "Iris Chen",
        "has an account that the bank has frozen",
        "Open the card and try to pay with it.",
        _frozen,
        accounts=(_account(154_200, {}),),
    ),
    "two-accounts": Persona(
        "Two accounts",
        "Noah Brooks",
        "has two accounts, with a card each",
        "Both balances are shown. Choose the account that a new card draws on.",
        _cards,
        accounts=(_account(61_975, {}), _account(930_000, {})),
    ),
}


def begin(persona: Persona) -> tuple[str, str]:
    """Replace everything of this visitor by the persona; return a session token, and where to start."""
    controls().start_over()
    first, last = persona.name.split()
    email = f"{first.lower()}.{secrets.token_hex(3)}@example.com"  # not shared: links are limited by address
    user_id = f"user-test-{uuid4()}"
    user: Json = {"user_id": user_id, "email": email, "created_at": _days_ago(DAYS)}
    if not persona.is_new:
        name, ssn = {"first": first, "last": last}, persona.ssn.replace("-", "")
        user["totp"] = {}
        user["customer"] = {"fullName": name, "ssn": ssn, "tags": {USER_TAG: user_id}}  # by which the app finds it
    if persona.accounts:
        user["accounts"] = [_with_history(account) for account in persona.accounts]
    made = controls().seed(user)
    return controls().start_session(email, list(persona.factors)), persona.opens(made)


def pay(account_id: str, last4: str, merchant: str, category: int, cents: int) -> None:
    """Let a shop charge a card at the emulated bank."""
    shop = {"merchantName": merchant, "merchantType": category, "last4Digits": last4}
    purchase = {"amount": cents, "direction": "Debit", **shop}
    controls().at_bank("/sandbox/purchases", "purchaseTransaction", purchase, account=account_id)


def freeze(account_id: str) -> None:
    """Let the bank freeze an account."""
    controls().at_bank(f"/accounts/{account_id}/freeze", "accountFreeze", {"reason": "Other", "reasonText": "Demo"})


def _with_history(account: Json) -> Json:
    """Return the account with purchases on each card that asks for them."""
    purchases = [
        {"createdAt": _days_ago(days), "merchantName": merchant, "merchantType": category, "amount": cents}
        for days, merchant, category, cents in HISTORY
    ]
    cards = [{**card, "purchases": purchases} if "purchases" in card else card for card in account["cards"]]
    return {**account, "cards": cards}


def _days_ago(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat()
