"""The control API: clock, faults, keys, seeds, resets and access."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pyotp
import pytest
import requests
import stytch
from flask import Flask

import stytch_unit_emulator as emulator
from stytch_unit_emulator import control_faults, control_snapshots
from stytch_unit_emulator.pytest_plugin import EmulatedProject

from .over_http import at_unit, client_of
from .stytch_story import NO_USER, refused
from .unit_story import document

SEED: dict[str, Any] = {
    "users": [
        {
            "email": "ada@example.com",
            "name": {"first_name": "Ada"},
            "totp": {"secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"},
            "customer": {"tags": {"plan": "gold"}},
            "accounts": [
                {"funds": 100_000, "cards": [{"purchases": [{"amount": 500}, {}]}, {"type": "individualDebitCard"}]}
            ],
        },
        {"email": "bob@example.com"},
    ]
}


@pytest.fixture
def client(emulated_project: EmulatedProject) -> stytch.Client:
    return client_of(emulated_project)


@pytest.fixture(scope="module")
def controlled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An emulator with controls, called without a socket, from any address."""
    app = emulator.create_app(
        f"sqlite:///{tmp_path_factory.mktemp('controls')}/emulator.db", controls=emulator.ControlAccess()
    )
    yield app
    app.extensions["emulator_store"].close()


def test_a_tenants_clock_moves_both_services(emulated_project: EmulatedProject, client: stytch.Client) -> None:
    client.magic_links.email.login_or_create("eve@example.com", signup_expiration_minutes=30)
    token = emulated_project.mails()[0]["token"]

    emulated_project.move_clock(31 * 60)

    with refused(401, "unable_to_auth_magic_link"):
        client.magic_links.authenticate(token)
    emulated_project.seed(SEED)
    created = at_unit(emulated_project, "GET", "/customers").json()["data"][0]["attributes"]["createdAt"]
    mail = emulated_project.mails()[0]
    assert mail["used_or_expired"]
    assert created > mail["expires"]


def test_unit_verifies_a_jwt_by_the_tenants_clock(emulated_project: EmulatedProject, client: stytch.Client) -> None:
    made = emulated_project.seed(SEED)["users"][0]
    emulated_project.move_clock(30 * 86_400)
    code = pyotp.TOTP(made["totp"]["secret"]).at(jwt_time(client))
    proven = client.totps.authenticate(made["user_id"], code, session_duration_minutes=60)

    answers = [ask_token(emulated_project, made["customer_id"], proven.session_jwt)]
    emulated_project.move_clock(3600)
    answers.append(ask_token(emulated_project, made["customer_id"], proven.session_jwt))

    assert [answer.status_code for answer in answers] == [201, 400]


def jwt_time(client: stytch.Client) -> int:
    """The current time of the client's tenant, from a sandbox JWT."""
    opened = client.magic_links.authenticate("DOYoip3rvIMMW5lgItikFK-Ak1CfMsgjuiCyI7uuU94=", session_duration_minutes=5)
    issued: int = jwt.decode(opened.session_jwt, options={"verify_signature": False})["iat"]
    return issued


def ask_token(project: EmulatedProject, customer: str, session_jwt: str) -> requests.Response:
    """Exchange a session JWT for a customer token."""
    body = document("customerToken", {"scope": "cards-write", "jwtToken": session_jwt})
    return at_unit(project, "POST", f"/customers/{customer}/token", body)


def test_a_tenants_clock_does_not_move_another_tenants(emulated_project: EmulatedProject) -> None:
    other = EmulatedProject(emulated_project.url)
    emulated_project.move_clock(86_400)

    assert jwt_time(client_of(emulated_project)) - jwt_time(client_of(other)) >= 86_399


def test_the_clock_moves_forward_and_returns_to_real_time(controlled: Flask) -> None:
    caller = controlled.test_client()

    moved = [caller.post("/control/clock", json={"seconds": seconds}).json for seconds in (60, 60, -20)]

    assert moved == [{"ahead": 60}, {"ahead": 120}, {"ahead": 100}]
    assert caller.delete("/control/clock").json == {"ahead": 0}


@pytest.mark.parametrize(
    ("fault", "status", "error_type"),
    [("rate_limited", 429, "too_many_requests"), ("error", 500, "internal_server_error")],
)
def test_a_stytch_fault_has_stytchs_error_format(
    emulated_project: EmulatedProject, client: stytch.Client, fault: str, status: int, error_type: str
) -> None:
    emulated_project.fail("/v1/users", fault, times=2)

    for _ in range(2):
        with refused(status, error_type):
            client.users.create(email="ada@example.com")

    assert client.users.create(email="ada@example.com").status_code == 201


