"""Sample values for the templates of the app."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from wtforms import Form, StringField

from services.session import Factor, Session
from services.unit_models import ACTIONS_IN, Account, Card

QR_CODE = (  # one dot: a real one holds a secret
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
VIRTUAL = Card(card_id="1", kind="individualVirtualDebitCard", last4="4821", expires="2030-06", status="Active")
PHYSICAL = Card(card_id="2", kind="individualDebitCard", last4="0093", expires="2029-11", status="Active")
FROZEN = VIRTUAL.model_copy(update={"status": "Frozen"})
STATUSES = (*ACTIONS_IN, "Lost", "Stolen", "ClosedByCustomer", "SuspectedFraud")
ACCOUNT = Account(account_id="1", status="Open", balance=249_550, hold=18_000, available=231_550, number="1000000042")
CODES = ["g0pw-5u8b-5v6t", "u1f4-j2sp-q5uh", "qa26-xsxr-eo57", "gyff-fztq-javi"]
LIMITS = {
    "daily_purchase": "Daily purchase limit",
    "monthly_purchase": "Monthly purchase limit",
    "daily_atm": "Daily ATM limit",
    "monthly_atm": "Monthly ATM limit",
}


def sample_session(**changes: Any) -> Session:
    """Return the session of a customer who confirmed a moment ago that it's them."""
    now = datetime.now(UTC)
    session = Session(
        token="",
        session_id="session-test-1",
        user_id="user-test-00000000-0000-4000-8000-000000000000",
        factors=(Factor(method="email", last_used=now), Factor(method="authenticator_app", last_used=now)),
        customer_id="10001",
        expires_at=now + timedelta(minutes=55),
        jwt="",
        jwt_issued_at=0,
        jwt_expires_at=0,
        email="ada@example.com",
        enrolled=True,
        held=frozenset({"mailbox", "device"}),
    )
    return replace(session, **changes)


def calls() -> list[SimpleNamespace]:
    """Return a cache hit, and a call that went well, one that was refused, and one without an answer."""
    call = {
        "service": "Stytch",
        "method": "POST",
        "url": "https://test.stytch.com/v1/totps",
        "path": "/v1/totps",
        "target": "/v1/totps",
        "headers": {"Content-Type": "application/json"},
        "credential": "project",
        "request": {"user_id": "user-test-1"},
        "status": 200,
        "response": {"status_code": 200},
        "problem": "",
        "milliseconds": 48,
        "tokens": [SimpleNamespace(name="session_jwt", header={"alg": "RS256"}, claims={"sub": "user-test-1"})],
        "made_by": (),
    }
    refused = {"status": 400, "response": {"error_type": "invalid_user_id"}, "tokens": ()}
    silent = {"status": None, "response": None, "problem": "ReadTimeout", "tokens": ()}
    until = datetime.now(UTC).timestamp() + 299
    hit = SimpleNamespace(service="Unit", why="customer token cached", until=until, made_by=())
    return [hit, *(SimpleNamespace(**{**call, **changes}) for changes in ({}, refused, silent))]


def text_form(labels: Mapping[str, str]) -> Any:
    """Return a form with these text fields."""
    return type("Sample", (Form,), {name: StringField(label) for name, label in labels.items()})()


def events() -> list[SimpleNamespace]:
    """Return a transaction in each state."""
    now = datetime.now(UTC)
    rows = (
        ("Corner Café", -450, "posted", "4821"),
        ("Harbor Hotel", -18_000, "pending", "0093"),
        ("City Cycles", -89_900, "declined", "4821"),
        ("Welcome", 250_000, "posted", ""),
    )
    return [
        SimpleNamespace(at=now - timedelta(hours=hours), summary=summary, cents=cents, state=state, last4=last4)
        for hours, (summary, cents, state, last4) in enumerate(rows)
    ]
