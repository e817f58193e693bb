"""The refusals of crypto wallet calls; see `errors` for how certain they are."""

from __future__ import annotations

from .refusal import Refusal

# UNCONFIRMED: every status and message.
WALLETS: dict[str, Refusal] = {
    "invalid_wallet_type": Refusal(400, "crypto_wallet_type must be ethereum or solana.", "type only"),
    "invalid_crypto_wallet_address": Refusal(400, "crypto_wallet_address must be a text.", "type only"),
    "invalid_ethereum_address": Refusal(400, "An Ethereum address is 0x and 40 hex digits.", "type only"),
    "invalid_solana_address": Refusal(400, "A Solana address is base58 of 32 bytes.", "type only"),
    "invalid_crypto_wallet_id": Refusal(400, "crypto_wallet_id format is invalid.", "type only"),
    "crypto_wallet_not_found": Refusal(404, "Crypto wallet could not be found.", "type only"),
    "duplicate_wallet_address": Refusal(400, "The wallet belongs to another user.", "type only"),
    "signature_missing": Refusal(400, "signature is missing.", "type only"),
    "invalid_signature": Refusal(400, "signature is neither 0x and hex digits, nor base58 or base64.", "type only"),
    "signature_is_incorrect_size": Refusal(400, "The signature has the wrong length.", "type only"),
    "unable_to_authenticate_crypto_wallet": Refusal(
        401, "The signature is not the wallet's, or its challenge was used or has expired.", "type only"
    ),
    "crypto_wallet_type_incompatible_with_siwe": Refusal(400, "siwe_params are for Ethereum only.", "type only"),
    "invalid_siwe_domain": Refusal(400, "siwe_params.domain must be a host, with a port if needed.", "type only"),
    "invalid_siwe_uri": Refusal(400, "siwe_params.uri must be a URI.", "type only"),
    "invalid_siwe_resource": Refusal(400, "siwe_params.resources must be a list of URIs.", "type only"),
    "invalid_siwe_chain_id": Refusal(400, "siwe_params.chain_id must be a positive number as text.", "type only"),
    "invalid_siwe_statement": Refusal(400, "siwe_params.statement must be ASCII without newlines.", "type only"),
    "invalid_siwe_message_request_id": Refusal(
        400, "siwe_params.message_request_id has characters that are not allowed.", "type only"
    ),
    "siwe_message_expired": Refusal(400, "The message has expired.", "type only"),
    "siwe_message_not_valid_yet": Refusal(400, "The message is not valid yet.", "type only"),
    "ethereum_needs_a_package": Refusal(
        501,
        "This emulator checks Ethereum signatures only with pip install 'stytch-unit-emulator[wallets]'.",
        "type only",
    ),
}
