"""Fills a tenant from JSON, through the services' own endpoints.

Each object holds attributes as the services name them; missing ones get sample values. Seeding uses the public API, so
a seed can't create anything that the services would refuse.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask
from werkzeug.test import Client

from . import stytch, unit
from .store import Json, Store

MAX_USERS = 50
CUSTOMER: Json = {
    "fullName": {"first": "Ada", "last": "Vance"},
    "email": "ada@example.com",
    "phone": {"countryCode": "1", "number": "5555550101"},
    "dateOfBirth": "1990-02-03",
    "ssn": "123456789",
    "address": {"street": "1 Main Street", "city": "Oakland", "state": "CA", "postalCode": "94607", "country": "US"},
}
PURCHASE: Json = {
    "amount": 1250,
    "direction": "Debit",
    "merchantName": "Corner Cafe",
    "merchantType": 5812,
    "merchantLocation": "Oakland, CA",
}
USER_MEMBERS = {"totp", "customer", "accounts"}


class BadSeed(Exception):
    """The seed is invalid; says where and why. Earlier entries remain created."""


class _Seeder:
    """Calls both services for one project."""

    def __init__(self, project_id: str, store: Store, stytch_app: Flask, unit_app: Flask) -> None:
        self._store = store
        self._project_id = project_id
        self._stytch = Client(stytch_app)
        self._unit = Client(unit_app)

    def user(self, given: Json, where: str) -> Json:
        """Create a Stytch user, with an authenticator and a Unit customer if given."""
        members = {name: value for name, value in given.items() if name not in USER_MEMBERS}
        created = self._at_stytch("/v1/users", {"email": "ada@example.com", **members}, where)
        made: Json = {"user_id": created["user_id"]}
        if given.get("totp") is not None:
            made["totp"] = self._totp(created["user_id"], _object(given, "totp", where), f"{where}.totp")
        if given.get("customer") is not None or given.get("accounts"):
            details = _object(given, "customer", where)
            email = {"email": members["email"]} if "email" in members else {}
            attributes = {**CUSTOMER, **email, "jwtSubject": created["user_id"], **details}
            application = self._at_unit("/applications", "individualApplication", attributes, f"{where}.customer")
            made |= self._customer(application, given, where)
        return made

    def _totp(self, user_id: str, given: Json, where: str) -> Json:
        if set(given) - {"secret"}:
            raise BadSeed(f"{where}: the only member allowed is secret")
        created = self._at_stytch("/v1/totps", {"user_id": user_id}, where)
        secret = given.get("secret", created["secret"])
        with self._store.change(self._project_id) as tenant:
            if not stytch.set_secret(tenant, created["totp_id"], secret):
                raise BadSeed(f"{where}.secret: must be base32 with 24, 32, 40, 48, 56 or 64 characters")
        return {"totp_id": created["totp_id"], "secret": secret, "recovery_codes": created["recovery_codes"]}

    def _customer(self, application: Json, given: Json, where: str) -> Json:
        made: Json = {"application_id": application["id"], "accounts": []}
        customer = application["relationships"].get("customer")
        if customer is None:
            if given.get("accounts"):
                raise BadSeed(f"{where}.accounts: the application is {application['attributes']['status']}")
            return made
        customer_id = customer["data"]["id"]
        for place, account in _list(given, "accounts", where):
            made["accounts"].append(self._account(customer_id, account, place))
        self._at_stytch(
            f"/v1/users/{application['attributes']['jwtSubject']}",
            {"trusted_metadata": {"unit_customer_id": customer_id}},
            where,
            method="PUT",
        )
        return {**made, "customer_id": customer_id}

    def _account(self, customer_id: str, given: Json, where: str) -> Json:
        attributes = {"depositProduct": "checking", **_without(given, {"funds", "cards"})}
        account = self._at_unit("/accounts", "depositAccount", attributes, where, customer=customer_id)
        if given.get("funds"):
            funds = {"amount": given["funds"], "direction": "Credit", "description": "Salary"}
            self._at_unit("/sandbox/payments", "achPayment", funds, f"{where}.funds", account=account["id"])
        cards = [self._card(account["id"], card, place) for place, card in _list(given, "cards", where)]
        return {"account_id": account["id"], "cards": cards}

    def _card(self, account_id: str, given: Json, where: str) -> Json:
        attributes = _without(given, {"type", "purchases"})
        kind = given.get("type", "individualVirtualDebitCard")
        card = self._at_unit("/cards", kind, attributes, where, account=account_id)
        for place, purchase in _list(given, "purchases", where):
            last4 = {"last4Digits": card["attributes"]["last4Digits"]}
            self._at_unit(
                "/sandbox/purchases", "purchaseTransaction", PURCHASE | purchase | last4, place, account=account_id
            )
        return {"card_id": card["id"], "last4Digits": card["attributes"]["last4Digits"]}

    def _at_stytch(self, path: str, body: Json, where: str, method: str = "POST") -> Json:
        answer = self._stytch.open(path, method=method, json=body, auth=(self._project_id, "secret"))
        made: Json = answer.get_json()
        if answer.status_code >= 400:
            raise BadSeed(f"{where}: {made['error_message']}")
        return made

    def _at_unit(self, path: str, kind: object, attributes: Json, where: str, **related: str) -> Json:
        relationships = {name: {"data": {"type": name, "id": to}} for name, to in related.items()}
        document = {"data": {"type": kind, "attributes": attributes, "relationships": relationships}}
        bearer = {"Authorization": f"Bearer {unit.ORG_TOKEN}{self._project_id}"}
        answer = self._unit.post(path, json=document, headers=bearer, content_type="application/vnd.api+json")
        body: Json = answer.get_json()
        if answer.status_code >= 400:
            problem = body["errors"][0]
            pointer = problem.get("source", {}).get("pointer", "")
            raise BadSeed(f"{where}: {problem.get('detail', problem['title'])} {pointer}".rstrip())
        made: Json = body["data"]
        return made


def seed(given: Json, project_id: str, store: Store, stytch_app: Flask, unit_app: Flask) -> Json:
    """Create everything in the seed.

    Returns ids, and values that are shown only once: secrets and recovery codes. Raises BadSeed.
    """
    if set(given) - {"users"}:
        raise BadSeed("the only member allowed is users")
    users = _list(given, "users", "")
    if len(users) > MAX_USERS:
        raise BadSeed(f"users: at most {MAX_USERS}")
    seeder = _Seeder(project_id, store, stytch_app, unit_app)
    return {"users": [seeder.user(user, place) for place, user in users]}


def _list(given: Mapping[str, Any], name: str, where: str) -> list[tuple[str, Json]]:
    entries = given.get(name, [])
    place = f"{where}.{name}".lstrip(".")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadSeed(f"{place}: must be a list of objects")
    return [(f"{place}[{index}]", entry) for index, entry in enumerate(entries)]


def _object(given: Mapping[str, Any], name: str, where: str) -> Json:
    value = given.get(name, {})
    if value is True or value is None:
        return {}
    if not isinstance(value, dict):
        raise BadSeed(f"{where}.{name}: must be an object, or true")
    return value


def _without(given: Json, names: set[str]) -> Json:
    return {name: value for name, value in given.items() if name not in names}
