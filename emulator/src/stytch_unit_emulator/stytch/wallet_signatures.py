"""Signatures of wallets: Ethereum's ``personal_sign`` (EIP-191), and Ed25519 for Solana.

Ethereum needs the packages of ``stytch-unit-emulator[wallets]``, for secp256k1 and Keccak.
"""

from __future__ import annotations

import base64
import re
from contextlib import suppress

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ..store import Json
from .errors import StytchFault

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
LENGTHS = {"ethereum": 65, "solana": 64}  # bytes


def read(body: Json, kind: str) -> bytes:
    """Read the signature.

    UNCONFIRMED: how one of Solana is encoded. Here, base58 or base64.
    """
    given = body.get("signature")
    if given is None or given == "":
        raise StytchFault("signature_missing")
    found = _decoded(given, kind) if isinstance(given, str) and len(given) <= 200 else None
    if found is None:
        raise StytchFault("invalid_signature")
    if len(found) != LENGTHS[kind]:
        raise StytchFault("signature_is_incorrect_size")
    return found


def is_right(kind: str, address: str, challenge: str, signature: bytes) -> bool:
    """Whether the wallet with this address has signed the challenge."""
    if kind == "ethereum":
        return _ethereum_signer(challenge, signature) == address.lower()
    try:
        Ed25519PublicKey.from_public_bytes(base58_bytes(address) or b"").verify(signature, challenge.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def checksummed(address: str) -> str:
    """An Ethereum address with its checksum (EIP-55); as given without the packages for it."""
    try:
        from eth_utils.address import to_checksum_address
    except ImportError:
        return address
    return str(to_checksum_address(address))


def base58_bytes(text: str) -> bytes | None:
    """Decode base58, or return None."""
    number = 0
    if not text or len(text) > 100 or not set(text) <= set(BASE58):
        return None
    for char in text:
        number = number * 58 + BASE58.index(char)
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def _decoded(text: str, kind: str) -> bytes | None:
    if kind == "ethereum":
        is_hex = re.fullmatch("0x([0-9a-fA-F]{2})*", text)
        return bytes.fromhex(text[2:]) if is_hex else None
    found = base58_bytes(text)
    if found and len(found) == LENGTHS[kind]:
        return found
    with suppress(ValueError):
        return base64.b64decode(text, validate=True)
    return found


def _ethereum_signer(challenge: str, signature: bytes) -> str:
    """The address that has signed the text, in lower case; empty if the signature is none."""
    try:
        from eth_keys.datatypes import Signature
        from eth_keys.exceptions import BadSignature
        from eth_utils.exceptions import ValidationError
    except ImportError as error:
        raise StytchFault("ethereum_needs_a_package") from error
    text = challenge.encode()
    signed = b"\x19Ethereum Signed Message:\n" + str(len(text)).encode() + text
    recovery = signature[64] - 27 if signature[64] >= 27 else signature[64]
    try:
        found = Signature(signature[:64] + bytes([recovery])).recover_public_key_from_msg(signed)
    except (BadSignature, ValidationError, ValueError):
        return ""
    return str(found.to_address())
