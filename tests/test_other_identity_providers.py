"""The exchange with JWTs of another provider than Stytch: Unit's settings change, the app's code at Unit does not."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from services.exchange import CARDS_WRITE_SCOPE, Exchange, Proof
from services.http import HttpSession
from services.unit_client import CustomerClient, OrgClient, UnitError
from stytch_unit_emulator import Store, org_token, unit
from stytch_unit_emulator.transport import WSGIAdapter

from .sandbox import APPLICANT

PROJECT = "project-test-22222222-2222-4222-8222-222222222222"
UNIT = "https://api.s.unit.sh"
PROVIDERS = {  # issuer, path of its keys, a subject
    "Auth0": ("https://example.us.auth0.com/", ".well-known/jwks.json", "auth0|66f0a1b2c3d4e5f6a7b8c9d0"),
    "Cognito": (
        "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Ab1Cd2Ef3",
        "/.well-known/jwks.json",
        "8f14e45f-ceea-4670-a1b2-c3d4e5f6a7b8",
    ),
}


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    """The provider's key."""
    return rsa.generate_private_key(65537, 2048)


class Provider:
    """Another identity provider, its JWTs, and an emulated Unit that trusts it."""

    def __init__(self, name: str, key: rsa.RSAPrivateKey, folder: Path) -> None:
        self.issuer, path, self.subject = PROVIDERS[name]
        self.key = key
        self.fetched: list[str] = []
        settings = unit.JwtSettings(jwks_path=f"{self.issuer}{path}", issuer=self.issuer, provider=name)
        store = Store(f"sqlite:///{folder}/unit.db")
        http = HttpSession()
        http.mount(UNIT, WSGIAdapter(unit.create_app(store, jwt_settings=lambda _: settings, fetch=self.key_set)))
        self.org = OrgClient(http, UNIT, org_token(PROJECT))
        application = self.org.apply(self.subject, dict(APPLICANT), "00000000-0000-4000-8000-000000000001")
        self.customer_id = str(application.customer_id)
        self.org.open_account(self.customer_id, "00000000-0000-4000-8000-000000000002")

    def key_set(self, url: str) -> dict[str, Any]:
        """Return what the provider publishes."""
        self.fetched.append(url)
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [public | {"kid": "key-1", "alg": "RS256", "use": "sig"}]}

    def jwt(self, key: rsa.RSAPrivateKey | None = None, **changes: object) -> str:
        """Return an ID token."""
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": self.subject, "aud": "client-1", "iat": now, "exp": now + 36_000}
        return jwt.encode(claims | changes, key or self.key, algorithm="RS256", headers={"kid": "key-1"})

    def customer(self, token: str) -> CustomerClient:
        """Exchange a JWT, as ``blueprints/cards.py`` does for a write."""
        until = datetime.now(UTC) + timedelta(seconds=600)
        proof = Proof("session-1", self.subject, self.customer_id, token, until)
        return Exchange(self.org).customer("session-1", lambda: proof, CARDS_WRITE_SCOPE)


@pytest.fixture(params=PROVIDERS)
def provider(request: pytest.FixtureRequest, key: rsa.RSAPrivateKey, tmp_path: Path, clock: object) -> Provider:
    assert clock
    return Provider(request.param, key, tmp_path)


def test_a_jwt_of_another_provider_is_exchanged_by_the_same_code(provider: Provider) -> None:
    customer = provider.customer(provider.jwt())

    card = customer.create_card(
        customer.accounts()[0].account_id, virtual=True, key="00000000-0000-4000-8000-000000000003"
    )

    assert [each.card_id for each in customer.cards()] == [card.card_id]
    assert customer.act(card.card_id, "freeze").status == "Frozen"
    assert {url.removeprefix(provider.issuer).lstrip("/") for url in provider.fetched} == {".well-known/jwks.json"}


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(lambda made: made.jwt(sub="auth0|someone-else"), id="another user"),
        pytest.param(lambda made: made.jwt(iss=f"stytch.com/{PROJECT}"), id="another issuer"),
        pytest.param(lambda made: made.jwt(exp=int(time.time()) - 60), id="expired"),
        pytest.param(lambda made: made.jwt(key=rsa.generate_private_key(65537, 2048)), id="another key"),
        pytest.param(lambda _made: "opaque-access-token", id="no JWT"),
    ],
)
def test_no_other_jwt_is_exchanged(provider: Provider, token: Callable[[Provider], str]) -> None:
    with pytest.raises(UnitError, match="400 invalid_value") as refused:
        provider.customer(token(provider))

    assert refused.value.pointer == "/data/attributes/jwtToken"
