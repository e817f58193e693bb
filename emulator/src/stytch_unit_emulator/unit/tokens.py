"""Customer tokens, issued for proof that the customer is present.

Plain scopes need no proof. The others need the customer's JWT or a verification code; any that is given must be valid.
Tokens are stored only as hashes.
"""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, Response

from .. import clock
from ..store import Json
from . import bearers, jsonapi, proof, scopes
from .calls import Call, answer, emulation, endpoint
from .customers import check_active
from .documents import Document, body, read
from .errors import UnitFault
from .people import PHONE
from .schema import fields, items, one_of, text, whole
from .verification import check_code, start

routes = Blueprint("tokens", __name__)

MAX_LIFETIME = 24 * 3600  # seconds; also the default
# UNCONFIRMED: the minimum.
MIN_LIFETIME = 1
_RESOURCE = fields({"type": one_of("card", "account"), "ids": items(text("[1-9][0-9]*"), least=1)})
CREATE = {
    "customerToken": fields(
        {"scope": text(longest=2000)},
        {
            "verificationToken": text(),
            "verificationCode": text(),
            "jwtToken": text(longest=2 * proof.MAX_LENGTH),
            "expiresIn": whole(MIN_LIFETIME, MAX_LIFETIME),
            "resources": items(_RESOURCE, least=1),
            "upgradableScope": text(longest=2000),
        },
    )
}
VERIFY = {
    "customerTokenVerification": fields(
        {"channel": one_of("sms", "call")},
        {"phone": PHONE, "appHash": text(".{11}"), "language": text("[a-z]{2}(-[A-Z]{2})?")},
    )
}


@routes.post("/customers/<customer_id>/token/verification")
@endpoint("customer-token-write")
def create_verification(call: Call, customer_id: str) -> Response:
    """Start a verification, without sending a code; returns its token."""
    customer = call.get("customer", customer_id)
    read(VERIFY)
    check_active(customer)
    phone = customer["attributes"]["phone"]["number"]
    attributes = {"verificationToken": start(call.tenant, customer_id), "phoneLast4Digits": phone[-4:]}
    return jsonapi.reply({"type": "customerTokenVerification", "attributes": attributes}, status=201)


@routes.post("/customers/<customer_id>/token")
def create_token(customer_id: str) -> Response:
    """Create a customer token."""
    verdict = _verify_jwt()  # before the transaction: fetching keys may open another one
    return answer(lambda call: _mint(call, customer_id, verdict), "customer-token-write")


def _verify_jwt() -> proof.Verdict | None:
    """Verify the request's JWT; None if there is none, or if no scope needs it."""
    settings = emulation().jwt_settings(bearers.tenant_of(emulation().store))
    attributes: Any = body().get("attributes")
    given = attributes if isinstance(attributes, dict) else {}
    token, wanted = given.get("jwtToken"), given.get("scope")
    if not isinstance(token, str) or not isinstance(wanted, str) or scopes.read(wanted).isdisjoint(scopes.TWO_FACTOR):
        return None
    return proof.verify_jwt(token, settings, emulation().fetch)


def _mint(call: Call, customer_id: str, verdict: proof.Verdict | None) -> Response:
    customer = call.get("customer", customer_id)
    document = read(CREATE)
    check_active(customer)
    wanted = _scopes(document)
    _check_upgrade(call, wanted | _words(document, "upgradableScope"))
    resources = _resources(call, document, customer_id)
    _check_proof(call, customer, document.attributes, verdict, wanted)
    return _issue(call, customer_id, document.attributes, wanted, resources)


