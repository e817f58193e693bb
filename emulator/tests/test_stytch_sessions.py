"""Sessions, session JWTs and the JWKS."""

from __future__ import annotations

import base64
import time
from typing import Any

import jwt
import pytest
import requests
import stytch
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from stytch_unit_emulator import Store
from stytch_unit_emulator.stytch import keys, rotate_key

from .conftest import PROJECT_ID, STYTCH_URL
from .stytch_story import ADA, BOB, NO_SESSION, NO_TOKEN, Act, Story, refused

JWKS_URL = f"{STYTCH_URL}v1/sessions/jwks/{PROJECT_ID}"
SESSION_CLAIM = "https://stytch.com/session"
NESTED_CLAIMS = {"keep": 1, "drop": 2, "deep": {"keep": 1, "drop": 2, "list": [1]}}


class EmulatedKeys(jwt.PyJWKClient):
    """The SDK's JWKS client, without a socket."""

    def __init__(self, http: requests.Session) -> None:
        super().__init__(JWKS_URL)
        self.http = http

    def fetch_data(self) -> Any:
        return self.http.get(JWKS_URL).json()


@pytest.fixture
def local(story: Story) -> stytch.Client:
    """The SDK, able to verify JWTs locally."""
    story.client.sessions.jwks_client = EmulatedKeys(story.http)
    return story.client


def claims_of(session_jwt: str) -> dict[str, Any]:
    """A JWT's claims, not verified."""
    claims: dict[str, Any] = jwt.decode(session_jwt, options={"verify_signature": False})
    return claims


def forged(story: Story, **changes: object) -> str:
    """A JWT signed by the project with changed claims; None removes one."""
    claims = {**claims_of(story.sign_in().session_jwt), **changes}
    with story.store.read(keys.partition(PROJECT_ID)) as project:
        kid, key = keys.signing_key(project)
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, key, algorithm="RS256", headers={"kid": kid})


def test_a_session_token_is_opaque_and_44_characters_long(story: Story) -> None:
    ada = story.sign_in()

    assert len(ada.session_token) == 44
    assert ada.session is not None
    assert ada.session.session_id not in ada.session_token


def test_a_session_token_is_not_stored(story: Story) -> None:
    token = story.sign_in().session_token

    with story.store.read("nobody") as tenant:
        records = [record for kind in ("session", "user", "mail", "magic_link") for record in tenant.all(kind)]
    assert records
    assert token not in str(records)


def test_a_link_token_is_stored_only_in_the_email(story: Story) -> None:
    token = story.link()

    with story.store.read("nobody") as tenant:
        records = [record for kind in ("user", "magic_link") for record in tenant.all(kind)]
    assert records
    assert token not in str(records)


@pytest.mark.parametrize("way", ["session_token", "session_jwt"])
def test_authenticating_returns_the_same_token_and_a_fresh_jwt(story: Story, way: str) -> None:
    ada = story.sign_in()
    story.wait(10)

    answer = story.client.sessions.authenticate(**{way: getattr(ada, way)})

    assert answer.session_token == ada.session_token
    assert claims_of(answer.session_jwt)["iat"] == int(time.time())
    assert answer.user.user_id == ada.user_id


def test_authenticating_changes_only_the_last_access(story: Story) -> None:
    ada = story.sign_in()
    story.wait(minutes=10)

    answer = story.client.sessions.authenticate(session_token=ada.session_token)

    assert ada.session is not None
    assert answer.session.started_at == ada.session.started_at
    assert answer.session.expires_at == ada.session.expires_at
    assert answer.session.last_accessed_at is not None
    assert answer.session.last_accessed_at.timestamp() == time.time()


def test_a_session_expires(story: Story) -> None:
    token = story.sign_in(minutes=5).session_token
    story.wait(minutes=5, seconds=-1)
    story.client.sessions.authenticate(session_token=token)

    story.wait(1)

    with refused(404, "session_not_found"):
        story.client.sessions.authenticate(session_token=token)


def test_a_duration_starts_now(story: Story) -> None:
    token = story.sign_in(minutes=60).session_token
    story.wait(minutes=59)
    story.client.sessions.authenticate(session_token=token, session_duration_minutes=5)

    story.wait(minutes=4)
    story.client.sessions.authenticate(session_token=token)
    story.wait(minutes=1)

    with refused(404, "session_not_found"):
        story.client.sessions.authenticate(session_token=token)


def test_an_expired_jwt_still_names_its_session(story: Story) -> None:
    ada = story.sign_in()
    story.wait(minutes=30)

    answer = story.client.sessions.authenticate(session_jwt=ada.session_jwt)

    assert answer.session_token == ada.session_token


def test_a_second_link_refreshes_the_existing_factor(story: Story) -> None:
    ada = story.sign_in()
    story.wait(minutes=10)

    again = story.client.magic_links.authenticate(
        story.link(), session_token=ada.session_token, session_duration_minutes=60
    )

    assert ada.session is not None
    assert again.session is not None
    (before,), (after,) = ada.session.authentication_factors, again.session.authentication_factors
    assert again.session.session_id == ada.session.session_id
    assert after.created_at == before.created_at
    assert after.last_authenticated_at is not None
    assert after.last_authenticated_at.timestamp() == time.time()
    assert after.updated_at == after.last_authenticated_at


