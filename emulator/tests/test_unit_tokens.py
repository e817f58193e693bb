"""Customer tokens: scopes, codes, JWTs, resources and upgrades."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests
import stytch
import time_machine
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from stytch_unit_emulator import Store, org_token, unit
from stytch_unit_emulator.stytch import mails
from stytch_unit_emulator.unit import scopes

from .conftest import PROJECT_ID, REDIRECT_URL, UNIT_URL, UnitOverHTTP, UnitWith
from .unit_story import USER_ID, Bank, Snapshots, account_of, customer_of, document, errors

JWKS_PATH = "https://idp.example/jwks"
ISSUER = f"stytch.com/{PROJECT_ID}"
WRONG_JWT = "/data/attributes/jwtToken"


class IdentityProvider:
    """Signs JWTs and publishes keys; a test can make it do either wrong."""

    def __init__(self, key: rsa.RSAPrivateKey, other_key: rsa.RSAPrivateKey) -> None:
        self.key, self.other_key = key, other_key
        self.settings: unit.JwtSettings | None = unit.JwtSettings(JWKS_PATH, ISSUER)
        self.jwks: Callable[[], Any] = lambda: {"keys": [self.public(self.key, "key-1")]}
        self.fetched: list[str] = []

    def fetch(self, url: str) -> Any:
        """Return the JWKS."""
        self.fetched.append(url)
        return self.jwks()

    def public(self, key: rsa.RSAPrivateKey, key_id: str | None) -> dict[str, Any]:
        """A key's JWKS entry."""
        published = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
        return published | {"alg": "RS256", "use": "sig"} | ({"kid": key_id} if key_id else {})

    def sign(self, key: Any = None, algorithm: str = "RS256", headers: Any = None, **changes: object) -> str:
        """A session JWT with these claims and headers; None leaves one out."""
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": [PROJECT_ID], "sub": USER_ID, "iat": now, "nbf": now, "exp": now + 300}
        given = present(claims | changes)
        return jwt.encode(given, key or self.key, algorithm, present({"kid": "key-1"} | (headers or {})))


def present(members: dict[str, Any]) -> dict[str, Any]:
    """The members that are not None."""
    return {name: value for name, value in members.items() if value is not None}


@pytest.fixture(scope="module")
def keys() -> tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey]:
    """The provider's key and another one, as generating keys is slow."""
    return rsa.generate_private_key(65537, 2048), rsa.generate_private_key(65537, 2048)


@pytest.fixture
def provider(keys: tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey]) -> IdentityProvider:
    """A correct identity provider."""
    return IdentityProvider(*keys)


@pytest.fixture
def trusting(provider: IdentityProvider, unit_with: UnitWith, http: requests.Session, snapshots: Snapshots) -> Bank:
    """A bank that trusts the provider."""
    http.mount(UNIT_URL, unit_with(jwt_settings=lambda _tenant: provider.settings, fetch=provider.fetch))
    return Bank(UnitOverHTTP(http, org_token(PROJECT_ID)), snapshots)


def test_a_plain_scope_needs_no_proof(bank: Bank) -> None:
    response = bank.ask_token(bank.customer(), "customers accounts cards", expiresIn=900)

    token = response.json()["data"]
    assert response.status_code == 201
    assert token["type"] == "customerBearerToken"
    assert "id" not in token
    assert token["attributes"]["token"].startswith("v2.public.")
    assert token["attributes"]["expiresIn"] == 900


def test_the_documented_sandbox_example_with_old_scope_names_works(bank: Bank) -> None:
    old_names = "customers accounts payments payments-create counterparties counterparties-create cards-create"
    card = bank.active_card()

    holder = bank.customer_token(customer_of(card), old_names)

    assert holder("POST", f"/cards/{card['id']}/freeze").status_code == 200


def test_a_token_lasts_a_day_by_default(bank: Bank) -> None:
    assert bank.ask_token(bank.customer(), "cards").json()["data"]["attributes"]["expiresIn"] == 86_400


