"""What the app keeps of Unit's answers: small frozen objects. Nothing else of Unit's JSON reaches a template.

Money is in cents. An answer of another shape than Unit documents raises ServiceDown: nothing is known then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import wraps
from typing import TypeVar
from urllib.parse import urlsplit

from .http import ServiceDown
from .unit_wire import Json

T = TypeVar("T")

ACTIONS_IN = {  # what Unit lets a customer do with a card in each state; Unit's docs: *Cards*
    "Inactive": {"activate", "report-lost", "report-stolen", "close"},
    "Active": {"freeze", "report-lost", "report-stolen", "replace", "close", "limits"},
    "ActiveForOnlineUse": {"activate", "freeze", "report-lost", "report-stolen", "replace", "close", "limits"},
    "Frozen": {"unfreeze", "report-lost", "report-stolen", "close"},
}
BEARER = re.compile(r"[\w.~+/=-]{1,8000}", re.ASCII)  # RFC 6750
ONLY_PLASTIC = {"activate", "replace"}


@dataclass(frozen=True)
class Application:
    """Somebody's request to become a customer."""

    application_id: str
    status: str  # Pending, AwaitingDocuments, PendingReview, Approved, Denied, Canceled
    customer_id: str | None
    jwt_subject: str | None

    @property
    def is_final(self) -> bool:
        """Whether Unit will not change its mind any more."""
        return self.status in {"Denied", "Canceled"} or self.customer_id is not None


@dataclass(frozen=True)
class HostedForm:
    """An application form on a page of Unit's."""

    form_id: str
    url: str = field(repr=False)  # opens the form to whoever has it
    expires_at: datetime

    @property
    def is_over(self) -> bool:
        """Whether the link no longer works."""
        return self.expires_at <= datetime.now(UTC)


@dataclass(frozen=True)
class Customer:
    """A person at Unit."""

    customer_id: str
    name: str
    email: str
    status: str  # Active, Archived
    jwt_subject: str | None


@dataclass(frozen=True)
class Account:
    """A deposit account."""

    account_id: str
    status: str  # Open, Frozen, Closed
    balance: int
    hold: int
    available: int


@dataclass(frozen=True)
class Card:
    """A debit card, without anything that could pay: the full number never comes here."""

    card_id: str
    is_virtual: bool
    last4: str
    expires: str  # YYYY-MM
    status: str  # Inactive, Active, ActiveForOnlineUse, Frozen, Lost, Stolen, ClosedByCustomer, SuspectedFraud

    @property
    def kind(self) -> str:
        """Unit's type of the card."""
        return "individualVirtualDebitCard" if self.is_virtual else "individualDebitCard"

    def allows(self, action: str) -> bool:
        """Whether the card's kind and state let its holder do this."""
        return action in ACTIONS_IN.get(self.status, set()) and not (self.is_virtual and action in ONLY_PLASTIC)


@dataclass(frozen=True)
class Limits:
    """What a card may spend, and what it has spent."""

    own: Mapping[str, int]  # by Unit's names: dailyPurchase, monthlyPurchase, dailyWithdrawal, monthlyWithdrawal
    spent_today: int
    spent_this_month: int


@dataclass(frozen=True)
class Event:
    """Something that happened to the money: posted, held for a merchant, or declined."""

    event_id: str
    at: datetime
    summary: str
    cents: int  # negative: money out
    state: str  # posted, pending, declined
    last4: str


@dataclass(frozen=True)
class CustomerToken:
    """A bearer token that acts as one customer."""

    token: str
    expires_in: int  # seconds


def _documented(parse: Callable[[Json], T]) -> Callable[[Json], T]:
    @wraps(parse)
    def checked(resource: Json) -> T:
        try:
            return parse(resource)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ServiceDown("Unit", "an answer of another shape") from error

    return checked


@_documented
def application(resource: Json) -> Application:
    """An individual application."""
    customer = resource.get("relationships", {}).get("customer", {}).get("data") or {}
    attributes = resource["attributes"]
    return Application(resource["id"], attributes["status"], customer.get("id"), attributes.get("jwtSubject"))


@_documented
def hosted_form(resource: Json) -> HostedForm:
    """A form, whose link must be fit to send a visitor to."""
    url = str(resource["links"]["related"]["href"])
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1"}):
        raise ValueError("a link that is not https")
    expiration = resource["attributes"]["applicationFormToken"]["expiration"]
    return HostedForm(str(int(resource["id"])), url, datetime.fromisoformat(expiration))


@_documented
def customer(resource: Json) -> Customer:
    """An individual customer."""
    attributes = resource["attributes"]
    name = f"{attributes['fullName']['first']} {attributes['fullName']['last']}"
    email = str(attributes.get("email") or "")
    return Customer(resource["id"], name, email, attributes["status"], attributes.get("jwtSubject"))


@_documented
def account(resource: Json) -> Account:
    """A deposit account."""
    attributes = resource["attributes"]
    amounts = (int(attributes[name]) for name in ("balance", "hold", "available"))
    return Account(resource["id"], attributes["status"], *amounts)


@_documented
def card(resource: Json) -> Card:
    """An individual's debit card."""
    attributes = resource["attributes"]
    return Card(
        card_id=str(int(resource["id"])),
        is_virtual="Virtual" in resource["type"],
        last4=str(attributes["last4Digits"]),
        expires=str(attributes["expirationDate"]),
        status=str(attributes["status"]),
    )


@_documented
def limits(resource: Json) -> Limits:
    """A card's limits, which may be absent, and its totals."""
    attributes = resource["attributes"]
    return Limits(
        own={name: int(cents) for name, cents in (attributes.get("limits") or {}).items()},
        spent_today=int(attributes["dailyTotals"]["purchases"]),
        spent_this_month=int(attributes["monthlyTotals"]["purchases"]),
    )


@_documented
def has_pin(resource: Json) -> bool:
    """A card's PIN status."""
    return bool(resource["attributes"]["status"] == "Set")


@_documented
def transaction(resource: Json) -> Event:
    """A posted transaction of any type."""
    attributes = resource["attributes"]
    sign = -1 if attributes["direction"] == "Debit" else 1
    merchant = (attributes.get("merchant") or {}).get("name")
    return Event(
        event_id=f"t{resource['id']}",
        at=datetime.fromisoformat(attributes["createdAt"]),
        summary=str(merchant or attributes.get("description") or attributes["summary"]),
        cents=sign * int(attributes["amount"]),
        state="posted",
        last4=str(attributes.get("cardLast4Digits") or ""),
    )


@_documented
def authorization(resource: Json) -> Event:
    """A card authorization: money that is held, or was refused."""
    attributes = resource["attributes"]
    return Event(
        event_id=f"a{resource['id']}",
        at=datetime.fromisoformat(attributes["createdAt"]),
        summary=str(attributes["merchant"]["name"]),
        cents=-int(attributes["amount"]),
        state={"Authorized": "pending", "Declined": "declined"}.get(attributes["status"], "over"),
        last4=str(attributes["cardLast4Digits"]),
    )


@_documented
def customer_token(resource: Json) -> CustomerToken:
    """A customer token, fit for a header; it has no id."""
    attributes = resource["attributes"]
    if not BEARER.fullmatch(attributes["token"]):
        raise ValueError("a token that no header can hold")
    return CustomerToken(attributes["token"], int(attributes["expiresIn"]))


@_documented
def verification_token(resource: Json) -> str:
    """What a texted code belongs to; it has no id."""
    return str(resource["attributes"]["verificationToken"])
