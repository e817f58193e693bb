"""WebAuthn: options, registration, authentication, and what is refused."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from .authenticator import Authenticator, changed, decoded, encoded
from .stytch_story import ADA, BOB, Story, refused, run_concurrently, visitor

DOMAIN = "app.example"
ORIGIN = "https://app.example"


@pytest.fixture
def phone() -> Authenticator:
    return Authenticator(ORIGIN)


def creation_options(story: Story, user_id: str, **given: Any) -> str:
    asked: dict[str, Any] = {"domain": DOMAIN, "use_base64_url_encoding": True} | given
    return story.client.webauthn.register_start(user_id, **asked).public_key_credential_creation_options


def request_options(story: Story, **given: Any) -> str:
    asked: dict[str, Any] = {"domain": DOMAIN, "use_base64_url_encoding": True} | given
    return story.client.webauthn.authenticate_start(**asked).public_key_credential_request_options


def register(story: Story, phone: Authenticator, email: str = ADA) -> str:
    """Create a user with a passkey; returns the user's id."""
    user_id = story.client.users.create(email=email).user_id
    story.client.webauthn.register(user_id, phone.create(creation_options(story, user_id)))
    return user_id


def test_creation_options_have_stytchs_shape(story: Story) -> None:
    user_id = story.sign_in().user_id

    options = json.loads(creation_options(story, user_id))

    assert len(decoded(options.pop("challenge"))) == 32
    assert options == {
        "attestation": "direct",
        "excludeCredentials": [],
        "pubKeyCredParams": [{"alg": -7, "type": "public-key"}, {"alg": -257, "type": "public-key"}],
        "rp": {"id": DOMAIN, "name": "Stytch emulator"},
        "timeout": 300_000,
        "user": {"id": encoded(user_id.encode()), "name": ADA, "displayName": ADA},
    }


@pytest.mark.parametrize(
    ("given", "selection"),
    [
        ({"return_passkey_credential_options": True}, {"residentKey": "required", "userVerification": "preferred"}),
        ({"authenticator_type": "platform"}, {"authenticatorAttachment": "platform"}),
    ],
)
def test_creation_options_select_an_authenticator(story: Story, given: Any, selection: dict[str, str]) -> None:
    options = json.loads(creation_options(story, story.sign_in().user_id, **given))

    assert options["authenticatorSelection"] == selection


def test_creation_options_take_other_names_and_standard_base64(story: Story) -> None:
    given = {"override_id": "a?>", "override_name": "ada", "override_display_name": "Ada V"}

    options = json.loads(creation_options(story, story.sign_in().user_id, use_base64_url_encoding=None, **given))

    user_id = base64.b64encode(b"a?>").decode()
    assert options["user"] == {"id": user_id, "name": "ada", "displayName": "Ada V"}
    assert user_id == "YT8+"


def test_request_options_allow_any_passkey_or_the_users(story: Story, phone: Authenticator) -> None:
    user_id = register(story, phone)

    anyones = json.loads(request_options(story, return_passkey_credential_options=True))
    own = json.loads(request_options(story, user_id=user_id))

    assert {**anyones, "challenge": ""} == {
        "allowCredentials": [],
        "challenge": "",
        "rpId": DOMAIN,
        "timeout": 300_000,
        "userVerification": "preferred",
    }
    assert own["allowCredentials"] == [{"id": phone.passkeys[0].id, "type": "public-key"}]
    assert own["challenge"] != anyones["challenge"]


@pytest.mark.parametrize("attestation", ["none", "packed"])
def test_a_registration_is_listed_with_the_user(story: Story, phone: Authenticator, attestation: str) -> None:
    phone.attestation = attestation
    user_id = story.sign_in().user_id
    options = creation_options(story, user_id, user_agent="Firefox", authenticator_type="platform")

    answer = story.client.webauthn.register(user_id, phone.create(options))

    (listed,) = answer.user.webauthn_registrations
    assert answer.webauthn_registration_id == listed.webauthn_registration_id
    assert (listed.domain, listed.user_agent, listed.authenticator_type) == (DOMAIN, "Firefox", "platform")
    assert (listed.verified, listed.name) == (True, f"WebAuthN {listed.webauthn_registration_id[-8:]}")
    assert (answer.session, answer.session_token) == (None, "")


def test_registering_with_the_sessions_token_adds_a_factor(story: Story, phone: Authenticator) -> None:
    ada = story.sign_in()
    credential = phone.create(creation_options(story, ada.user_id))

    answer = story.client.webauthn.register(
        ada.user_id, credential, session_token=ada.session_token, session_duration_minutes=30
    )

    assert answer.session is not None
    factor = answer.session.authentication_factors[-1]
    assert (factor.type.value, factor.delivery_method.value) == ("webauthn", "webauthn_registration")
    assert factor.webauthn_factor is not None
    assert factor.webauthn_factor.webauthn_registration_id == answer.webauthn_registration_id
    assert answer.session_token == ada.session_token


