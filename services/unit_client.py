"""Unit's API: as the company with the org token, and as one customer with a customer token.

To copy: what users do goes through ``CustomerClient``, so that Unit checks ownership too: someone else's card looks
like one that does not exist. Unit docs: *Applications*, *Deposit Accounts*, *Cards*.
"""

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, cast

import requests
from flask import current_app
from werkzeug.local import LocalProxy

from .errors import ServiceUnavailable
from .signals import Refusal
from .unit_models import Account, Application, Card, CustomerToken, Json, Problem

Query: TypeAlias = Mapping[str, str] | None
PAGE, MOST_CARDS, MOST_ACCOUNTS = 100, 1_000, 1_000
USER_TAG = "stytch_user_id"
KEYS = uuid.UUID("5b8a0d0e-4a0c-4f0e-9b53-6d1f7c1f8d11")  # namespace of this app's idempotency keys


class UnitError(Refusal):
    """Unit refused a call. ``pointer`` names the attribute at fault, as a JSON pointer, or is empty."""

    did_nothing = True

    def __init__(self, status: int, code: str, pointer: str = "") -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code, self.pointer = status, code, pointer


class UnknownCustomer(UnitError):
    """Unit has no such customer, although Stytch's metadata names one."""


def idempotency_key(user_id: str, *action: str) -> str:
    """Return a deterministic idempotency key for a user and an action; Unit remembers keys for 48 hours.

    ``action`` names the kind of action, and a form's one-time value where there can be several of the kind.
    """
    return str(uuid.uuid5(KEYS, json.dumps([user_id, *action])))


def link(name: str, resource_id: str, kind: str | None = None) -> Json:
    """Return a JSON:API relationship to one resource."""
    return {name: {"data": {"type": kind or name, "id": resource_id}}}


class UnitClient:
    """Calls with one bearer token. Every method may raise UnitError and ServiceUnavailable, besides what it names."""

    def __init__(self, http: requests.Session, url: str, token: str) -> None:
        self.http, self.url, self._token = http, url, token

    def get(self, path: str, **query: str) -> Json:
        """Read a resource, or a list of them."""
        return self.call("GET", path, query=query)

    def post(self, path: str, kind: str, attributes: Json, relationships: Json | None = None) -> Json:
        """Create a resource of this type."""
        document: Json = {"type": kind, "attributes": attributes}
        return self.call("POST", path, document | ({"relationships": relationships} if relationships else {}))

    def call(
        self, method: str, path: str, document: Json | None = None, query: Query = None, version: str = ""
    ) -> Json:
        """Make one call and return its answer, which has ``data``; ``version`` is Unit's API version, if it matters."""
        headers = {"Content-Type": "application/vnd.api+json"} | ({"X-Accept-Version": version} if version else {})
        return self.send(method, path, headers, params=query, json={"data": document} if document else None)

    def send(self, method: str, path: str, headers: Mapping[str, str], **body: Any) -> Json:
        """Make one call with these headers, and a body as ``requests`` takes it; return its answer."""
        headers = {"Authorization": f"Bearer {self._token}", **headers}
        response = self.http.request(method, f"{self.url}{path}", headers=headers, **body)
        answer: Json = response.json()
        if not response.ok:
            raise _refusal(response, answer)
        if "data" not in answer:
            raise ServiceUnavailable("Unit", "an answer without data")
        return answer


