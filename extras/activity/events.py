"""Transactions and card authorizations as one list. Unit docs: *Transactions*, *Authorizations*. Money is in cents."""

from __future__ import annotations

from pydantic import BaseModel, Field

from services.unit_client import CustomerClient
from services.unit_models import Id, Moment, Resource, Whole, attribute

PAGE = 10  # events


class Merchant(BaseModel):
    """Who was paid."""

    name: str


class Event(Resource):
    """A transaction, or a card authorization: money that is held, or was declined."""

    kind: str = Field(validation_alias="type")
    event_id: Id = Field(validation_alias="id")
    at: Moment = Field(validation_alias=attribute("createdAt"))
    amount: Whole = Field(validation_alias=attribute("amount"))
    direction: str = Field("Debit", validation_alias=attribute("direction"))
    merchant: Merchant | None = Field(None, validation_alias=attribute("merchant"))
    description: str | None = Field(None, validation_alias=attribute("description"))
    text: str = Field("", validation_alias=attribute("summary"))
    status: str | None = Field(None, validation_alias=attribute("status"))
    last4: str | None = Field(None, validation_alias=attribute("cardLast4Digits"))

    @property
    def summary(self) -> str:
        """The merchant, or else Unit's own words."""
        return (self.merchant and self.merchant.name) or self.description or self.text

    @property
    def cents(self) -> int:
        """The amount, negative if money went out."""
        return self.amount if self.direction == "Credit" else -self.amount

    @property
    def state(self) -> str:
        """``posted``, ``pending``, ``declined``, or ``closed`` for an authorization without further effect."""
        if self.kind != "authorization":
            return "posted"
        return {"Authorized": "pending", "Declined": "declined"}.get(str(self.status), "closed")


def activity(customer: CustomerClient, customer_id: str, offset: int, card_id: str = "") -> tuple[list[Event], bool]:
    """Return a page of events of one card or all cards, newest first, and whether there are more.

    Only the first page has pending and declined authorizations. The customer filter is needed although the token
    names the customer: Unit pages only filtered lists. Raises UnitError, ServiceUnavailable.
    """
    query = {"filter[customerId]": customer_id, "sort": "-createdAt"}
    query |= {"filter[cardId]": card_id} if card_id else {}
    page = {"page[limit]": str(PAGE + 1), "page[offset]": str(offset)}
    posted = Event.read_all(customer.get("/transactions", **query, **page)["data"])
    shown = posted[:PAGE]
    if not offset:
        found = customer.get("/authorizations", **query, **{"filter[includeNonAuthorized]": "true"})
        shown += [event for event in Event.read_all(found["data"]) if event.state != "closed"][:PAGE]
    return sorted(shown, key=lambda event: event.at, reverse=True), len(posted) > PAGE