@pytest.mark.parametrize(("fault", "status"), [("rate_limited", 429), ("error", 500)])
def test_a_unit_fault_has_units_error_format(emulated_project: EmulatedProject, fault: str, status: int) -> None:
    emulated_project.fail("/cards*", fault, retry_after=7)

    answer = at_unit(emulated_project, "GET", "/cards/1")

    assert answer.status_code == status
    assert answer.json()["errors"][0]["status"] == str(status)
    assert answer.headers["Content-Type"].startswith("application/vnd.api+json")
    assert answer.headers.get("Retry-After") == ("7" if status == 429 else None)


def test_a_request_with_a_cut_response_takes_effect(emulated_project: EmulatedProject, client: stytch.Client) -> None:
    emulated_project.fail("/v1/users", "cut", method="POST")

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        client.users.create(email="ada@example.com")

    assert len(client.users.search().results) == 1


def test_a_malformed_response_is_not_json(emulated_project: EmulatedProject) -> None:
    emulated_project.fail("/customers", "malformed")

    answer = at_unit(emulated_project, "GET", "/customers")

    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()
    assert answer.status_code == 200


def test_a_slow_response_exceeds_a_clients_timeout(emulated_project: EmulatedProject) -> None:
    emulated_project.fail("/customers", "slow", seconds=0.3)

    with pytest.raises(requests.exceptions.ReadTimeout):
        at_unit(emulated_project, "GET", "/customers", timeout=0.1)
    assert at_unit(emulated_project, "GET", "/customers").status_code == 200


def test_a_fault_applies_to_its_tenant_path_and_method_only(
    emulated_project: EmulatedProject, client: stytch.Client
) -> None:
    emulated_project.fail("/v1/users", "error", method="POST")

    assert client_of(EmulatedProject(emulated_project.url)).users.create(email="ada@example.com").status_code == 201
    with refused(404, "user_not_found"):
        client.users.get(NO_USER)
    assert at_unit(emulated_project, "GET", "/customers").status_code == 200


def test_a_fault_for_all_tenants_applies_until_it_is_cleared(controlled: Flask) -> None:
    caller = controlled.test_client()
    caller.post("/control/faults", json={"path": "/v1/debug/*", "fault": "error", "times": 3})
    credentials = (EmulatedProject("").project_id, "secret")

    first = caller.get("/v1/debug/whoami", auth=credentials).status_code
    left = caller.get("/control/faults").json
    caller.delete("/control/faults")

    assert left
    assert (first, left[0]["times"]) == (500, 2)
    assert caller.get("/v1/debug/whoami", auth=credentials).status_code == 200


def test_a_fault_applies_to_its_tenants_jwks(emulated_project: EmulatedProject) -> None:
    other = EmulatedProject(emulated_project.url)
    emulated_project.fail("/v1/sessions/jwks/*", "error")

    answers = [
        requests.get(f"{project.url}/v1/sessions/jwks/{project.project_id}", timeout=10)
        for project in (other, emulated_project, emulated_project)
    ]

    assert [answer.status_code for answer in answers] == [200, 500, 200]


def test_the_oldest_unused_faults_are_dropped(controlled: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_faults, "MAX_KEPT", 2)
    caller = controlled.test_client()
    for number in range(3):
        caller.post("/control/faults", json={"path": f"/nowhere/{number}", "fault": "error"})

    left = caller.get("/control/faults").json or []
    caller.delete("/control/faults")

    assert [fault["path"] for fault in left] == ["/nowhere/1", "/nowhere/2"]


def test_the_oldest_clock_settings_are_dropped(controlled: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_snapshots, "MAX_CLOCKS", 2)
    caller = controlled.test_client()
    moving, still, new = (f"/control/tenants/{EmulatedProject('').project_id}/clock" for _ in range(3))

    for clock in (moving, still, moving, new):
        caller.post(clock, json={"seconds": 10})

    ahead = [caller.post(clock, json={"seconds": 1}).json for clock in (moving, still)]
    assert ahead == [{"ahead": 21}, {"ahead": 1}]


def test_rotated_keys_stay_published(emulated_project: EmulatedProject, client: stytch.Client) -> None:
    emulated_project.seed(SEED)
    old = client.sessions.get_jwks(emulated_project.project_id).keys

    kid = emulated_project.rotate_keys()

    new = client.sessions.get_jwks(emulated_project.project_id).keys
    assert [key.kid for key in new] == [old[0].kid, kid]