class OrgClient(UnitClient):
    """What only the company may do."""

    def apply(self, user_id: str, person: Json, key: str) -> Application:
        """Apply for a customer whose ``jwtSubject`` is the Stytch user, so that Unit accepts the user's JWTs.

        ``person`` holds the attributes of an individual application.
        """
        attributes = {**person, "jwtSubject": user_id, "tags": {USER_TAG: user_id}, "idempotencyKey": key}
        return Application.read(self.post("/applications", "individualApplication", attributes)["data"])

    def applications(self, user_id: str) -> Sequence[Application]:
        """Return all applications that this app made for a Stytch user, newest first."""
        query = {"filter[tags]": json.dumps({USER_TAG: user_id}), "sort": "-createdAt"}
        found = Application.read_all(self.get("/applications", **query)["data"])
        return [application for application in found if application.jwt_subject == user_id]

    def accounts(self, customer_id: str) -> Sequence[Account]:
        """Return a customer's deposit accounts."""
        query = {"filter[customerId]": customer_id, "filter[type][0]": "deposit"}
        return Account.read_all(self.get("/accounts", **query)["data"])

    def open_account(self, customer_id: str, key: str) -> Account:
        """Open a checking account."""
        attributes = {"depositProduct": "checking", "idempotencyKey": key}
        answer = self.post("/accounts", "depositAccount", attributes, link("customer", customer_id))
        return Account.read(answer["data"])

    def customer_token(self, customer_id: str, attributes: Json) -> CustomerToken:
        """Create a customer token: ``attributes`` hold scope, proof, and ``expiresIn`` in seconds.

        Raises UnknownCustomer.
        """
        try:
            answer = self.post(f"/customers/{customer_id}/token", "customerToken", attributes)
        except UnitError as error:
            if error.status != 404:
                raise
            raise UnknownCustomer(404, error.code) from error
        return CustomerToken.read(answer["data"])


class CustomerClient(UnitClient):
    """What a customer does with their own accounts and cards.

    ``get_token`` returns a token other than the refused one that it is given; making the client calls it once.
    """

    def __init__(self, http: requests.Session, url: str, get_token: Callable[[str], str]) -> None:
        super().__init__(http, url, get_token(""))
        self._get_token = get_token

    def call(self, *args: Any, **kwargs: Any) -> Json:
        """Make one call; if Unit refuses the token (401, so nothing was done), once more with a new one."""
        try:
            return super().call(*args, **kwargs)
        except UnitError as error:
            if error.status != 401:
                raise
        self._token = self._get_token(self._token)
        return super().call(*args, **kwargs)

    def cards(self) -> Sequence[Card]:
        """Return the customer's cards, oldest first, at most ``MOST_CARDS``. Unit keeps closed ones: no page moves."""
        found: dict[str, Card] = {}
        for offset in range(0, MOST_CARDS, PAGE):
            query = {"sort": "createdAt", "page[limit]": str(PAGE), "page[offset]": str(offset)}
            page = Card.read_all(self.get("/cards", **query)["data"])
            found |= {card.card_id: card for card in page}
            if len(page) < PAGE:
                break
        return list(found.values())

    def card(self, card_id: str) -> tuple[Card, Account]:
        """Return one card, and its account."""
        found = self.get(f"/cards/{card_id}", include="account")
        if not (accounts := Account.read_all(found.get("included"))):
            raise ServiceUnavailable("Unit", "a card without its account")
        return Card.read(found["data"]), accounts[0]

    def accounts(self) -> Sequence[Account]:
        """Return the customer's deposit accounts, first the one that new cards draw on: an open one, if any."""
        query = {"filter[type][0]": "deposit", "page[limit]": str(MOST_ACCOUNTS)}
        return sorted(Account.read_all(self.get("/accounts", **query)["data"]), key=lambda each: each.status != "Open")

    def create_card(self, account_id: str, *, virtual: bool, key: str) -> Card:
        """Issue a card for the account. The same key always means the same card."""
        kind = "individualVirtualDebitCard" if virtual else "individualDebitCard"
        account = link("account", account_id, "depositAccount")
        return Card.read(self.post("/cards", kind, {"idempotencyKey": key}, account)["data"])

    def act(self, card_id: str, action: str) -> Card:
        """Freeze, unfreeze, close, report-lost, report-stolen or replace; return the card as it is then."""
        document = {"type": "replaceCard", "attributes": {}} if action == "replace" else None
        return Card.read(self.call("POST", f"/cards/{card_id}/{action}", document)["data"])


def _refusal(response: requests.Response, answer: Json) -> Exception:
    """Return UnitError if the answer says what was wrong, else (and for 429) ServiceUnavailable."""
    problem = Problem.read(answer)
    code = problem.code or {401: "unauthorized", 404: "not_found"}.get(response.status_code)
    if not code or response.status_code == 429:
        return ServiceUnavailable("Unit", f"status {response.status_code}")
    return UnitError(response.status_code, code, problem.pointer)


org_client = cast(OrgClient, LocalProxy(lambda: current_app.extensions["unit"]))  # the running app's
