"""The fixed sandbox values of Stytch's Test environment.

Nothing here is stored: the sandbox user can't be fetched or listed, and the sandbox session can't be revoked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .. import clock
from ..store import Json
from . import factors, oauth_providers, objects, session_records, tokens, totp_records, user_records
from .errors import StytchFault
from .wire import Call

EMAIL = "sandbox@stytch.com"
EMAIL_ID = "email-test-23873e89-d4ed-4e92-b3b9-e5c7198fa286"
USER_ID = "user-test-e3795c81-f849-4167-bfda-e4a6e9c280fd"
SESSION_ID = "session-test-eb94233f-8800-4ebd-8645-51dc15f9d028"
STARTED_AT = "2021-08-28T00:41:58.935673Z"
TOTP_ID = "totp-test-00000000-0000-4000-8000-000000000000"  # UNCONFIRMED: the real one
TOTP_CODE = PASSCODE = "000000"
PHONE_NUMBER = "+10000000000"
PHONE_ID = "phone-number-test-00000000-0000-4000-8000-000000000000"  # UNCONFIRMED: the real one
OAUTH_ID = "oauth-user-test-00000000-0000-4000-8000-000000000000"  # UNCONFIRMED: the real one
RECOVERY_CODE = "a1b2-c3d4-e5f6"
WALLET_ADDRESS = "0x6df2dB4Fb3DA35d241901Bd53367770BF03123f1"
WALLET_SIGNATURE = "0x0c4f82edc3c818b6beff4b89e0682994e5878074609903cecdfb"  # shorter than a real one
WALLET_ID = "crypto-wallet-test-00000000-0000-4000-8000-000000000000"  # UNCONFIRMED: the real one
# Published constants, not secrets.
LINK_TOKEN = "DOYoip3rvIMMW5lgItikFK-Ak1CfMsgjuiCyI7uuU94="  # noqa: S105
USED_LINK_TOKEN = "3pzjQpgksDlGKWEwUq2Up--hCHC_0oamfLHyfspKDFU="  # noqa: S105
SESSION_TOKEN = "WJtR5BCy38Szd5AfoDpf0iqFKEt4EE5JhjlWUY7l3FtY"  # noqa: S105
OAUTH_TOKEN = "hdPVZHHX0UoRa7hJTuuPHi1vlddffSnoweRbVFf5-H8g"  # noqa: S105
TOTP_SECRET = "A" * 32  # UNCONFIRMED: the real one; only TOTP_CODE is accepted

EMAIL_FACTOR = factors.email_link(EMAIL_ID, EMAIL)
TOTP_FACTOR = factors.totp(TOTP_ID)
WALLET_FACTOR = factors.wallet(
    {"crypto_wallet_id": WALLET_ID, "crypto_wallet_address": WALLET_ADDRESS, "crypto_wallet_type": "ethereum"}
)
RECOVERY_FACTOR = factors.recovery_code("totp-recovery-code-test-00000000-0000-4000-8000-000000000000")


def answer(call: Call, path: str) -> Json | None:
    """The fixed response, if the request has a sandbox value."""
    known = _ANSWERS.get(path)
    return known(call) if known else None


def _mail(call: Call) -> Json | None:
    if call.body.get("email") != EMAIL:
        return None
    return {"user_id": USER_ID, "email_id": EMAIL_ID, "user_created": False}


def _text(call: Call) -> Json | None:
    if call.body.get("phone_number") != PHONE_NUMBER:
        return None
    return {"user_id": USER_ID, "phone_id": PHONE_ID, "user_created": False}


def _passcode(call: Call) -> Json | None:
    """Check the fixed code; WhatsApp's is taken for one by SMS, as nothing is stored."""
    method_id = call.body.get("method_id")
    channel = {EMAIL_ID: "email", PHONE_ID: "sms"}.get(method_id) if isinstance(method_id, str) else None
    if channel is None:
        return None
    if call.body.get("code") != PASSCODE:
        raise StytchFault("otp_code_not_found")
    contact = {"email_id": EMAIL_ID, "email": EMAIL, "phone_id": PHONE_ID, "phone_number": PHONE_NUMBER}
    proven = _authenticated(call, factors.passcode(channel, contact))
    return {"method_id": method_id, "reset_sessions": False, **proven}


def _revocation(call: Call) -> Json | None:
    return {"status_code": 200} if call.body.get("email") == EMAIL else None


def _creation(call: Call) -> Json | None:
    """A new user with the sandbox address is the sandbox user."""
    if call.body.get("email") != EMAIL:
        return None
    ids = {"user_id": USER_ID, "email_id": EMAIL_ID, "phone_id": ""}
    return {"status_code": 201, **ids, "status": "active", "user": _user(call)}


def _link(call: Call) -> Json | None:
    if call.body.get("token") == USED_LINK_TOKEN:
        raise StytchFault("unable_to_auth_magic_link")
    if call.body.get("token") != LINK_TOKEN:
        return None
    return {"method_id": EMAIL_ID, "reset_sessions": False, **_authenticated(call, EMAIL_FACTOR)}


def _oauth(call: Call) -> Json | None:
    if call.body.get("token") != OAUTH_TOKEN:
        return None
    registration = {"provider": "google", "provider_subject": "1", "oauth_user_registration_id": OAUTH_ID}
    proven = _authenticated(call, factors.oauth(registration))
    who = oauth_providers.person("google", EMAIL)
    return {
        "provider_subject": who["subject"],
        "provider_type": "Google",
        "oauth_user_registration_id": OAUTH_ID,
        "provider_values": oauth_providers.values(call, "google", who, ["openid"], offline=False),
        "reset_sessions": False,
        "user_session": proven.pop("session"),
        **proven,
    }


