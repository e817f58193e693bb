"""Crypto wallets in the store, and the newest challenge of each; a challenge works once."""

from __future__ import annotations

import re
import secrets

from .. import clock
from ..store import Json, Tenant
from . import siwe, tokens, user_records
from .errors import StytchFault
from .user_records import WALLET
from .wallet_signatures import base58_bytes
from .wire import UUID4, new_id

ADDRESS = "wallet_address"  # of a wallet: its hash
CHALLENGE = "wallet_challenge"  # by the hash of the wallet's address
CHALLENGE_LIFE = 300  # seconds; UNCONFIRMED: the real one
CHALLENGES_KEPT = 200  # the newest of a tenant
PROJECT = "Stytch emulator"  # UNCONFIRMED: Stytch writes the project's name
SHOWN = ("crypto_wallet_id", "crypto_wallet_address", "crypto_wallet_type", "verified")


def requested(body: Json) -> tuple[str, str]:
    """Read the wallet's type and address."""
    kind, address = body.get("crypto_wallet_type"), body.get("crypto_wallet_address")
    if kind not in ("ethereum", "solana"):
        raise StytchFault("invalid_wallet_type")
    if not isinstance(address, str):
        raise StytchFault("invalid_crypto_wallet_address")
    if kind == "ethereum" and not re.fullmatch("0x[0-9a-fA-F]{40}", address):
        raise StytchFault("invalid_ethereum_address")
    if kind == "solana" and len(base58_bytes(address) or b"") != 32:
        raise StytchFault("invalid_solana_address")
    return kind, address


def start(tenant: Tenant, user: Json, kind: str, address: str, params: Json | None) -> str:
    """Keep a challenge for the wallet, in place of an earlier one, and return it."""
    nonce, now = secrets.token_hex(16), clock.now()
    if params:
        challenge = siwe.text(address, params, nonce, now, CHALLENGE_LIFE)
    else:
        challenge = f"Signing in with {PROJECT}: {secrets.token_urlsafe(32)}"
    expires_at = clock.timestamp() + CHALLENGE_LIFE
    record = {"user_id": user["user_id"], "challenge": challenge, "siwe": params, "expires_at": expires_at}
    tenant.remove(CHALLENGE, _key(kind, address))
    tenant.add(CHALLENGE, _key(kind, address), record)
    tenant.keep_newest(CHALLENGE, CHALLENGES_KEPT)
    return challenge


def take(tenant: Tenant, kind: str, address: str) -> Json | None:
    """Use up the wallet's challenge; returns it, or None if there is none."""
    record = tenant.get(CHALLENGE, _key(kind, address))
    if record is None:
        return None
    tenant.remove(CHALLENGE, _key(kind, address))
    if record["siwe"] is None and record["expires_at"] <= clock.timestamp():
        return None
    return record


def owner(tenant: Tenant, kind: str, address: str) -> Json | None:
    """The user with this wallet, or None."""
    wallet = tenant.find(WALLET, ADDRESS, _key(kind, address))
    return user_records.load(tenant, wallet["user_id"]) if wallet else None


def verified(tenant: Tenant, user: Json, kind: str, address: str) -> Json:
    """Return the user's wallet, added if it is new. Raises StytchFault if it has become another user's."""
    wallet = tenant.find(WALLET, ADDRESS, _key(kind, address))
    if wallet is None:
        # UNCONFIRMED: how Stytch writes an Ethereum address. Here, as given.
        wallet = {
            "crypto_wallet_id": new_id("crypto-wallet"),
            "user_id": user["user_id"],
            "crypto_wallet_address": address,
            "crypto_wallet_type": kind,
            "verified": True,
        }
        tenant.add(WALLET, wallet["crypto_wallet_id"], wallet, {ADDRESS: _key(kind, address)})
        user.setdefault("crypto_wallet_ids", []).append(wallet["crypto_wallet_id"])
        user_records.save(tenant, user)
    if wallet["user_id"] != user["user_id"]:
        raise StytchFault("duplicate_wallet_address")
    return wallet


def of_user(tenant: Tenant, user: Json) -> list[Json]:
    """The user's wallets, oldest first."""
    found = [tenant.get(WALLET, each) for each in user.get("crypto_wallet_ids", ())]
    return [wallet for wallet in found if wallet]


def of_path(tenant: Tenant, wallet_id: str) -> Json:
    """The wallet that a path names."""
    if not re.fullmatch(f"crypto-wallet-test-{UUID4}", wallet_id):
        raise StytchFault("invalid_crypto_wallet_id")
    wallet = tenant.get(WALLET, wallet_id)
    if wallet is None:
        raise StytchFault("crypto_wallet_not_found")
    return wallet


def remove(tenant: Tenant, user: Json, wallet_id: str) -> None:
    """Delete one of the user's wallets."""
    tenant.remove(WALLET, wallet_id)
    user["crypto_wallet_ids"].remove(wallet_id)
    user_records.save(tenant, user)


def shown(wallet: Json) -> Json:
    """A wallet as the user object lists it."""
    return {name: wallet[name] for name in SHOWN}


def _key(kind: str, address: str) -> str:
    """Ethereum addresses differ in case only by a checksum; those of Solana by case too."""
    return tokens.digest(f"{kind}:{address.lower() if kind == 'ethereum' else address}")