@pytest.mark.parametrize("scope", sorted(scopes.TWO_FACTOR))
def test_a_two_factor_scope_without_proof_is_forbidden(bank: Bank, scope: str) -> None:
    response = bank.ask_token(bank.customer(), f"cards {scope}")

    assert response.status_code == 403
    assert errors(response) == [("forbidden", None)]
    assert scope in response.json()["errors"][0]["detail"]


def test_every_other_customer_scope_needs_no_proof(bank: Bank) -> None:
    plain = scopes.CUSTOMER - scopes.TWO_FACTOR - scopes.UPGRADE

    assert bank.ask_token(bank.customer(), " ".join(sorted(plain))).status_code == 201


@pytest.mark.parametrize(
    "scope",
    ["cards fly", "applications", "applications-write", "webhooks", "customer-token-write", "cards-make", " "],
)
def test_a_scope_that_is_not_for_customers_is_invalid(bank: Bank, scope: str) -> None:
    response = bank.ask_token(bank.customer(), scope)

    assert response.status_code == 400
    assert errors(response) == [("invalid_value", "/data/attributes/scope")]


@pytest.mark.parametrize("expires_in", [0, -1, 86_401, "900", 1.5, True, None])
def test_an_expiration_outside_1_to_86400_seconds_is_invalid(bank: Bank, expires_in: object) -> None:
    response = bank.ask_token(bank.customer(), "cards", expiresIn=expires_in)

    assert response.status_code == 400
    assert errors(response) == [("invalid_value", "/data/attributes/expiresIn")]


@pytest.mark.parametrize(
    ("attributes", "pointer"),
    [
        ({"scope": ["cards"]}, "scope"),
        ({"jwtToken": 1}, "jwtToken"),
        ({"resources": []}, "resources"),
        ({"resources": [{"type": "payment", "ids": ["1"]}]}, "resources/0/type"),
        ({"resources": [{"type": "card", "ids": []}]}, "resources/0/ids"),
        ({"scopes": "cards"}, "scopes"),
    ],
)
def test_an_invalid_token_attribute_is_refused(bank: Bank, attributes: dict[str, Any], pointer: str) -> None:
    body = document("customerToken", {"scope": "cards"} | attributes)

    response = bank.unit("POST", f"/customers/{bank.customer()}/token", body)

    assert response.status_code == 400
    assert errors(response) == [("invalid_value", f"/data/attributes/{pointer}")]


def test_an_unknown_customer_gets_no_token(bank: Bank) -> None:
    assert bank.ask_token("1", "cards").status_code == 404


