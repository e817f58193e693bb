"""Crypto wallets: challenges, signatures of Ethereum and Solana, SIWE, and what is refused."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from .stytch_story import Story, refused
from .wallet import Ethereum, Solana

SIWE = {"domain": "app.example", "uri": "https://app.example/wallet", "statement": "Sign in to Cards."}
SANDBOX = "0x6df2dB4Fb3DA35d241901Bd53367770BF03123f1"
SANDBOX_SIGNATURE = "0x0c4f82edc3c818b6beff4b89e0682994e5878074609903cecdfb"


@pytest.fixture(params=[Ethereum, Solana])
def wallet(request: pytest.FixtureRequest) -> Ethereum | Solana:
    return request.param()  # type: ignore[no-any-return]


def start(story: Story, wallet: Ethereum | Solana, **given: Any) -> Any:
    return story.client.crypto_wallets.authenticate_start(wallet.kind, wallet.address, **given)


def authenticate(story: Story, wallet: Ethereum | Solana, challenge: str, **given: Any) -> Any:
    asked: dict[str, Any] = {"session_duration_minutes": 60} | given
    signature = asked.pop("signature", None) or wallet.sign(challenge)
    return story.client.crypto_wallets.authenticate(wallet.kind, wallet.address, signature, **asked)


def test_a_wallet_makes_a_user_signs_in_and_is_deleted(story: Story, wallet: Ethereum | Solana) -> None:
    started = start(story, wallet)
    proven = authenticate(story, wallet, started.challenge)
    again = start(story, wallet)
    deleted = story.client.users.delete_crypto_wallet(proven.user.crypto_wallets[0].crypto_wallet_id)

    assert started.user_created
    assert not again.user_created
    assert started.challenge.startswith("Signing in with ")
    assert started.user_id == proven.user_id == again.user_id
    assert proven.user.status == "active"
    assert proven.user.crypto_wallets[0].crypto_wallet_type == wallet.kind
    assert [factor.delivery_method for factor in proven.session.authentication_factors] == ["crypto_wallet"]
    assert deleted.user.crypto_wallets == []
    with refused(404, "session_not_found"):
        story.client.sessions.authenticate(session_token=proven.session_token)


def test_a_wallet_joins_the_user_of_the_session_and_the_session(story: Story, wallet: Ethereum | Solana) -> None:
    token = story.sign_in().session_token

    started = start(story, wallet, session_token=token)
    proven = authenticate(story, wallet, started.challenge, session_token=token)

    assert not started.user_created
    assert proven.session_token == token
    assert [factor.type for factor in proven.session.authentication_factors] == ["magic_link", "crypto"]
    other = story.client.users.create(email="bob@example.com").user_id
    with refused(400, "duplicate_wallet_address"):
        start(story, wallet, user_id=other)


def test_a_challenge_works_once_for_five_minutes_and_is_replaced_by_the_next(
    story: Story, wallet: Ethereum | Solana, clock: time_machine.Traveller
) -> None:
    first, second = start(story, wallet).challenge, start(story, wallet).challenge
    with refused(401, "unable_to_authenticate_crypto_wallet"):
        authenticate(story, wallet, first)
    with refused(401, "unable_to_authenticate_crypto_wallet"):  # the wrong one has used it up
        authenticate(story, wallet, second)
    late = start(story, wallet).challenge
    clock.shift(300)
    with refused(401, "unable_to_authenticate_crypto_wallet"):
        authenticate(story, wallet, late)
    once = start(story, wallet).challenge
    authenticate(story, wallet, once)
    with refused(401, "unable_to_authenticate_crypto_wallet"):
        authenticate(story, wallet, once)


def test_another_wallets_signature_is_refused(story: Story, wallet: Ethereum | Solana) -> None:
    challenge = start(story, wallet).challenge

    with refused(401, "unable_to_authenticate_crypto_wallet"):
        authenticate(story, wallet, challenge, signature=type(wallet)().sign(challenge))


def test_a_solana_signature_may_be_base64(story: Story) -> None:
    wallet = Solana()
    challenge = start(story, wallet).challenge

    signature = base64.b64encode(wallet.key.sign(challenge.encode())).decode()

    assert authenticate(story, wallet, challenge, signature=signature).status_code == 200


def test_siwe_writes_the_standards_text_and_returns_its_parameters(story: Story) -> None:
    wallet = Ethereum()
    asked = SIWE | {"chain_id": "137", "message_request_id": "r-1", "resources": ["https://app.example/terms"]}

    challenge = start(story, wallet, siwe_params=asked).challenge
    proven = authenticate(story, wallet, challenge)

    lines = challenge.splitlines()
    assert lines[0] == "app.example wants you to sign in with your Ethereum account:"
    assert lines[1] == wallet.checksummed
    assert lines[3] == "Sign in to Cards."
    assert {"URI: https://app.example/wallet", "Version: 1", "Chain ID: 137", "Request ID: r-1"} <= set(lines)
    assert [line.partition(":")[0] for line in lines[8:12]] == [
        "Nonce", "Issued At", "Expiration Time", "Not Before"
    ]  # fmt: skip
    assert lines[-2:] == ["Resources:", "- https://app.example/terms"]
    assert proven.siwe_params.domain == "app.example"
    assert proven.siwe_params.chain_id == "137"


@pytest.mark.parametrize(
    ("change", "error_type"),
    [
        ({"domain": "https://app.example"}, "invalid_siwe_domain"),
        ({"domain": "app.example\nURI: https://evil.example"}, "invalid_siwe_domain"),
        ({"chain_id": "0"}, "invalid_siwe_chain_id"),
        ({"chain_id": "9223372036854775772"}, "invalid_siwe_chain_id"),
        ({"statement": "two\nlines"}, "invalid_siwe_statement"),
        ({"issued_at": "yesterday"}, "invalid_argument"),
    ],
)
def test_siwe_parameters_are_checked(story: Story, change: dict[str, Any], error_type: str) -> None:
    with refused(401 if error_type.startswith("unable") else 400, error_type):
        start(story, Ethereum(), siwe_params=SIWE | change)


@pytest.mark.parametrize(
    ("signature", "error_type"),
    [
        ("0x" + "00" * 65, "unable_to_authenticate_crypto_wallet"),
        ("0x" + "ff" * 65, "unable_to_authenticate_crypto_wallet"),
    ],
)
def test_signatures_are_checked(story: Story, signature: str, error_type: str) -> None:
    wallet = Ethereum()
    start(story, wallet)

    with refused(401 if error_type.startswith("unable") else 400, error_type):
        story.client.crypto_wallets.authenticate("ethereum", wallet.address, signature)


def test_case_does_not_tell_ethereum_wallets_apart(story: Story) -> None:
    wallet = Ethereum()
    user_id = authenticate(story, wallet, start(story, wallet).challenge).user_id

    started = story.client.crypto_wallets.authenticate_start("ethereum", wallet.checksummed)

    assert (started.user_id, started.user_created) == (user_id, False)


def test_a_deleted_users_wallet_makes_a_new_user(story: Story) -> None:
    wallet = Ethereum()
    user_id = authenticate(story, wallet, start(story, wallet).challenge).user_id
    story.client.users.delete(user_id)

    assert start(story, wallet).user_created


def test_the_sandbox_wallet_signs_in_as_the_sandbox_user(story: Story) -> None:
    wallets = story.client.crypto_wallets
    started = wallets.authenticate_start("ethereum", SANDBOX)

    proven = wallets.authenticate("ethereum", SANDBOX, SANDBOX_SIGNATURE, session_duration_minutes=60)

    assert started.user_id == proven.user_id == "user-test-e3795c81-f849-4167-bfda-e4a6e9c280fd"
    with refused(401, "unable_to_authenticate_crypto_wallet"):
        wallets.authenticate("ethereum", SANDBOX, "0x" + "00" * 65)


def test_a_key_that_is_no_point_is_a_wrong_signature(story: Story) -> None:
    wallet = Solana()
    wallet.address = "1" * 32
    wallet.key = Ed25519PrivateKey.generate()
    challenge = start(story, wallet).challenge

    with refused(401, "unable_to_authenticate_crypto_wallet"):
        authenticate(story, wallet, challenge)
