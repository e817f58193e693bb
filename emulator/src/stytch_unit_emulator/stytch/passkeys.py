"""WebAuthn endpoints: register passkeys and security keys, authenticate with them, rename, list."""

from __future__ import annotations

import base64
import json
from typing import Any

from flask import Blueprint

from ..store import Json
from . import factors, fields, objects, passkey_checks, passkey_records, session_records, user_records
from .endpoint import authenticated
from .errors import StytchFault
from .passkey_checks import ALGORITHMS, Credential
from .wire import Call, service

bp = Blueprint("webauthn", __name__, url_prefix="/v1/webauthn")

TIMEOUT = passkey_records.CHALLENGE_LIFE * 1000  # milliseconds
RP_NAME = "Stytch emulator"  # UNCONFIRMED: what Stytch writes, probably the project's name


@bp.post("/register/start")
@authenticated
def register_start(call: Call) -> Json:
    """Return the browser's options to create a credential.

    UNCONFIRMED: whether the user needs a verified email or phone number. Here, only an active user is needed.
    """
    user, domain = user_records.requested_user(call.tenant, call.body), passkey_records.domain(call.body)
    kind = fields.optional_matching(
        call.body, "authenticator_type", "platform|cross-platform", "invalid_authenticator_type"
    )
    if user["status"] != "active":
        raise StytchFault("cannot_use_webauthn_with_pending_user")
    entity = _user_entity(call, user)
    started = {
        "purpose": "register",
        "user_id": user["user_id"],
        "domain": domain,
        "user_agent": _text(call, "user_agent") or "",
        "authenticator_type": kind or "",
        "user_handle": _base64url(entity["id"].encode()),
    }
    options = {
        "attestation": "direct",
        "challenge": passkey_records.new_challenge(call.tenant, started),
        "excludeCredentials": _descriptors(call, user, domain),  # UNCONFIRMED: whether Stytch lists them
        "pubKeyCredParams": [{"alg": int(algorithm), "type": "public-key"} for algorithm in ALGORITHMS],
        "rp": {"id": domain, "name": RP_NAME},
        "timeout": TIMEOUT,
        "user": {**entity, "id": _binary(call, entity["id"].encode())},
        **_selection(call, kind),
    }
    return {"user_id": user["user_id"], "public_key_credential_creation_options": json.dumps(options)}


@bp.post("/register")
@authenticated
def register(call: Call) -> Json:
    """Verify a new credential and add it to the user."""
    user = user_records.requested_user(call.tenant, call.body)
    credential = passkey_checks.read(call.body, is_new=True)
    requested = session_records.session_of(call, user)
    started = passkey_records.take_challenge(call.tenant, credential.challenge, "register")
    if started is None or started["user_id"] != user["user_id"]:
        raise StytchFault("no_pending_webauthn_registration")
    if passkey_records.find(call.tenant, credential.id):
        raise StytchFault("duplicate_webauthn_registration")
    verified = passkey_checks.verified_registration(credential, started["domain"], service().app_hosts)
    if _base64url(verified.credential_id) != credential.id:
        raise StytchFault("unable_to_register_webauthn_registration")
    public_key = base64.b64encode(verified.credential_public_key).decode()  # UNCONFIRMED: here, the COSE key
    proof = {"credential_id": credential.id, "public_key": public_key, "sign_count": verified.sign_count}
    return _authenticated(call, user, passkey_records.add(call.tenant, user, started, proof), requested)


@bp.post("/authenticate/start")
@authenticated
def authenticate_start(call: Call) -> Json:
    """Return the browser's options to use a credential: the user's, or any that it holds for the domain."""
    domain, user = passkey_records.domain(call.body), None
    if call.body.get("user_id") is not None:
        user = user_records.requested_user(call.tenant, call.body)
    allowed = _descriptors(call, user, domain) if user else []
    if user and not allowed:
        raise StytchFault("no_active_webauthn_registrations")
    user_id = user["user_id"] if user else ""
    started = {"purpose": "authenticate", "user_id": user_id, "domain": domain}
    options = {
        "allowCredentials": allowed,
        "challenge": passkey_records.new_challenge(call.tenant, started),
        "rpId": domain,
        "timeout": TIMEOUT,
        **({"userVerification": "preferred"} if fields.flag(call.body, "return_passkey_credential_options") else {}),
    }
    return {"user_id": user_id, "public_key_credential_request_options": json.dumps(options)}


