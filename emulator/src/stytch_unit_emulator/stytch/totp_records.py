"""TOTP (RFC 6238: SHA-1, six digits, 30 seconds); each time step works once."""

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

ISSUER = "Stytch emulator"  # UNCONFIRMED: what Stytch writes, probably the project's name
STEP = 30  # seconds
DRIFT = 1  # time steps of clock drift, in either direction
RECOVERY_CODES = 10
NO_STEP = -1


def add(tenant: Tenant, user: Json, minutes: int) -> Json:
    """Create a TOTP that is pending until its first code."""
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
    """Complete an enrollment with a given secret; False if it is malformed."""
    totp = tenant.get(TOTP, totp_id)
    if totp is None or not isinstance(secret, str) or not re.fullmatch("([A-Z2-7]{8}){3,8}", secret):
        return False
    tenant.save(TOTP, totp_id, {**totp, "secret": secret, "verified": True})
    return True


def of_user(tenant: Tenant, user: Json) -> Json | None:
    """The user's TOTP, or None."""
    return tenant.get(TOTP, user["totp_id"]) if user["totp_id"] else None


def remove(tenant: Tenant, user: Json) -> None:
    """Delete the user's TOTP."""
    tenant.remove(TOTP, user["totp_id"])
    user["totp_id"] = None
    user_records.save(tenant, user)


def is_expired(totp: Json) -> bool:
    """Whether the enrollment expired before its first code."""
    return not totp["verified"] and bool(totp["expires_at"] <= clock.timestamp())


def accepted_step(totp: Json, code: str) -> int | None:
    """The time step of a correct code, or None if the code is wrong.

    A time step is accepted once and never after a later one, so that an intercepted code can't be replayed.
    UNCONFIRMED: the drift allowed for the first code. Here, it is the same as later.
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
    """The number of the current time step."""
    return int(clock.timestamp()) // STEP


def account_label(user: Json) -> str:
    """The account name that an authenticator app shows."""
    label: str = user["emails"][0]["email"] if user["emails"] else user["user_id"]
    return label


def qr_code(secret: str, label: str) -> str:
    """The ``otpauth:`` URI as a QR code in a PNG data URI.

    UNCONFIRMED: Stytch's samples have a space after the comma, which strict parsers refuse. Here, there is none.
    """
    uri = pyotp.TOTP(secret).provisioning_uri(name=label, issuer_name=ISSUER)
    # A fixed mask scans well; choosing the best of eight takes longer than everything else.
    return segno.make(uri, error="m", micro=False, mask=3).png_data_uri(scale=5)


def _recovery_code() -> str:
    alphabet = string.ascii_lowercase + string.digits
    return "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(3))