def test_a_passkey_signs_in_without_naming_the_user(story: Story, phone: Authenticator) -> None:
    user_id = register(story, phone)

    answer = story.client.webauthn.authenticate(phone.get(request_options(story)), session_duration_minutes=30)

    assert (answer.user_id, len(answer.session_token)) == (user_id, 44)


def test_a_synced_passkey_may_always_count_zero(story: Story, phone: Authenticator) -> None:
    register(story, phone)

    for _ in range(2):
        phone.passkeys[0].counter = -1
        assert story.client.webauthn.authenticate(phone.get(request_options(story))).status_code == 200


def test_a_counter_that_does_not_grow_is_refused(story: Story, phone: Authenticator) -> None:
    register(story, phone)
    story.client.webauthn.authenticate(phone.get(request_options(story)))
    phone.passkeys[0].counter -= 1

    with refused(401, "unable_to_auth_webauthn_registration"):
        story.client.webauthn.authenticate(phone.get(request_options(story)))


def test_a_challenge_works_once(story: Story, phone: Authenticator) -> None:
    user_id = register(story, phone)
    registering, signing_in = creation_options(story, user_id), request_options(story)
    story.client.webauthn.register(user_id, phone.create(registering))
    story.client.webauthn.authenticate(phone.get(signing_in))

    with refused(400, "no_pending_webauthn_registration"):
        story.client.webauthn.register(user_id, phone.create(registering))
    with refused(401, "unable_to_auth_webauthn_registration"):
        story.client.webauthn.authenticate(phone.get(signing_in))


def test_of_concurrent_requests_one_uses_the_assertion(story: Story, phone: Authenticator) -> None:
    register(story, phone)
    credential = phone.get(request_options(story))

    assert run_concurrently(lambda: story.client.webauthn.authenticate(credential)) == [200, 401, 401, 401]


@pytest.mark.parametrize(("seconds", "is_accepted"), [(299, True), (300, False)])
def test_a_challenge_lives_five_minutes(story: Story, phone: Authenticator, seconds: int, is_accepted: bool) -> None:
    user_id = register(story, phone)
    registering, signing_in = creation_options(story, user_id), request_options(story)
    story.wait(seconds)

    for error_type, act in (
        ("unable_to_auth_webauthn_registration", lambda: story.client.webauthn.authenticate(phone.get(signing_in))),
        (
            "no_pending_webauthn_registration",
            lambda: story.client.webauthn.register(user_id, phone.create(registering)),
        ),
    ):
        if is_accepted:
            assert act().status_code == 200
        else:
            with refused(400 if error_type.startswith("no") else 401, error_type):
                act()


def test_a_challenge_is_for_one_purpose_and_domain(story: Story, phone: Authenticator) -> None:
    user_id = register(story, phone)
    elsewhere = request_options(story, domain="other.example")
    registering = json.loads(creation_options(story, user_id))
    signing_in = json.loads(request_options(story))["challenge"]

    with refused(401, "unable_to_auth_webauthn_registration"):
        story.client.webauthn.authenticate(phone.get(creation_options(story, user_id)))
    with refused(400, "no_pending_webauthn_registration"):
        story.client.webauthn.register(user_id, phone.create(json.dumps(registering | {"challenge": signing_in})))
    with refused(401, "unable_to_auth_webauthn_registration"):
        story.client.webauthn.authenticate(phone.get(elsewhere))


@pytest.mark.parametrize(
    ("domain", "origin", "is_accepted"),
    [
        (DOMAIN, ORIGIN, True),
        (DOMAIN, "https://sub.app.example:8443", True),
        ("localhost", "http://localhost:8000", True),
        (DOMAIN, "http://app.example", False),
        (DOMAIN, "https://example", False),
        (DOMAIN, "https://evil-app.example", False),
        (DOMAIN, "https://app.example.evil.example", False),
        ("localhost", "http://evil.example", False),
    ],
)
def test_only_pages_of_the_domain_may_ask(story: Story, domain: str, origin: str, is_accepted: bool) -> None:
    phone, user_id = Authenticator(origin), story.sign_in().user_id
    credential = phone.create(creation_options(story, user_id, domain=domain))

    if is_accepted:
        story.client.webauthn.register(user_id, credential)
        proof = phone.get(request_options(story, domain=domain))
        assert story.client.webauthn.authenticate(proof).user_id == user_id
    else:
        with refused(401, "unable_to_register_webauthn_registration"):
            story.client.webauthn.register(user_id, credential)


def test_an_assertion_of_a_foreign_origin_rp_or_user_is_refused(story: Story, phone: Authenticator) -> None:
    user_id, laptop = register(story, phone), Authenticator(ORIGIN)
    register(story, laptop, BOB)
    handle = laptop.passkeys[0].user_handle
    proofs = [
        phone.get(request_options(story), origin="https://evil.example"),
        phone.get(request_options(story), handle=handle),
        laptop.get(request_options(story, user_id=user_id)),
        changed(phone.get(request_options(story)), id=laptop.passkeys[0].id, rawId=laptop.passkeys[0].id),
    ]
    phone.passkeys[0].rp_id = "evil.example"
    proofs.append(phone.get(request_options(story)))

    for proof in proofs:
        with refused(401, "unable_to_auth_webauthn_registration"):
            story.client.webauthn.authenticate(proof)


