"""Crypto wallets in software, for tests."""

from __future__ import annotations

import secrets

import base58
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from eth_keys.datatypes import PrivateKey


class Ethereum:
    """A wallet that signs as ``personal_sign`` does."""

    kind = "ethereum"

    def __init__(self) -> None:
        self.key = PrivateKey(secrets.token_bytes(32))
        self.address = str(self.key.public_key.to_address())
        self.checksummed = str(self.key.public_key.to_checksum_address())

    def sign(self, challenge: str) -> str:
        text = challenge.encode()
        signed = self.key.sign_msg(b"\x19Ethereum Signed Message:\n" + str(len(text)).encode() + text).to_bytes()
        return "0x" + (signed[:64] + bytes([signed[64] + 27])).hex()


class Solana:
    """A wallet that signs the challenge's bytes."""

    kind = "solana"

    def __init__(self) -> None:
        self.key = Ed25519PrivateKey.generate()
        public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.address = base58.b58encode(public).decode()

    def sign(self, challenge: str) -> str:
        return base58.b58encode(self.key.sign(challenge.encode())).decode()
