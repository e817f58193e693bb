"""A software authenticator: what a phone, a laptop or a security key does for the browser's WebAuthn API."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40  # flags of the authenticator data


def encoded(value: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Return the bytes of base64url without padding."""
    return base64.urlsafe_b64decode(f"{text}===")


@dataclass
class Passkey:
    """One credential of an authenticator."""

    rp_id: str
    user_handle: str  # base64url
    id: str = field(default_factory=lambda: encoded(secrets.token_bytes(16)))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    counter: int = 0


@dataclass
class Authenticator:
    """An authenticator in a browser on a page of ``origin``. Each of its answers can be bent by a test."""

    origin: str
    passkeys: list[Passkey] = field(default_factory=list)
    attestation: str = "none"  # or "packed"
    verifies_user: bool = True

    def create(
        self, options: str, *, origin: str | None = None, rp_id: str | None = None, again: Passkey | None = None
    ) -> str:
        """Answer ``navigator.credentials.create``, with a new passkey or one ``again``; takes and returns JSON."""
        asked = json.loads(options)
        passkey = again or Passkey(rp_id or asked["rp"]["id"], encoded(decoded(asked["user"]["id"])))
        self.passkeys.append(passkey)
        client_data = self._client_data("webauthn.create", asked["challenge"], origin)
        data = self._data(passkey, ATTESTED) + _attested(passkey)
        statement: dict[str, Any] = {}
        if self.attestation == "packed":
            signature = _sign(passkey, data, client_data)
            statement = {"alg": -7, "sig": signature}  # by the credential's own key: self attestation
        made = cbor2.dumps({"fmt": self.attestation, "attStmt": statement, "authData": data})
        return _answer(passkey, {"clientDataJSON": encoded(client_data), "attestationObject": encoded(made)})

    def get(
        self, options: str, *, passkey: Passkey | None = None, origin: str | None = None, handle: str | None = None
    ) -> str:
        """Answer ``navigator.credentials.get`` with a passkey, by default the oldest; takes and returns JSON."""
        asked = json.loads(options)
        passkey = passkey or self.passkeys[0]
        passkey.counter += 1
        client_data = self._client_data("webauthn.get", asked["challenge"], origin)
        data = self._data(passkey)
        proof = {
            "clientDataJSON": encoded(client_data),
            "authenticatorData": encoded(data),
            "signature": encoded(_sign(passkey, data, client_data)),
            "userHandle": passkey.user_handle if handle is None else handle,
        }
        return _answer(passkey, proof)

    def _client_data(self, kind: str, challenge: str, origin: str | None) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": origin or self.origin}).encode()

    def _data(self, passkey: Passkey, flags: int = 0) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verifies_user else 0)
        return hashlib.sha256(passkey.rp_id.encode()).digest() + bytes([flags]) + passkey.counter.to_bytes(4, "big")


def _attested(passkey: Passkey) -> bytes:
    numbers, credential_id = passkey.key.public_key().public_numbers(), decoded(passkey.id)
    # RFC 9053: an EC2 key for ES256 on P-256
    cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
    return bytes(16) + len(credential_id).to_bytes(2, "big") + credential_id + cbor2.dumps(cose)


def _sign(passkey: Passkey, data: bytes, client_data: bytes) -> bytes:
    return passkey.key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))


def _answer(passkey: Passkey, response: dict[str, str]) -> str:
    whole = {"id": passkey.id, "rawId": passkey.id, "type": "public-key", "response": response}
    return json.dumps({**whole, "clientExtensionResults": {}, "authenticatorAttachment": "platform"})


def changed(credential: str, **members: Any) -> str:
    """Return the credential with other members, those of its response by name; None removes one."""
    whole = json.loads(credential)
    if isinstance(members.get("response"), dict):
        merged = whole["response"] | members["response"]
        members["response"] = {name: value for name, value in merged.items() if value is not None}
    whole |= members
    return json.dumps({name: value for name, value in whole.items() if value is not None})