def _scopes(document: Document) -> frozenset[str]:
    """The requested scopes. All, including upgradable ones, must be customer scopes."""
    wanted, upgradable = _words(document, "scope"), _words(document, "upgradableScope")
    if upgradable and "customer-token-write" not in wanted:
        why = "An upgradableScope needs customer-token-write in scope"
        raise UnitFault("invalid_value", why, "/data/attributes/upgradableScope")
    allowed = scopes.CUSTOMER if upgradable else scopes.CUSTOMER - scopes.UPGRADE
    for name, words in (("scope", wanted), ("upgradableScope", upgradable)):
        if words - allowed or not wanted:
            why = f"Not the scope of a customer token: {' '.join(sorted(words - allowed))}"
            raise UnitFault("invalid_value", why, f"/data/attributes/{name}")
    return wanted


def _words(document: Document, name: str) -> frozenset[str]:
    return scopes.read(document.attributes.get(name, ""))


def _check_upgrade(call: Call, wanted: frozenset[str]) -> None:
    """Restrict what a customer token may create to its upgradable scopes.

    UNCONFIRMED: which request the components make to upgrade.
    """
    if call.bearer.customer_id is not None and wanted - call.bearer.scopes - call.bearer.upgradable:
        raise UnitFault("forbidden", "The token can't be upgraded to this scope")


def _resources(call: Call, document: Document, customer_id: str) -> dict[str, list[str]]:
    """The resources of the token, never more than those of the creating token."""
    narrowed: dict[str, list[str]] = {}
    for entry in document.attributes.get("resources", []):
        for resource_id in entry["ids"]:
            record = call.tenant.get(entry["type"], resource_id)
            owner = record and jsonapi.reference(entry["type"], record, "customer")
            if record is None or owner != customer_id or not call.bearer.sees(entry["type"], record):
                why = f"There is no {entry['type']} {resource_id}"
                raise UnitFault(f"{entry['type']}_not_found", why, "/data/attributes/resources")
            narrowed.setdefault(entry["type"], []).append(resource_id)
    return narrowed or {name: list(ids) for name, ids in call.bearer.resources.items()}


def _check_proof(
    call: Call, customer: Json, given: Json, verdict: proof.Verdict | None, wanted: frozenset[str]
) -> None:
    """Check the proof given, and require one if a scope needs it.

    A JWT that no scope needs is ignored. UNCONFIRMED: the refusals, and that a code is checked in any case.
    """
    if verdict is not None:
        _check_subject(customer, verdict)
    if "verificationCode" in given:
        check_code(call.tenant, customer["id"], given.get("verificationToken"), given["verificationCode"])
    two_factor = wanted & scopes.TWO_FACTOR
    if two_factor and verdict is None and "verificationCode" not in given:
        raise UnitFault("forbidden", f"Two-factor authentication is needed for {' '.join(sorted(two_factor))}")


def _check_subject(customer: Json, verdict: proof.Verdict) -> None:
    subject, reason = customer["attributes"].get("jwtSubject"), verdict.reason
    if reason is None and (verdict.subject != subject):
        reason = "subject does not match the customer"
    if reason:
        raise UnitFault("invalid_value", f"Invalid JWT: {reason}", "/data/attributes/jwtToken")


def _issue(
    call: Call, customer_id: str, given: Json, wanted: frozenset[str], resources: dict[str, list[str]]
) -> Response:
    token, lasts = f"v2.public.{secrets.token_urlsafe(48)}", given.get("expiresIn", MAX_LIFETIME)
    if call.bearer.expires_at is not None:
        # UNCONFIRMED: a token created by another does not outlive it, or renewal would never end.
        lasts = min(lasts, int(call.bearer.expires_at - clock.timestamp()))
    record = {
        "customer_id": customer_id,
        "scopes": sorted(wanted),
        "upgradable": sorted(scopes.read(given.get("upgradableScope", ""))),
        "resources": resources,
        "expires_at": clock.timestamp() + lasts,
    }
    name = bearers.digest(token)
    call.tenant.add("customer_token", name, record, {bearers.TOKEN_NAME: name})
    return jsonapi.reply(
        {"type": "customerBearerToken", "attributes": {"token": token, "expiresIn": lasts}}, status=201
    )
