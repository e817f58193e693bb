"""Passwords: create, authenticate, check the strength, change by the old one or by a session, migrate.

UNCONFIRMED: the status of create. Here, 200, as in the samples of Stytch's browser SDK.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from flask import Blueprint

from .. import clock
from ..store import Json, Tenant
from . import factors as session_factors
from . import fields, objects, password_hashes, password_policy, password_records, session_records, user_records
from .endpoint import authenticated
from .errors import StytchFault
from .wire import Call

bp = Blueprint("passwords", __name__, url_prefix="/v1/passwords")

RESET_WITHIN = timedelta(minutes=5)  # of a proof that lets a session set a password
RESETTING = frozenset((("password", "knowledge"), ("magic_link", "email"), ("otp", "email")))


@bp.post("")
@authenticated
def create(call: Call) -> Json:
    """Create an active user with a password, whose email address is not verified."""
    email, password = fields.email(call.body), password_policy.requested(call.body)
    requested = session_records.request_for(call, None)
    changes = {
        "name": fields.strings(call.body, "name", user_records.NAME_PARTS),
        "trusted_metadata": fields.merged_metadata({}, call.body, "trusted_metadata"),
        "untrusted_metadata": fields.merged_metadata({}, call.body, "untrusted_metadata"),
    }
    # UNCONFIRMED: a user who has no password yet; it may be ``reset_password``. Here, as for any other.
    if user_records.owner(call.tenant, "email", email):
        raise StytchFault("duplicate_email")
    password_policy.check(password, email)
    user = user_records.add(call.tenant)
    email_id = user_records.add_contact(call.tenant, user, "email", email)
    user.update(changes)
    password_records.keep(call.tenant, user, password_hashes.own(password))
    return {**answer(call, user, requested), "email_id": email_id}


@bp.post("/authenticate")
@authenticated
def authenticate(call: Call) -> Json:
    """Check a password; starts or extends a session if a duration is given.

    UNCONFIRMED: whether ``reset_password`` is said to who gives a wrong password. Here, it is not.
    """
    email, password = fields.email(call.body), password_policy.requested(call.body)
    requested = session_records.session_request(call)
    user, found = _proven(call, email, password)
    if found["requires_reset"] or password in password_policy.BREACHED:
        raise StytchFault("reset_password")
    objects.count_success(call.tenant, user)
    return answer(call, user, requested.without_others(user))


@bp.post("/strength_check")
@authenticated
def strength_check(call: Call) -> Json:
    """Rate a password; with an email address, a breached one is not valid."""
    password = call.body.get("password")
    if not isinstance(password, str):
        raise StytchFault("invalid_argument")
    email = fields.optional_matching(call.body, "email", fields.EMAIL, "invalid_email")
    return password_policy.strength(password, email)


@bp.post("/existing_password/reset")
@authenticated
def existing_password_reset(call: Call) -> Json:
    """Change a password by the old one; ends all sessions, and starts one if a duration is given."""
    email, new = fields.email(call.body), password_policy.requested(call.body, "new_password")
    old = password_policy.requested(call.body, "existing_password")
    requested = session_records.session_request(call)
    user, _ = _proven(call, email, old)
    password_policy.check(new, email)
    return set_anew(call, user, new, requested)


@bp.post("/session/reset")
@authenticated
def session_reset(call: Call) -> Json:
    """Set or change the password of a session's user; ends the other sessions.

    UNCONFIRMED: a user who never had a password. Here, this sets the first one.
    """
    password = password_policy.requested(call.body)
    requested = session_records.session_request(call)
    if requested.session is None:
        raise StytchFault("no_session_arguments")
    user = user_records.load(call.tenant, requested.session["user_id"])
    if user is None:
        raise StytchFault("session_not_found")
    objects.refuse_if_locked(user)
    if not any(_may_reset(factor) for factor in requested.session["authentication_factors"]):
        raise StytchFault("session_too_old_to_reset_password")
    password_policy.check(password, user["emails"][0]["email"] if user["emails"] else "")
    password_records.keep(call.tenant, user, password_hashes.own(password))
    end_sessions(call.tenant, user, but=requested.session["session_id"])
    return answer(call, user, requested)


@bp.post("/migrate")
@authenticated
def migrate(call: Call) -> Json:
    """Give a user the password of another system, by its hash; creates the user if there is none."""
    email, hashed = fields.email(call.body), password_hashes.read(call.body)
    changes = _changes(call)
    user = user_records.owner(call.tenant, "email", email)
    created = user is None
    if user is None:
        user = user_records.add(call.tenant)
        user_records.add_contact(call.tenant, user, "email", email)
    if password_records.of_user(call.tenant, user):
        raise StytchFault("password_already_exists")
    entry = user_records.entry_of(user, "email", email)
    entry["verified"] = entry["verified"] or fields.flag(call.body, "set_email_verified")
    user.update(changes)
    password_records.keep(call.tenant, user, hashed)
    return {
        "user_id": user["user_id"],
        "email_id": entry["email_id"],
        "user_created": created,
        "user": objects.user_object(call.tenant, user),
    }


def answer(call: Call, user: Json, requested: session_records.SessionRequest) -> Json:
    """Start or extend a session with the password as a factor; returns what every such call does."""
    return {
        "user_id": user["user_id"],
        **session_records.add_factor(call, user, requested, session_factors.password()),
        "user": objects.user_object(call.tenant, user),
        "user_device": None,
    }


def set_anew(call: Call, user: Json, password: str, requested: session_records.SessionRequest) -> Json:
    """Set the password, end all of the user's sessions, and start a new one."""
    password_records.keep(call.tenant, user, password_hashes.own(password))
    end_sessions(call.tenant, user)
    objects.count_success(call.tenant, user)
    return answer(call, user, replace(requested, session=None))


def end_sessions(tenant: Tenant, user: Json, but: str = "") -> None:
    """End the user's sessions, but for one."""
    for session in session_records.of_user(tenant, user["user_id"]):
        if session["session_id"] != but:
            tenant.remove(session_records.SESSION, session["session_id"])


def _proven(call: Call, email: str, password: str) -> tuple[Json, Json]:
    """Check the password of the user with this address; returns the user and the record of the password."""
    user = user_records.owner(call.tenant, "email", email)
    if user is None:
        raise StytchFault("email_not_found")
    objects.refuse_if_locked(user)
    found = password_records.of_user(call.tenant, user)
    if found is None:
        raise StytchFault("no_user_password")
    if not password_records.is_right(found, password):
        objects.count_failure(call.tenant, user)
        raise StytchFault("unauthorized_credentials")
    return user, found


def _may_reset(factor: Json) -> bool:
    is_fresh = clock.parse(factor["last_authenticated_at"]) > clock.now() - RESET_WITHIN
    return is_fresh and (factor["type"], factor["delivery_method"]) in RESETTING


def _changes(call: Call) -> Json:
    """The name and metadata of a migrated user, as far as they are given.

    UNCONFIRMED: what they replace of a user who exists. Phone numbers, roles and external ids are ignored here.
    """
    changes: Json = {}
    if call.body.get("name") is not None:
        changes["name"] = fields.strings(call.body, "name", user_records.NAME_PARTS)
    for name in ("trusted_metadata", "untrusted_metadata"):
        if call.body.get(name) is not None:
            changes[name] = fields.merged_metadata({}, call.body, name)
    return changes
