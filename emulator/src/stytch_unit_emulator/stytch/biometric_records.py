"""Biometric registrations of mobile apps: a seed creates them, since only mobile SDKs can; the API deletes them."""

from __future__ import annotations

from ..store import Json, Tenant
from . import fields, user_records
from .errors import StytchFault
from .wire import UUID4, new_id

BIOMETRIC = user_records.BIOMETRIC
ID = f"biometric-registration-test-{UUID4}"
MOST = 25  # of one user


def add(tenant: Tenant, user_id: str) -> str:
    """Register a mobile device of the user's; returns the registration's id. Raises StytchFault."""
    user = user_records.load(tenant, user_id) or {}
    ids = user.setdefault("biometric_registration_ids", [])
    if len(ids) >= MOST:
        raise StytchFault("too_many_biometric_registrations_for_user")
    registration_id = new_id("biometric-registration")
    record = {"biometric_registration_id": registration_id, "user_id": user_id, "verified": True}
    tenant.add(BIOMETRIC, registration_id, record)
    ids.append(registration_id)
    user_records.save(tenant, user)
    return registration_id


def of_user(user: Json) -> list[Json]:
    """The user's registrations as the user object lists them, oldest first."""
    ids = user.get("biometric_registration_ids", ())
    return [{"biometric_registration_id": each, "verified": True} for each in ids]


def owner(tenant: Tenant, registration_id: str) -> Json:
    """The user of a registration that a path names."""
    fields.matching({"id": registration_id}, "id", ID, "invalid_biometric_registration_id")
    registration = tenant.get(BIOMETRIC, registration_id)
    user = user_records.load(tenant, registration["user_id"]) if registration else None
    if user is None:
        raise StytchFault("biometric_registration_not_found")
    return user


def remove(tenant: Tenant, user: Json, registration_id: str) -> None:
    """Delete one of the user's registrations."""
    tenant.remove(BIOMETRIC, registration_id)
    user["biometric_registration_ids"].remove(registration_id)
    user_records.save(tenant, user)