def test_a_seed_creates_everything_it_lists(
    emulated_project: EmulatedProject, client: stytch.Client, tmp_path: Path
) -> None:
    (tmp_path / "tenant.json").write_text(json.dumps(SEED))

    ada, bob = emulated_project.seed(tmp_path / "tenant.json")["users"]

    user = client.users.get(ada["user_id"])
    account = at_unit(emulated_project, "GET", f"/accounts/{ada['accounts'][0]['account_id']}").json()["data"][
        "attributes"
    ]
    customer = at_unit(emulated_project, "GET", f"/customers/{ada['customer_id']}").json()["data"]["attributes"]
    cards = at_unit(emulated_project, "GET", "/cards").json()["data"]
    assert (user.name and user.name.first_name, user.totps[0].verified) == ("Ada", True)
    assert user.trusted_metadata == {"unit_customer_id": ada["customer_id"]}
    assert (customer["jwtSubject"], customer["email"], customer["tags"]) == (
        ada["user_id"],
        "ada@example.com",
        {"plan": "gold"},
    )
    assert account["balance"] == 100_000 - 500 - 1250
    assert {card["id"] for card in cards} == {card["card_id"] for card in ada["accounts"][0]["cards"]}
    assert bob == {"user_id": bob["user_id"]}


def test_a_seeded_authenticator_shows_the_codes_of_its_secret(
    emulated_project: EmulatedProject, client: stytch.Client
) -> None:
    ada = emulated_project.seed(SEED)["users"][0]

    proven = client.totps.authenticate(ada["user_id"], pyotp.TOTP("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP").now())

    assert proven.totp_id == ada["totp"]["totp_id"]


@pytest.mark.parametrize(
    ("seed", "problem"),
    [
        ({"user": []}, "the only member allowed is users"),
        ({"users": {}}, "users: must be a list of objects"),
        ({"users": [{}] * 51}, "users: at most 50"),
        ({"users": [{"email": "nobody"}]}, r"users\[0\]: Email format is invalid"),
        ({"users": [{"totp": {"secret": "1"}}]}, r"users\[0\]\.totp\.secret: must be base32"),
        (
            {"users": [{"totp": {"secrets": "A"}}]},
            r"users\[0\]\.totp: there is no member 'secrets'; did you mean 'secret'",
        ),
        ({"users": [{"totp": 1}]}, r"users\[0\]\.totp: must be an object, or true"),
        ({"users": [{"customer": {"ssn": "1"}}]}, r"users\[0\]\.customer: .* /data/attributes/ssn"),
        ({"users": [{"accounts": [{"cards": [{"type": "x"}]}]}]}, r"users\[0\]\.accounts\[0\]\.cards\[0\]: "),
        ({"users": [{"customer": {"ssn": "000000002"}, "accounts": [{}]}]}, r"users\[0\]\.accounts: .* is "),
    ],
)
def test_an_invalid_seed_names_the_place_and_the_problem(
    emulated_project: EmulatedProject, seed: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        emulated_project.seed(seed)


def test_a_reset_tenant_is_empty_and_in_real_time(emulated_project: EmulatedProject, client: stytch.Client) -> None:
    emulated_project.seed(SEED)
    kids = [key.kid for key in client.sessions.get_jwks(emulated_project.project_id).keys]
    emulated_project.move_clock(86_400)
    emulated_project.fail("/*", "error", times=100)

    emulated_project.reset()

    assert client.users.search().results == []
    assert at_unit(emulated_project, "GET", "/customers").json()["data"] == []
    assert [key.kid for key in client.sessions.get_jwks(emulated_project.project_id).keys] == kids


@pytest.mark.parametrize(
    ("path", "body", "problem"),
    [
        ("tenants/nobody/clock", {"seconds": 1}, "project-test-"),
        ("clock", [], "JSON object"),
        ("clock", {"seconds": "1"}, "seconds must be a number"),
        ("clock", {"seconds": 1e12}, "seconds must be from"),
        ("clock", {"seconds": 10**300}, "seconds must be from"),
        ("faults", {"path": "/", "fault": "fire"}, "fault must be one of slow, cut"),
        ("faults", {"path": "cards", "fault": "cut"}, "path must be a path"),
        ("faults", {"path": "/", "fault": "cut", "method": 1}, "method must be"),
        ("faults", {"path": "/", "fault": "cut", "times": 0}, "times must be from 1"),
        ("faults", {"path": "/", "fault": "cut", "times": 10**300}, "times must be from 1"),
        ("faults", {"path": "/", "fault": "cut", "times": 1.5}, "times must be a whole number"),
        ("faults", {"path": "/", "fault": "slow", "seconds": True}, "seconds must be a number"),
    ],
)
def test_an_invalid_control_request_is_refused(controlled: Flask, path: str, body: object, problem: str) -> None:
    answer = controlled.test_client().post(f"/control/{path}", json=body)

    assert answer.status_code == 400
    assert answer.json
    assert problem in answer.json["error"]


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        pytest.param("192.0.2.7", {}, id="another_machine"),
        pytest.param("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, id="a_proxy"),
        pytest.param("127.0.0.1", {"Forwarded": "for=192.0.2.7"}, id="another_proxy"),
        pytest.param("127.0.0.1", {"Origin": "https://evil.example"}, id="a_web_page"),
        pytest.param("127.0.0.1", {"Sec-Fetch-Site": "cross-site"}, id="an_image_on_a_web_page"),
        pytest.param("127.0.0.1", {"Host": "evil.example"}, id="another_host_name"),
        pytest.param("", {}, id="no_address"),
    ],
)
def test_the_controls_refuse_remote_and_browser_requests(controlled: Flask, peer: str, headers: dict[str, str]) -> None:
    answer = controlled.test_client().get("/control/faults", headers=headers, environ_base={"REMOTE_ADDR": peer})

    assert answer.status_code == 403


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1"])
def test_the_controls_accept_local_requests(controlled: Flask, peer: str) -> None:
    answer = controlled.test_client().get("/control/faults", environ_base={"REMOTE_ADDR": peer})

    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/control", "/control/", "/control/faults"])
