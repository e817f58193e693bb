"""Authentication factors of a session."""

from __future__ import annotations

from .. import clock
from ..store import Json
from .oauth_providers import PROVIDERS

TIMES = frozenset({"created_at", "updated_at", "last_authenticated_at"})


def email_link(email_id: str, address: str) -> Json:
    """A magic link opened from an email."""
    detail = {"email_id": email_id, "email_address": address}
    return {"type": "magic_link", "delivery_method": "email", "email_factor": detail}


def embedded_link(embedded_id: str) -> Json:
    """A magic link that the app delivered itself."""
    detail = {"embedded_id": embedded_id}
    return {"type": "magic_link", "delivery_method": "embedded", "embeddable_magic_link_factor": detail}


def totp(totp_id: str) -> Json:
    """A code from an authenticator app."""
    detail = {"totp_id": totp_id}
    return {"type": "totp", "delivery_method": "authenticator_app", "authenticator_app_factor": detail}


def passkey(registration: Json) -> Json:
    """A passkey or a security key."""
    detail = {name: registration[name] for name in ("webauthn_registration_id", "domain", "user_agent")}
    return {"type": "webauthn", "delivery_method": "webauthn_registration", "webauthn_factor": detail}


def wallet(record: Json) -> Json:
    """A crypto wallet that signed a challenge."""
    detail = {name: record[name] for name in ("crypto_wallet_id", "crypto_wallet_address", "crypto_wallet_type")}
    return {"type": "crypto", "delivery_method": "crypto_wallet", "crypto_wallet_factor": detail}


def biometric(registration_id: str) -> Json:
    """A biometric registration of a mobile app.

    UNCONFIRMED: its type.
    """
    detail = {"biometric_registration_id": registration_id}
    return {"type": "signature_challenge", "delivery_method": "biometric", "biometric_factor": detail}


def oauth(registration: Json) -> Json:
    """A person at an OAuth provider.

    UNCONFIRMED: its ``email_id``. None is given here.
    """
    provider = registration["provider"]
    detail = {"id": registration["oauth_user_registration_id"], "provider_subject": registration["provider_subject"]}
    name = f"{PROVIDERS[provider].factor or provider}_oauth_factor"
    return {"type": "oauth", "delivery_method": f"oauth_{provider}", name: detail}


def recovery_code(recovery_code_id: str) -> Json:
    """A recovery code.

    UNCONFIRMED: its type, which may be ``totp``; the SDK's enumeration has ``recovery_codes``.
    """
    detail = {"totp_recovery_code_id": recovery_code_id}
    return {"type": "recovery_codes", "delivery_method": "recovery_code", "recovery_code_factor": detail}


def passcode(channel: str, contact: Json) -> Json:
    """A code sent by SMS, WhatsApp or email to an entry of the user's.

    UNCONFIRMED: the type of a code by email, which may be ``email_otp``.
    """
    if channel == "email":
        detail = {"email_id": contact["email_id"], "email_address": contact["email"]}
        return {"type": "otp", "delivery_method": channel, "email_factor": detail}
    detail = {name: contact[name] for name in ("phone_id", "phone_number")}
    return {"type": "otp", "delivery_method": channel, "phone_number_factor": detail}


def password() -> Json:
    """A password, without a detail object."""
    return {"type": "password", "delivery_method": "knowledge"}


def add_or_refresh(known: list[Json], factor: Json) -> list[Json]:
    """Add a factor proven now, or refresh the entry of the same method.

    UNCONFIRMED: what makes two factors the same method. Here, all members but the times must match.
    """
    now = clock.seconds(clock.now())
    before = next((old for old in known if _method(old) == factor), None)
    created_at = before["created_at"] if before else now
    fresh = {**factor, "last_authenticated_at": now, "created_at": created_at, "updated_at": now}
    return [fresh if old is before else old for old in known] + ([] if before else [fresh])


def without(known: list[Json], method_id: str) -> list[Json]:
    """The factors without the one of this id; a session has one password at most."""
    if method_id.startswith("password-"):
        return [factor for factor in known if factor["type"] != "password"]
    return [factor for factor in known if method_id not in _detail(factor).values()]


def _method(factor: Json) -> Json:
    return {name: value for name, value in factor.items() if name not in TIMES}


def _detail(factor: Json) -> Json:
    return next((detail for detail in factor.values() if isinstance(detail, dict)), {})