class TestCodes:
    """Two factors by code."""

    def verification(self, bank: Bank, customer: str) -> str:
        """The token of a new verification."""
        attributes = {"channel": "sms"}
        path = f"/customers/{customer}/token/verification"
        verification = bank.create(path, "customerTokenVerification", attributes)
        assert verification["type"] == "customerTokenVerification"
        return str(verification["attributes"]["verificationToken"])

    def test_a_verification_says_where_the_code_went(self, bank: Bank) -> None:
        customer = bank.customer(phone={"countryCode": "1", "number": "5555550199"})

        started = bank.create(
            f"/customers/{customer}/token/verification", "customerTokenVerification", {"channel": "sms"}
        )

        assert started["attributes"]["phoneLast4Digits"] == "0199"

    def test_a_verification_and_its_code_are_proof(self, bank: Bank) -> None:
        customer = bank.customer()

        response = bank.ask_token(
            customer, "cards-write", verificationToken=self.verification(bank, customer), verificationCode="000001"
        )

        assert response.status_code == 201

    def test_the_sandbox_code_alone_is_proof(self, bank: Bank) -> None:
        assert bank.ask_token(bank.customer(), "cards-write", verificationCode="000001").status_code == 201

    @pytest.mark.parametrize("scope", ["cards-write", "cards"])
    @pytest.mark.parametrize("code", ["000000", "1", "abc"])
    def test_a_wrong_code_is_refused(self, bank: Bank, scope: str, code: str) -> None:
        response = bank.ask_token(bank.customer(), scope, verificationCode=code)

        assert response.status_code == 400
        assert errors(response) == [("invalid_value", "/data/attributes/verificationCode")]

    def test_a_plain_scope_needs_no_code_with_the_verification_token(self, bank: Bank) -> None:
        customer = bank.customer()
        token = self.verification(bank, customer)

        assert bank.ask_token(customer, "cards", verificationToken=token).status_code == 201
        assert bank.ask_token(customer, "cards-write", verificationToken=token).status_code == 403

    def test_a_verification_expires_after_10_minutes(self, bank: Bank, clock: time_machine.Traveller) -> None:
        customer = bank.customer()
        token = self.verification(bank, customer)
        clock.shift(600)

        response = bank.ask_token(customer, "cards-write", verificationToken=token, verificationCode="000001")

        assert errors(response) == [("invalid_value", "/data/attributes/verificationCode")]

    def test_a_verification_works_once(self, bank: Bank) -> None:
        customer = bank.customer()
        proof = {"verificationToken": self.verification(bank, customer), "verificationCode": "000001"}

        first, second = bank.ask_token(customer, "cards-write", **proof), bank.ask_token(customer, "cards", **proof)

        assert first.status_code == 201
        assert errors(second) == [("invalid_value", "/data/attributes/verificationCode")]

    def test_a_verification_of_another_customer_is_invalid(self, bank: Bank) -> None:
        token = self.verification(bank, bank.customer())

        response = bank.ask_token(bank.customer(), "cards-write", verificationToken=token, verificationCode="000001")

        assert errors(response) == [("invalid_value", "/data/attributes/verificationCode")]

    @pytest.mark.parametrize(("wrong_codes", "status"), [(4, 201), (5, 400)])
    def test_a_fifth_wrong_code_invalidates_a_verification(self, bank: Bank, wrong_codes: int, status: int) -> None:
        customer = bank.customer()
        token = self.verification(bank, customer)
        for _ in range(wrong_codes):
            bank.ask_token(customer, "cards-write", verificationToken=token, verificationCode="999999")

        response = bank.ask_token(customer, "cards-write", verificationToken=token, verificationCode="000001")

        assert response.status_code == status

    @pytest.mark.parametrize("attributes", [{}, {"channel": "mail"}, {"channel": "sms", "appHash": "short"}])
    def test_an_invalid_verification_attribute_is_refused(self, bank: Bank, attributes: dict[str, str]) -> None:
        path = f"/customers/{bank.customer()}/token/verification"

        response = bank.unit("POST", path, document("customerTokenVerification", attributes))

        assert response.status_code == 400


def forged(provider: IdentityProvider, header: dict[str, str], secret: bytes) -> str:
    """A JWT with any header, signed with HMAC; PyJWT refuses to use a public key."""
    parts = [header | {"kid": "key-1", "typ": "JWT"}, jwt.decode(provider.sign(), options={"verify_signature": False})]
    signed = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    signature = base64.urlsafe_b64encode(hmac.digest(secret, signed, hashlib.sha256)).rstrip(b"=")
    return (signed + b"." + signature).decode()


def public_pem(provider: IdentityProvider) -> bytes:
    """The provider's public key in PEM."""
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return provider.key.public_key().public_bytes(encoding, form)


