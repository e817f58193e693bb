"""Unit: a typed client, one method per call.

To copy: ``Unit`` holds the org token and does what only the company may do; ``CustomerUnit`` holds a customer token and
does what the customer does, so that Unit enforces ownership as well. Answers become small frozen objects: nothing else
of Unit's JSON reaches a template. Money is in cents. Unit's docs: *Applications*, *Deposit Accounts*, *Cards*,
*Customer API Tokens*.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import requests
from flask import current_app
from werkzeug.local import LocalProxy

from settings import Settings

from .http import ServiceDown, ServiceSession, repeatable

Json: TypeAlias = dict[str, Any]
USER_TAG = "stytch_user_id"
KEYS = uuid.UUID("5b8a0d0e-4a0c-4f0e-9b53-6d1f7c1f8d11")  # namespace of this app's idempotency keys


class UnitError(Exception):
    """Unit refused a call. ``code`` is Unit's word for it, ``pointer`` the attribute it is about, if any."""

    def __init__(self, status: int, code: str, detail: str = "", pointer: str = "") -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code, self.detail, self.pointer = status, code, detail, pointer


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
        return self.status in {"Approved", "Denied", "Canceled"}


@dataclass(frozen=True)
class Account:
    """A deposit account; amounts in cents."""

    account_id: str
    status: str
    balance: int
    available: int


@dataclass(frozen=True)
class Card:
    """A debit card, without anything that could pay: the full number never comes here."""

    card_id: str
    is_virtual: bool
    last4: str
    expires: str  # YYYY-MM
    status: str  # Inactive, Active, Frozen, Lost, Stolen, ClosedByCustomer, SuspectedFraud


@dataclass(frozen=True)
class CustomerToken:
    """A bearer token that acts as one customer."""

    token: str
    expires_in: int  # seconds


def idempotency_key(user_id: str, *what: str) -> str:
    """The key of one intended effect: the same user and intent always give the same key, another user's never.

    ``what`` names the kind of effect, and a form's one-time value where there can be several of the kind.
    Unit remembers keys for 48 hours. Unit's docs: *Idempotency*.
    """
    return str(uuid.uuid5(KEYS, json.dumps([user_id, *what])))


class _Caller:
    def __init__(self, http: ServiceSession, url: str, token: str) -> None:
        self._http, self._url, self._token = http, url, token

    def _get(self, path: str, **query: str) -> Json:
        return repeatable(lambda: self._call("GET", path, query=query))

    def _post(self, path: str, kind: str, attributes: Json, relationships: Json | None = None) -> Json:
        document = {"type": kind, "attributes": attributes} | (
            {"relationships": relationships} if relationships else {}
        )
        if "idempotencyKey" in attributes:
            return repeatable(lambda: self._call("POST", path, document))
        return self._call("POST", path, document)

    def _call(
        self, method: str, path: str, document: Json | None = None, query: Mapping[str, str] | None = None
    ) -> Json:
        response = self._http.request(
            method,
            f"{self._url}{path}",
            params=query,
            json={"data": document} if document else None,
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/vnd.api+json"},
        )
        answer: Json = response.json()
        if response.ok:
            return answer
        raise _error(response, answer)


