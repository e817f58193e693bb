"""Users in the store, with an index record per email, phone and external id."""

from __future__ import annotations

import hashlib
import re
from typing import Literal, TypeAlias

from .. import clock
from ..store import Json, Tenant
from .errors import StytchFault
from .wire import UUID4, new_id

USER = "user"
TOTP = "totp"
PASSKEY = "webauthn_registration"
WALLET = "crypto_wallet"
BIOMETRIC = "biometric_registration"
OAUTH = "oauth_user_registration"
PASSWORD = "password"  # noqa: S105 - the kind of record
Contact: TypeAlias = Literal["email", "phone_number"]
PREFIX: dict[Contact, str] = {"email": "email", "phone_number": "phone-number"}
ID: dict[Contact, str] = {"email": "email_id", "phone_number": "phone_id"}
INDEX: dict[Contact, str] = {"email": "user_email", "phone_number": "user_phone_number"}
LIST: dict[Contact, str] = {"email": "emails", "phone_number": "phone_numbers"}

EXTERNAL = "user_external_id"
EXTERNAL_ID = r"[A-Za-z0-9._|-]{1,128}"
NAME_PARTS = ("first_name", "middle_name", "last_name")
DEFAULT_ROLE = "stytch_user"
UNVERIFIED_LIFETIME = 300  # seconds until an added, unverified email or phone number is removed
# In the user object; with one of these, a user has more than one factor.
OTHER_FACTORS = (
    *("totps", "webauthn_registrations", "biometric_registrations", "providers", "crypto_wallets"),
    "password",
)
NOT_FOUND: dict[Contact, str] = {"email": "email_not_found", "phone_number": "phone_number_not_found"}


def add(tenant: Tenant, *, active: bool = True) -> Json:
    """Create a user without emails or phone numbers."""
    user = blank(new_id("user"), active=active)
    return tenant.add(USER, user["user_id"], user)


def blank(user_id: str, *, active: bool = True) -> Json:
    """The record of a user about whom nothing is known yet."""
    return {
        "user_id": user_id,
        "status": "active" if active else "pending",
        "emails": [],
        "phone_numbers": [],
        "name": dict.fromkeys(NAME_PARTS, ""),
        "roles": [DEFAULT_ROLE],
        "trusted_metadata": {},
        "untrusted_metadata": {},
        "external_id": None,
        "created_at": clock.seconds(clock.now()),
        "totp_id": None,
        "failures": 0,
        "locked_at": None,
    }


def save(tenant: Tenant, user: Json) -> None:
    """Save a changed user."""
    tenant.save(USER, user["user_id"], user)


def load(tenant: Tenant, user_id: str) -> Json | None:
    """Load the user, without added emails and phone numbers that expired unverified."""
    user = tenant.get(USER, user_id)
    for kind, field in LIST.items():
        for entry in list(user[field]) if user else []:
            if entry.get("until") is not None and entry["until"] <= clock.timestamp():
                drop_contact(tenant, user or {}, kind, entry[ID[kind]])
    return user


def requested_user(tenant: Tenant, body: Json) -> Json:
    """Find the user that the request names by id or external id.

    UNCONFIRMED: how a malformed id differs from an unknown external id. Here, ids start with ``user-``.
    """
    user_id = body.get("user_id")
    if not isinstance(user_id, str) or not re.fullmatch(EXTERNAL_ID, user_id):
        raise StytchFault("invalid_user_id")
    if user_id.startswith("user-"):
        if not re.fullmatch(f"user-test-{UUID4}", user_id):
            raise StytchFault("invalid_user_id")
    else:
        user_id = (tenant.get(EXTERNAL, _key(user_id)) or {"user_id": ""})["user_id"]
    user = load(tenant, user_id)
    if user is None:
        raise StytchFault("user_not_found")
    return user


def owner(tenant: Tenant, kind: Contact, contact: str) -> Json | None:
    """Find the user with this email or phone number."""
    found = tenant.find(INDEX[kind], INDEX[kind], contact.lower())
    user = load(tenant, found["user_id"]) if found else None
    return user if user and any(entry[kind].lower() == contact.lower() for entry in user[LIST[kind]]) else None