def _password(call: Call) -> Json | None:
    """Any password is right."""
    return _authenticated(call, factors.password()) if call.body.get("email") == EMAIL else None


def _new_password(call: Call) -> Json | None:
    answer = _password(call)
    return answer and {**answer, "email_id": EMAIL_ID}


def _session(call: Call) -> Json | None:
    token, jwt = (call.body.get(name) for name in ("session_token", "session_jwt"))
    if token == SESSION_TOKEN and jwt is None:
        return _authenticated(call, EMAIL_FACTOR, default_minutes=60)
    if token is None and isinstance(jwt, str) and tokens.session_of_jwt(call, jwt) == SESSION_ID:
        return _authenticated(call, EMAIL_FACTOR, default_minutes=60)
    return None


def _totp_creation(call: Call) -> Json | None:
    if call.body.get("user_id") != USER_ID:
        return None
    return {
        "totp_id": TOTP_ID,
        "secret": TOTP_SECRET,
        "qr_code": totp_records.qr_code(TOTP_SECRET, EMAIL),
        "recovery_codes": [RECOVERY_CODE],
        "user": _user(call),
        "user_id": USER_ID,
    }


def _totp(call: Call) -> Json | None:
    if call.body.get("user_id") != USER_ID:
        return None
    if call.body.get("totp_code") != TOTP_CODE:
        raise StytchFault("unable_to_authenticate_totp")
    return {"totp_id": TOTP_ID, **_authenticated(call, TOTP_FACTOR)}


def _recovery_codes(call: Call) -> Json | None:
    if call.body.get("user_id") != USER_ID:
        return None
    return {
        "user_id": USER_ID,
        "totps": [{"totp_id": TOTP_ID, "verified": True, "recovery_codes": [RECOVERY_CODE]}],
    }


def _recovery(call: Call) -> Json | None:
    if call.body.get("user_id") != USER_ID:
        return None
    if call.body.get("recovery_code") != RECOVERY_CODE:
        raise StytchFault("unable_to_authenticate_recovery_code")
    return {"totp_id": TOTP_ID, **_authenticated(call, RECOVERY_FACTOR)}


def _wallet_challenge(call: Call) -> Json | None:
    if call.body.get("crypto_wallet_address") != WALLET_ADDRESS:
        return None
    return {"user_id": USER_ID, "challenge": "Signing in with the sandbox wallet", "user_created": False}


def _wallet(call: Call) -> Json | None:
    if call.body.get("crypto_wallet_address") != WALLET_ADDRESS:
        return None
    if call.body.get("signature") != WALLET_SIGNATURE:
        raise StytchFault("unable_to_authenticate_crypto_wallet")
    return _authenticated(call, WALLET_FACTOR)


def _authenticated(call: Call, factor: Json, default_minutes: int | None = None) -> Json:
    """The sandbox session with a new JWT, if a duration is given."""
    requested = session_records.request_for(call, _stored_session())
    requested = replace(requested, minutes=requested.minutes or default_minutes)
    answer = session_records.add_factor(call, user_records.blank(USER_ID), requested, factor)
    token = SESSION_TOKEN if answer["session"] else ""
    return {"user_id": USER_ID, "user": _user(call), **answer, "session_token": token}


def _stored_session() -> Json:
    times = {"last_authenticated_at": STARTED_AT, "created_at": STARTED_AT, "updated_at": STARTED_AT}
    return {
        "session_id": SESSION_ID,
        "user_id": USER_ID,
        "started_at": STARTED_AT,
        "last_accessed_at": STARTED_AT,
        "expires_at": clock.seconds(clock.now()),
        "attributes": {"ip_address": "", "user_agent": ""},
        "authentication_factors": [{**EMAIL_FACTOR, **times}],
        "roles": [user_records.DEFAULT_ROLE],
        "custom_claims": {},
    }


def _user(call: Call) -> Json:
    email = {"email_id": EMAIL_ID, "email": EMAIL, "verified": True}
    phone = {"phone_id": PHONE_ID, "phone_number": PHONE_NUMBER, "verified": True}
    contacts = {"emails": [email], "phone_numbers": [phone]}
    stored = {**user_records.blank(USER_ID), **contacts, "created_at": STARTED_AT}
    return {**objects.user_object(call.tenant, stored), "totps": [{"totp_id": TOTP_ID, "verified": True}]}


_ANSWERS: dict[str, Callable[[Call], Json | None]] = {
    "/v1/magic_links/email/send": _mail,
    "/v1/magic_links/email/login_or_create": _mail,
    "/v1/magic_links/email/invite": _mail,
    "/v1/magic_links/email/revoke_invite": _revocation,
    "/v1/magic_links/authenticate": _link,
    **{f"/v1/otps/{channel}/{way}": _text for channel in ("sms", "whatsapp") for way in ("login_or_create", "send")},
    "/v1/crypto_wallets/authenticate/start": _wallet_challenge,
    "/v1/crypto_wallets/authenticate": _wallet,
    "/v1/otps/email/login_or_create": _mail,
    "/v1/otps/email/send": _mail,
    "/v1/otps/authenticate": _passcode,
    "/v1/oauth/authenticate": _oauth,
    "/v1/passwords": _new_password,
    "/v1/passwords/authenticate": _password,
    "/v1/passwords/existing_password/reset": _password,
    "/v1/passwords/email/reset/start": _mail,
    "/v1/sessions/authenticate": _session,
    "/v1/users": _creation,
    "/v1/totps": _totp_creation,
    "/v1/totps/authenticate": _totp,
    "/v1/totps/recovery_codes": _recovery_codes,
    "/v1/totps/recover": _recovery,
}