class Unit(_Caller):
    """Unit as the company that offers the cards: the org token."""

    def __init__(self, settings: Settings, http: ServiceSession) -> None:
        super().__init__(http, settings.unit_api_url, settings.unit_api_token)

    def apply(self, user_id: str, person: Json, key: str) -> Application:
        """Apply for a customer whose ``jwtSubject`` is the Stytch user, so that the user's JWTs count at Unit.

        ``person`` holds the attributes of an individual application. Raises UnitError.
        """
        attributes = {**person, "jwtSubject": user_id, "tags": {USER_TAG: user_id}, "idempotencyKey": key}
        return _application(self._post("/applications", "individualApplication", attributes)["data"])

    def applications(self, user_id: str) -> Sequence[Application]:
        """All applications that this app made for a Stytch user, newest first. Raises UnitError."""
        found = self._get("/applications", **{"filter[tags]": json.dumps({USER_TAG: user_id}), "sort": "-createdAt"})
        applications = [_application(resource) for resource in found["data"]]
        return [application for application in applications if application.jwt_subject == user_id]

    def accounts(self, customer_id: str) -> Sequence[Account]:
        """A customer's deposit accounts. Raises UnitError."""
        found = self._get("/accounts", **{"filter[customerId]": customer_id, "filter[type][0]": "deposit"})
        return [_account(resource) for resource in found["data"]]

    def open_account(self, customer_id: str, key: str) -> Account:
        """Open a checking account. Raises UnitError."""
        attributes = {"depositProduct": "checking", "idempotencyKey": key}
        return _account(self._post("/accounts", "depositAccount", attributes, _link("customer", customer_id))["data"])

    def fund(self, account_id: str, cents: int) -> None:
        """Let play money arrive by ACH; only Unit's sandbox has this. Raises UnitError. Unit's docs: *Simulations*."""
        attributes = {"amount": cents, "direction": "Credit", "description": "Welcome"}
        self._post("/sandbox/payments", "achPayment", attributes, _link("account", account_id, "depositAccount"))

    def customer_token(self, customer_id: str, session_jwt: str, scope: str, expires_in: int) -> CustomerToken:
        """Exchange a Stytch session JWT for a token that acts as the customer, for ``expires_in`` seconds.

        Unit verifies the JWT against Stytch's key set, and that its ``sub`` is the customer's ``jwtSubject``.
        Raises UnitError.
        """
        attributes = {"scope": scope, "jwtToken": session_jwt, "expiresIn": expires_in}
        answer = self._post(f"/customers/{customer_id}/token", "customerToken", attributes)["data"]["attributes"]
        return CustomerToken(answer["token"], int(answer["expiresIn"]))


class CustomerUnit(_Caller):
    """Unit as one customer: a customer token. Unit shows and changes only what is that customer's."""

    def cards(self) -> tuple[Sequence[Card], Sequence[Account]]:
        """The customer's cards, oldest first, and the accounts that they draw on, in one call. Raises UnitError."""
        found = self._get("/cards", include="account", sort="createdAt")
        accounts = [_account(extra) for extra in found.get("included", []) if extra["type"] == "depositAccount"]
        return [_card(resource) for resource in found["data"]], accounts

    def accounts(self) -> Sequence[Account]:
        """The customer's accounts. Raises UnitError."""
        return [_account(resource) for resource in self._get("/accounts")["data"]]

    def create_card(self, account_id: str, *, virtual: bool, key: str) -> Card:
        """Issue a card for the account. The same key always means the same card. Raises UnitError."""
        kind = "individualVirtualDebitCard" if virtual else "individualDebitCard"
        relationships = _link("account", account_id, "depositAccount")
        return _card(self._post("/cards", kind, {"idempotencyKey": key}, relationships)["data"])


def _application(resource: Json) -> Application:
    customer = resource.get("relationships", {}).get("customer", {}).get("data") or {}
    attributes = resource["attributes"]
    return Application(resource["id"], attributes["status"], customer.get("id"), attributes.get("jwtSubject"))


def _account(resource: Json) -> Account:
    attributes = resource["attributes"]
    return Account(resource["id"], attributes["status"], int(attributes["balance"]), int(attributes["available"]))


def _card(resource: Json) -> Card:
    attributes = resource["attributes"]
    return Card(
        card_id=resource["id"],
        is_virtual="Virtual" in resource["type"],
        last4=attributes["last4Digits"],
        expires=attributes["expirationDate"],
        status=attributes["status"],
    )


def _link(name: str, resource_id: str, kind: str | None = None) -> Json:
    return {name: {"data": {"type": kind or name, "id": resource_id}}}


def _error(response: requests.Response, answer: Json) -> Exception:
    """What a refusal means; a refusal that says nothing, or is about our own token, is no usable answer."""
    first: Json = next(iter(answer.get("errors") or []), {})
    code = first.get("code") or ("not_found" if response.status_code == 404 else "")
    if not code or response.status_code == 429:
        return ServiceDown("Unit", f"status {response.status_code}")
    detail = first.get("details") or first.get("detail") or first.get("title") or ""
    return UnitError(response.status_code, code, detail, first.get("source", {}).get("pointer", ""))


unit = cast(Unit, LocalProxy(lambda: current_app.extensions["unit"]))
"""The running app's ``Unit``."""