INVALID_JWTS: list[tuple[str, str, Callable[[IdentityProvider], str]]] = [
    ("expired", "expired", lambda idp: idp.sign(exp=int(time.time()) - 5)),
    ("not_valid_yet", "not valid yet", lambda idp: idp.sign(nbf=int(time.time()) + 60)),
    ("signed_with_another_key", "signature", lambda idp: idp.sign(key=idp.other_key)),
    ("changed_signature", "signature", lambda idp: idp.sign().rpartition(".")[0] + "." + "A" * 342),
    ("unknown_key_id", "unknown key", lambda idp: idp.sign(headers={"kid": "key-2"})),
    ("no_key_id", "unknown key", lambda idp: idp.sign(headers={"kid": None})),
    (
        "key_in_the_header",
        "unknown key",
        lambda idp: idp.sign(key=idp.other_key, headers={"kid": "key-2", "jwk": idp.public(idp.key, "key-2")}),
    ),
    ("another_issuer", "issuer", lambda idp: idp.sign(iss="stytch.com/project-test-2")),
    ("no_issuer", "missing claim", lambda idp: idp.sign(iss=None)),
    ("another_audience", "audience", lambda idp: idp.sign(aud="project-test-2")),
    ("no_audience", "missing claim", lambda idp: idp.sign(aud=None)),
    ("no_expiration", "missing claim", lambda idp: idp.sign(exp=None)),
    ("infinite_expiration", "malformed", lambda idp: idp.sign(exp=float("inf"))),
    ("expiration_that_is_no_number", "malformed", lambda idp: idp.sign(exp=float("nan"))),
    ("no_subject", "missing claim", lambda idp: idp.sign(sub=None)),
    ("another_subject", "subject does not match the customer", lambda idp: idp.sign(sub="user-test-2")),
    ("empty_subject", "subject does not match the customer", lambda idp: idp.sign(sub="")),
    ("rs512", "algorithm", lambda idp: idp.sign(algorithm="RS512")),
    ("hmac_with_the_public_key", "algorithm", lambda idp: forged(idp, {"alg": "HS256"}, public_pem(idp))),
    ("no_algorithm", "algorithm", lambda idp: forged(idp, {"alg": "none"}, b"")),
    ("too_long", "malformed", lambda idp: idp.sign(padding="x" * 8192)),
    ("malformed_parts", "malformed", lambda _idp: "a.b.c"),
    ("no_parts", "malformed", lambda _idp: "nonsense"),
    ("invalid_unicode", "malformed", lambda _idp: "\ud800.b.c"),
    ("deep_nesting", "malformed", lambda _idp: base64.urlsafe_b64encode(b"[" * 6000).decode() + ".b.c"),
]