@bp.post("/authenticate")
@authenticated
def authenticate(call: Call) -> Json:
    """Verify an assertion; the credential names the user."""
    credential = passkey_checks.read(call.body, is_new=False)
    registration = passkey_records.find(call.tenant, credential.id)
    user = user_records.load(call.tenant, registration["user_id"]) if registration else None
    if registration is None or user is None:
        raise StytchFault("webauthn_registration_not_found")
    requested = session_records.session_of(call, user)
    objects.refuse_if_locked(user)
    started = passkey_records.take_challenge(call.tenant, credential.challenge, "authenticate")
    if started is None or not _is_meant(started, registration, credential):
        raise StytchFault("unable_to_auth_webauthn_registration")
    # UNCONFIRMED: whether wrong signatures lock the user. Here, they don't: anyone could send them.
    registration["sign_count"] = passkey_checks.verified_counter(credential, registration, service().app_hosts)
    passkey_records.save(call.tenant, registration)
    return _authenticated(call, user, registration, requested)


@bp.put("/<registration_id>")
@authenticated
def update(call: Call, registration_id: str) -> Json:
    """Rename a registration."""
    registration = passkey_records.requested(call.tenant, registration_id)
    name = _text(call, "name")
    if not name or not name.strip():
        raise StytchFault("empty_webauthn_registration_name")
    registration["name"] = name
    passkey_records.save(call.tenant, registration)
    return {"webauthn_registration": passkey_records.shown(registration)}


@bp.get("/credentials/<user_id>/<domain>")
@authenticated
def list_credentials(call: Call, user_id: str, domain: str) -> Json:
    """List the user's credentials for a domain, with their public keys."""
    user = user_records.requested_user(call.tenant, {"user_id": user_id})
    names = ("credential_id", "webauthn_registration_id", "public_key")
    domain = passkey_records.domain({"domain": domain})
    found = passkey_records.of_domain(call.tenant, user, domain)
    return {"credentials": [{**{name: each[name] for name in names}, "type": "public-key"} for each in found]}


def _is_meant(started: Json, registration: Json, credential: Credential) -> bool:
    """Whether the ceremony was started for this domain and user, and the user handle is the credential's."""
    is_users = started["user_id"] in ("", registration["user_id"])
    is_handle = credential.user_handle in (None, registration["user_handle"])
    return is_users and is_handle and bool(started["domain"] == registration["domain"])


def _authenticated(call: Call, user: Json, registration: Json, requested: session_records.SessionRequest) -> Json:
    objects.count_success(call.tenant, user)
    return {
        "user_id": user["user_id"],
        "webauthn_registration_id": registration["webauthn_registration_id"],
        **session_records.add_factor(call, user, requested, factors.passkey(registration)),
        "user": objects.user_object(call.tenant, user),
        "user_device": None,
    }


def _user_entity(call: Call, user: Json) -> dict[str, str]:
    """The user's id and names for the browser: given ones, or the user's own."""
    contacts = [each["email"] for each in user["emails"]] + [each["phone_number"] for each in user["phone_numbers"]]
    name = " ".join(filter(None, user["name"].values())) or (contacts or [user["user_id"]])[0]
    return {
        "id": _text(call, "override_id") or user["user_id"],
        "name": _text(call, "override_name") or name,
        "displayName": _text(call, "override_display_name") or name,
    }


def _selection(call: Call, kind: str | None) -> Json:
    """The options' ``authenticatorSelection``.

    UNCONFIRMED: how ``authenticator_type`` appears. Here, as ``authenticatorAttachment``.
    """
    selection = {"authenticatorAttachment": kind} if kind else {}
    if fields.flag(call.body, "return_passkey_credential_options"):
        selection |= {"residentKey": "required", "userVerification": "preferred"}
    return {"authenticatorSelection": selection} if selection else {}


def _descriptors(call: Call, user: Json, domain: str) -> list[dict[str, str]]:
    """The user's credentials for a domain, as the browser's options name them."""
    found = passkey_records.of_domain(call.tenant, user, domain)
    ids = [base64.urlsafe_b64decode(f"{each['credential_id']}===") for each in found]
    return [{"id": _binary(call, credential_id), "type": "public-key"} for credential_id in ids]


def _binary(call: Call, value: bytes) -> str:
    """Bytes as base64url without padding if the caller asks for it, else as standard base64."""
    is_url = fields.flag(call.body, "use_base64_url_encoding")
    return _base64url(value) if is_url else base64.b64encode(value).decode()


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _text(call: Call, name: str) -> Any:
    value = call.body.get(name)
    if value is not None and not isinstance(value, str):
        raise StytchFault("invalid_argument")
    return value
