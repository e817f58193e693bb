"""Control of what proves identity: sessions, customer tokens and org tokens without the journey to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from flask import Blueprint, Flask, abort

from . import clock, unit
from .control_input import body, count, nearest, number, tenant, unknown_member
from .in_process import CallRefused, Services
from .store import Json, Store, Tenant
from .stytch import (
    factors,
    oauth_records,
    passkey_records,
    password_records,
    session_records,
    totp_records,
    user_records,
    wallet_records,
    wire,
)
from .stytch.errors import StytchFault

MAX_AGE = 10 * 365 * 86_400.0  # seconds
SESSION_MEMBERS = ("user", "factors", "minutes", "expired", "project_id", "custom_claims")
TOKEN_MEMBERS = ("customer_id", "scope", "expiresIn", "resources", "upgradableScope", "expired")
CUSTOMER_TOKEN_LIFE = 86_400  # seconds, Unit's default


def add_routes(bp: Blueprint, store: Store, stytch_app: Flask, unit_app: Flask) -> None:
    """Add the operations on sessions and tokens to the control API."""

    @bp.post("/tenants/<project_id>/sessions")
    def make_session(project_id: str) -> tuple[Json, int]:
        """Start a session of a user, with factors of given ages; returns its token and a JWT."""
        given = body(*SESSION_MEMBERS)
        try:
            with store.change(tenant(project_id)) as own:
                return start(own, project_id, given), 201
        except StytchFault as fault:
            abort(400, fault.refusal.message)

    @bp.post("/tenants/<project_id>/customer-tokens")
    def make_customer_token(project_id: str) -> tuple[Json, int]:
        """Create a customer token with any customer scopes, expired if asked."""
        given = body(*TOKEN_MEMBERS)
        wanted = {name: value for name, value in given.items() if name not in ("customer_id", "expired")}
        lasts = count(given, "expiresIn", 1, CUSTOMER_TOKEN_LIFE, CUSTOMER_TOKEN_LIFE)
        made_at = clock.now() - timedelta(seconds=lasts + 1 if given.get("expired") else 0)
        attributes = {**wanted, "verificationCode": unit.VERIFICATION_CODE}
        services = Services(tenant(project_id), stytch_app, unit_app)
        try:
            with clock.at(made_at):
                path = f"/customers/{given.get('customer_id')}/token"
                made: Json = services.at_unit(path, "customerToken", attributes)["attributes"]
        except CallRefused as refused:
            abort(400, f"{refused}.")
        return made, 201

    @bp.post("/tenants/<project_id>/org-tokens")
    def make_org_token(project_id: str) -> tuple[Json, int]:
        """Create an org token with some scopes only."""
        given = body("scope")
        wanted = frozenset(str(given.get("scope", "")).split())
        unknown = sorted(wanted - unit.ORG_SCOPES)
        if unknown or not wanted:
            abort(400, f"scope must be scopes of an org token: {nearest(' '.join(unknown), unit.ORG_SCOPES)}.")
        with store.change(tenant(project_id)) as own:
            return {"token": unit.add_org_token(own, project_id, wanted)[0]}, 201


def start(own: Tenant, project_id: str, given: Json) -> Json:
    """Start a session in a tenant; returns its token and a JWT. Raises StytchFault; aborts if the request is wrong."""
    user, claims = _user(own, given), given.get("custom_claims", {})
    minutes, issuer = count(given, "minutes", *session_records.SESSION_MINUTES, 60), given.get("project_id", project_id)
    base = clock.now() - timedelta(seconds=minutes * 60 + 1 if given.get("expired") else 0)
    call = wire.Call(own, tenant(str(issuer)), {"session_duration_minutes": minutes, "session_custom_claims": claims})
    requested = session_records.session_request(call)
    for age, factor in sorted(_factors(own, user, given), key=lambda each: -each[0]):
        with clock.at(base - timedelta(seconds=age)):
            session = session_records.add_factor(call, user, requested, factor)["session"]
        requested = replace(requested, session=session)
    with clock.at(base):
        made = session_records.extend(call, session, requested)
    if issuer != project_id:
        own.remove(session_records.SESSION, session["session_id"])  # this project must not know it
    return made


def _user(own: Tenant, given: Json) -> Json:
    """Find the user by email address or user id."""
    name = given.get("user")
    if not isinstance(name, str):
        abort(400, "user must be an email address or a user id.")
    user = user_records.owner(own, "email", name) or user_records.load(own, name)
    if user is None:
        abort(400, f"There is no user {name}.")
    return user


def _factors(own: Tenant, user: Json, given: Json) -> list[tuple[float, Json]]:
    """Read the session's factors, each with its age in seconds."""
    entries = given.get("factors", [{"type": "magic_link"}])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries) or not entries:
        abort(400, 'factors must be a list of objects such as {"type": "totp", "age": 600}.')
    found = []
    for entry in entries:
        problem, kind = unknown_member(entry, ("type", "age")), entry.get("type")
        if problem:
            abort(400, f"factors: {problem}.")
        if kind not in FACTORS:
            abort(400, f"factors: there is no type {kind!r}; {nearest(str(kind), FACTORS)}.")
        factor = FACTORS[kind](own, user)
        if factor is None:
            abort(400, f"factors: the user has nothing of type {kind}; seed it first.")
        found.append((number(entry, "age", 0, MAX_AGE, 0), factor))
    return found


def _email_link(own: Tenant, user: Json) -> Json | None:
    if not user["emails"]:
        return None
    email = user["emails"][0]
    email["verified"] = True  # as the link would have done
    user_records.save(own, user)
    return factors.email_link(email["email_id"], email["email"])


def _embedded_link(_own: Tenant, _user: Json) -> Json:
    return factors.embedded_link(wire.new_id("embeddable-magic-link"))


def _totp(own: Tenant, user: Json) -> Json | None:
    totp = totp_records.of_user(own, user)
    return factors.totp(totp["totp_id"]) if totp and totp["verified"] else None


def _passkey(own: Tenant, user: Json) -> Json | None:
    registrations = passkey_records.of_user(own, user)
    return factors.passkey(registrations[0]) if registrations else None


def _wallet(own: Tenant, user: Json) -> Json | None:
    wallets = wallet_records.of_user(own, user)
    return factors.wallet(wallets[0]) if wallets else None


def _biometric(_own: Tenant, user: Json) -> Json | None:
    ids = user.get("biometric_registration_ids")
    return factors.biometric(ids[0]) if ids else None


def _oauth(own: Tenant, user: Json) -> Json | None:
    registrations = oauth_records.of_user(own, user)
    return factors.oauth(registrations[0]) if registrations else None


def _password(own: Tenant, user: Json) -> Json | None:
    return factors.password() if password_records.of_user(own, user) else None


def _recovery_code(own: Tenant, user: Json) -> Json | None:
    return factors.recovery_code(wire.new_id("totp-recovery-code")) if _totp(own, user) else None


FACTORS: dict[str, Callable[[Tenant, Json], Json | None]] = {
    "magic_link": _email_link,
    "embedded_magic_link": _embedded_link,
    "totp": _totp,
    "webauthn": _passkey,
    "crypto": _wallet,
    "signature_challenge": _biometric,
    "oauth": _oauth,
    "recovery_codes": _recovery_code,
    "password": _password,
}
