"""What only Unit's sandbox does: money arrives, a card is activated, a card pays."""

from __future__ import annotations

from blueprints.cards import current_customer
from services.unit_client import link, org_client

from .inside import request_of
from .visitor import Visitor

APPLICANT = {  # in Unit's words
    "fullName": {"first": "Ada", "last": "Vance"},
    "email": "ada.vance@example.com",
    "dateOfBirth": "1990-02-03",
    "ssn": "123456789",
    "phone": {"countryCode": "1", "number": "5555550101"},
    "address": {"street": "1 Main", "city": "Oakland", "state": "CA", "postalCode": "94607", "country": "US"},
}


def activate(visitor: Visitor, card_path: str) -> None:
    """Activate a physical card."""
    with request_of(visitor):
        org_client.call("POST", f"/sandbox{card_path}/activate")


def deposit(visitor: Visitor, cents: int) -> None:
    """Let money arrive on the visitor's account."""
    with request_of(visitor):
        account = link("account", current_customer().accounts()[0].account_id, "depositAccount")
        attributes = {"amount": cents, "direction": "Credit", "description": "Salary"}
        org_client.post("/sandbox/payments", "achPayment", attributes, account)


def buy(visitor: Visitor, card_path: str, cents: int, *, hold: bool = False) -> None:
    """Pay with a card at a café; ``hold``: only hold the amount."""
    with request_of(visitor):
        card, account = current_customer().card(card_path.rpartition("/")[2])
        attributes = {"amount": cents, "merchantName": "Corner Café", "merchantType": 5812}
        path, kind, last4 = "purchases", "purchaseTransaction", "last4Digits"
        if hold:
            path, kind, last4 = "authorizations", "authorization", "cardLast4Digits"
        else:
            attributes["direction"] = "Debit"
        attributes[last4] = card.last4
        org_client.post(f"/sandbox/{path}", kind, attributes, link("account", account.account_id, "depositAccount"))