def test_a_credential_for_another_rp_is_not_registered(story: Story, phone: Authenticator) -> None:
    user_id = story.sign_in().user_id

    with refused(401, "unable_to_register_webauthn_registration"):
        story.client.webauthn.register(user_id, phone.create(creation_options(story, user_id), rp_id="evil.example"))


def test_an_attestation_by_another_key_is_refused(story: Story, phone: Authenticator) -> None:
    phone.attestation, user_id = "packed", story.sign_in().user_id
    first, second = (phone.create(creation_options(story, user_id)) for _ in range(2))
    client_data = json.loads(second)["response"]["clientDataJSON"]

    with refused(401, "unable_to_register_webauthn_registration"):
        story.client.webauthn.register(user_id, changed(first, response={"clientDataJSON": client_data}))


def test_only_the_user_who_started_can_register(story: Story, phone: Authenticator) -> None:
    ada, bob = story.sign_in(ADA).user_id, story.sign_in(BOB).user_id
    credential = phone.create(creation_options(story, ada))

    with refused(400, "no_pending_webauthn_registration"):
        story.client.webauthn.register(bob, credential)


def test_another_users_session_is_refused(story: Story, phone: Authenticator) -> None:
    register(story, phone)
    bob = story.sign_in(BOB)
    proof = phone.get(request_options(story))

    with refused(400, "user_id_mismatch"):
        story.client.webauthn.authenticate(proof, session_token=bob.session_token, session_duration_minutes=60)

    session = story.client.sessions.authenticate(bob.session_token).session
    assert [factor.type.value for factor in session.authentication_factors] == ["magic_link"]


def test_a_locked_user_cannot_sign_in_with_a_passkey(story: Story, phone: Authenticator) -> None:
    user_id = register(story, phone)
    secret = story.client.totps.create(user_id).secret
    for _ in range(10):
        with refused(401, "unable_to_authenticate_totp"):
            story.client.totps.authenticate(user_id, story.wrong_code(secret))

    with refused(429, "user_lock_limit_reached"):
        story.client.webauthn.authenticate(phone.get(request_options(story)))


def test_credentials_are_listed_by_domain(story: Story, phone: Authenticator) -> None:
    user_id = register(story, phone)

    (listed,) = story.client.webauthn.list_credentials(user_id, DOMAIN).credentials

    (registration,) = story.client.users.get(user_id).webauthn_registrations
    assert (listed.credential_id, listed.type) == (phone.passkeys[0].id, "public-key")
    assert listed.webauthn_registration_id == registration.webauthn_registration_id
    assert base64.b64decode(listed.public_key)
    assert story.client.webauthn.list_credentials(user_id, "other.example").credentials == []
    assert json.loads(creation_options(story, user_id))["excludeCredentials"][0]["id"] == phone.passkeys[0].id


def test_a_registration_is_renamed(story: Story, phone: Authenticator) -> None:
    user_id = register(story, phone)
    registration_id = story.client.users.get(user_id).webauthn_registrations[0].webauthn_registration_id

    answer = story.client.webauthn.update(registration_id, "Blue key")

    assert answer.webauthn_registration is not None
    assert answer.webauthn_registration.name == "Blue key"
    assert story.client.users.get(user_id).webauthn_registrations[0].name == "Blue key"


def test_a_deleted_passkey_ends_what_rested_on_it(story: Story, phone: Authenticator) -> None:
    ada = story.sign_in()
    registered = story.client.webauthn.register(
        ada.user_id,
        phone.create(creation_options(story, ada.user_id)),
        session_token=ada.session_token,
        session_duration_minutes=60,
    )
    alone = story.client.webauthn.authenticate(phone.get(request_options(story)), session_duration_minutes=60)

    answer = story.client.users.delete_webauthn_registration(registered.webauthn_registration_id)

    assert answer.user.webauthn_registrations == []
    left = story.client.sessions.authenticate(ada.session_token).session
    assert [factor.type.value for factor in left.authentication_factors] == ["magic_link"]
    with refused(404, "session_not_found"):
        story.client.sessions.authenticate(alone.session_token)
    with refused(404, "webauthn_registration_not_found"):
        story.client.webauthn.authenticate(phone.get(request_options(story)))


def test_a_deleted_users_passkey_is_unknown_and_can_be_registered_again(story: Story, phone: Authenticator) -> None:
    story.client.users.delete(register(story, phone))
    bob = story.sign_in(BOB).user_id

    with refused(404, "webauthn_registration_not_found"):
        story.client.webauthn.authenticate(phone.get(request_options(story)))
    again = phone.create(creation_options(story, bob), again=phone.passkeys[0])
    assert story.client.webauthn.register(bob, again).user_id == bob


def test_another_project_does_not_know_the_passkey(story: Story, phone: Authenticator) -> None:
    register(story, phone)

    with visitor("somebody else"), refused(404, "webauthn_registration_not_found"):
        story.client.webauthn.authenticate(phone.get(request_options(story)))
