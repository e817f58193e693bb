"""Fills a tenant from JSON, through the services' own endpoints.

Each object holds attributes as the services name them; missing ones get sample values. Seeding uses the public API, so
a seed can't create anything that the services would refuse. It creates everything, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from flask import Flask

from . import clock, fixed_ids, stytch
from .control_input import unknown_member
from .in_process import CallRefused, Services
from .seed_input import BadSeed, list_of, moment_of, object_of, without
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
OWN_MEMBERS = {"user_id", "created_at", "totp", "biometric_registrations", "customer", "accounts"}
USER_MEMBERS = OWN_MEMBERS | {
    *("email", "phone_number", "name", "create_user_as_pending", "external_id", "roles"),
    *("trusted_metadata", "untrusted_metadata"),
}
NAME_MEMBERS = ("first_name", "middle_name", "last_name")
# An id that a seed fixes. Unit's are below those that the emulator gives.
UNIT_ID = "[1-9][0-9]{0,3}"
STYTCH_ID = "{kind}-test-[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}"


class _Seeder:
    """Calls both services for one tenant."""

    def __init__(self, tenant_id: str, store: Store, services: Services) -> None:
        self._store = store
        self._tenant_id = tenant_id
        self._services = services

    def user(self, given: Json, where: str) -> Json:
        """Create a Stytch user, with an authenticator and a Unit customer if given."""
        _check_members(given, USER_MEMBERS, where)
        _check_members(object_of(given, "name", where), NAME_MEMBERS, f"{where}.name")
        members = without(given, OWN_MEMBERS)
        with self._made(given, where, "user", None, "user_id", "created_at") as since:
            created = self._services.at_stytch("/v1/users", {"email": "ada@example.com", **members})
            made: Json = {"user_id": created["user_id"]}
        if entries := list_of(given, "biometric_registrations", where):
            made["biometric_registrations"] = [self._biometric(created["user_id"], *entry) for entry in entries]
        if given.get("totp") is not None:
            totp = object_of(given, "totp", where)
            made["totp"] = self._totp(created["user_id"], totp, f"{where}.totp", since)
        if given.get("customer") is not None or given.get("accounts"):
            details = object_of(given, "customer", where)
            email = {"email": members["email"]} if "email" in members else {}
            attributes = {**CUSTOMER, **email, "jwtSubject": created["user_id"], **details}
            made |= self._customer(attributes, given, where, since)
        return made

    def _totp(self, user_id: str, given: Json, where: str, since: datetime | None) -> Json:
        _check_members(given, {"secret", "totp_id", "created_at"}, where)
        with self._made(given, where, "totp", since, "totp_id", "created_at"):
            created = self._services.at_stytch("/v1/totps", {"user_id": user_id})
        secret = given.get("secret", created["secret"])
        with self._store.change(self._tenant_id) as tenant:
            if not stytch.set_secret(tenant, created["totp_id"], secret):
                raise BadSeed(f"{where}.secret: must be base32 with 24, 32, 40, 48, 56 or 64 characters")
        return {"totp_id": created["totp_id"], "secret": secret, "recovery_codes": created["recovery_codes"]}

    def _biometric(self, user_id: str, where: str, given: Json) -> str:
        """Register a mobile device, which no API call can."""
        _check_members(given, (), where)
        try:
            with self._store.change(self._tenant_id) as tenant:
                return stytch.add_biometric_registration(tenant, user_id)
        except stytch.StytchFault as fault:
            raise BadSeed(f"{where}: {fault.error_type}") from fault

    def _customer(self, given: Json, user: Json, where: str, since: datetime | None) -> Json:
        with self._made(given, f"{where}.customer", "customer", since) as since:
            attributes = without(given, {"id", "createdAt"})
            application = self._services.at_unit("/applications", "individualApplication", attributes)
        made: Json = {"application_id": application["id"], "accounts": []}
        customer = application["relationships"].get("customer")
        if customer is None:
            if user.get("accounts"):
                raise BadSeed(f"{where}.accounts: the application is {application['attributes']['status']}")
            return made
        customer_id = customer["data"]["id"]
        for place, account in list_of(user, "accounts", where):
            made["accounts"].append(self._account(customer_id, account, place, since))
        metadata = {"trusted_metadata": {"unit_customer_id": customer_id}}
        self._services.at_stytch(f"/v1/users/{application['attributes']['jwtSubject']}", metadata, "PUT")
        return {**made, "customer_id": customer_id}

    def _account(self, customer_id: str, given: Json, where: str, since: datetime | None) -> Json:
        attributes = {"depositProduct": "checking", **without(given, {"funds", "cards", "id", "createdAt"})}
        with self._made(given, where, "account", since) as since:
            account = self._services.at_unit("/accounts", "depositAccount", attributes, customer=customer_id)
            if given.get("funds"):
                funds = {"amount": given["funds"], "direction": "Credit", "description": "Salary"}
                self._services.at_unit("/sandbox/payments", "achPayment", funds, account=account["id"])
        cards = [self._card(account["id"], card, place, since) for place, card in list_of(given, "cards", where)]
        return {"account_id": account["id"], "cards": cards}

    def _card(self, account_id: str, given: Json, where: str, since: datetime | None) -> Json:
        attributes = without(given, {"type", "purchases", "id", "createdAt"})
        kind = given.get("type", "individualVirtualDebitCard")
        with self._made(given, where, "card", since) as since:
            card = self._services.at_unit("/cards", kind, attributes, account=account_id)
        last4 = {"last4Digits": card["attributes"]["last4Digits"]}
        for place, purchase in list_of(given, "purchases", where):
            attributes = PURCHASE | without(purchase, {"id", "createdAt"}) | last4
            with self._made(purchase, place, "transaction", since):
                self._services.at_unit("/sandbox/purchases", "purchaseTransaction", attributes, account=account_id)
        return {"card_id": card["id"], **last4}

    @contextmanager
    def _made(
        self, given: Json, where: str, kind: str, since: datetime | None, id_member: str = "id", date: str = "createdAt"
    ) -> Iterator[datetime | None]:
        """Create a record with the id and the date that the seed fixes; yields the date, or else its owner's."""
        moment, ids = moment_of(given, date, where, since), self._fixed_id(given, where, kind, id_member)
        try:
            with fixed_ids.fixed(ids), clock.at(moment or clock.now()):
                yield moment
        except CallRefused as refused:
            raise BadSeed(f"{where}: {refused}") from refused
        if ids:
            raise BadSeed(f"{where}.{id_member}: no {kind} was created")

    def _fixed_id(self, given: Json, where: str, kind: str, member: str) -> dict[str, str]:
        wanted = given.get(member)
        if wanted is None:
            return {}
        shape = UNIT_ID if member == "id" else STYTCH_ID.format(kind=kind)
        if not isinstance(wanted, str) or not re.fullmatch(shape, wanted):
            example = '"1" to "9999"' if member == "id" else f"{kind}-test- and a lowercase UUID"
            raise BadSeed(f"{where}.{member}: must be {example}")
        with self._store.read(self._tenant_id) as tenant:
            if tenant.get(kind, wanted):
                raise BadSeed(f"{where}.{member}: {wanted} is taken")
        return {kind: wanted}


def seed(
    given: Json, project_id: str, store: Store, stytch_app: Flask, unit_app: Flask, visitor: str | None = None
) -> Json:
    """Create everything in the seed, or nothing; in the project's tenant, or in that of a host app's visitor.

    Returns ids, and values that are shown only once: secrets and recovery codes. Raises BadSeed.
    """
    if set(given) - {"users"}:
        raise BadSeed("the only member allowed is users")
    users = list_of(given, "users", "")
    if len(users) > MAX_USERS:
        raise BadSeed(f"users: at most {MAX_USERS}")
    seeder = _Seeder(visitor or project_id, store, Services(project_id, stytch_app, unit_app, visitor))
    with store.all_or_nothing():
        return {"users": [seeder.user(user, place) for place, user in users]}


def _check_members(given: Json, known: set[str] | tuple[str, ...], where: str) -> None:
    problem = unknown_member(given, known)
    if problem:
        raise BadSeed(f"{where}: {problem}")