def test_active_sessions_are_listed(story: Story) -> None:
    short, long = story.sign_in(minutes=5), story.sign_in(minutes=60)
    story.sign_in(BOB)

    both = story.client.sessions.get(short.user_id).sessions
    story.wait(minutes=5)
    one = story.client.sessions.get(short.user_id).sessions

    assert short.session is not None
    assert long.session is not None
    assert [session.session_id for session in both] == [short.session.session_id, long.session.session_id]
    assert [session.session_id for session in one] == [long.session.session_id]


@pytest.mark.parametrize("way", ["session_id", "session_token", "session_jwt"])
def test_a_revoked_session_is_not_found(story: Story, way: str) -> None:
    ada = story.sign_in()
    assert ada.session is not None
    named = ada.session.session_id if way == "session_id" else getattr(ada, way)

    story.client.sessions.revoke(**{way: named})

    with refused(404, "session_not_found"):
        story.client.sessions.authenticate(session_token=ada.session_token)


def test_revoking_one_session_keeps_the_others(story: Story) -> None:
    first, second = story.sign_in(), story.sign_in()

    story.client.sessions.revoke(session_token=first.session_token)

    assert story.client.sessions.authenticate(session_token=second.session_token).status_code == 200


def test_claims_are_merged_at_every_level_and_null_deletes(story: Story) -> None:
    ada = story.client.magic_links.authenticate(
        story.link(), session_duration_minutes=60, session_custom_claims=NESTED_CLAIMS
    )

    answer = story.client.sessions.authenticate(
        session_token=ada.session_token,
        session_custom_claims={"drop": None, "new": 3, "deep": {"drop": None, "list": [2]}},
    )

    expected = {"keep": 1, "new": 3, "deep": {"keep": 1, "list": [2]}}
    claims = claims_of(answer.session_jwt)
    assert answer.session.custom_claims == expected
    assert {name: claims[name] for name in expected} == expected


def test_reserved_claims_are_ignored(story: Story) -> None:
    ada = story.client.magic_links.authenticate(
        story.link(),
        session_duration_minutes=60,
        session_custom_claims={"sub": "root", "exp": 1, "https://stytch.com/session": {}, "role": "user"},
    )

    assert ada.session is not None
    assert ada.session.custom_claims == {"role": "user"}
    assert claims_of(ada.session_jwt)["sub"] == ada.user_id


def test_claims_are_limited_to_4_kb(story: Story) -> None:
    ada = story.client.magic_links.authenticate(
        story.link(), session_duration_minutes=60, session_custom_claims={"a": "x" * 4000}
    )

    with refused(400, "custom_claims_too_large"):
        story.client.sessions.authenticate(session_token=ada.session_token, session_custom_claims={"b": "x" * 100})

    assert story.client.sessions.authenticate(
        session_token=ada.session_token, session_custom_claims={"a": None, "b": "x" * 100}
    ).session.custom_claims == {"b": "x" * 100}


def test_the_jwt_has_the_claims_of_a_real_jwt(story: Story) -> None:
    ada = story.sign_in(minutes=60)

    claims = claims_of(ada.session_jwt)

    assert ada.session is not None
    now = int(time.time())
    assert jwt.get_unverified_header(ada.session_jwt)["typ"] == "JWT"
    assert claims == {
        "aud": [PROJECT_ID],
        "iss": f"stytch.com/{PROJECT_ID}",
        "sub": ada.user_id,
        "iat": now,
        "nbf": now,
        "exp": now + 300,
        SESSION_CLAIM: {
            "id": ada.session.session_id,
            "started_at": "2026-06-01T12:00:01Z",
            "last_accessed_at": "2026-06-01T12:00:01Z",
            "expires_at": "2026-06-01T13:00:01Z",
            "attributes": {"ip_address": "", "user_agent": ""},
            "authentication_factors": [
                {
                    "type": "magic_link",
                    "delivery_method": "email",
                    "last_authenticated_at": "2026-06-01T12:00:01Z",
                    "email_factor": {"email_id": ada.method_id, "email_address": ADA},
                }
            ],
            "roles": ["stytch_user"],
        },
    }


def test_the_jwt_of_a_revoked_session_verifies_until_it_expires(story: Story, local: stytch.Client) -> None:
    ada = story.sign_in()
    story.client.sessions.revoke(session_token=ada.session_token)

    story.wait(minutes=5, seconds=-1)
    before = local.sessions.authenticate_jwt_local(ada.session_jwt)
    story.wait(1)
    after = local.sessions.authenticate_jwt_local(ada.session_jwt)

    assert before is not None
    assert after is None


