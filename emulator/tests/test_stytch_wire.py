"""Rules of every Stytch call, and the sandbox values."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
import requests

import stytch_unit_emulator.store
from stytch_unit_emulator import stytch as emulated
from stytch_unit_emulator.stytch import links
from stytch_unit_emulator.stytch.errors import REFUSALS

from .conftest import PROJECT_ID, STYTCH_URL
from .stytch_story import ADA, BOB, NO_TOKEN, Act, Story, refused, visitor

OTHER_PROJECT = PROJECT_ID.replace("1111", "2222")
SANDBOX_USER = "user-test-e3795c81-f849-4167-bfda-e4a6e9c280fd"
SANDBOX_SESSION = "session-test-eb94233f-8800-4ebd-8645-51dc15f9d028"
SANDBOX_LINK = "DOYoip3rvIMMW5lgItikFK-Ak1CfMsgjuiCyI7uuU94="
SANDBOX_TOKEN = "WJtR5BCy38Szd5AfoDpf0iqFKEt4EE5JhjlWUY7l3FtY"
UUID4 = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def test_a_success_has_its_status_and_a_new_request_id(story: Story) -> None:
    first, second = story.client.debug.whoami(), story.client.debug.whoami()

    assert (first.status_code, first.project_id) == (200, PROJECT_ID)
    assert re.fullmatch(f"request-id-test-{UUID4}", first.request_id)
    assert first.request_id != second.request_id


def test_a_refusal_has_stytchs_envelope(story: Story) -> None:
    response = story.post("/v1/sessions/authenticate", {"session_token": NO_TOKEN})

    body = response.json()
    assert response.status_code == 404
    assert re.fullmatch(f"request-id-test-{UUID4}", body.pop("request_id"))
    assert body == {
        "status_code": 404,
        "error_type": "session_not_found",
        "error_message": "Session could not be found.",
        "error_url": "https://stytch.com/docs/api/errors/404#session_not_found",
    }


@pytest.mark.parametrize(
    "credentials",
    [
        pytest.param(None, id="none"),
        pytest.param((PROJECT_ID, ""), id="no_secret"),
        pytest.param((PROJECT_ID, "  "), id="a_blank_secret"),
        pytest.param(("", "secret"), id="no_project"),
        pytest.param(("project-test-1", "secret"), id="a_malformed_project"),
        pytest.param((PROJECT_ID.replace("test", "live"), "secret"), id="a_live_project"),
        pytest.param((f"{PROJECT_ID}\n", "secret"), id="a_project_and_a_newline"),
    ],
)
def test_credentials_are_refused(story: Story, credentials: tuple[str, str] | None) -> None:
    response = story.http.post(
        f"{STYTCH_URL}v1/magic_links/email/login_or_create", json={"email": ADA}, auth=credentials
    )

    assert (response.status_code, response.json()["error_type"]) == (401, "unauthorized_credentials")
    assert story.mails() == []


def test_a_bearer_token_is_refused(story: Story) -> None:
    response = story.http.get(f"{STYTCH_URL}v1/debug/whoami", headers={"Authorization": "Bearer secret"})

    assert (response.status_code, response.json()["error_type"]) == (401, "unauthorized_credentials")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"email=ada@example.com", id="a_form"),
        pytest.param(b'["ada@example.com"]', id="a_list"),
        pytest.param(b'{"email": NaN}', id="nan"),
        pytest.param(b"[" * 100_000, id="deep_nesting"),
        pytest.param(b"\xff", id="invalid_utf8"),
        pytest.param(b'"' + b"x" * 1024 * 1024 + b'"', id="over_a_megabyte"),
    ],
)
def test_a_body_that_is_not_a_json_object_is_refused(story: Story, body: bytes) -> None:
    response = story.http.post(f"{STYTCH_URL}v1/users", data=body, auth=(PROJECT_ID, "secret"))

    assert (response.status_code, response.json()["error_type"]) == (400, "bad_request")


@pytest.mark.parametrize(
    ("method", "path", "status", "error_type"),
    [
        ("GET", "/v1/nowhere", 404, "route_not_found"),
        ("POST", "/v1/users/", 404, "route_not_found"),
        ("POST", "/v1/m2m/clients", 404, "route_not_found"),
        ("GET", "/v1//users", 404, "route_not_found"),
        ("PATCH", "/v1/users", 405, "method_not_allowed"),
        ("OPTIONS", "/v1/users", 405, "method_not_allowed"),
        ("GET", "/v1/totps/authenticate", 405, "method_not_allowed"),
    ],
)
def test_an_unknown_path_or_method_is_refused(
    http: requests.Session, method: str, path: str, status: int, error_type: str
) -> None:
    response = http.request(method, f"{STYTCH_URL[:-1]}{path}", auth=(PROJECT_ID, "secret"), allow_redirects=False)

    assert (response.status_code, response.json()["error_type"]) == (status, error_type)
    assert f"This emulator does not have {method} {path}" in response.json()["error_message"]


def test_a_crash_is_a_500_and_changes_nothing(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "issue", lambda *_: 1 / 0)

    with refused(500, "internal_server_error"):
        story.client.magic_links.email.login_or_create(ADA)

    assert story.client.users.search().results == []


def test_a_full_tenant_is_refused_and_unchanged(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stytch_unit_emulator.store, "MAX_RECORDS", 3)

    with refused(429, "too_many_requests"):
        story.client.magic_links.email.login_or_create(ADA)

    monkeypatch.undo()
    assert story.client.users.search().results == []


def test_over_http_each_project_is_a_tenant(story: Story) -> None:
    app = emulated.create_app(story.store, public_url="http://localhost:8001").test_client()

    created = app.post("/v1/users", json={"email": ADA}, auth=(PROJECT_ID, "secret")).get_json()
    mine = app.get(f"/v1/users/{created['user_id']}", auth=(PROJECT_ID, "another secret"))
    theirs = app.get(f"/v1/users/{created['user_id']}", auth=(OTHER_PROJECT, "secret"))

    assert (created["status_code"], mine.status_code, theirs.status_code) == (201, 200, 404)


@pytest.mark.parametrize(
    ("thing", "status", "error_type"),
    [
        ("user", 404, "user_not_found"),
        ("address", 404, "email_not_found"),
        ("link", 404, "magic_link_not_found"),
        ("session_token", 404, "session_not_found"),
        ("session_jwt", 404, "session_not_found"),
        ("session_id", 404, "session_not_found"),
        ("totp_code", 404, "user_not_found"),
        ("totp", 404, "totp_not_found"),
    ],
)
def test_a_visitor_cannot_reach_another_visitors_data(story: Story, thing: str, status: int, error_type: str) -> None:
    ada = story.sign_in()
    totp = story.enroll(ada.user_id)
    token = story.link()
    assert ada.session is not None
    session_id = ada.session.session_id
    acts: dict[str, Act] = {
        "user": lambda s: s.client.users.get(ada.user_id),
        "address": lambda s: s.client.magic_links.email.send(ADA),
        "link": lambda s: s.client.magic_links.authenticate(token),
        "session_token": lambda s: s.client.sessions.authenticate(session_token=ada.session_token),
        "session_jwt": lambda s: s.client.sessions.authenticate(session_jwt=ada.session_jwt),
        "session_id": lambda s: s.client.sessions.revoke(session_id=session_id),
        "totp_code": lambda s: s.client.totps.authenticate(ada.user_id, s.code(totp.secret)),
        "totp": lambda s: s.client.users.delete_totp(totp.totp_id),
    }

    with visitor("another visitor"), refused(status, error_type):
        acts[thing](story)


def test_visitors_share_no_emails_limits_or_searches(story: Story) -> None:
    story.client.magic_links.email.login_or_create(ADA)

    with visitor("another visitor"):
        answer = story.client.magic_links.email.login_or_create(ADA)
        theirs = (story.mails(), story.client.users.search().results)

    assert answer.user_created
    assert (len(theirs[0]), len(theirs[1]), len(story.mails())) == (1, 1, 1)


def test_the_sandbox_address_gets_no_email(story: Story) -> None:
    answers = [story.client.magic_links.email.login_or_create("sandbox@stytch.com") for _ in range(2)]

    assert {answer.user_id for answer in answers} == {SANDBOX_USER}
    assert story.client.magic_links.email.send("sandbox@stytch.com").user_id == SANDBOX_USER
    assert story.client.magic_links.email.revoke_invite("sandbox@stytch.com").status_code == 200
    assert story.client.users.create(email="sandbox@stytch.com").user_id == SANDBOX_USER
    assert story.mails() == []


def test_the_sandbox_link_works_repeatedly(story: Story) -> None:
    answers = [story.client.magic_links.authenticate(SANDBOX_LINK, session_duration_minutes=60) for _ in range(2)]

    assert {answer.session_token for answer in answers} == {SANDBOX_TOKEN}
    assert story.client.magic_links.authenticate(SANDBOX_LINK).session_token == ""


def test_the_sandbox_session_is_as_documented(story: Story) -> None:
    by_token = story.client.sessions.authenticate(session_token=SANDBOX_TOKEN)
    by_jwt = story.client.sessions.authenticate(session_jwt=by_token.session_jwt)

    assert (by_token.session.session_id, by_jwt.session_token) == (SANDBOX_SESSION, SANDBOX_TOKEN)
    assert by_token.session.started_at is not None
    assert by_token.session.started_at.isoformat() == "2021-08-28T00:41:58.935673+00:00"


def test_the_sandbox_totp_accepts_its_fixed_code(story: Story) -> None:
    totp = story.client.totps.create(SANDBOX_USER)

    proven = story.client.totps.authenticate(SANDBOX_USER, "000000", session_duration_minutes=60)
    recovered = story.client.totps.recover(SANDBOX_USER, "a1b2-c3d4-e5f6")

    assert proven.session is not None
    assert [factor.type.value for factor in proven.session.authentication_factors] == ["magic_link", "totp"]
    assert {proven.totp_id, recovered.totp_id} == {totp.totp_id}
    assert story.client.totps.recovery_codes(SANDBOX_USER).totps[0].recovery_codes == ["a1b2-c3d4-e5f6"]


SANDBOX_REFUSALS: list[tuple[str, int, str, Act]] = [
    (
        "the_used_link",
        401,
        "unable_to_auth_magic_link",
        lambda s: s.client.magic_links.authenticate("3pzjQpgksDlGKWEwUq2Up--hCHC_0oamfLHyfspKDFU="),
    ),
    (
        "the_unknown_link",
        404,
        "magic_link_not_found",
        lambda s: s.client.magic_links.authenticate("CprTtwhnRNiMBiUS2jSLcWYrfuO2POeBNdo5HhW6qTM="),
    ),
    (
        "the_bad_session",
        404,
        "session_not_found",
        lambda s: s.client.sessions.authenticate("59cnLELtq5cFVS6uYK9f-pAWzBkhqZl8AvLhbhOvKNWw"),
    ),
    ("a_wrong_code", 401, "unable_to_authenticate_totp", lambda s: s.client.totps.authenticate(SANDBOX_USER, "111111")),
    (
        "a_wrong_recovery_code",
        401,
        "unable_to_authenticate_recovery_code",
        lambda s: s.client.totps.recover(SANDBOX_USER, "aaaa-bbbb-cccc"),
    ),
    ("listing_its_sessions", 404, "user_not_found", lambda s: s.client.sessions.get(SANDBOX_USER)),
    ("reading_its_user", 404, "user_not_found", lambda s: s.client.users.get(SANDBOX_USER)),
    ("revoking_its_session", 404, "session_not_found", lambda s: s.client.sessions.revoke(session_token=SANDBOX_TOKEN)),
]


@pytest.mark.parametrize(
    ("status", "error_type", "act"), [pytest.param(*row[1:], id=row[0]) for row in SANDBOX_REFUSALS]
)
def test_the_sandbox_refuses_other_values(story: Story, status: int, error_type: str, act: Act) -> None:
    with refused(status, error_type):
        act(story)


def test_sandbox_values_need_credentials(story: Story) -> None:
    response = story.http.post(f"{STYTCH_URL}v1/magic_links/authenticate", json={"token": SANDBOX_LINK})

    assert response.status_code == 401


def test_every_refusal_is_in_the_docstring_table() -> None:
    rows = re.findall(r"^    (\d{3})  (\w+) +\S", emulated.__doc__ or "", re.MULTILINE)

    assert sorted(rows) == sorted((str(refusal.status), name) for name, refusal in REFUSALS.items())


def test_the_public_token_belongs_to_the_project(story: Story) -> None:
    story.client.magic_links.email.login_or_create(ADA)
    story.client.magic_links.email.login_or_create(BOB)

    tokens = {re.findall("public-token-test-([^&]+)", mail.link)[0] for mail in story.mails()}

    assert len({UUID(token) for token in tokens}) == 1
