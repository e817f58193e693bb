"""Every WebAuthn call and refusal, for the contract tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from .authenticator import Authenticator, changed
from .stytch_story import ADA

if TYPE_CHECKING:
    from .test_stytch_contract import Caller

DOMAIN, ORIGIN = "app.example", "https://app.example"
NO_PASSKEY = "webauthn-registration-test-00000000-0000-4000-8000-000000000000"
MALFORMED = "invalid_public_key_credential"
Act: TypeAlias = "Callable[[Caller], Any]"


def started(caller: Caller, user_id: str) -> str:
    """The options to create a passkey."""
    answer = caller.client.webauthn.register_start(user_id, DOMAIN, use_base64_url_encoding=True)
    return answer.public_key_credential_creation_options


def created(caller: Caller, **bent: Any) -> Any:
    """Register a new passkey of a new user, with other members of the credential."""
    user_id = caller.user()
    credential = changed(Authenticator(ORIGIN).create(started(caller, user_id)), **bent)
    return caller.client.webauthn.register(user_id, credential, session_duration_minutes=60)


def proven(caller: Caller, **bent: Any) -> Any:
    """Sign in with a passkey of a new user, with other members of the credential."""
    phone, user_id = Authenticator(ORIGIN), caller.user()
    caller.client.webauthn.register(user_id, phone.create(started(caller, user_id)))
    options = caller.client.webauthn.authenticate_start(DOMAIN).public_key_credential_request_options
    return caller.client.webauthn.authenticate(changed(phone.get(options), **bent), session_duration_minutes=60)


def pending_user(caller: Caller) -> str:
    """A user whose invitation is open."""
    return caller.client.magic_links.email.invite(ADA).user_id


def twice(caller: Caller) -> Any:
    """Register the same credential again."""
    phone, user_id = Authenticator(ORIGIN), caller.user()
    caller.client.webauthn.register(user_id, phone.create(started(caller, user_id)))
    return caller.client.webauthn.register(user_id, phone.create(started(caller, user_id), again=phone.passkeys[0]))


CALLS: dict[str, Act] = {
    "webauthn.register_start": lambda c: c.client.webauthn.register_start(c.user(), DOMAIN),
    "webauthn.register": lambda c: created(c),
    "webauthn.authenticate_start": lambda c: c.client.webauthn.authenticate_start(DOMAIN),
    "webauthn.authenticate": lambda c: proven(c),
    "webauthn.update": lambda c: c.client.webauthn.update(created(c).webauthn_registration_id, "Blue key"),
    "webauthn.list_credentials": lambda c: c.client.webauthn.list_credentials(created(c).user_id, DOMAIN),
    "users.delete_webauthn_registration": lambda c: c.client.users.delete_webauthn_registration(
        created(c).webauthn_registration_id
    ),
}
REFUSED: dict[str, Act] = {
    MALFORMED: lambda c: c.client.webauthn.authenticate("{"),
    f"{MALFORMED}_missing_id_field": lambda c: created(c, id=None),
    f"{MALFORMED}_invalid_id": lambda c: created(c, id="another"),
    f"{MALFORMED}_missing_response_field": lambda c: created(c, response=None),
    f"{MALFORMED}_missing_client_data_json_field": lambda c: created(c, response={"clientDataJSON": None}),
    f"{MALFORMED}_malformed_client_data_json": lambda c: created(c, response={"clientDataJSON": "e30"}),
    f"{MALFORMED}_missing_attestation_object_field": lambda c: created(c, response={"attestationObject": None}),
    f"{MALFORMED}_malformed_attestation_object": lambda c: created(c, response={"attestationObject": "e30"}),
    f"{MALFORMED}_missing_authenticator_data_field": lambda c: proven(c, response={"authenticatorData": None}),
    f"{MALFORMED}_invalid_authenticator_data": lambda c: proven(c, response={"authenticatorData": "e30"}),
    f"{MALFORMED}_missing_signature_field": lambda c: proven(c, response={"signature": None}),
    f"{MALFORMED}_invalid_signature": lambda c: proven(c, response={"signature": "%"}),
    "invalid_domain": lambda c: c.client.webauthn.authenticate_start("127.0.0.1"),
    "invalid_authenticator_type": lambda c: c.client.webauthn.register_start(
        c.user(), DOMAIN, authenticator_type="phone"
    ),
    "cannot_use_webauthn_with_pending_user": lambda c: started(c, pending_user(c)),
    "no_pending_webauthn_registration": lambda c: c.client.webauthn.register(
        c.user(), Authenticator(ORIGIN).create(UNASKED)
    ),
    "duplicate_webauthn_registration": twice,
    "unable_to_register_webauthn_registration": lambda c: created(c, id="b3RoZXI", rawId="b3RoZXI"),
    "no_active_webauthn_registrations": lambda c: c.client.webauthn.authenticate_start(DOMAIN, user_id=c.user()),
    "unable_to_auth_webauthn_registration": lambda c: proven(c, response={"signature": "e30"}),
    "webauthn_registration_not_found": lambda c: c.client.users.delete_webauthn_registration(NO_PASSKEY),
    "invalid_webauthn_registration_id": lambda c: c.client.users.delete_webauthn_registration("webauthn-1"),
    "empty_webauthn_registration_name": lambda c: c.client.webauthn.update(created(c).webauthn_registration_id, " "),
}
UNASKED = '{"challenge": "YQ", "rp": {"id": "app.example"}, "user": {"id": "YQ"}}'
