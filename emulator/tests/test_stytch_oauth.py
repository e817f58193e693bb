"""OAuth through the SDK, with the browser's part over HTTP."""

from __future__ import annotations

import base64
import hashlib

import jwt
import pytest
import requests

from stytch_unit_emulator.pytest_plugin import EmulatedProject
from stytch_unit_emulator.stytch.oauth_providers import PROVIDERS

from .oauth_acts import LOGIN, SIGNUP, begin, pick, public_token, returned, token
from .over_http import client_of
from .stytch_story import ADA, refused

VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
FACTORS = {name: f"{provider.factor or name}_oauth_factor" for name, provider in PROVIDERS.items()}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_each_provider_signs_in_a_new_user_with_name_address_and_factor(
    emulated_project: EmulatedProject, provider: str
) -> None:
    client = client_of(emulated_project)
    url = pick(begin(emulated_project, provider))

    answer = client.oauth.authenticate(returned(url)["token"], session_duration_minutes=60)

    assert url.startswith(f"{SIGNUP}&stytch_token_type=oauth&token=")
    assert answer.user_session
    (factor,) = answer.user_session.authentication_factors
    assert (factor.type.value, factor.delivery_method.value) == ("oauth", f"oauth_{provider}")
    assert getattr(factor, FACTORS[provider]).id == answer.oauth_user_registration_id
    assert [(email.email, email.verified) for email in answer.user.emails] == [(ADA, True)]
    assert answer.user.name
    assert (answer.user.name.first_name, answer.user.name.last_name) == ("Ada", "Vance")
    assert [each.provider_type for each in answer.user.providers] == [answer.provider_type]
    assert (answer.provider_type, answer.reset_sessions) == (PROVIDERS[provider].title, False)


def test_a_token_works_once_and_for_five_minutes(emulated_project: EmulatedProject) -> None:
    client, first, second = client_of(emulated_project), token(emulated_project), token(emulated_project)

    client.oauth.authenticate(first)

    with refused(400, "oauth_token_not_found"):
        client.oauth.authenticate(first)
    emulated_project.move_clock(301)
    with refused(400, "oauth_token_not_found"):
        client.oauth.authenticate(second)


def test_a_challenge_wants_its_verifier_which_a_wrong_one_does_not_use_up(emulated_project: EmulatedProject) -> None:
    client, given = client_of(emulated_project), token(emulated_project, code_challenge=CHALLENGE)

    with refused(400, "pkce_expected_code_verifier"):
        client.oauth.authenticate(given)
    with refused(400, "pkce_mismatch"):
        client.oauth.authenticate(given, code_verifier="w" * 43)
    assert client.oauth.authenticate(given, code_verifier=VERIFIER).user_id
    with refused(400, "pkce_did_not_expect_code_verifier"):
        client.oauth.authenticate(token(emulated_project), code_verifier=VERIFIER)


def test_the_id_token_is_signed_and_scopes_and_provider_parameters_are_passed_on(
    emulated_project: EmulatedProject,
) -> None:
    client = client_of(emulated_project)
    page = begin(
        emulated_project, custom_scopes="calendar", provider_login_hint="eve@x.example", provider_access_type="offline"
    )
    values = client.oauth.authenticate(returned(pick(page))["token"]).provider_values

    keys = requests.get(f"{emulated_project.url}/v1/sessions/jwks/{emulated_project.project_id}", timeout=10).json()
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(values.id_token)["kid"]]
    claims = jwt.decode(values.id_token, key, algorithms=["RS256"], audience="emulated-client.google")
    assert "login_hint=eve%40x.example" in page.url
    assert 'value="eve@x.example"' in page.text
    assert values.scopes == ["openid", "email", "profile", "calendar"]
    assert values.refresh_token
    assert values.expires_at
    assert (claims["email"], claims["email_verified"], claims["given_name"]) == (ADA, True, "Ada")
    with refused(400, "jwt_invalid_audience"):
        client.sessions.authenticate(session_jwt=values.id_token)


def test_only_a_verified_address_finds_the_user_who_has_it(emulated_project: EmulatedProject) -> None:
    client = client_of(emulated_project)
    known = {name: client.users.create(email=f"{name}@example.com").user_id for name in ("ben", "cleo")}

    verified_at = pick(begin(emulated_project), "ben@example.com")
    verified = client.oauth.authenticate(returned(verified_at)["token"])
    unverified = client.oauth.authenticate(token(emulated_project, "cleo@example.com"))

    assert verified_at.startswith(f"{LOGIN}?")
    assert verified.user_id == known["ben"]
    assert [email.verified for email in verified.user.emails] == [True]
    assert unverified.user_id != known["cleo"]
    assert unverified.user.emails == []
    again = client.oauth.authenticate(token(emulated_project, "cleo@example.com"))
    assert again.user_id == unverified.user_id


def test_another_address_is_typed_and_checked(emulated_project: EmulatedProject) -> None:
    page = begin(emulated_project)
    wrong = {"state": page.url.rpartition("state=")[2], "choice": "other", "email": "eve"}

    assert requests.post(page.url, wrong, timeout=10).status_code == 422
    answer = client_of(emulated_project).oauth.authenticate(returned(pick(page, "other", "eve@x.example"))["token"])
    assert [email.email for email in answer.user.emails] == ["eve@x.example"]


