"""Common steps of the Unit tests, over HTTP."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    import requests

    from .conftest import UnitOverHTTP

Json = dict[str, Any]

PHYSICAL = "individualDebitCard"
VIRTUAL = "individualVirtualDebitCard"
USER_ID = "user-test-00000000-0000-4000-8000-000000000001"

ADDRESS = {"street": "1 Main St", "city": "Oakland", "state": "CA", "postalCode": "94607", "country": "US"}
ADA: Json = {
    "fullName": {"first": "Ada", "last": "Vance"},
    "email": "ada@example.com",
    "phone": {"countryCode": "1", "number": "5555550101"},
    "dateOfBirth": "1990-02-03",
    "ssn": "123456789",
    "address": ADDRESS,
    "jwtSubject": USER_ID,
}


def document(resource_type: str, attributes: object, **related: str) -> Json:
    """A request document."""
    relationships = {name: {"data": {"type": name, "id": to}} for name, to in related.items()}
    return {"data": {"type": resource_type, "attributes": attributes, "relationships": relationships}}


def errors(response: requests.Response) -> list[tuple[str | None, str | None]]:
    """The code and pointer of each error in a response."""
    return [(entry.get("code"), entry.get("source", {}).get("pointer")) for entry in response.json()["errors"]]


class Snapshots:
    """Saves the store after common setups, to restore instead of repeating them."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine, self._schema = engine, sa.MetaData()
        self._schema.reflect(engine)
        self._ends: dict[tuple[str, datetime], tuple[dict[str, list[Json]], Any]] = {}

    def restore_or_run(self, name: str, way: Callable[[], Any]) -> Any:
        """The result of a setup, restored if possible.

        Restores only into an empty store and at the same time.
        """
        if not self._is_empty():
            return way()
        key = name, datetime.now(UTC)
        if key not in self._ends:
            found = way()
            self._ends[key] = self._kept(), found
            return found
        kept, found = self._ends[key]
        with self.engine.begin() as connection:
            for table in self._schema.sorted_tables:
                if kept[table.name]:
                    connection.execute(table.insert(), kept[table.name])
        return copy.deepcopy(found)

    def _is_empty(self) -> bool:
        with self.engine.connect() as connection:
            return connection.execute(self._schema.tables["tenants"].select().limit(1)).first() is None

    def _kept(self) -> dict[str, list[Json]]:
        with self.engine.connect() as connection:
            return {
                table.name: [dict(row) for row in connection.execute(table.select()).mappings()]
                for table in self._schema.sorted_tables
            }


class Bank:
    """What an org does at Unit, with the org token."""

    def __init__(self, unit: UnitOverHTTP, snapshots: Snapshots | None = None) -> None:
        self.unit, self._snapshots = unit, snapshots

    def _restore_or_run(self, name: str, way: Callable[[], Any]) -> Any:
        return self._snapshots.restore_or_run(name, way) if self._snapshots else way()

    def create(self, path: str, resource_type: str, attributes: object, **related: str) -> Json:
        """Create a resource, which must succeed."""
        response = self.unit("POST", path, document(resource_type, attributes, **related))
        assert response.status_code == 201, response.text
        resource: Json = response.json()["data"]
        return resource

    def read(self, path: str) -> Any:
        """Read a resource, which must succeed."""
        response = self.unit("GET", path)
        assert response.status_code == 200, response.text
        return response.json()["data"]

    def application(self, **changes: object) -> Json:
        """Ada's application, with these attributes changed."""
        return self.create("/applications", "individualApplication", ADA | changes)

    def customer(self, **changes: object) -> str:
        """The id of a new customer."""
        if not changes:
            return str(self._restore_or_run("customer", lambda: self._customer()))
        return self._customer(**changes)

    def _customer(self, **changes: object) -> str:
        customer: str = self.application(**changes)["relationships"]["customer"]["data"]["id"]
        return customer

    def account(self, customer: str) -> str:
        """The id of a new account."""
        account: str = self.create("/accounts", "depositAccount", {"depositProduct": "checking"}, customer=customer)[
            "id"
        ]
        return account

    def card(self, account: str, resource_type: str = VIRTUAL, **attributes: object) -> Json:
        """A new card on the account."""
        return self.create("/cards", resource_type, attributes, account=account)

    def funded_account(self) -> str:
        """The id of a new customer's account with $1,000."""
        return str(self._restore_or_run("account", self._funded_account))

    def _funded_account(self) -> str:
        account = self.account(self._customer())
        self.fund(account, 100_000)
        return account

    def active_card(self, **attributes: object) -> Json:
        """A new customer's active virtual card with $1,000."""
        if attributes:
            return self.card(self.funded_account(), VIRTUAL, **attributes)
        card: Json = self._restore_or_run("card", lambda: self.card(self._funded_account()))
        return card

    def fund(self, account: str, amount: int) -> Json:
        """Add money to the account."""
        attributes = {"amount": amount, "direction": "Credit", "description": "Salary"}
        return self.create("/sandbox/payments", "achPayment", attributes, account=account)

    def buy(self, card: Json, amount: int, **changes: object) -> requests.Response:
        """Try to buy something with a card."""
        attributes = {
            "amount": amount,
            "direction": "Debit",
            "merchantName": "Corner Cafe",
            "merchantType": 5812,
            "merchantLocation": "Oakland, CA",
            "last4Digits": card["attributes"]["last4Digits"],
        }
        body = document("purchaseTransaction", attributes | changes, account=account_of(card))
        return self.unit("POST", "/sandbox/purchases", body)

    def hold(self, card: Json, amount: int, **changes: object) -> requests.Response:
        """Try to authorize an amount on a card."""
        attributes = {
            "amount": amount,
            "merchantName": "Grand Hotel",
            "merchantType": 7011,
            "cardLast4Digits": card["attributes"]["last4Digits"],
        }
        body = document("authorization", attributes | changes, account=account_of(card))
        return self.unit("POST", "/sandbox/authorizations", body)

    def figures(self, card: Json) -> tuple[int, int, int]:
        """Balance, hold and available of the card's account."""
        attributes = self.read(f"/accounts/{account_of(card)}")["attributes"]
        return attributes["balance"], attributes["hold"], attributes["available"]

    def ask_token(self, customer: str, scope: str, **attributes: object) -> requests.Response:
        """Request a customer token."""
        return self.unit(
            "POST", f"/customers/{customer}/token", document("customerToken", {"scope": scope} | attributes)
        )

    def customer_token(self, customer: str, scope: str, **attributes: object) -> UnitOverHTTP:
        """Unit with a new customer token, created with the sandbox code."""
        response = self.ask_token(customer, scope, verificationCode="000001", **attributes)
        assert response.status_code == 201, response.text
        return self.unit.with_token(response.json()["data"]["attributes"]["token"])


def account_of(card: Json) -> str:
    """The id of a card's account."""
    account: str = card["relationships"]["account"]["data"]["id"]
    return account


def customer_of(card: Json) -> str:
    """The id of a card's customer."""
    customer: str = card["relationships"]["customer"]["data"]["id"]
    return customer
