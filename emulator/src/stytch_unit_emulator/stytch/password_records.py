"""Passwords in the store: one for a user, as a hash."""

from __future__ import annotations

from ..store import Json, Tenant
from . import fields, password_hashes, user_records
from .errors import StytchFault
from .user_records import PASSWORD
from .wire import UUID4, new_id


def of_user(tenant: Tenant, user: Json) -> Json | None:
    """The user's password, or None."""
    password_id = user.get("password_id")
    return tenant.get(PASSWORD, password_id) if password_id else None


def shown(tenant: Tenant, user: Json) -> Json | None:
    """The password as the user object has it."""
    found = of_user(tenant, user)
    return {name: found[name] for name in ("password_id", "requires_reset")} if found else None


def keep(tenant: Tenant, user: Json, hashed: Json) -> None:
    """Set or change the user's password; it then needs no reset."""
    found = of_user(tenant, user)
    record: Json = {
        "password_id": found["password_id"] if found else new_id(PASSWORD),
        "user_id": user["user_id"],
        "requires_reset": False,
        "hash": hashed,
    }
    tenant.put(PASSWORD, record["password_id"], record)
    user["password_id"] = record["password_id"]
    user_records.save(tenant, user)


def is_right(found: Json, password: str) -> bool:
    """Whether this is the password."""
    return password_hashes.matches(found["hash"], password)


def require_reset(tenant: Tenant, user: Json) -> bool:
    """Make the user's password useless until it is reset; whether there is one.

    For the first proof of the address: the person who set the password never proved it, and it may be another's.
    """
    found = of_user(tenant, user)
    if found:
        tenant.save(PASSWORD, found["password_id"], {**found, "requires_reset": True})
    return found is not None


def requested(tenant: Tenant, password_id: str) -> Json:
    """Find a password by its id."""
    shape = {"password_id": password_id}
    fields.matching(shape, "password_id", f"password-test-{UUID4}", "invalid_password_id")
    found = tenant.get(PASSWORD, password_id)
    if found is None:
        raise StytchFault("password_not_found")
    return found


def remove(tenant: Tenant, user: Json) -> None:
    """Delete the user's password."""
    tenant.remove(PASSWORD, user.get("password_id") or "")
    user["password_id"] = None
    user_records.save(tenant, user)
