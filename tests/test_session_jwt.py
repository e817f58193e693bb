"""Verification of session JWTs: which are accepted, which are not, and with which keys."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import rsa

from services.errors import NotSignedIn, ServiceUnavailable
from services.session import JWT_LEEWAY

from .session_jwts import API_URL, FORGERIES, JWKS_URL, KID, NOW, PROJECT_ID, Json, Stytch, claims, signed_otherwise


@pytest.fixture(scope="module")
def own_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def forgers_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def stytch(clock: time_machine.Traveller, own_key: rsa.RSAPrivateKey) -> Stytch:
    assert clock  # stands still
    return Stytch(own_key)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="none"),
        pytest.param({"aud": PROJECT_ID}, id="audience not in a list"),
        pytest.param({"iss": API_URL}, id="issuer of a project with its own domain"),
        pytest.param({"exp": NOW - JWT_LEEWAY + 1}, id="expired within the leeway"),
        pytest.param({"nbf": NOW + JWT_LEEWAY}, id="begins within the leeway"),
        pytest.param({"unit_customer_id": "10001"}, id="a custom claim"),
    ],
)
def test_these_differences_keep_a_jwt_valid(stytch: Stytch, changes: Json) -> None:
    assert stytch.verified(stytch.signed(**changes)) == claims(**changes)


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_an_invalid_jwt_signs_no_one_in(
    stytch: Stytch, forgers_key: rsa.RSAPrivateKey, forge: Callable[[Stytch, rsa.RSAPrivateKey], str]
) -> None:
    forged = forge(stytch, forgers_key)

    with pytest.raises(NotSignedIn):
        stytch.verified(forged)


def test_a_jwt_of_eight_thousand_bytes_is_accepted(stytch: Stytch) -> None:
    longest = stytch.signed(padding="p" * ((8_000 - len(stytch.signed(padding=""))) * 3 // 4))

    assert 7_990 < len(longest) <= 8_000
    assert stytch.verified(longest)["sub"] == "user-test-1"


@pytest.mark.parametrize("kid", ["jwk-test-2", ""], ids=["unknown", "empty"])
def test_a_key_that_stytch_does_not_publish_is_an_outage(stytch: Stytch, kid: str) -> None:
    with pytest.raises(ServiceUnavailable):
        stytch.verified(stytch.signed(header={"kid": kid}))


@pytest.mark.parametrize(
    "published",
    [{}, {"keys": []}, {"keys": "none"}, {"keys": [{"kid": KID}]}, {"keys": ["key"]}, {"status_code": 404}, None],
    ids=str,
)
def test_a_key_set_without_a_usable_key_is_an_outage(stytch: Stytch, published: Json | None) -> None:
    for_another_use = {"keys": [key | {"use": "enc"} for key in stytch.published["keys"]]}
    stytch.published = for_another_use if published is None else published

    with pytest.raises(ServiceUnavailable):
        stytch.verified(stytch.signed())


def test_keys_are_fetched_once_for_many_jwts(stytch: Stytch) -> None:
    first, second = stytch.verified(stytch.signed()), stytch.verified(stytch.signed(sub="user-test-2"))

    assert first["sub"] != second["sub"]
    assert stytch.fetched == 1


def test_new_keys_are_found_at_once(stytch: Stytch) -> None:
    stytch.verified(stytch.signed())
    stytch.publish(KID, "jwk-test-2")
    stytch.verified(stytch.signed(header={"kid": "jwk-test-2"}))
    stytch.publish("jwk-test-2", "jwk-test-3")

    assert stytch.verified(stytch.signed(header={"kid": "jwk-test-3"})) == claims()
    assert stytch.fetched == 3


@pytest.mark.parametrize("named", ["", "the algorithm itself"], ids=["RS256", "the same"])
@pytest.mark.parametrize("alg", ["PS256", "RS512"])
def test_only_rs256_is_accepted_whatever_algorithm_a_key_names(stytch: Stytch, alg: str, named: str) -> None:
    stytch.published = {"keys": [key | {"alg": alg if named else "RS256"} for key in stytch.published["keys"]]}

    with pytest.raises(NotSignedIn):
        stytch.verified(signed_otherwise(stytch, alg))


def test_a_jwts_header_never_decides_where_keys_are_fetched(stytch: Stytch, forgers_key: rsa.RSAPrivateKey) -> None:
    forged = stytch.signed(forgers_key, {"jku": JWKS_URL.replace("jwks", "evil")})

    with pytest.raises(NotSignedIn):
        stytch.verified(forged)
    assert stytch.fetched == 1
