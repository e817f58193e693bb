"""Reads and verifies what a browser's WebAuthn API returned. `webauthn` (py_webauthn) does the cryptography.

It ignores members that browsers and password managers add, such as ``response.publicKey``.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import base64url_to_bytes, parse_attestation_object, parse_authenticator_data
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.registration.verify_registration_response import VerifiedRegistration

from .. import strict_json
from ..store import Json
from .errors import StytchFault

MALFORMED = "invalid_public_key_credential"
ALGORITHMS = [COSEAlgorithmIdentifier.ECDSA_SHA_256, COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256]
LOOPBACK = frozenset({"localhost"})  # an IP address is no rp id


@dataclass(frozen=True)
class Credential:
    """A well-formed credential, of which nothing is proven yet."""

    id: str  # base64url
    challenge: str  # base64url
    origin: str
    user_handle: str | None  # base64url
    json: Json


def read(body: Json, *, is_new: bool) -> Credential:
    """Read ``public_key_credential``, JSON in a string: of a registration if it is new, else of an assertion."""
    given = _json_object(body.get("public_key_credential"), MALFORMED)
    if given.get("type") != "public-key":
        raise StytchFault(MALFORMED)
    credential_id = given.get("id")
    if credential_id is None:
        raise StytchFault(f"{MALFORMED}_missing_id_field")
    if _bytes(credential_id) is None or given.get("rawId") != credential_id:
        raise StytchFault(f"{MALFORMED}_invalid_id")
    response = given.get("response")
    if not isinstance(response, dict):
        raise StytchFault(f"{MALFORMED}_missing_response_field")
    client_data = _client_data(response)
    parts = _new_parts(response) if is_new else _proof_parts(response)
    handle = response.get("userHandle")
    if handle is not None and _bytes(handle) is None:
        raise StytchFault(MALFORMED)
    kept = {"clientDataJSON": response["clientDataJSON"], **parts}
    whole = {"id": credential_id, "rawId": credential_id, "type": "public-key", "response": kept}
    return Credential(credential_id, client_data["challenge"], client_data["origin"], handle, whole)


def verified_registration(credential: Credential, domain: str, app_hosts: frozenset[str]) -> VerifiedRegistration:
    """Verify a new credential for a domain, which is its rp id."""
    with _refusing("unable_to_register_webauthn_registration"):
        _check_origin(credential, domain, app_hosts)
        return verify_registration_response(
            credential=credential.json,
            expected_challenge=base64url_to_bytes(credential.challenge),  # the caller has checked it
            expected_origin=credential.origin,
            expected_rp_id=domain,
            supported_pub_key_algs=ALGORITHMS,
        )


def verified_counter(credential: Credential, registration: Json, app_hosts: frozenset[str]) -> int:
    """Verify an assertion with the registration's public key; returns the new signature counter.

    UNCONFIRMED: a counter that does not grow. Here, it is refused, unless it is always zero, as of synced passkeys.
    """
    with _refusing("unable_to_auth_webauthn_registration"):
        _check_origin(credential, registration["domain"], app_hosts)
        return verify_authentication_response(
            credential=credential.json,
            expected_challenge=base64url_to_bytes(credential.challenge),
            expected_origin=credential.origin,
            expected_rp_id=registration["domain"],
            credential_public_key=base64.b64decode(registration["public_key"]),
            credential_current_sign_count=registration["sign_count"],
        ).new_sign_count


@contextmanager
def _refusing(error_type: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # the parsers below the library raise errors of many kinds
        raise StytchFault(error_type) from error


def _check_origin(credential: Credential, domain: str, app_hosts: frozenset[str]) -> None:
    """Check that a page of this domain or below it asked. Raises ValueError.

    UNCONFIRMED: which origins Stytch accepts. Here, https, or http on localhost and the app's hosts.
    """
    origin = urlsplit(credential.origin)
    host = origin.hostname or ""
    schemes = {"https", "http"} if host in LOOPBACK | app_hosts else {"https"}
    if origin.scheme not in schemes or not (host == domain or host.endswith(f".{domain}")):
        raise ValueError("a foreign origin")


def _client_data(response: Json) -> Json:
    if response.get("clientDataJSON") is None:
        raise StytchFault(f"{MALFORMED}_missing_client_data_json_field")
    malformed = f"{MALFORMED}_malformed_client_data_json"
    raw = _bytes(response["clientDataJSON"])
    client_data = _json_object(None if raw is None else raw.decode(errors="replace"), malformed)
    if not all(isinstance(client_data.get(name), str) for name in ("type", "challenge", "origin")):
        raise StytchFault(malformed)
    if _bytes(client_data["challenge"]) is None:
        raise StytchFault(malformed)
    return client_data


def _new_parts(response: Json) -> Json:
    attestation = response.get("attestationObject")
    if attestation is None:
        raise StytchFault(f"{MALFORMED}_missing_attestation_object_field")
    with _refusing(f"{MALFORMED}_malformed_attestation_object"):
        parse_attestation_object(_bytes(attestation) or b"")
    return {"attestationObject": attestation}


def _proof_parts(response: Json) -> Json:
    data, signature = response.get("authenticatorData"), response.get("signature")
    if data is None:
        raise StytchFault(f"{MALFORMED}_missing_authenticator_data_field")
    with _refusing(f"{MALFORMED}_invalid_authenticator_data"):
        parse_authenticator_data(_bytes(data) or b"")
    if signature is None:
        raise StytchFault(f"{MALFORMED}_missing_signature_field")
    if _bytes(signature) is None:
        raise StytchFault(f"{MALFORMED}_invalid_signature")
    return {"authenticatorData": data, "signature": signature}


def _json_object(text: object, error_type: str) -> Json:
    try:
        value = strict_json.parse(text) if isinstance(text, str) else None
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise StytchFault(error_type)
    return value


def _bytes(text: Any) -> bytes | None:
    """The bytes of base64url without padding, or None."""
    if not isinstance(text, str) or not re.fullmatch(r"[A-Za-z0-9_-]+", text):
        return None
    try:
        return base64url_to_bytes(text)
    except binascii.Error:
        return None
