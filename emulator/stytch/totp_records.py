"""TOTP as RFC 6238 describes it (SHA-1, six digits, 30 seconds), with each time step accepted once."""

from __future__ import annotations

import re
import secrets
import string

import pyotp
import segno

from .. import clock
from ..store import Json, Tenant
from . import user_records
from .errors import StytchFault
from .user_records import TOTP
from .wire import new_id

ISSUER = "Stytch emulator"  # UNCONFIRMED: what Stytch writes; the project's name would be its like
STEP = 30  # seconds
DRIFT = 1  # steps that a phone's clock may be off, either way
RECOVERY_CODES = 10
NO_STEP = -1


def add(tenant: Tenant, user: Json, minutes: int) -> Json:
    """Add a new TOTP that waits for its first code."""
    totp: Json = {
        "totp_id": new_id(TOTP),
        "user_id": user["user_id"],
        "secret": pyotp.random_base32(),
        "verified": False,
        "expires_at": clock.timestamp() + minutes * 60,
        "last_step": NO_STEP,
        "recovery_codes": [_recovery_code() for _ in range(RECOVERY_CODES)],
    }
    user["totp_id"] = totp["totp_id"]
    user_records.save(tenant, user)
    return tenant.add(TOTP, totp["totp_id"], totp)


def set_secret(tenant: Tenant, totp_id: str, secret: object) -> bool:
    """Finish an enrolment with a secret that is known already; whether that could be one."""
    totp = tenant.get(TOTP, totp_id)
    if totp is None or not isinstance(secret, str) or not re.fullmatch("([A-Z2-7]{8}){3,8}", secret):
        return False
    tenant.save(TOTP, totp_id, {**totp, "secret": secret, "verified": True})
    return True


def of_user(tenant: Tenant, user: Json) -> Json | None:
    """Find the user's one TOTP."""
    return tenant.get(TOTP, user["totp_id"]) if user["totp_id"] else None


def remove(tenant: Tenant, user: Json) -> None:
    """Forget the user's TOTP."""
    tenant.remove(TOTP, user["totp_id"])
    user["totp_id"] = None
    user_records.save(tenant, user)


def is_expired(totp: Json) -> bool:
    """Whether the first code did not come in time."""
    return not totp["verified"] and bool(totp["expires_at"] <= clock.timestamp())


def accepted_step(totp: Json, code: str) -> int | None:
    """Find the time step that the code proves, or None if the code is wrong.

    A step is accepted once, and never after a later one, so neither an overheard code nor a kept one is of any use.
    UNCONFIRMED: Stytch's drift on the very first code; the same as ever after here.
    """
    generator, now = pyotp.TOTP(totp["secret"]), current_step()
    matching = [
        step
        for step in range(now - DRIFT, now + DRIFT + 1)
        if secrets.compare_digest(generator.generate_otp(step), code)
    ]
    if matching and matching[-1] <= totp["last_step"]:
        raise StytchFault("totp_code_already_authenticated")
    return matching[-1] if matching else None


def current_step() -> int:
    """Return the number of the time step that the clock is in."""
    return int(clock.timestamp()) // STEP


def account_label(user: Json) -> str:
    """Return what an authenticator app writes under the issuer."""
    label: str = user["emails"][0]["email"] if user["emails"] else user["user_id"]
    return label


def qr_code(secret: str, label: str) -> str:
    """Draw the ``otpauth:`` URI as a PNG data URI.

    UNCONFIRMED: Stytch's samples have a blank after the comma, which strict parsers of data URIs refuse; none here.
    """
    uri = pyotp.TOTP(secret).provisioning_uri(name=label, issuer_name=ISSUER)
    # This mask is read as well as the best of the eight; to find that one would take longer than all the rest.
    return segno.make(uri, error="m", micro=False, mask=3).png_data_uri(scale=5)


def _recovery_code() -> str:
    alphabet = string.ascii_lowercase + string.digits
    return "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(3))
