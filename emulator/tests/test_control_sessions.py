"""Sessions, tokens, redirect URLs and ages that tests ask for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import jwt
import pytest
import requests

from stytch_unit_emulator import clock
from stytch_unit_emulator.pytest_plugin import EmulatedProject

from .authenticator import Authenticator
from .over_http import at_unit, client_of
from .stytch_story import refused
from .test_controls import SEED, ask_token
from .unit_story import document

CLAIM = "https://stytch.com/session"


@pytest.fixture
def seeded(emulated_project: EmulatedProject) -> dict[str, Any]:
    """Ada, with an authenticator, a customer, an account and two cards."""
    ada: dict[str, Any] = emulated_project.seed(SEED)["users"][0]
    return ada


def bearing(project: EmulatedProject, token: str, method: str, path: str) -> requests.Response:
    return at_unit(project, method, path, headers={"Authorization": f"Bearer {token}"})


def claims_of(session_jwt: str) -> dict[str, Any]:
    return jwt.decode(session_jwt, options={"verify_signature": False})


def test_a_session_has_the_factors_and_ages_asked_for(
    emulated_project: EmulatedProject, seeded: dict[str, Any]
) -> None:
    wanted = [{"type": "magic_link", "age": 3600}, {"type": "totp", "age": 60}]
    made = emulated_project.session(seeded["user_id"], factors=wanted, minutes=30, custom_claims={"plan": "gold"})

    claims = claims_of(made["session_jwt"])
    found = client_of(emulated_project).sessions.authenticate(made["session_token"])
    times = {factor["type"]: factor["last_authenticated_at"] for factor in claims[CLAIM]["authentication_factors"]}
    assert list(times) == ["magic_link", "totp"]
    assert times["magic_link"] < times["totp"] < claims[CLAIM]["last_accessed_at"]
    assert (claims["sub"], claims["plan"], found.user.emails[0].verified) == (seeded["user_id"], "gold", True)
    assert ask_token(emulated_project, seeded["customer_id"], made["session_jwt"]).status_code == 201


def test_a_session_can_rest_on_a_passkey(emulated_project: EmulatedProject, seeded: dict[str, Any]) -> None:
    webauthn = client_of(emulated_project).webauthn
    options = webauthn.register_start(seeded["user_id"], "app.example").public_key_credential_creation_options
    credential = Authenticator("https://app.example").create(options)
    registered = webauthn.register(seeded["user_id"], credential)

    made = emulated_project.session(seeded["user_id"], factors=[{"type": "webauthn", "age": 60}])

    (factor,) = claims_of(made["session_jwt"])[CLAIM]["authentication_factors"]
    assert factor["delivery_method"] == "webauthn_registration"
    assert factor["webauthn_factor"]["webauthn_registration_id"] == registered.webauthn_registration_id


def test_an_expired_session_is_not_found(emulated_project: EmulatedProject, seeded: dict[str, Any]) -> None:
    made = emulated_project.session("ada@example.com", expired=True)

    with refused(404, "session_not_found"):
        client_of(emulated_project).sessions.authenticate(made["session_token"])
    assert ask_token(emulated_project, seeded["customer_id"], made["session_jwt"]).status_code == 400


def test_a_session_of_another_project_is_unknown_here(
    emulated_project: EmulatedProject, seeded: dict[str, Any]
) -> None:
    other = EmulatedProject(emulated_project.url)
    made = emulated_project.session("ada@example.com", project_id=other.project_id)

    assert claims_of(made["session_jwt"])["aud"] == [other.project_id]
    assert ask_token(emulated_project, seeded["customer_id"], made["session_jwt"]).status_code == 400
    with refused(404, "session_not_found"):
        client_of(emulated_project).sessions.authenticate(made["session_token"])


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "user must be"),
        ({"user": "eve@example.com"}, "no user eve"),
        ({"user": "ada@example.com", "minutes": 4}, "minutes must be from 5"),
        ({"user": "ada@example.com", "factors": []}, "factors must be a list"),
        ({"user": "ada@example.com", "factors": [{"type": "topt"}]}, "did you mean 'totp'"),
        ({"user": "ada@example.com", "factors": [{"type": "totp", "agee": 1}]}, "did you mean 'age'"),
        ({"user": "bob@example.com", "factors": [{"type": "totp"}]}, "nothing of type totp"),
        ({"user": "bob@example.com", "factors": [{"type": "webauthn"}]}, "nothing of type webauthn"),
        ({"user": "ada@example.com", "project_id": "x"}, "project-test-"),
        ({"user": "ada@example.com", "custom_claims": 1}, "wrong type"),
    ],
)
@pytest.mark.usefixtures("seeded")
def test_an_impossible_session_is_refused(
    emulated_project: EmulatedProject, given: dict[str, Any], problem: str
) -> None:
    url = f"{emulated_project.url}/control/tenants/{emulated_project.project_id}/sessions"
    answer = requests.post(url, json=given, timeout=10)

    assert answer.status_code == 400
    assert problem in answer.json()["error"]


def test_a_customer_token_has_the_scopes_asked_for(emulated_project: EmulatedProject, seeded: dict[str, Any]) -> None:
    token = emulated_project.customer_token(seeded["customer_id"], "cards cards-write", expiresIn=60)
    card = seeded["accounts"][0]["cards"][0]["card_id"]

    assert bearing(emulated_project, token, "POST", f"/cards/{card}/freeze").status_code == 200
    assert bearing(emulated_project, token, "GET", "/accounts").status_code == 403
    expired = emulated_project.customer_token(seeded["customer_id"], "cards", expired=True)
    assert bearing(emulated_project, expired, "GET", "/cards").status_code == 401
    with pytest.raises(ValueError, match="Not the scope of a customer token: card"):
        emulated_project.customer_token(seeded["customer_id"], "card")


def test_an_org_token_may_have_some_scopes_only(emulated_project: EmulatedProject) -> None:
    token = emulated_project.org_token("customers accounts")

    answers = [
        bearing(emulated_project, each, "GET", path) for each in (token, f"{token}x") for path in ("/customers",)
    ]
    assert [answer.status_code for answer in answers] == [200, 401]
    assert bearing(emulated_project, token, "GET", "/cards").status_code == 403
    with pytest.raises(ValueError, match="did you mean 'customers'"):
        emulated_project.org_token("customer")


def test_only_registered_redirect_urls_are_accepted(emulated_project: EmulatedProject) -> None:
    client, url = client_of(emulated_project), "myapp://auth/callback"
    control = f"{emulated_project.url}/control/tenants/{emulated_project.project_id}/redirect-urls"

    emulated_project.register_redirect_urls(url)

    client.magic_links.email.login_or_create("ada@example.com", login_magic_link_url=url, signup_magic_link_url=url)
    with refused(400, "no_match_for_provided_magic_link_url"):
        client.magic_links.email.login_or_create("bob@example.com", login_magic_link_url="http://localhost:8000/x")
    assert requests.get(control, timeout=10).json() == {"urls": [url], "types": {}}
    emulated_project.register_redirect_urls(url, types={url: ["SIGNUP"]})
    with refused(400, "no_match_for_provided_magic_link_url"):
        client.magic_links.email.login_or_create("bob@example.com", login_magic_link_url=url)
    assert requests.get(control, timeout=10).json()["types"] == {url: ["SIGNUP"]}
    with pytest.raises(ValueError, match="types must have lists of INVITE, LOGIN"):
        emulated_project.register_redirect_urls(url, types={url: ["SING"]})
    with pytest.raises(ValueError, match="absolute URLs"):
        emulated_project.register_redirect_urls("nowhere")
    emulated_project.register_redirect_urls()
    assert requests.get(control, timeout=10).json() == {"urls": None, "types": {}}


def test_a_factor_grows_older_alone(emulated_project: EmulatedProject, seeded: dict[str, Any]) -> None:
    made = emulated_project.session("ada@example.com", factors=[{"type": "magic_link"}, {"type": "totp"}])

    aged = emulated_project.age(600, kinds=["factors"], ids=[seeded["totp"]["totp_id"]])

    found = client_of(emulated_project).sessions.authenticate(made["session_token"])
    link, totp = claims_of(found.session_jwt)[CLAIM]["authentication_factors"]
    before = [each["last_authenticated_at"] for each in made["session"]["authentication_factors"]]
    assert aged == {"factors": 1}
    assert link["last_authenticated_at"] == before[0]
    assert totp["last_authenticated_at"] == clock.seconds(clock.parse(before[1]) - timedelta(seconds=600))
    assert claims_of(found.session_jwt)[CLAIM]["expires_at"] == made["session"]["expires_at"]


@pytest.mark.usefixtures("seeded")
def test_sessions_and_links_grow_old_until_they_expire(emulated_project: EmulatedProject) -> None:
    client = client_of(emulated_project)
    session = emulated_project.session("ada@example.com")["session_token"]
    client.magic_links.email.login_or_create("ada@example.com")

    assert emulated_project.age(3601, kinds=["sessions", "links"]) == {"sessions": 1, "links": 1}

    mail = emulated_project.mails()[0]
    assert mail["used_or_expired"]
    assert mail["expires"] <= clock.seconds(clock.now())
    with refused(401, "unable_to_auth_magic_link"):
        client.magic_links.authenticate(mail["token"])
    with refused(404, "session_not_found"):
        client.sessions.authenticate(session)


def test_old_purchases_free_a_cards_daily_limit(emulated_project: EmulatedProject, seeded: dict[str, Any]) -> None:
    account, card = seeded["accounts"][0]["account_id"], seeded["accounts"][0]["cards"][0]["card_id"]
    before = at_unit(emulated_project, "GET", f"/cards/{card}").json()["data"]["attributes"]["createdAt"]

    aged = emulated_project.age(40 * 86_400, kinds=["cards", "purchases"], ids=[account])

    limits = at_unit(emulated_project, "GET", f"/cards/{card}/limits").json()["data"]["attributes"]
    assert aged == {"cards": 2, "purchases": 2}
    assert limits["monthlyTotals"]["purchases"] == 0
    assert at_unit(emulated_project, "GET", f"/cards/{card}").json()["data"]["attributes"]["createdAt"] < before


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"seconds": -1}, "seconds must be from 0"),
        ({"seconds": 1, "kinds": ["card"]}, "did you mean 'cards'"),
        ({"seconds": 1, "ids": ["99999999"]}, "has the id 99999999"),
        ({"seconds": 1, "ids": "1"}, "ids must be a list"),
        ({"seconds": 1, "id": ["1"]}, "did you mean 'ids'"),
    ],
)
def test_an_invalid_age_is_refused(emulated_project: EmulatedProject, given: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        emulated_project.age(**given)


ORIGIN = {"Origin": "https://app.example"}
PREFLIGHT = ORIGIN | {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}


def test_a_web_page_may_use_a_customer_token(emulated_project: EmulatedProject, seeded: dict[str, Any]) -> None:
    token = emulated_project.customer_token(seeded["customer_id"], "cards")
    preflight = requests.options(f"{emulated_project.url}/cards", headers=PREFLIGHT, timeout=10)
    bearers = [{"Authorization": f"Bearer {each}"} for each in (token, "expired")]
    answers = [at_unit(emulated_project, "GET", "/customers", headers=ORIGIN | each) for each in bearers]
    plain = at_unit(emulated_project, "GET", "/cards", headers=bearers[0])

    assert (preflight.status_code, preflight.headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]
    assert [answer.status_code for answer in answers] == [403, 401]
    assert {answer.headers["Access-Control-Allow-Origin"] for answer in answers} == {"*"}
    assert plain.status_code == 200
    assert "Access-Control-Allow-Origin" not in plain.headers


def test_a_preflight_never_fails(emulated_project: EmulatedProject) -> None:
    faults = f"{emulated_project.url}/control/faults"
    requests.post(faults, json={"path": "/cards/7", "fault": "error"}, timeout=10)

    preflight = requests.options(f"{emulated_project.url}/cards/7", headers=PREFLIGHT, timeout=10)
    answer = requests.get(f"{emulated_project.url}/cards/7", timeout=10)

    assert (preflight.status_code, answer.status_code) == (204, 500)


def test_a_web_page_may_not_use_an_org_token(emulated_project: EmulatedProject) -> None:
    answer = at_unit(emulated_project, "POST", "/webhooks", document("webhook", {}), headers=ORIGIN)

    assert answer.status_code == 403
    assert "Access-Control-Allow-Origin" not in answer.headers