class TestJwts:
    """Two factors by the org's identity provider."""

    def test_a_jwt_of_the_customers_login_is_proof(self, trusting: Bank, provider: IdentityProvider) -> None:
        response = trusting.ask_token(trusting.customer(), "cards-write cards-sensitive", jwtToken=provider.sign())

        assert response.status_code == 201
        assert provider.fetched == [JWKS_PATH]

    @pytest.mark.parametrize(("reason", "make"), [pytest.param(*row[1:], id=row[0]) for row in INVALID_JWTS])
    def test_an_invalid_jwt_is_refused(
        self, trusting: Bank, provider: IdentityProvider, reason: str, make: Callable[[IdentityProvider], str]
    ) -> None:
        response = trusting.ask_token(trusting.customer(), "cards-write", jwtToken=make(provider))

        assert response.status_code == 400
        assert errors(response) == [("invalid_value", WRONG_JWT)]
        assert response.json()["errors"][0]["detail"] == f"Invalid JWT: {reason}"

    @pytest.mark.parametrize("token", ["junk", "e30.e30.junk"])
    def test_a_jwt_that_no_scope_needs_is_ignored(self, trusting: Bank, token: str) -> None:
        response = trusting.ask_token(trusting.customer(), "customers accounts", jwtToken=token)

        assert response.status_code == 201

    def test_a_jwt_is_accepted_within_the_clock_leeway(self, trusting: Bank, provider: IdentityProvider) -> None:
        token = provider.sign(exp=int(time.time()) - 4)

        assert trusting.ask_token(trusting.customer(), "cards-write", jwtToken=token).status_code == 201

    def test_the_jwks_cannot_change_the_algorithm(self, trusting: Bank, provider: IdentityProvider) -> None:
        provider.jwks = lambda: {"keys": [provider.public(provider.key, "key-1") | {"alg": "RS512"}]}

        response = trusting.ask_token(trusting.customer(), "cards-write", jwtToken=provider.sign(algorithm="RS512"))

        assert response.json()["errors"][0]["detail"] == "Invalid JWT: algorithm"

    def test_a_code_does_not_make_up_for_an_invalid_jwt(self, trusting: Bank, provider: IdentityProvider) -> None:
        token = provider.sign(sub="user-test-2")

        response = trusting.ask_token(trusting.customer(), "cards-write", jwtToken=token, verificationCode="000001")

        assert errors(response) == [("invalid_value", WRONG_JWT)]

    def test_a_customer_without_a_subject_matches_no_jwt(self, trusting: Bank, provider: IdentityProvider) -> None:
        customer = trusting.customer(jwtSubject=None)

        response = trusting.ask_token(customer, "cards-write", jwtToken=provider.sign())

        assert errors(response) == [("invalid_value", WRONG_JWT)]

    def test_a_jwt_is_refused_without_jwt_settings(self, trusting: Bank, provider: IdentityProvider) -> None:
        provider.settings = None

        response = trusting.ask_token(trusting.customer(), "cards-write", jwtToken=provider.sign())

        assert errors(response) == [("invalid_value", WRONG_JWT)]
        assert response.json()["errors"][0]["detail"] == "Invalid JWT: JWT settings are not configured"

    def test_without_a_configured_issuer_issuer_and_audience_are_unchecked(
        self, trusting: Bank, provider: IdentityProvider
    ) -> None:
        provider.settings = unit.JwtSettings(JWKS_PATH, None)
        token = provider.sign(iss="elsewhere", aud="another-app")

        assert trusting.ask_token(trusting.customer(), "cards-write", jwtToken=token).status_code == 201

    @pytest.mark.parametrize(
        "jwks",
        [
            pytest.param(lambda: {}, id="no_keys_member"),
            pytest.param(lambda: {"keys": []}, id="no_keys"),
            pytest.param(lambda: [], id="a_list"),
            pytest.param(lambda: {"keys": [{"kty": "oct"}]}, id="a_symmetric_key"),
            pytest.param(lambda: 1 / 0, id="an_exception"),
        ],
    )
    def test_a_jwt_is_refused_if_its_keys_cannot_be_fetched(
        self, trusting: Bank, provider: IdentityProvider, jwks: Callable[[], Any]
    ) -> None:
        provider.jwks = jwks

        response = trusting.ask_token(trusting.customer(), "cards-write", jwtToken=provider.sign())

        assert response.status_code == 400
        assert response.json()["errors"][0]["detail"] == "Invalid JWT: unknown key"

    def test_a_rotated_key_is_used_at_once(self, trusting: Bank, provider: IdentityProvider) -> None:
        customer = trusting.customer()
        trusting.ask_token(customer, "cards-write", jwtToken=provider.sign())
        new = provider.sign(key=provider.other_key, headers={"kid": "key-2"})
        provider.jwks = lambda: {
            "keys": [provider.public(provider.key, "key-1"), provider.public(provider.other_key, "key-2")]
        }

        response = trusting.ask_token(customer, "cards-write", jwtToken=new)

        assert response.status_code == 201

    def test_a_withdrawn_key_is_refused_at_once(self, trusting: Bank, provider: IdentityProvider) -> None:
        customer = trusting.customer()
        trusting.ask_token(customer, "cards-write", jwtToken=provider.sign())
        provider.jwks = lambda: {"keys": [provider.public(provider.other_key, "key-2")]}

        response = trusting.ask_token(customer, "cards-write", jwtToken=provider.sign())

        assert errors(response) == [("invalid_value", WRONG_JWT)]

    def test_a_key_without_an_id_matches_no_jwt(self, trusting: Bank, provider: IdentityProvider) -> None:
        provider.jwks = lambda: {"keys": [provider.public(provider.key, None)]}

        token = provider.sign(headers={"kid": None})
        response = trusting.ask_token(trusting.customer(), "cards-write", jwtToken=token)

        assert errors(response) == [("invalid_value", WRONG_JWT)]

    def test_keys_are_not_fetched_for_an_invalid_bearer(self, trusting: Bank, provider: IdentityProvider) -> None:
        unknown = Bank(trusting.unit.with_token("v2.public.unknown"))

        response = unknown.ask_token("1", "cards-write", jwtToken=provider.sign())

        assert response.status_code == 401
        assert provider.fetched == []

    def test_fetching_keys_may_write_to_the_same_tenant(
        self, trusting: Bank, provider: IdentityProvider, store: Store
    ) -> None:
        keys = provider.jwks

        def publish() -> Any:
            with store.change("nobody"):
                return keys()

        provider.jwks = publish

        assert trusting.ask_token(trusting.customer(), "cards-write", jwtToken=provider.sign()).status_code == 201


