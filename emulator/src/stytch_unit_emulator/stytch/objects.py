"""The user object of the API, and locking after failed attempts."""

from __future__ import annotations

from datetime import timedelta

from .. import clock
from ..store import Json, Tenant
from . import biometric_records, oauth_records, passkey_records, password_records, user_records, wallet_records
from .errors import StytchFault

FAILURES_TO_LOCK = 10
LOCK_LIFE = timedelta(hours=1)


def user_object(tenant: Tenant, user: Json) -> Json:
    """The user as Stytch returns it.

    UNCONFIRMED: whether a TOTP with an expired enrollment stays listed. Here, it does until it is deleted or replaced.
    """
    totp = tenant.get(user_records.TOTP, user["totp_id"]) if user["totp_id"] else None
    locked = is_locked(user)
    return {
        "user_id": user["user_id"],
        "emails": [{name: email[name] for name in ("email_id", "email", "verified")} for email in user["emails"]],
        "phone_numbers": [
            {name: phone[name] for name in ("phone_id", "phone_number", "verified")} for phone in user["phone_numbers"]
        ],
        "status": user["status"],
        "totps": [{"totp_id": totp["totp_id"], "verified": totp["verified"]}] if totp else [],
        "webauthn_registrations": [passkey_records.shown(each) for each in passkey_records.of_user(tenant, user)],
        "crypto_wallets": [wallet_records.shown(each) for each in wallet_records.of_user(tenant, user)],
        "biometric_registrations": biometric_records.of_user(user),
        "providers": [oauth_records.shown(each) for each in oauth_records.of_user(tenant, user)],
        "is_locked": locked,
        "lock_created_at": user["locked_at"] if locked else None,
        "lock_expires_at": clock.seconds(clock.parse(user["locked_at"]) + LOCK_LIFE) if locked else None,
        "password": password_records.shown(tenant, user),
        **{name: user[name] for name in ("name", "roles", "created_at", "external_id")},
        "trusted_metadata": user["trusted_metadata"],
        "untrusted_metadata": user["untrusted_metadata"],
    }


def is_locked(user: Json) -> bool:
    """Whether the user is locked now."""
    return user["locked_at"] is not None and clock.now() < clock.parse(user["locked_at"]) + LOCK_LIFE


def refuse_if_locked(user: Json) -> None:
    """Refuse any sign-in of a locked user."""
    if is_locked(user):
        raise StytchFault("user_lock_limit_reached")


def count_failure(tenant: Tenant, user: Json) -> None:
    """Count a wrong code; the tenth in a row locks the user.

    UNCONFIRMED: which products count. Here, wrong TOTP codes, recovery codes, passcodes and passwords do.
    """
    user["failures"] += 1
    if user["failures"] >= FAILURES_TO_LOCK:
        user["failures"], user["locked_at"] = 0, clock.seconds(clock.now())
    user_records.save(tenant, user)


def count_success(tenant: Tenant, user: Json) -> None:
    """Reset the failure count, unlock the user and make a pending user active."""
    user["failures"], user["locked_at"], user["status"] = 0, None, "active"
    user_records.save(tenant, user)
