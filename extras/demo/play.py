"""What a visitor can let happen: time passes, a service fails, another device or the bank acts. For this visitor only.

Time passes by making the visitor's records older, since a clock that is ahead would make the app refuse its JWTs.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from flask import current_app

from services.errors import NotSignedIn, ServiceUnavailable
from services.session import Session
from services.session_cache import session_cache
from services.signals import send, session_ended

from .personas import controls, freeze, pay

LASTS = 60  # seconds
MINUTE, DAY = 60, 86_400  # seconds
SLOW = 2  # seconds for each call


@dataclass(frozen=True)
class Act:
    """Something that may happen."""

    title: str
    watch: str  # one sentence
    happens: Callable[[Session | None], object]
    needs_account: bool = False


def _time_passes(seconds: float, session: Session | None, *kinds: str) -> None:
    """Make records older, and drop what is cached of them."""
    controls().make_older(seconds, *kinds)
    if session:
        send(session_ended, session_id=session.session_id)
        with suppress(NotSignedIn, ServiceUnavailable):  # the next page says so
            session_cache.refresh(session.token)


def _ask_again(session: Session | None) -> None:
    _time_passes(current_app.config["STEP_UP_MAX_AGE"].total_seconds(), session, "factors")


def _fails(name: str, _session: Session | None, **fault: object) -> None:
    controls().disturb(name, LASTS, fault)


def _sign_out(_session: Session | None) -> None:
    controls().end_sessions()


def _freeze(_session: Session | None) -> None:
    for account in controls().records("account")[:1]:
        if account["attributes"]["status"] == "Open":
            freeze(account["id"])
            controls().disturb("bank-freezes", LASTS, undo=f"/accounts/{account['id']}/unfreeze")


def _purchase(_session: Session | None) -> None:
    usable = [card for card in controls().records("card") if card["attributes"]["status"] == "Active"]
    for card in usable[-1:]:
        account = card["relationships"]["account"]["data"]["id"]
        pay(account, card["attributes"]["last4Digits"], "Green Grocer", 5411, 6_275)


ACTS = {
    "ask-again": Act(
        "Ask me for a code again", "Your code no longer counts: your cards want a new one.", _ask_again, True
    ),
    "ten-minutes": Act(
        "Ten minutes pass",
        "A code counts for ten minutes: your cards want a new one.",
        partial(_time_passes, 10 * MINUTE),
    ),
    "tomorrow": Act(
        "You come back tomorrow",
        "Your session has ended. Sign in again: everything is as you left it.",
        partial(_time_passes, DAY),
    ),
    "next-month": Act(
        "A month passes",
        "Sign in again: your purchases are a month old, and the card’s monthly limit starts over.",
        partial(_time_passes, 30 * DAY),
        True,
    ),
    "stytch-down": Act(
        "Stytch is down",
        "For a minute, pages that only read still open, as JWTs are verified here; what asks Stytch has to wait.",
        partial(_fails, "stytch-down", service="stytch", status=503),
    ),
    "unit-slow": Act(
        "Unit is slow",
        "For a minute, each answer takes two seconds: watch buttons and placeholders say so.",
        partial(_fails, "unit-slow", service="unit", fault="slow", seconds=SLOW),
        True,
    ),
    "unit-busy": Act(
        "Unit answers 429",
        "For a minute, Unit refuses each call as one too many: the page says so, and offers to try again.",
        partial(_fails, "unit-busy", service="unit", status=429),
        True,
    ),
    "unit-cut": Act(
        "Unit’s answer is cut off",
        "For a minute, answers end halfway: reads are tried three times, and no change is repeated blindly.",
        partial(_fails, "unit-cut", service="unit", fault="cut"),
        True,
    ),
    "other-device": Act(
        "Your other device signs you out",
        "Pages open until the JWT expires, within five minutes; the first change asks Stytch and is refused.",
        _sign_out,
    ),
    "bank-freezes": Act(
        "The bank freezes your account",
        "For a minute, purchases are declined, and the balance says why.",
        _freeze,
        True,
    ),
    "purchase": Act(
        "A purchase arrives",
        "Green Grocer charges $62.75 to your newest active card: see balance and activity.",
        _purchase,
        True,
    ),
}
