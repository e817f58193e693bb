"""Passkey ceremonies: begun for this browser, this session and one purpose, and finished once, with the user verified.

To copy: Stytch asks for user verification as "preferred", and its factor does not say whether it took place. So the
options say "required", and the flag is checked here before anything goes to Stytch. A signed cookie of five minutes
holds a hash of each challenge with its purpose and session. W3C: *Web Authentication*, sections 7.1 and 7.2.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadData, URLSafeSerializer
from webauthn.helpers import parse_attestation_object, parse_authenticator_data
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import AuthenticatorData

from services import guards
from services.errors import CodeRejected, ServiceUnavailable

LIFE = timedelta(minutes=5)  # that of Stytch's challenges
KEPT = 5  # ceremonies of one browser: its tabs
UNREADABLE = (ValueError, KeyError, TypeError, RecursionError, WebAuthnException)


class Purpose(Enum):
    """What a ceremony is for; the value is the type that browsers sign."""

    SIGN_IN = ("sign in", "webauthn.get")
    STEP_UP = ("step up", "webauthn.get")
    REGISTER = ("register", "webauthn.create")


@dataclass(frozen=True)
class Credential:
    """What the browser returned for a ceremony of its own. Stytch has yet to verify the signature."""

    id: str  # base64url
    json: str


def domain() -> str:
    """Return the host name that passkeys are bound to."""
    return urlsplit(current_app.config["PUBLIC_URL"]).hostname or ""


def begin(purpose: Purpose, options: str) -> dict[str, Any]:
    """Return Stytch's options with user verification required, and tie their challenge to this browser."""
    try:
        asked: dict[str, Any] = json.loads(options)
        mark = _mark(purpose, asked["challenge"])
        if purpose is Purpose.REGISTER:
            selection = asked.get("authenticatorSelection", {})
            asked["authenticatorSelection"] = {**selection, "residentKey": "required", "userVerification": "required"}
        else:
            asked["userVerification"] = "required"
    except UNREADABLE as error:
        raise ServiceUnavailable("Stytch", "malformed passkey options") from error
    _keep(_begun() | {mark: int(time.time())})
    return asked


def finish(purpose: Purpose, text: str) -> Credential:
    """Check what the browser returned as JSON, and end its ceremony. Raises CodeRejected."""
    if not text:
        raise CodeRejected("no_script")
    try:
        whole = json.loads(text)
        response, credential_id = whole["response"], str(whole["id"])
        client_data = json.loads(_bytes(response["clientDataJSON"]))
        kind, mark = client_data["type"], _mark(purpose, client_data["challenge"])
        is_here = client_data["origin"] == current_app.config["PUBLIC_URL"] and not client_data.get("crossOrigin")
        data = _authenticator_data(purpose, response)
    except UNREADABLE as error:
        raise CodeRejected("malformed") from error
    begun = _begun()
    if kind != purpose.value[1] or begun.pop(mark, None) is None:
        raise CodeRejected("other_ceremony")
    _keep(begun)
    if not is_here or data.rp_id_hash != hashlib.sha256(domain().encode()).digest():
        raise CodeRejected("other_domain")
    if not data.flags.uv:
        raise CodeRejected("user_not_verified")
    return Credential(credential_id, json.dumps(whole))  # written anew: Stytch reads what was checked


def _authenticator_data(purpose: Purpose, response: dict[str, Any]) -> AuthenticatorData:
    if purpose is Purpose.REGISTER:
        return parse_attestation_object(_bytes(response["attestationObject"])).auth_data
    return parse_authenticator_data(_bytes(response["authenticatorData"]))


def _mark(purpose: Purpose, challenge: str) -> str:
    """Return the hash that stands for a ceremony: of its challenge, purpose and session."""
    session_id = "" if purpose is Purpose.SIGN_IN else guards.current_session().session_id
    return hashlib.sha256(f"{purpose.value[0]} {session_id} {challenge}".encode()).hexdigest()


def _begun() -> dict[str, int]:
    """Return when this browser began each ceremony that has not ended, by its mark."""
    try:
        begun: dict[str, int] = _signer().loads(request.cookies.get(guards.cookie_name("passkeys"), ""))
    except BadData:
        return {}
    return {mark: at for mark, at in begun.items() if at > time.time() - LIFE.total_seconds()}


def _keep(begun: dict[str, int]) -> None:
    value = _signer().dumps(dict(list(begun.items())[-KEPT:]))

    @after_this_request
    def set_cookie(response: Response) -> Response:
        response.set_cookie(guards.cookie_name("passkeys"), value, max_age=LIFE, **guards.cookie_flags())
        return response


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="passkey ceremonies")


def _bytes(text: str) -> bytes:
    """Return the bytes of base64url without padding. Raises ValueError."""
    return base64.b64decode(f"{text}{'=' * (-len(text) % 4)}", altchars="-_", validate=True)
