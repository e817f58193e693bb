"""Crypto wallets at Stytch: ask for a challenge, sign in, connect, remove.

To copy: Stytch makes a user for any unknown wallet, when it is only asked for a challenge. Here only a connected wallet
signs in, so that user is deleted again; the answer looks and takes the same, since addresses of wallets are public.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import current_app

from services.errors import CodeRejected
from services.factors import remove_factor
from services.magic_links import same_time
from services.session import Session
from services.signals import logs_security_event
from services.stytch_client import ignore_missing, minutes, refusals, stytch_client

from .challenges import Wallet, begin, site


def challenge_to_sign_in(wallet: Wallet) -> str:
    """Return the text that the wallet signs. Raises CodeRejected. Stytch docs: *Authenticate start*."""
    with same_time():
        answer = _start(wallet)
        if answer.user_created:
            ignore_missing("user_not_found", partial(stytch_client.sdk.users.delete, answer.user_id))
    begin(wallet, answer.challenge)
    return str(answer.challenge)


def challenge_to_connect(wallet: Wallet, session: Session) -> str:
    """Return the text that a wallet signs to become the user's. Raises CodeRejected.

    Another user's gets one as well, which is refused once it is signed: else this would tell who has an account.
    """
    with same_time():
        try:
            answer = _start(wallet, session_token=session.token)
        except CodeRejected as rejected:
            if rejected.reason != "duplicate_wallet_address":
                raise
            answer = _start(wallet)
    begin(wallet, answer.challenge)
    return str(answer.challenge)


@logs_security_event("login")
def sign_in(wallet: Wallet, signature: str) -> Session:
    """Exchange a wallet's signature for a session of 60 minutes. Raises CodeRejected. Stytch docs: *Authenticate*."""
    with refusals():
        answer = stytch_client.sdk.crypto_wallets.authenticate(
            wallet.kind, wallet.address, signature, session_duration_minutes=minutes(stytch_client.session_life)
        )
    _check_site(answer)
    return stytch_client.sessions.get(stytch_client.start_session(answer))


@logs_security_event("factor")
def connect(session: Session, wallet: Wallet, signature: str) -> Session:
    """Make a wallet the user's, and its proof this session's. Raises CodeRejected. Stytch docs: *Authenticate*."""

    def authenticate(keep: dict[str, Any]) -> Any:
        answer = stytch_client.sdk.crypto_wallets.authenticate(wallet.kind, wallet.address, signature, **keep)
        _check_site(answer)
        return answer

    return stytch_client.add_proof(session, authenticate)


@logs_security_event("factor")
def remove(session: Session, wallet_id: str) -> Session:
    """Delete one of the user's wallets, as ``remove_factor`` does. Raises CodeRejected if it is not theirs."""
    users = stytch_client.sdk.users
    wallets = users.get(session.user_id).crypto_wallets
    if wallet_id not in {each.crypto_wallet_id for each in wallets}:
        raise CodeRejected("crypto_wallet_not_found")
    return remove_factor(session, "crypto_wallet_not_found", partial(users.delete_crypto_wallet, wallet_id))


def _start(wallet: Wallet, **whose: str) -> Any:
    siwe = {"domain": site(), "uri": current_app.config["PUBLIC_URL"], "resources": []}
    with refusals():
        return stytch_client.sdk.crypto_wallets.authenticate_start(
            wallet.kind,
            wallet.address,
            siwe_params=siwe if wallet.kind == "ethereum" else None,
            **whose,
        )


def _check_site(answer: Any) -> None:
    """Refuse a signature of a message for another site, should Stytch ever take one."""
    if answer.siwe_params and answer.siwe_params.domain != site():
        raise CodeRejected("unable_to_authenticate_crypto_wallet")