def test_controls_are_off_by_default(tmp_path: Path, path: str) -> None:
    client = emulator.create_app(f"sqlite:///{tmp_path}/emulator.db").test_client()

    answer = client.get(path)

    assert (answer.status_code, answer.json) == (
        404,
        {"error": "The control API is off. Start the emulator with --controls to turn it on."},
    )
    assert b"The control API is off." in client.get("/").data


@pytest.mark.parametrize(
    ("method", "path", "status", "problem"),
    [
        ("GET", "/control/nothing", 404, "There is no such control."),
        ("GET", "/control/clock", 405, "There is no such control."),
    ],
)
def test_an_unknown_control_is_refused_in_json(
    controlled: Flask, method: str, path: str, status: int, problem: str
) -> None:
    answer = controlled.test_client().open(path, method=method)

    assert answer.status_code == status
    assert answer.json
    assert answer.json["error"].startswith(problem)


TOKEN = "a-token-of-24-characters"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An emulator whose controls answer to the name of its container, too."""
    access = emulator.ControlAccess(frozenset({"emulator", "localhost"}), TOKEN)
    app = emulator.create_app(f"sqlite:///{tmp_path_factory.mktemp('shared')}/emulator.db", controls=access)
    yield app
    app.extensions["emulator_store"].close()


BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        pytest.param("172.18.0.3", BEARER | {"Host": "emulator:8001"}, 200, id="the_token_at_an_allowed_name"),
        pytest.param("172.18.0.3", BEARER | {"Host": "Emulator"}, 200, id="without_a_port"),
        pytest.param("172.18.0.1", BEARER | {"Host": "localhost:8001"}, 200, id="a_published_port"),
        pytest.param("127.0.0.1", {"Host": "localhost:8001"}, 200, id="this_machine"),
        pytest.param("172.18.0.3", {"Host": "emulator:8001"}, 401, id="no_token"),
        pytest.param("127.0.0.1", {"Host": "emulator:8001"}, 401, id="no_token_on_this_machine"),
        pytest.param("172.18.0.1", {"Host": "localhost:8001"}, 401, id="no_token_at_a_published_port"),
        pytest.param("127.0.0.1", {"Host": "emulator", "Authorization": f"Bearer {TOKEN}x"}, 401, id="wrong_token"),
        pytest.param("127.0.0.1", {"Host": "emulator", "Authorization": "Bearer é"}, 401, id="not_ascii"),
        pytest.param("127.0.0.1", {"Host": "emulator", "Authorization": "Basic eDp5"}, 401, id="another_scheme"),
        pytest.param("172.18.0.3", BEARER | {"Host": "evil.example"}, 403, id="another_name"),
        pytest.param("172.18.0.3", BEARER | {"Host": "emulator", "Via": "1.1 x"}, 403, id="a_proxy"),
        pytest.param("172.18.0.3", BEARER | {"Host": "emulator", "Origin": "http://emulator"}, 403, id="a_web_page"),
    ],
)
def test_controls_at_an_allowed_name_need_the_token(
    shared: Flask, peer: str, headers: dict[str, str], status: int
) -> None:
    answer = shared.test_client().get("/control/faults", headers=headers, environ_base={"REMOTE_ADDR": peer})

    assert answer.status_code == status
    assert answer.headers.get("WWW-Authenticate") == ("Bearer" if status == 401 else None)


@pytest.mark.parametrize(
    ("hosts", "token", "problem"),
    [
        ({"emulator"}, "", "need a token of at least 16 characters"),
        ({"emulator"}, "x" * 15, "need a token of at least 16 characters"),
        ({"emulator:8001"}, TOKEN, "without a port"),
        ({"*"}, TOKEN, "host name"),
    ],
)
def test_controls_at_another_name_need_a_long_token_and_a_plain_name(hosts: set[str], token: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        emulator.ControlAccess(frozenset(hosts), token)
