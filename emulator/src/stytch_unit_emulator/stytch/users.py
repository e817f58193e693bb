"""User endpoints: create, get, update, search and delete."""

from __future__ import annotations

from flask import Blueprint

from ..store import Json
from . import (
    biometric_records,
    fields,
    limits,
    oauth_records,
    objects,
    passkey_records,
    password_records,
    session_records,
    totp_records,
    user_records,
    user_search,
    wallet_records,
)
from .endpoint import authenticated
from .errors import StytchFault
from .user_records import Contact
from .wire import UUID4, Call

bp = Blueprint("users", __name__, url_prefix="/v1/users")

SEARCHES_PER_MINUTE = 150


@bp.post("")
@authenticated
def create(call: Call) -> Json:
    """Create a user with an unverified email, phone number or both."""
    contacts = _contacts(call)
    active = not fields.flag(call.body, "create_user_as_pending")
    changes = _changes(call, user_records.blank(""))
    for kind, contact in contacts.items():
        if user_records.owner(call.tenant, kind, contact):
            raise StytchFault(f"duplicate_{kind}")
    user = user_records.add(call.tenant, active=active)
    ids = {kind: user_records.add_contact(call.tenant, user, kind, contact) for kind, contact in contacts.items()}
    _apply(call, user, changes)
    return {
        "status_code": 201,
        "user_id": user["user_id"],
        "email_id": ids.get("email", ""),
        "phone_id": ids.get("phone_number", ""),
        "status": user["status"],
        "user": objects.user_object(call.tenant, user),
    }


@bp.get("/<user_id>")
@authenticated
def get(call: Call, user_id: str) -> Json:
    """Get a user; its fields are at the top level of the response."""
    return objects.user_object(call.tenant, _user(call, user_id))


@bp.put("/<user_id>")
@authenticated
def update(call: Call, user_id: str) -> Json:
    """Update name, metadata, external id or roles.

    UNCONFIRMED: the parts of a name that are not given. Here, they stay; Stytch's browser SDK replaces the whole name.
    """
    user = _user(call, user_id)
    _apply(call, user, _changes(call, user))
    whole = objects.user_object(call.tenant, user)
    shared = {name: whole[name] for name in ("user_id", "emails", "phone_numbers", "crypto_wallets")}
    return {**shared, "user": whole}


@bp.delete("/<user_id>")
@authenticated
def delete(call: Call, user_id: str) -> Json:
    """Delete the user.

    UNCONFIRMED: what happens to sessions. Here, they end.
    """
    user = _user(call, user_id)
    for session in session_records.of_user(call.tenant, user["user_id"]):
        call.tenant.remove(session_records.SESSION, session["session_id"])
    user_records.remove(call.tenant, user)
    return {"user_id": user["user_id"]}


@bp.delete("/<user_id>/external_id")
@authenticated
def delete_external_id(call: Call, user_id: str) -> Json:
    """Remove the external id."""
    user = _user(call, user_id)
    user_records.set_external_id(call.tenant, user, None)
    return _changed(call, user)


@bp.delete("/totps/<totp_id>")
@authenticated
def delete_totp(call: Call, totp_id: str) -> Json:
    """Delete a TOTP, pending or verified, so that another can be enrolled."""
    totp_id = fields.matching({"totp_id": totp_id}, "totp_id", f"totp-test-{UUID4}", "invalid_totp_id")
    totp = call.tenant.get(user_records.TOTP, totp_id)
    user = user_records.load(call.tenant, totp["user_id"]) if totp else None
    if user is None:
        raise StytchFault("totp_not_found")
    totp_records.remove(call.tenant, user)
    return _without_factor(call, user, totp_id)


@bp.delete("/webauthn_registrations/<registration_id>")
@authenticated
def delete_webauthn_registration(call: Call, registration_id: str) -> Json:
    """Delete a passkey or a security key."""
    registration = passkey_records.requested(call.tenant, registration_id)
    user = _user(call, registration["user_id"])
    passkey_records.remove(call.tenant, user, registration_id)
    return _without_factor(call, user, registration_id)


@bp.delete("/crypto_wallets/<wallet_id>")
@authenticated
def delete_crypto_wallet(call: Call, wallet_id: str) -> Json:
    """Delete a crypto wallet."""
    wallet = wallet_records.of_path(call.tenant, wallet_id)
    user = _user(call, wallet["user_id"])
    wallet_records.remove(call.tenant, user, wallet_id)
    return _without_factor(call, user, wallet_id)


@bp.delete("/biometric_registrations/<registration_id>")
@authenticated
def delete_biometric_registration(call: Call, registration_id: str) -> Json:
    """Delete a registration that a mobile app made."""
    user = biometric_records.owner(call.tenant, registration_id)
    biometric_records.remove(call.tenant, user, registration_id)
    return _without_factor(call, user, registration_id)