class TestStytch:
    """Two factors by the emulated Stytch."""

    def sign_in(self, client: stytch.Client, store: Store) -> Any:
        """Open a magic link."""
        client.magic_links.email.login_or_create("ada@example.com", login_magic_link_url=REDIRECT_URL)
        with store.read("nobody") as tenant:
            link = mails(tenant)[0].link
        token = parse_qs(urlsplit(link).query)["token"][0]
        return client.magic_links.authenticate(token, session_duration_minutes=60)

    def test_a_session_jwt_is_exchanged_for_a_token(self, client: stytch.Client, store: Store, bank: Bank) -> None:
        signed_in = self.sign_in(client, store)
        customer = bank.customer(jwtSubject=signed_in.user_id)

        response = bank.ask_token(customer, "cards cards-write", jwtToken=signed_in.session_jwt)

        assert response.status_code == 201

    def test_a_session_jwt_gets_no_token_for_another_customer(
        self, client: stytch.Client, store: Store, bank: Bank
    ) -> None:
        signed_in = self.sign_in(client, store)

        response = bank.ask_token(bank.customer(), "cards cards-write", jwtToken=signed_in.session_jwt)

        assert response.json()["errors"][0]["detail"] == "Invalid JWT: subject does not match the customer"

    def test_a_session_jwt_expires_after_5_minutes(
        self, client: stytch.Client, store: Store, bank: Bank, clock: time_machine.Traveller
    ) -> None:
        signed_in = self.sign_in(client, store)
        customer = bank.customer(jwtSubject=signed_in.user_id)
        clock.shift(timedelta(minutes=5, seconds=6))

        response = bank.ask_token(customer, "cards cards-write", jwtToken=signed_in.session_jwt)

        assert response.json()["errors"][0]["detail"] == "Invalid JWT: expired"


class TestResources:
    """Tokens limited to some cards or accounts."""

    def test_a_token_for_one_card_sees_no_other(self, bank: Bank) -> None:
        card = bank.active_card()
        bank.card(account_of(card))
        resources = [{"type": "card", "ids": [card["id"]]}]
        holder = bank.customer_token(customer_of(card), "cards accounts customers", resources=resources)

        cards, accounts = holder("GET", "/cards").json()["data"], holder("GET", "/accounts").json()["data"]

        assert [each["id"] for each in cards] == [card["id"]]
        assert accounts == []
        assert holder("GET", f"/customers/{customer_of(card)}").status_code == 200

    def test_a_token_for_an_account_sees_its_cards(self, bank: Bank) -> None:
        card = bank.active_card()
        bank.card(bank.account(customer_of(card)))
        resources = [{"type": "account", "ids": [account_of(card)]}]
        holder = bank.customer_token(customer_of(card), "cards", resources=resources)

        cards = holder("GET", "/cards").json()["data"]

        assert [each["id"] for each in cards] == [card["id"]]

    @pytest.mark.parametrize("kind", ["card", "account"])
    @pytest.mark.parametrize("whose", ["theirs", "nobodys"])
    def test_a_resource_of_another_customer_is_not_found(self, bank: Bank, kind: str, whose: str) -> None:
        card = bank.active_card()
        ids = {"card": card["id"], "account": account_of(card)}
        resources = [{"type": kind, "ids": [ids[kind] if whose == "theirs" else "1"]}]

        response = bank.ask_token(bank.customer(), "cards", resources=resources)

        assert response.status_code == 400
        assert errors(response) == [(f"{kind}_not_found", "/data/attributes/resources")]