def test_canceling_comes_back_without_a_token_and_ends_the_flow(emulated_project: EmulatedProject) -> None:
    page = begin(emulated_project)

    back = pick(page, "cancel")

    assert back.startswith(f"{LOGIN}?")
    assert returned(back) == {"stytch_token_type": "oauth", "error": "access_denied"}
    assert requests.get(page.url, timeout=10).status_code == 404


def test_urls_must_be_registered_each_for_its_own_type(emulated_project: EmulatedProject) -> None:
    emulated_project.register_redirect_urls(LOGIN, SIGNUP, types={LOGIN: ["LOGIN"], SIGNUP: ["SIGNUP"]})

    assert begin(emulated_project).status_code == 200
    swapped = begin(emulated_project, login_redirect_url=SIGNUP, signup_redirect_url=LOGIN)
    other_port = begin(emulated_project, login_redirect_url="https://app.example:444/login")

    for refusal in (swapped, other_port):
        assert (refusal.status_code, refusal.json()["error_type"]) == (400, "no_match_for_provided_oauth_url")


def test_attaching_adds_the_provider_to_a_known_user_and_session(emulated_project: EmulatedProject) -> None:
    client = client_of(emulated_project)
    user_id = client.users.create(email="ada@work.example").user_id
    attach_token = client.oauth.attach("google", user_id=user_id).oauth_attach_token
    page = begin(emulated_project, oauth_attach_token=attach_token)

    answer = client.oauth.authenticate(returned(pick(page))["token"], session_duration_minutes=5)

    assert answer.user_id == user_id
    assert [(email.email, email.verified) for email in answer.user.emails] == [("ada@work.example", False), (ADA, True)]
    assert begin(emulated_project, oauth_attach_token=attach_token).status_code == 400
    for_google = client.oauth.attach("google", user_id=user_id).oauth_attach_token
    assert begin(emulated_project, "github", oauth_attach_token=for_google).status_code == 400


def test_a_person_who_is_another_users_cannot_be_attached(emulated_project: EmulatedProject) -> None:
    client = client_of(emulated_project)
    client.oauth.authenticate(token(emulated_project))
    attach_token = client.oauth.attach(
        "google", user_id=client.users.create(email="eve@x.example").user_id
    ).oauth_attach_token

    back = pick(begin(emulated_project, oauth_attach_token=attach_token))

    assert returned(back)["error"] == "oauth_flow_callback_error"


def test_another_users_session_is_left_alone_and_the_own_one_gets_the_factor(emulated_project: EmulatedProject) -> None:
    client = client_of(emulated_project)
    ada = client.oauth.authenticate(token(emulated_project), session_duration_minutes=60)

    ben = client.oauth.authenticate(
        token(emulated_project, "ben@example.com"), session_token=ada.session_token, session_duration_minutes=60
    )
    github = client.oauth.authenticate(
        returned(pick(begin(emulated_project, "github")))["token"],
        session_token=ada.session_token,
        session_duration_minutes=60,
    )

    assert ben.session_token != ada.session_token == github.session_token
    assert github.user_session
    assert len(github.user_session.authentication_factors) == 2


def test_a_deleted_registration_leaves_its_sessions(emulated_project: EmulatedProject) -> None:
    client = client_of(emulated_project)
    answer = client.oauth.authenticate(token(emulated_project), session_duration_minutes=60)

    assert client.users.delete_oauth_registration(answer.oauth_user_registration_id).user.providers == []
    with refused(404, "session_not_found"):
        client.sessions.authenticate(session_token=answer.session_token)


def test_a_control_starts_a_session_with_the_factor(emulated_project: EmulatedProject) -> None:
    client = client_of(emulated_project)
    user_id = client.oauth.authenticate(token(emulated_project)).user_id

    made = emulated_project.session(user_id, factors=[{"type": "oauth", "age": 600}])

    (factor,) = client.sessions.authenticate(session_token=made["session_token"]).session.authentication_factors
    assert factor.delivery_method.value == "oauth_google"


def test_the_published_sandbox_token_signs_in_the_sandbox_user(emulated_project: EmulatedProject) -> None:
    client = client_of(emulated_project)

    answer = client.oauth.authenticate("hdPVZHHX0UoRa7hJTuuPHi1vlddffSnoweRbVFf5-H8g", session_duration_minutes=60)

    assert (answer.provider_type, answer.user.emails[0].email) == ("Google", "sandbox@stytch.com")
    with refused(400, "oauth_token_not_found"):
        client.oauth.authenticate("59cnLELtq5cFVS6uYK9f-pAWzBkhqZl8AvLhbhOvKNWw")


def test_another_projects_token_is_unknown(emulated_project: EmulatedProject) -> None:
    other = EmulatedProject(emulated_project.url)

    assert public_token(other) != public_token(emulated_project)
    with refused(400, "oauth_token_not_found"):
        client_of(other).oauth.authenticate(token(emulated_project))
