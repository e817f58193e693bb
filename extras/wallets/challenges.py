"""Challenges: each asked for by this browser, for one wallet, purpose and session, and answered once.

To copy: a wallet signs what any site shows it. So the text for Ethereum names our host (SIWE), which is checked before
the user sees it, and a signed cookie of five minutes holds a hash of what this browser asked for. EIP-4361: *Sign-In
with Ethereum*.
"""

from __future__ import annotations

import hashlib
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadData, URLSafeSerializer

from services import guards
from services.errors import CodeRejected, ServiceUnavailable

LIFE = timedelta(minutes=5)
KEPT = 5  # challenges of one browser: its tabs
KINDS = {"ethereum": "0x[0-9a-fA-F]{40}", "solana": "[1-9A-HJ-NP-Za-km-z]{32,44}"}


@dataclass(frozen=True)
class Wallet:
    """A wallet, as the browser names it. Only its signature shows whose it is."""

    kind: str
    address: str

    @classmethod
    def from_form(cls) -> Wallet:
        """Read the wallet of a request. Raises CodeRejected."""
        kind, address = request.form.get("kind", ""), request.form.get("address", "")
        if kind not in KINDS or not re.fullmatch(KINDS[kind], address, re.ASCII):
            raise CodeRejected("malformed")
        return cls(kind, address)


def site() -> str:
    """Return our host, with its port if it has one, as a SIWE message names it."""
    return urlsplit(str(current_app.config["PUBLIC_URL"])).netloc


def begin(wallet: Wallet, challenge: str) -> None:
    """Check Stytch's challenge, and tie it to this browser. Raises ServiceUnavailable if it is not for our site."""
    if wallet.kind == "ethereum" and not _is_ours(challenge, wallet.address):
        raise ServiceUnavailable("Stytch", "a SIWE message of another site")
    _keep(_begun() | {_mark(wallet): int(time.time())})


def finish(wallet: Wallet) -> None:
    """End the challenge of this browser for the wallet. Raises CodeRejected if there is none."""
    begun = _begun()
    if begun.pop(_mark(wallet), None) is None:
        raise CodeRejected("other_challenge")
    _keep(begun)


def _is_ours(challenge: str, address: str) -> bool:
    """Whether a SIWE message names our site and this wallet, has a nonce, and expires soon."""
    first, account, *rest = [*challenge.split("\n"), "", ""]
    pairs = [line.partition(": ") for line in rest if ": " in line]
    named = {name: value for name, _, value in pairs}
    try:
        expires_at = datetime.fromisoformat(named["Expiration Time"])
        is_soon = datetime.now(UTC) < expires_at < datetime.now(UTC) + timedelta(hours=1)
    except (KeyError, ValueError, TypeError):
        return False
    is_plain = len(named) == len(pairs) and bool(re.fullmatch("[A-Za-z0-9]{8,}", named.get("Nonce", "")))
    is_named = first == f"{site()} wants you to sign in with your Ethereum account:"
    is_wallets = account.lower() == address.lower() and named.get("URI") == current_app.config["PUBLIC_URL"]
    return is_plain and is_named and is_wallets and is_soon


def _mark(wallet: Wallet) -> str:
    """Return the hash that stands for a challenge: of the wallet, and of the session that it is to be connected to."""
    session = guards.loaded_session() if request.endpoint in {"wallets.connect", "wallets.connect_challenge"} else None
    address = wallet.address.lower() if wallet.kind == "ethereum" else wallet.address  # there, case is a checksum
    text = f"{wallet.kind} {address} {session.session_id if session else 'sign in'}"
    return hashlib.sha256(text.encode()).hexdigest()


def _begun() -> dict[str, int]:
    """Return when this browser began each challenge that has not ended, by its mark."""
    try:
        begun: dict[str, int] = _signer().loads(request.cookies.get(guards.cookie_name("wallets"), ""))
    except BadData:
        return {}
    return {mark: at for mark, at in begun.items() if at > time.time() - LIFE.total_seconds()}


def _keep(begun: dict[str, int]) -> None:
    value = _signer().dumps(dict(list(begun.items())[-KEPT:]))

    @after_this_request
    def set_cookie(response: Response) -> Response:
        response.set_cookie(guards.cookie_name("wallets"), value, max_age=LIFE, **guards.cookie_flags())
        return response


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="wallet challenges")