class TestUpgrades:
    """Customer tokens that create others."""

    PLAIN = "cards customer-token-write"

    def test_a_token_can_be_upgraded_to_its_upgradable_scope(self, bank: Bank) -> None:
        card = bank.active_card()
        customer = customer_of(card)
        base = Bank(bank.customer_token(customer, self.PLAIN, upgradableScope="cards-write"))

        upgraded = base.customer_token(customer, "cards cards-write")

        assert base.unit("POST", f"/cards/{card['id']}/freeze").status_code == 403
        assert upgraded("POST", f"/cards/{card['id']}/freeze").status_code == 200

    @pytest.mark.parametrize(
        ("scope", "upgradable"), [("cards-sensitive", ""), ("accounts", ""), (f"{PLAIN}", "accounts")]
    )
    def test_a_token_is_not_upgraded_beyond_its_upgradable_scope(self, bank: Bank, scope: str, upgradable: str) -> None:
        customer = bank.customer()
        base = Bank(bank.customer_token(customer, self.PLAIN, upgradableScope="cards-write"))
        more = {"upgradableScope": upgradable} if upgradable else {}

        response = base.ask_token(customer, scope, verificationCode="000001", **more)

        assert response.status_code == 403
        assert errors(response) == [("forbidden", None)]

    def test_an_upgrade_needs_proof(self, bank: Bank) -> None:
        customer = bank.customer()
        base = Bank(bank.customer_token(customer, self.PLAIN, upgradableScope="cards-write"))

        assert base.ask_token(customer, "cards-write").status_code == 403

    def test_an_upgradable_scope_needs_the_scope_to_create_tokens(self, bank: Bank) -> None:
        response = bank.ask_token(bank.customer(), "cards", upgradableScope="cards-write")

        assert response.status_code == 400
        assert errors(response) == [("invalid_value", "/data/attributes/upgradableScope")]

    def test_a_token_creates_none_for_another_customer(self, bank: Bank) -> None:
        base = Bank(bank.customer_token(bank.customer(), self.PLAIN, upgradableScope="cards-write"))

        assert base.ask_token(bank.customer(), "cards").status_code == 404

    def test_an_upgraded_token_reaches_no_more_resources(self, bank: Bank) -> None:
        card = bank.active_card()
        other = bank.card(account_of(card))
        resources = [{"type": "card", "ids": [card["id"]]}]
        holder = bank.customer_token(customer_of(card), self.PLAIN, upgradableScope="cards-write", resources=resources)

        inherited = Bank(holder).customer_token(customer_of(card), "cards")
        wider = Bank(holder).ask_token(customer_of(card), "cards", resources=[{"type": "card", "ids": [other["id"]]}])

        assert inherited("GET", f"/cards/{other['id']}").status_code == 404
        assert errors(wider) == [("card_not_found", "/data/attributes/resources")]

    def test_an_upgraded_token_expires_with_the_original(self, bank: Bank, clock: time_machine.Traveller) -> None:
        customer = bank.customer()
        base = Bank(bank.customer_token(customer, self.PLAIN, upgradableScope="cards-write", expiresIn=900))
        clock.shift(600)

        response = base.ask_token(customer, "cards", expiresIn=86_400)

        assert response.json()["data"]["attributes"]["expiresIn"] == 300

    @pytest.mark.parametrize("scope", ["fly", "applications"])
    def test_an_upgradable_scope_must_be_a_customer_scope(self, bank: Bank, scope: str) -> None:
        response = bank.ask_token(bank.customer(), self.PLAIN, upgradableScope=scope)

        assert response.status_code == 400
        assert errors(response) == [("invalid_value", "/data/attributes/upgradableScope")]
