"""WebAuthn registrations in the store, and the challenges of started ceremonies; each challenge works once."""

from __future__ import annotations

import base64
import re
import secrets

from .. import clock
from ..store import Json, Tenant
from . import fields, tokens, user_records
from .errors import StytchFault
from .user_records import PASSKEY
from .wire import UUID4, new_id

CREDENTIAL = "webauthn_credential"  # by the hash of its id
CHALLENGE = "webauthn_challenge"  # by its own hash
CHALLENGE_LIFE = 300  # seconds; UNCONFIRMED: here, that of the options' timeout
CHALLENGES_KEPT = 200  # the newest of a tenant
SHOWN = ("webauthn_registration_id", "domain", "user_agent", "verified", "authenticator_type", "name")


def new_challenge(tenant: Tenant, started: Json) -> str:
    """Keep what a ceremony was started for; returns its challenge as base64url."""
    challenge = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
    record = {**started, "expires_at": clock.timestamp() + CHALLENGE_LIFE}
    tenant.add(CHALLENGE, tokens.digest(challenge), record)
    tenant.keep_newest(CHALLENGE, CHALLENGES_KEPT)
    return challenge


def take_challenge(tenant: Tenant, challenge: str, purpose: str) -> Json | None:
    """Use up a challenge; returns what it was for, or None if it is unknown, used, expired or for another purpose."""
    record = tenant.get(CHALLENGE, tokens.digest(challenge))
    if record is None or record["purpose"] != purpose:
        return None
    tenant.remove(CHALLENGE, tokens.digest(challenge))
    return record if record["expires_at"] > clock.timestamp() else None


def add(tenant: Tenant, user: Json, started: Json, credential: Json) -> Json:
    """Store a verified credential.

    UNCONFIRMED: whether a started registration is listed. Here, only a finished one is.
    """
    registration_id = new_id("webauthn-registration")
    registration: Json = {
        "webauthn_registration_id": registration_id,
        "user_id": user["user_id"],
        **{name: started[name] for name in ("domain", "user_agent", "authenticator_type", "user_handle")},
        "verified": True,
        "name": f"WebAuthN {registration_id[-8:]}",
        **credential,
    }
    tenant.add(PASSKEY, registration_id, registration, {CREDENTIAL: tokens.digest(credential["credential_id"])})
    user.setdefault("webauthn_registration_ids", []).append(registration_id)
    user_records.save(tenant, user)
    return registration


def of_user(tenant: Tenant, user: Json) -> list[Json]:
    """The user's registrations, oldest first."""
    found = [tenant.get(PASSKEY, each) for each in user.get("webauthn_registration_ids", ())]
    return [registration for registration in found if registration]


def of_domain(tenant: Tenant, user: Json, domain: str) -> list[Json]:
    """The user's registrations for a domain, oldest first."""
    return [each for each in of_user(tenant, user) if each["domain"] == domain]


def find(tenant: Tenant, credential_id: str) -> Json | None:
    """The registration of this credential, or None."""
    return tenant.find(PASSKEY, CREDENTIAL, tokens.digest(credential_id))


def requested(tenant: Tenant, registration_id: str) -> Json:
    """The registration that a path names."""
    if not re.fullmatch(f"webauthn-registration-test-{UUID4}", registration_id):
        raise StytchFault("invalid_webauthn_registration_id")
    registration = tenant.get(PASSKEY, registration_id)
    if registration is None:
        raise StytchFault("webauthn_registration_not_found")
    return registration


def save(tenant: Tenant, registration: Json) -> None:
    """Save a changed registration."""
    tenant.save(PASSKEY, registration["webauthn_registration_id"], registration)


def remove(tenant: Tenant, user: Json, registration_id: str) -> None:
    """Delete one of the user's registrations."""
    tenant.remove(PASSKEY, registration_id)
    user["webauthn_registration_ids"].remove(registration_id)
    user_records.save(tenant, user)


def domain(body: Json) -> str:
    """Read the domain, which becomes the rp id. Browsers accept no IP address."""
    label = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
    return fields.matching(body, "domain", rf"(?=.{{1,253}}$)({label}\.)*(?![0-9]+$){label}", "invalid_domain")


def shown(registration: Json) -> Json:
    """A registration as the user object lists it."""
    return {name: registration[name] for name in SHOWN}