def test_after_a_rotation_the_new_key_signs_and_both_are_published(story: Story, local: stytch.Client) -> None:
    old = story.sign_in()
    with story.store.change(keys.partition(PROJECT_ID)) as project:
        new_kid = rotate_key(project)

    new = story.client.sessions.authenticate(session_token=old.session_token)

    assert jwt.get_unverified_header(new.session_jwt)["kid"] == new_kid
    assert [key.kid for key in story.client.sessions.get_jwks(PROJECT_ID).keys][1] == new_kid
    assert local.sessions.authenticate_jwt_local(old.session_jwt) is not None
    assert local.sessions.authenticate_jwt_local(new.session_jwt) is not None
    assert story.client.sessions.authenticate(session_jwt=old.session_jwt).session_token == old.session_token


def test_a_published_key_has_the_nine_members_of_stytchs_keys(http: requests.Session) -> None:
    answer = http.get(JWKS_URL).json()

    (key,) = answer["keys"]
    certificate = x509.load_der_x509_certificate(base64.b64decode(key["x5c"][0]))
    fingerprint = base64.urlsafe_b64decode(key["x5tS256"])
    assert set(key) == {"kty", "use", "key_ops", "alg", "kid", "x5c", "x5tS256", "n", "e"}
    assert (key["kty"], key["use"], key["key_ops"], key["alg"]) == ("RSA", "sig", ["verify"], "RS256")
    assert jwt.PyJWK(key).key.public_numbers() == certificate.public_key().public_numbers()  # type: ignore[union-attr]
    assert certificate.fingerprint(hashes.SHA256()) == fingerprint
    assert jwt.PyJWK(key).key.key_size == 2048


def test_a_second_read_returns_the_same_keys(http: requests.Session, story: Story) -> None:
    first = http.get(JWKS_URL).json()["keys"]

    story.sign_in()

    assert http.get(JWKS_URL).json()["keys"] == first


def test_the_jwks_can_be_read_during_another_transaction(story: Story, store: Store) -> None:
    story.sign_in()
    story.wait(minutes=2)

    with store.change("another tenant"):
        answer = story.http.get(JWKS_URL).json()

    assert len(answer["keys"]) == 1


def test_the_keys_of_an_invalid_project_id_are_refused(story: Story) -> None:
    with refused(401, "unauthorized_credentials"):
        story.client.sessions.get_jwks("project-live-11111111-1111-4111-8111-111111111111")


REFUSED: list[tuple[str, int, str, Act]] = [
    (
        "a_token_that_is_not_a_string",
        400,
        "invalid_session_token",
        lambda s: s.client.sessions.authenticate(session_token=[NO_TOKEN]),  # type: ignore[arg-type]
    ),
    (
        "a_duration_of_4_minutes",
        400,
        "invalid_session_duration_minutes",
        lambda s: s.client.sessions.authenticate(s.sign_in().session_token, session_duration_minutes=4),
    ),
    (
        "claims_that_are_not_an_object",
        400,
        "invalid_argument",
        lambda s: s.client.sessions.authenticate(s.sign_in().session_token, session_custom_claims="all"),  # type: ignore[arg-type]
    ),
    (
        "a_jwt_that_is_too_long",
        400,
        "unable_to_parse_session_jwt",
        lambda s: s.client.sessions.authenticate(session_jwt=forged(s, extra="x" * 20_000)),
    ),
    (
        "a_jwt_with_a_changed_signature",
        400,
        "unable_to_parse_session_jwt",
        lambda s: s.client.sessions.authenticate(session_jwt=f"{forged(s).rpartition('.')[0]}.{'A' * 342}"),
    ),
    (
        "a_jwt_without_a_signature",
        400,
        "unable_to_parse_session_jwt",
        lambda s: s.client.sessions.authenticate(session_jwt=jwt.encode(claims_of(forged(s)), "", algorithm="none")),
    ),
    (
        "a_jwt_signed_with_the_public_key",
        400,
        "unable_to_parse_session_jwt",
        lambda s: s.client.sessions.authenticate(session_jwt=signed_with_public_key(s)),
    ),
    (
        "a_jwt_with_an_unknown_session",
        404,
        "session_not_found",
        lambda s: s.client.sessions.authenticate(session_jwt=forged(s, **{SESSION_CLAIM: {"id": NO_SESSION}})),
    ),
    (
        "revoking_an_unknown_session",
        404,
        "session_not_found",
        lambda s: s.client.sessions.revoke(session_id=NO_SESSION),
    ),
    ("listing_by_a_malformed_user_id", 400, "invalid_user_id", lambda s: s.client.sessions.get("user-test-1")),
]


def signed_with_public_key(story: Story) -> str:
    """A JWT for the algorithm confusion attack: HMAC with the public key."""
    kid = jwt.get_unverified_header(forged(story))["kid"]
    n = story.http.get(JWKS_URL).json()["keys"][0]["n"]
    return jwt.encode(claims_of(forged(story)), n, algorithm="HS256", headers={"kid": kid})


@pytest.mark.parametrize(("status", "error_type", "act"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED])
def test_a_session_is_refused(story: Story, status: int, error_type: str, act: Act) -> None:
    with refused(status, error_type):
        act(story)