def owner_of_id(tenant: Tenant, kind: Contact, contact_id: str) -> Json | None:
    """Find the user with this email id or phone id."""
    found = tenant.get(INDEX[kind], contact_id)
    user = load(tenant, found["user_id"]) if found else None
    return user if user and tenant.get(INDEX[kind], contact_id) else None


def add_contact(tenant: Tenant, user: Json, kind: Contact, contact: str, *, temporary: bool = False) -> str:
    """Add an unverified email or phone number; returns its id."""
    contact_id = new_id(PREFIX[kind])
    tenant.add(INDEX[kind], contact_id, {"user_id": user["user_id"]}, {INDEX[kind]: contact.lower()})
    entry = {ID[kind]: contact_id, kind: contact, "verified": False}
    until = {"until": clock.timestamp() + UNVERIFIED_LIFETIME} if temporary else {}
    user[LIST[kind]].append({**entry, **until})
    save(tenant, user)
    return contact_id


def drop_contact(tenant: Tenant, user: Json, kind: Contact, contact_id: str) -> None:
    """Remove an email or phone number."""
    tenant.remove(INDEX[kind], contact_id)
    user[LIST[kind]] = [entry for entry in user[LIST[kind]] if entry[ID[kind]] != contact_id]
    save(tenant, user)


def entry_of(user: Json, kind: Contact, contact: str) -> Json:
    """The user's entry for an email or phone number."""
    return next(entry for entry in user[LIST[kind]] if entry[kind].lower() == contact.lower())


def entry_of_id(user: Json, contact_id: str) -> Json | None:
    """The user's entry with this email id or phone id, or None."""
    entries = [(entry, entry[ID[kind]]) for kind, field in LIST.items() for entry in user[field]]
    return next((entry for entry, its_id in entries if its_id == contact_id), None)


def only_contact(user: Json) -> tuple[Contact, str] | None:
    """The kind and id of the user's only email or phone number, or None if there is not exactly one."""
    found = [(kind, entry[ID[kind]]) for kind, field in LIST.items() for entry in user[field]]
    return found[0] if len(found) == 1 else None


def refuse_unverified(user: Json) -> None:
    """Refuse to add an email or phone number to a user whose email address is not verified.

    UNCONFIRMED: unverified phone numbers. Here, they don't count, as each is removed after five minutes.
    """
    if any(not email["verified"] for email in user["emails"]):
        raise StytchFault("too_many_unverified_factors")


def keep_longer(tenant: Tenant, user: Json, entry: Json) -> None:
    """Give an added, unverified entry its whole lifetime again, as another code was sent."""
    if "until" in entry:
        entry["until"] = clock.timestamp() + UNVERIFIED_LIFETIME
        save(tenant, user)


def check_external_id(tenant: Tenant, user: Json, external_id: str) -> None:
    """Refuse an external id that another user has.

    UNCONFIRMED: one that looks like a user id. Here, it is refused, as it could not be found.
    """
    holder = tenant.get(EXTERNAL, _key(external_id))
    if holder and holder["user_id"] != user["user_id"]:
        raise StytchFault("duplicate_user_external_id")
    if external_id.startswith("user-"):
        raise StytchFault("invalid_argument")


def set_external_id(tenant: Tenant, user: Json, external_id: str | None) -> None:
    """Set or clear the user's external id."""
    if user["external_id"] is not None:
        tenant.remove(EXTERNAL, _key(user["external_id"]))
    if external_id is not None:
        tenant.add(EXTERNAL, _key(external_id), {"user_id": user["user_id"]})
    user["external_id"] = external_id
    save(tenant, user)


def remove(tenant: Tenant, user: Json) -> None:
    """Delete the user and the index records."""
    for kind, field in LIST.items():
        for entry in user[field]:
            tenant.remove(INDEX[kind], entry[ID[kind]])
    set_external_id(tenant, user, None)
    tenant.remove(TOTP, user["totp_id"] or "")
    for registrations in (PASSKEY, WALLET, BIOMETRIC, OAUTH):
        for registration_id in user.get(f"{registrations}_ids", ()):
            tenant.remove(registrations, registration_id)
    tenant.remove(PASSWORD, user.get("password_id") or "")
    tenant.remove(USER, user["user_id"])


def _key(external_id: str) -> str:
    return hashlib.sha256(external_id.encode()).hexdigest()  # an external id may be longer than a record's id
