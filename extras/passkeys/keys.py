"""Passkeys at Stytch: register, sign in, step up, rename, remove. Stytch docs: *WebAuthn and Passkeys*.

To copy: step-up and registration give the session's own token, so that this session carries the proof. Only a passkey
of the session's own user goes to Stytch with it.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from stytch.consumer.models.users import WebAuthnRegistration

from services.errors import CodeRejected
from services.factors import remove_factor
from services.session import Session
from services.signals import logs_security_event
from services.stytch_client import minutes, refusals, stytch_client

from .ceremonies import Credential, Purpose, begin, domain


@logs_security_event("factor")
def begin_registration(session: Session) -> dict[str, Any]:
    """Return the browser's options to create a passkey. Raises CodeRejected. Stytch docs: *Start registration*."""
    with refusals():
        answer = stytch_client.sdk.webauthn.register_start(
            session.user_id, domain(), return_passkey_credential_options=True, use_base64_url_encoding=True
        )
    return begin(Purpose.REGISTER, answer.public_key_credential_creation_options)


@logs_security_event("factor")
def register(session: Session, credential: Credential) -> Session:
    """Add a new passkey to the user, and its proof to this session. Raises CodeRejected. Stytch docs: *Register*."""
    webauthn = stytch_client.sdk.webauthn
    return stytch_client.add_proof(session, lambda keep: webauthn.register(session.user_id, credential.json, **keep))


def begin_authentication(purpose: Purpose, user_id: str | None = None) -> dict[str, Any]:
    """Return the browser's options to use a passkey: this user's, or any. Raises CodeRejected.

    Stytch docs: *Start authentication*.
    """
    with refusals():
        answer = stytch_client.sdk.webauthn.authenticate_start(
            domain(), user_id=user_id, return_passkey_credential_options=True, use_base64_url_encoding=True
        )
    return begin(purpose, answer.public_key_credential_request_options)


@logs_security_event("login")
def sign_in(credential: Credential) -> Session:
    """Exchange a passkey's proof for a session. Raises CodeRejected. Stytch docs: *Authenticate*."""
    with refusals():
        answer = stytch_client.sdk.webauthn.authenticate(
            credential.json, session_duration_minutes=minutes(stytch_client.session_life)
        )
    return stytch_client.sessions.get(stytch_client.start_session(answer))


@logs_security_event("step-up")
def step_up(session: Session, credential: Credential) -> Session:
    """Add a passkey's proof to this session. Raises CodeRejected.

    Stytch does not document what another user's passkey would do to the session, so the id is looked up first. Stytch
    docs: *List credentials*, *Authenticate*.
    """
    webauthn = stytch_client.sdk.webauthn
    with refusals():
        found = webauthn.list_credentials(session.user_id, domain()).credentials
    if credential.id not in {_base64url(each.credential_id) for each in found}:
        raise CodeRejected("other_account")
    return stytch_client.add_proof(session, lambda keep: webauthn.authenticate(credential.json, **keep))


@logs_security_event("factor")
def rename(session: Session, registration_id: str, name: str) -> None:
    """Rename one of the user's passkeys. Raises CodeRejected. Stytch docs: *Update registration*."""
    _check_owner(session, registration_id)
    with refusals():
        stytch_client.sdk.webauthn.update(registration_id, name)


@logs_security_event("factor")
def remove(session: Session, registration_id: str) -> Session:
    """Delete one of the user's passkeys, as ``remove_factor`` does. Raises CodeRejected, NotSignedIn.

    Stytch docs: *Delete WebAuthn registration*.
    """
    _check_owner(session, registration_id)
    delete = stytch_client.sdk.users.delete_webauthn_registration
    return remove_factor(session, "webauthn_registration_not_found", partial(delete, registration_id))


def _check_owner(session: Session, registration_id: str) -> None:
    """Refuse a passkey of another user: Stytch takes any id of the project. Raises CodeRejected."""
    own: list[WebAuthnRegistration] = stytch_client.sdk.users.get(session.user_id).webauthn_registrations
    if registration_id not in {each.webauthn_registration_id for each in own}:
        raise CodeRejected("unknown_passkey")


def _base64url(text: str) -> str:
    return text.translate(str.maketrans("+/", "-_", "="))
