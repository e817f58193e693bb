"""Unit as the company that offers the cards: the org token, and what only the company may do.

To copy: one method per call. What a customer does with their own cards is in ``customer_unit.py``, so that Unit
enforces ownership as well. Unit's docs: *Applications*, *Deposit Accounts*, *Customer API Tokens*, *Simulations*.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import cast

from flask import current_app
from werkzeug.local import LocalProxy

from settings import Settings

from . import unit_objects as parse
from .http import ServiceSession, repeatable
from .unit_objects import Account, Application, Card, Customer, CustomerToken, HostedForm
from .unit_wire import Caller, Json, UnitError, link

USER_TAG = "stytch_user_id"
FORMS_VERSION = "V2024_06"


class Unit(Caller):
    """Beside what each method names, all raise UnitError and ServiceDown."""

    def __init__(self, settings: Settings, http: ServiceSession) -> None:
        super().__init__(http, settings.unit_api_url, settings.unit_api_token)

    def apply(self, user_id: str, person: Json, key: str) -> Application:
        """Apply for a customer whose ``jwtSubject`` is the Stytch user, so that the user's JWTs count at Unit.

        ``person`` holds the attributes of an individual application.
        """
        attributes = {**person, "jwtSubject": user_id, "tags": {USER_TAG: user_id}, "idempotencyKey": key}
        return parse.application(self._post("/applications", "individualApplication", attributes)["data"])

    def applications(self, user_id: str) -> Sequence[Application]:
        """All applications that this app made for a Stytch user, newest first."""
        found = self._get("/applications", **{"filter[tags]": json.dumps({USER_TAG: user_id}), "sort": "-createdAt"})
        applications = [parse.application(resource) for resource in found["data"]]
        return [application for application in applications if application.jwt_subject == user_id]

    def application_form(self, user_id: str, email: str, return_url: str, key: str) -> HostedForm:
        """A form on a page of Unit's, for an application like that of ``apply``, which leads back to ``return_url``.

        The same key always means the same form; its link is good for a day, and made anew after that.
        """
        attributes = {
            "applicantDetails": {"applicationType": "Individual", "email": email, "jwtSubject": user_id},
            "allowedApplicationTypes": ["Individual"],
            "settingsOverride": {"redirectUrl": return_url},
            "tags": {USER_TAG: user_id},
            "idempotencyKey": key,
        }
        document = {"type": "applicationForm", "attributes": attributes}
        path, version = "/application-forms", FORMS_VERSION
        form = parse.hosted_form(repeatable(lambda: self._call("POST", path, document, version=version))["data"])
        if form.is_over:
            path = f"{path}/{form.form_id}"
            form = parse.hosted_form(repeatable(lambda: self._call("GET", path, version=version))["data"])
        return form

    def customer(self, customer_id: str) -> Customer:
        """A customer, as the company knows them."""
        return parse.customer(self._get(f"/customers/{customer_id}")["data"])

    def knows(self, customer_id: str) -> bool:
        """Whether there is such a customer at all."""
        try:
            self.customer(customer_id)
        except UnitError as error:
            if error.status != 404:
                raise
            return False
        return True

    def set_subject(self, customer_id: str, user_id: str) -> Customer:
        """Let a Stytch user's JWTs count as this customer's."""
        document = {"type": "individualCustomer", "attributes": {"jwtSubject": user_id}}
        return parse.customer(self._call("PATCH", f"/customers/{customer_id}", document)["data"])

    def accounts(self, customer_id: str) -> Sequence[Account]:
        """A customer's deposit accounts."""
        found = self._get("/accounts", **{"filter[customerId]": customer_id, "filter[type][0]": "deposit"})
        return [parse.account(resource) for resource in found["data"]]

    def open_account(self, customer_id: str, key: str) -> Account:
        """Open a checking account."""
        attributes = {"depositProduct": "checking", "idempotencyKey": key}
        return parse.account(
            self._post("/accounts", "depositAccount", attributes, link("customer", customer_id))["data"]
        )

    def customer_token(
        self,
        customer_id: str,
        session_jwt: str,
        scope: str,
        expires_in: int,
        resources: Mapping[str, Sequence[str]] | None = None,
    ) -> CustomerToken:
        """Exchange a Stytch session JWT for a token that acts as the customer, for ``expires_in`` seconds.

        Unit verifies the JWT against Stytch's key set, and that its ``sub`` is the customer's ``jwtSubject``.
        ``resources`` narrows the token to these ids, by type.
        """
        attributes: Json = {"scope": scope, "jwtToken": session_jwt, "expiresIn": expires_in}
        if resources:
            attributes["resources"] = [{"type": kind, "ids": list(ids)} for kind, ids in resources.items()]
        return self._customer_token(customer_id, attributes)

    def start_verification(self, customer_id: str) -> str:
        """Let Unit text a code to the customer's phone; returns the token that the code belongs to, for ten minutes.

        Unit's docs: *Create Customer Token Verification*. In its sandbox nothing is sent.
        """
        path, attributes = f"/customers/{customer_id}/token/verification", {"channel": "sms"}
        return parse.verification_token(self._post(path, "customerTokenVerification", attributes)["data"])

    def customer_token_by_code(
        self, customer_id: str, verification_token: str, code: str, scope: str, expires_in: int
    ) -> CustomerToken:
        """The same token as ``customer_token``, for the code that Unit has texted."""
        proof = {"verificationToken": verification_token, "verificationCode": code}
        return self._customer_token(customer_id, {"scope": scope, "expiresIn": expires_in, **proof})

    def fund(self, account_id: str, cents: int) -> None:
        """Let play money arrive by ACH. Only Unit's sandbox has this."""
        attributes = {"amount": cents, "direction": "Credit", "description": "Welcome"}
        self._post("/sandbox/payments", "achPayment", attributes, link("account", account_id, "depositAccount"))

    def activate(self, card: Card) -> Card:
        """Switch a physical card on, as its holder does when it arrives. Only Unit's sandbox has this."""
        return parse.card(self._call("POST", f"/sandbox/cards/{card.card_id}/activate")["data"])

    def purchase(self, account: Account, card: Card, merchant: str, category: int, cents: int) -> None:
        """Let a merchant charge a card at once; ``category`` is the merchant category code. Only in the sandbox."""
        attributes = {
            "amount": cents,
            "direction": "Debit",
            "merchantName": merchant,
            "merchantType": category,
            "last4Digits": card.last4,
        }
        self._post("/sandbox/purchases", "purchaseTransaction", attributes, _of(account))

    def authorize(self, account: Account, card: Card, merchant: str, category: int, cents: int) -> None:
        """Let a merchant hold an amount without charging it yet. Only in the sandbox."""
        attributes = {
            "amount": cents,
            "cardLast4Digits": card.last4,
            "merchantName": merchant,
            "merchantType": category,
        }
        self._post("/sandbox/authorizations", "authorization", attributes, _of(account))

    def _customer_token(self, customer_id: str, attributes: Json) -> CustomerToken:
        return parse.customer_token(self._post(f"/customers/{customer_id}/token", "customerToken", attributes)["data"])


def _of(account: Account) -> Json:
    return link("account", account.account_id, "depositAccount")


unit = cast(Unit, LocalProxy(lambda: current_app.extensions["unit"]))
"""The running app's ``Unit``."""
