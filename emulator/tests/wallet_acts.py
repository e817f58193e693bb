"""Every crypto wallet call and refusal, for the contract tests."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from .stytch_story import ADA, BOB
from .wallet import Ethereum, Solana

if TYPE_CHECKING:
    from .test_stytch_contract import Caller

Act: TypeAlias = "Callable[[Caller], Any]"
NO_WALLET = "crypto-wallet-test-00000000-0000-4000-8000-000000000000"
SIWE = {"domain": "app.example", "uri": "https://app.example/", "resources": []}


def start(caller: Caller, kind: str = "ethereum", address: Any = None, **siwe: Any) -> Any:
    """Ask for a challenge, by SIWE if it has parameters."""
    params: dict[str, Any] = {"siwe_params": SIWE | siwe} if siwe else {}
    return caller.client.crypto_wallets.authenticate_start(kind, address or Ethereum().address, **params)


def proven(caller: Caller, signature: str | None = None, late: float = 0, **siwe: Any) -> Any:
    """Sign in with a new wallet, or with this signature."""
    wallet = Ethereum()
    challenge = start(caller, address=wallet.address, **siwe).challenge
    caller.project.move_clock(late)
    signature = wallet.sign(challenge) if signature is None else signature
    return caller.client.crypto_wallets.authenticate("ethereum", wallet.address, signature, session_duration_minutes=60)


def others(caller: Caller) -> Any:
    """Start for a user with another user's wallet."""
    wallets, address = caller.client.crypto_wallets, Ethereum().address
    wallets.authenticate_start("ethereum", address, user_id=caller.user(ADA))
    wallet = proven(caller).user.crypto_wallets[0].crypto_wallet_address
    return wallets.authenticate_start("ethereum", wallet, user_id=caller.user(BOB))


def without_package(caller: Caller) -> Any:
    """Check an Ethereum signature where the packages for it are missing."""
    found = sys.modules.pop("eth_keys.datatypes")
    sys.modules["eth_keys.datatypes"] = None  # type: ignore[assignment]
    try:
        return proven(caller)
    finally:
        sys.modules["eth_keys.datatypes"] = found


CALLS: dict[str, Act] = {
    "crypto_wallets.authenticate_start": lambda c: start(c),
    "crypto_wallets.authenticate": lambda c: proven(c, domain="app.example"),
    "users.delete_crypto_wallet": lambda c: c.client.users.delete_crypto_wallet(
        proven(c).user.crypto_wallets[0].crypto_wallet_id
    ),
}
REFUSED: dict[str, Act] = {
    "invalid_wallet_type": lambda c: start(c, "bitcoin"),
    "invalid_crypto_wallet_address": lambda c: start(c, address=1),
    "invalid_ethereum_address": lambda c: start(c, address="0x12"),
    "invalid_solana_address": lambda c: start(c, "solana", "2"),
    "invalid_crypto_wallet_id": lambda c: c.client.users.delete_crypto_wallet("crypto-wallet-test-1"),
    "crypto_wallet_not_found": lambda c: c.client.users.delete_crypto_wallet(NO_WALLET),
    "duplicate_wallet_address": others,
    "signature_missing": lambda c: proven(c, ""),
    "invalid_signature": lambda c: proven(c, "0xzz"),
    "signature_is_incorrect_size": lambda c: proven(c, "0x12"),
    "unable_to_authenticate_crypto_wallet": lambda c: proven(c, "0x" + "00" * 65),
    "crypto_wallet_type_incompatible_with_siwe": lambda c: start(c, "solana", Solana().address, chain_id="1"),
    "invalid_siwe_domain": lambda c: start(c, domain="https://app.example"),
    "invalid_siwe_uri": lambda c: start(c, uri="no uri"),
    "invalid_siwe_resource": lambda c: start(c, resources=["no uri"]),
    "invalid_siwe_chain_id": lambda c: start(c, chain_id="0"),
    "invalid_siwe_statement": lambda c: start(c, statement="two\nlines"),
    "invalid_siwe_message_request_id": lambda c: start(c, message_request_id="a b"),
    "siwe_message_expired": lambda c: proven(c, late=300, chain_id="1"),
    "siwe_message_not_valid_yet": lambda c: proven(c, not_before="2099-01-01T00:00:00Z"),
    "ethereum_needs_a_package": without_package,
}
