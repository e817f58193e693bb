"""Transactions and card authorizations as one list. Unit docs: *Transactions*, *Authorizations*. Money is in cents."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field

from services.unit_client import CustomerClient
from services.unit_models import Id, Resource, Whole, attribute

PAGE = 10  # events
LONGEST = 120  # characters of what is shown of an event
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
AT_ONCE, AT_MOST = 25, 2_500  # events that are asked for
EPOCH = datetime.fromtimestamp(0, UTC)
Moment = Annotated[AwareDatetime, AfterValidator(lambda at: at.astimezone(UTC))]
Position: TypeAlias = tuple[datetime, bool, int]
CURSOR = re.compile(r"(?P<at>[0-9]{1,16})-(?P<kind>[at])-(?P<id>[0-9]{1,20})", re.ASCII)
OPEN = {  # authorizations without further effect are left out
    "filter[includeNonAuthorized]": "true",
    "filter[status][0]": "Authorized",
    "filter[status][1]": "Declined",
}


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
        """The merchant, or else Unit's own words: anything may stand there, so it is one line of limited length."""
        words = (self.merchant and self.merchant.name) or self.description or self.text
        line = " ".join(CONTROL.sub(" ", words).split())
        return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"

    @property
    def cents(self) -> int:
        """The amount, negative if money went out."""
        return self.amount if self.direction == "Credit" else -self.amount

    @property
    def position(self) -> Position:
        """The place in the list, which no other event has and which never changes."""
        return self.at, self.kind == "authorization", int(self.event_id)

    @property
    def cursor(self) -> str:
        """The position as text, for a URL."""
        at = (self.at - EPOCH) // timedelta(microseconds=1)
        return f"{at}-{'a' if self.kind == 'authorization' else 't'}-{self.event_id}"

    @property
    def state(self) -> str:
        """``posted``, ``pending``, ``declined``, or ``closed`` for an authorization without further effect."""
        if self.kind != "authorization":
            return "posted"
        return {"Authorized": "pending", "Declined": "declined"}.get(str(self.status), "closed")


def activity(
    customer: CustomerClient, customer_id: str, before: Position | None = None, card_id: str = ""
) -> tuple[list[Event], bool]:
    """Return events of one card or all cards that are older than ``before``, newest first, and whether there are more.

    Raises UnitError, ServiceUnavailable.
    """
    query = {"filter[customerId]": customer_id, "sort": "-createdAt", "page[limit]": str(AT_ONCE)}
    query |= {"filter[cardId]": card_id} if card_id else {}
    if before:
        second = (before[0] + timedelta(seconds=1)).replace(microsecond=0)  # Unit's filter may ignore fractions
        query["filter[until]"] = second.strftime("%Y-%m-%dT%H:%M:%SZ")
    found = _older(customer, "/transactions", query, before) + _older(customer, "/authorizations", query | OPEN, before)
    found.sort(key=lambda event: event.position, reverse=True)
    return found[:PAGE], len(found) > PAGE


def position_of(cursor: str) -> Position | None:
    """Return the place in the list that a cursor names, or None if it names none."""
    if not (match := CURSOR.fullmatch(cursor)):
        return None
    return EPOCH + timedelta(microseconds=int(match["at"])), match["kind"] == "a", int(match["id"])


def _older(customer: CustomerClient, path: str, query: dict[str, str], before: Position | None) -> list[Event]:
    """Return at least one event more than a page, if there are as many; those of the same second may come first.

    The customer filter is needed although the token names the customer: Unit pages only filtered lists.
    """
    found: dict[str, Event] = {}
    for offset in range(0, AT_MOST, AT_ONCE):
        some = Event.read_all(customer.get(path, **query, **{"page[offset]": str(offset)})["data"])
        older = [event for event in some if not before or event.position < before]
        found |= {event.event_id: event for event in older if event.state != "closed"}
        if len(found) > PAGE or len(some) < AT_ONCE:
            break
    return list(found.values())
