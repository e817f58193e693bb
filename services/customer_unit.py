"""Unit as one customer: a customer token. Unit shows and changes only what is that customer's.

To copy: user actions never use the org token, so somebody else's card is as absent as one that never was.
Unit's docs: *Cards*, *Transactions*, *Authorizations*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from . import unit_objects as parse
from .http import ServiceDown
from .unit_objects import Account, Card, Event, Limits
from .unit_wire import Caller, link

PAGE = 10  # events of activity at a time


class CustomerUnit(Caller):
    """Beside what each method names, all raise UnitError and ServiceDown."""

    def cards(self) -> tuple[Sequence[Card], Sequence[Account]]:
        """The customer's cards, oldest first, and the accounts that they draw on, in one call."""
        found = self._get("/cards", include="account", sort="createdAt")
        return [parse.card(resource) for resource in found["data"]], self._included(found)

    def card(self, card_id: str) -> tuple[Card, Account]:
        """One of the customer's cards, and its account."""
        found = self._get(f"/cards/{card_id}", include="account")
        if not (accounts := self._included(found)):
            raise ServiceDown("Unit", "a card without its account")
        return parse.card(found["data"]), accounts[0]

    def accounts(self) -> Sequence[Account]:
        """The customer's accounts."""
        return [parse.account(resource) for resource in self._get("/accounts")["data"]]

    def create_card(self, account_id: str, *, virtual: bool, key: str) -> Card:
        """Issue a card for the account. The same key always means the same card."""
        kind = "individualVirtualDebitCard" if virtual else "individualDebitCard"
        relationships = link("account", account_id, "depositAccount")
        return parse.card(self._post("/cards", kind, {"idempotencyKey": key}, relationships)["data"])

    def act(self, card_id: str, action: str) -> Card:
        """freeze, unfreeze, close, report-lost or report-stolen; returns the card as it is then."""
        return parse.card(self._call("POST", f"/cards/{card_id}/{action}")["data"])

    def replace(self, card_id: str) -> Card:
        """Have a damaged physical card made and sent again."""
        return parse.card(self._post(f"/cards/{card_id}/replace", "replaceCard", {})["data"])

    def limits(self, card_id: str) -> Limits:
        """What the card may spend, and what it has spent today and this month."""
        return parse.limits(self._get(f"/cards/{card_id}/limits")["data"])

    def set_limits(self, card: Card, cents: Mapping[str, int]) -> Card:
        """Set the card's own limits, under Unit's names for them (``dailyPurchase``, ...)."""
        document = {"type": card.kind, "attributes": {"limits": dict(cents)}}
        return parse.card(self._call("PATCH", f"/cards/{card.card_id}", document)["data"])

    def has_pin(self, card_id: str) -> bool:
        """Whether the holder has set a PIN; the PIN itself nobody can read."""
        return parse.has_pin(self._get(f"/cards/{card_id}/secure-data/pin/status")["data"])

    def activity(self, customer_id: str, offset: int, card_id: str = "") -> tuple[list[Event], bool]:
        """What happened to the money, newest first, of one card or all; and whether there is more after it.

        Holds and refusals stand on the first page only. The customer is named although the token says who it is: Unit
        pages only what is filtered by customer or account.
        """
        query = {"filter[customerId]": customer_id, "sort": "-createdAt"}
        query |= {"filter[cardId]": card_id} if card_id else {}
        page = {"page[limit]": str(PAGE + 1), "page[offset]": str(offset)}
        posted = [parse.transaction(resource) for resource in self._get("/transactions", **query, **page)["data"]]
        if offset:
            return posted[:PAGE], len(posted) > PAGE
        asked = self._get("/authorizations", **query, **{"filter[includeNonAuthorized]": "true"})
        open_or_refused = [
            event for resource in asked["data"] if (event := parse.authorization(resource)).state != "over"
        ]
        newest_first = sorted([*posted[:PAGE], *open_or_refused[:PAGE]], key=lambda event: event.at, reverse=True)
        return newest_first, len(posted) > PAGE

    @staticmethod
    def _included(found: Mapping[str, list[dict[str, object]]]) -> list[Account]:
        return [parse.account(extra) for extra in found.get("included", []) if extra["type"] == "depositAccount"]