@bp.delete("/oauth/<registration_id>")
@authenticated
def delete_oauth_registration(call: Call, registration_id: str) -> Json:
    """Delete a person at an OAuth provider."""
    registration = call.tenant.get(user_records.OAUTH, registration_id)
    if registration is None:
        raise StytchFault("oauth_user_registration_not_found")
    user = _user(call, registration["user_id"])
    oauth_records.remove(call.tenant, user, registration_id)
    return _without_factor(call, user, registration_id)


@bp.delete("/passwords/<password_id>")
@authenticated
def delete_password(call: Call, password_id: str) -> Json:
    """Delete a password; the user signs in by other ways."""
    user = _user(call, password_records.requested(call.tenant, password_id)["user_id"])
    password_records.remove(call.tenant, user)
    return _without_factor(call, user, password_id)


@bp.delete("/emails/<contact_id>", defaults={"kind": "email"})
@bp.delete("/phone_numbers/<contact_id>", defaults={"kind": "phone_number"})
@authenticated
def delete_contact(call: Call, contact_id: str, kind: Contact) -> Json:
    """Delete an email or phone number.

    UNCONFIRMED: the last one. Here, it can't be deleted, as in Stytch's browser SDK.
    """
    user = user_records.owner_of_id(call.tenant, kind, contact_id)
    if user is None:
        raise StytchFault(user_records.NOT_FOUND[kind])
    if len(user["emails"]) + len(user["phone_numbers"]) == 1:
        raise StytchFault("cannot_delete_last_primary_factor")
    user_records.drop_contact(call.tenant, user, kind, contact_id)
    return _without_factor(call, user, contact_id)


@bp.post("/search")
@authenticated
def search(call: Call) -> Json:
    """List the users who match, oldest first, by page."""
    requested = user_search.read(call.body)
    limits.count_request(call.tenant, "user searches", call.project_id, most=SEARCHES_PER_MINUTE, seconds=60)
    ids = [user["user_id"] for user in call.tenant.all(user_records.USER)]
    users = [objects.user_object(call.tenant, user_records.load(call.tenant, user_id) or {}) for user_id in ids]
    return user_search.page(users, requested)


def _user(call: Call, user_id: str) -> Json:
    return user_records.requested_user(call.tenant, {"user_id": user_id})


def _contacts(call: Call) -> dict[Contact, str]:
    """Read the new user's email and phone number."""
    shapes: dict[Contact, tuple[str, str]] = {
        "email": (fields.EMAIL, "invalid_email"),
        "phone_number": (fields.PHONE_NUMBER, "invalid_phone_number"),
    }
    found = {kind: fields.optional_matching(call.body, kind, *shape) for kind, shape in shapes.items()}
    contacts = {kind: contact for kind, contact in found.items() if contact is not None}
    if not contacts:
        raise StytchFault("invalid_create_user_request")
    return contacts


def _changes(call: Call, user: Json) -> Json:
    """Read and validate all changes, before any write."""
    external_id = fields.optional_matching(call.body, "external_id", user_records.EXTERNAL_ID, "invalid_argument")
    if external_id is not None:
        user_records.check_external_id(call.tenant, user, external_id)
    name = fields.strings(call.body, "name", user_records.NAME_PARTS)
    given = fields.mapping(call.body, "name")
    return {
        "name": {part: name[part] if part in given else user["name"][part] for part in name},
        "roles": _roles(call, user),
        "external_id": user["external_id"] if external_id is None else external_id,
        "trusted_metadata": fields.merged_metadata(user["trusted_metadata"], call.body, "trusted_metadata"),
        "untrusted_metadata": fields.merged_metadata(user["untrusted_metadata"], call.body, "untrusted_metadata"),
    }


def _roles(call: Call, user: Json) -> list[str]:
    """Read the roles; every user has the default role."""
    roles = call.body.get("roles")
    if roles is None:
        return list(user["roles"])
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise StytchFault("invalid_argument")
    return [user_records.DEFAULT_ROLE, *(role for role in roles if role != user_records.DEFAULT_ROLE)]


def _apply(call: Call, user: Json, changes: Json) -> None:
    if changes["external_id"] != user["external_id"]:
        user_records.set_external_id(call.tenant, user, changes["external_id"])
    user.update(changes)
    user_records.save(call.tenant, user)


def _without_factor(call: Call, user: Json, factor_id: str) -> Json:
    """Forget a deleted factor in the user's sessions, and answer with the user."""
    session_records.forget_factor(call.tenant, user["user_id"], factor_id)
    return _changed(call, user)


def _changed(call: Call, user: Json) -> Json:
    return {"user_id": user["user_id"], "user": objects.user_object(call.tenant, user)}
