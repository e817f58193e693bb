"""Ids, dates and misspelled members of seeds, and faults by error code, operation and share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import stytch

from stytch_unit_emulator.pytest_plugin import EmulatedProject

from .over_http import at_unit, client_of
from .stytch_story import NO_USER, refused

USER_ID = "user-test-22222222-2222-4222-8222-222222222222"
DAY = "2026-01-31"


@pytest.fixture
def client(emulated_project: EmulatedProject) -> stytch.Client:
    return client_of(emulated_project)


def attributes(project: EmulatedProject, path: str) -> dict[str, Any]:
    found: dict[str, Any] = at_unit(project, "GET", path).json()["data"]["attributes"]
    return found


def days_ago(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat()


def test_a_seed_fixes_ids(emulated_project: EmulatedProject, client: stytch.Client) -> None:
    totp_id = USER_ID.replace("user", "totp")
    card = {"id": "3", "purchases": [{"id": "4"}]}
    account = {"id": "2", "funds": 5000, "cards": [card, {}]}
    seed = {"user_id": USER_ID, "totp": {"totp_id": totp_id}, "customer": {"id": "1"}, "accounts": [account]}

    made = emulated_project.seed({"users": [seed]})["users"][0]

    assert (made["user_id"], made["totp"]["totp_id"], made["customer_id"]) == (USER_ID, totp_id, "1")
    assert client.users.get(USER_ID).totps[0].totp_id == totp_id
    assert made["accounts"][0]["cards"][0]["card_id"] == "3"
    assert int(made["accounts"][0]["cards"][1]["card_id"]) > 9999
    assert at_unit(emulated_project, "GET", "/accounts/2/transactions/4").status_code == 200


def test_a_seed_dates_records_in_the_past(emulated_project: EmulatedProject, client: stytch.Client) -> None:
    opened, bought = days_ago(40), days_ago(10)
    cards = [{"purchases": [{"createdAt": bought}, {}]}]
    seed = {"created_at": days_ago(50), "accounts": [{"createdAt": opened, "funds": 5000, "cards": cards}]}

    made = emulated_project.seed({"users": [seed]})["users"][0]

    account = made["accounts"][0]
    dates = [
        each["attributes"]["createdAt"] for each in at_unit(emulated_project, "GET", "/transactions").json()["data"]
    ]
    assert str(client.users.get(made["user_id"]).created_at)[:10] == seed["created_at"][:10]
    assert (
        attributes(emulated_project, f"/customers/{made['customer_id']}")["createdAt"][:10] == seed["created_at"][:10]
    )
    assert attributes(emulated_project, f"/cards/{account['cards'][0]['card_id']}")["createdAt"][:10] == opened[:10]
    assert [date[:10] for date in dates] == [bought[:10], opened[:10], opened[:10]]


@pytest.mark.parametrize(
    ("user", "problem"),
    [
        ({"emial": "a@example.com"}, r"users\[1\]: there is no member 'emial'; did you mean 'email'"),
        (
            {"password": "x"},
            r"users\[1\]: there is no member 'password'; there are accounts, biometric_registrations, create_",
        ),
        ({"name": {"frist_name": "A"}}, r"users\[1\]\.name: .* did you mean 'first_name'"),
        ({"accounts": [{"depositProdcut": "x"}]}, r"accounts\[0\]: .*did you mean depositProduct"),
        ({"user_id": "user-1"}, r"users\[1\]\.user_id: must be user-test- and"),
        ({"user_id": USER_ID}, r"users\[1\]\.user_id: .* is taken"),
        ({"accounts": [{"id": "10000"}]}, r'accounts\[0\]\.id: must be "1" to "9999"'),
        ({"customer": {"id": "9", "ssn": "000000002"}}, r"users\[1\]\.customer\.id: no customer was created"),
        ({"created_at": "yesterday"}, r"users\[1\]\.created_at: must be a date"),
        ({"created_at": "2999-01-01"}, r"users\[1\]\.created_at: must be in the past"),
        ({"accounts": [{"createdAt": DAY}]}, r"accounts\[0\]\.createdAt: is before its owner"),
    ],
)
def test_a_seed_with_one_wrong_user_creates_nothing(
    emulated_project: EmulatedProject, client: stytch.Client, user: dict[str, Any], problem: str
) -> None:
    first = {"user_id": USER_ID, "email": "first@example.com", "accounts": [{}]}

    with pytest.raises(ValueError, match=problem):
        emulated_project.seed({"users": [first, user]})

    assert client.users.search().results == []
    assert at_unit(emulated_project, "GET", "/customers").json()["data"] == []


def test_a_fault_has_the_error_type_and_status_asked_for(
    emulated_project: EmulatedProject, client: stytch.Client
) -> None:
    emulated_project.fail("/v1/users", error_type="duplicate_email")
    emulated_project.fail("/v1/users", error_type="internal_server_error", status=503)

    with refused(400, "duplicate_email"):
        client.users.create(email="ada@example.com")
    with refused(503, "internal_server_error"):
        client.users.create(email="ada@example.com")


def test_a_fault_has_units_code_or_a_bare_status(emulated_project: EmulatedProject, client: stytch.Client) -> None:
    emulated_project.fail("/*", code="limits_exceeded", status=503)
    emulated_project.fail("/cards", status=503)

    assert client.users.search().results == []
    answers = [at_unit(emulated_project, "GET", "/cards") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[0].json()["errors"][0]["code"] == "limits_exceeded"
    assert {answer.json()["errors"][0]["status"] for answer in answers[:2]} == {"503"}


def test_a_fault_applies_to_its_operation_only(emulated_project: EmulatedProject, client: stytch.Client) -> None:
    emulated_project.fail(operation="users.create", status=500)
    emulated_project.fail(operation="cards.list_cards", status=500)

    with refused(404, "user_not_found"):
        client.users.get(NO_USER)
    with refused(500, "internal_server_error"):
        client.users.create(email="ada@example.com")
    assert [at_unit(emulated_project, "GET", path).status_code for path in ("/cards/1", "/cards")] == [404, 500]


def test_a_fault_fails_every_nth_call(emulated_project: EmulatedProject) -> None:
    emulated_project.fail("/cards", "error", every=3, times=2)

    statuses = [at_unit(emulated_project, "GET", "/cards").status_code for _ in range(9)]

    assert statuses == [200, 200, 500, 200, 200, 500, 200, 200, 200]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"path": "/", "fault": "cut", "tmes": 2}, "did you mean 'times'"),
        ({"fault": "cut"}, "either path or operation"),
        ({"path": "/", "operation": "users.create", "fault": "cut"}, "either path or operation"),
        ({"operation": "users.creat", "fault": "cut"}, "did you mean 'users.create'"),
        ({"operation": "users.create", "method": "POST", "fault": "cut"}, "method goes with path"),
        ({"path": "/"}, "Give one of fault, error_type, code, status"),
        ({"path": "/", "fault": "cut", "error_type": "x"}, "Give one of"),
        ({"path": "/", "fault": "error", "status": 503}, "comes without status"),
        ({"path": "/v1/users", "error_type": "too_many_request"}, "did you mean 'too_many_requests'"),
        ({"path": "/cards", "code": "zzz"}, "there are account_customer_mismatch"),
        ({"path": "/cards", "error_type": "too_many_requests"}, "for Unit's, give code"),
        ({"path": "/v1/users", "code": "not_found"}, "for Stytch's, give error_type"),
        ({"operation": "cards.list_cards", "error_type": "too_many_requests"}, "for Unit's, give code"),
        ({"path": "/cards", "status": 404}, "needs error_type or code"),
        ({"path": "/cards", "status": 599}, "one of HTTP's"),
        ({"path": "/cards", "status": 503, "every": 0}, "every must be from 1"),
    ],
)
def test_an_impossible_fault_is_refused(emulated_project: EmulatedProject, given: dict[str, Any], problem: str) -> None:
    url = f"{emulated_project.url}/control/tenants/{emulated_project.project_id}/faults"
    answer = requests.post(url, json=given, timeout=10)

    assert answer.status_code == 400
    assert problem in answer.json()["error"]
