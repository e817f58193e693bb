"""The request ledger: what it records, what it leaves out, and how tests read it."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import stytch
import time_machine

from stytch_unit_emulator import Store, ledger_store
from stytch_unit_emulator.ledger_store import Entry, LedgerStore
from stytch_unit_emulator.pytest_plugin import EmulatedProject

from .conftest import stored_values
from .listener import Listener, listening
from .over_http import at_unit, client_of
from .unit_story import ADA, document

TENANT = "project-test-22222222-2222-4222-8222-222222222222"


@pytest.fixture
def client(emulated_project: EmulatedProject) -> stytch.Client:
    return client_of(emulated_project)


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as server:
        yield server


@pytest.fixture
def recording(database_url: str, store: Store) -> Iterator[LedgerStore]:  # noqa: ARG001 - empties the database
    """A store with a ledger, on the test run's database."""
    opened = LedgerStore(database_url)
    yield opened
    opened.close()


def note(recording: LedgerStore, **body: Any) -> None:
    """Append one request and store it."""
    recording.append(Entry(TENANT, "request", lambda: body))
    recording.write_down()


def test_a_request_is_recorded_with_its_answer_and_changes(
    emulated_project: EmulatedProject, client: stytch.Client
) -> None:
    user_id = client.users.create(email="ada@example.com").user_id

    (entry,) = emulated_project.requests()

    assert (entry["service"], entry["method"], entry["path"], entry["status"]) == ("stytch", "POST", "/v1/users", 201)
    assert (entry["request"], entry["answer"]["user_id"]) == ({"email": "ada@example.com"}, user_id)
    assert entry["changed"] == [{"kind": "user", "id": user_id, "change": "created"}]
    assert (entry["fault"], entry["query"], entry["webhooks"]) == (None, {}, [])
    assert entry["milliseconds"] > 0


def test_the_redirect_behind_a_link_is_recorded_in_the_tenant_of_the_link(
    emulated_project: EmulatedProject, client: stytch.Client
) -> None:
    client.magic_links.email.login_or_create("ada@example.com")
    link = emulated_project.mails()[0]["link"]

    requests.get(link, allow_redirects=False, timeout=10)

    entry = emulated_project.requests(path="/v1/magic_links/redirect")[0]
    assert (entry["method"], entry["status"]) == ("GET", 302)
    assert link.rpartition("token=")[2] not in str(entry)


def test_a_request_to_unit_is_recorded_with_its_query_and_refusal(emulated_project: EmulatedProject) -> None:
    at_unit(emulated_project, "GET", "/cards/1?include=account&token=hush")

    (entry,) = emulated_project.requests()

    assert (entry["service"], entry["path"], entry["query"]) == (
        "unit",
        "/cards/1",
        {"include": "account", "token": "‹4 characters›"},
    )
    assert (entry["status"], entry["answer"]["errors"][0]["code"]) == (404, "not_found")


def test_a_request_lists_each_changed_record_once(emulated_project: EmulatedProject, client: stytch.Client) -> None:
    user_id = client.users.create(email="ada@example.com").user_id
    client.users.update(user_id, name={"first_name": "Ada"})
    client.users.delete(user_id)

    changes = [entry["changed"] for entry in emulated_project.requests()]

    assert changes == [
        [{"kind": "user", "id": user_id, "change": change}] for change in ("created", "updated", "deleted")
    ]


def test_a_request_has_its_tenants_time_and_the_real_one(
    emulated_project: EmulatedProject, client: stytch.Client
) -> None:
    emulated_project.move_clock(10 * 365 * 86_400)
    created = client.users.get(client.users.create(email="ada@example.com").user_id).created_at

    entry = emulated_project.requests()[0]

    assert created
    assert entry["tenant_time"][:4] == str(created.year)
    assert int(entry["tenant_time"][:4]) - int(entry["real_time"][:4]) in (9, 10)


@pytest.mark.parametrize(
    ("fault", "recorded", "answer"),
    [
        ({"fault": "cut"}, "cut", "bytes of application/json, not JSON›"),
        ({"error_type": "user_not_found"}, "user_not_found", "user_not_found"),
        ({"status": 503}, "503", "503"),
    ],
)
def test_a_failed_request_names_its_fault(
    emulated_project: EmulatedProject, fault: dict[str, Any], recorded: str, answer: str
) -> None:
    emulated_project.fail("/v1/users", **fault)
    requests.post(f"{emulated_project.url}/v1/users", auth=(emulated_project.project_id, "x"), stream=True, timeout=10)

    (entry,) = emulated_project.requests()

    assert (entry["fault"], entry["changed"]) == (recorded, [])
    assert answer in str(entry["answer"])


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("session_token", "abc", "‹3 characters›"),
        ("recovery_codes", ["hxn5-hpkb-b5xe"], ["‹14 characters›"]),
        ("secret", {"any": "JBSW"}, {"any": "‹4 characters›"}),
        ("cvv2", 595, "‹3 digits›"),
        ("code", "123456", "‹6 digits›"),
        ("code", "not_found", "not_found"),
        ("note", "eyJhbGciOiJS.eyJzdWIiOiJh.c2lnbmF0dXJl", "‹38 characters›"),
        ("note", "mZAYn5aLEqKUlZ_Ad9U_fWr38GaAQ1oFhT8ds245v7Q0", "‹44 characters›"),
        ("note", "with v2.public.hush", "with ‹14 characters›"),
        ("note", "SSN 123-45-6789", "SSN ‹11 characters›"),
        ("note", "card 4111 1111 1111 1111", "card ‹19 characters›"),
        ("note", f"user-test-{TENANT[-36:]}", f"user-test-{TENANT[-36:]}"),
        ("note", "ada@example.com", "ada@example.com"),
        ("note", "x " * 2000, "x " * 1000 + "…"),
        ("note", list(range(22)), [*range(20), "… and 2 more"]),
    ],
)
def test_secrets_and_long_values_are_cut(emulated_project: EmulatedProject, field: str, value: Any, shown: Any) -> None:
    at_unit(emulated_project, "POST", "/webhooks", {"data": {field: value}})

    (entry,) = emulated_project.requests()

    assert entry["request"] == {"data": {field: shown}}


def test_the_credentials_of_a_request_are_not_recorded(
    emulated_project: EmulatedProject, client: stytch.Client
) -> None:
    user_id = client.users.create(email="ada@example.com").user_id
    token = client.magic_links.create(user_id).token
    opened = client.magic_links.authenticate(token, session_duration_minutes=60)

    recorded = str(emulated_project.requests())

    assert user_id in recorded
    assert not [
        each for each in (token, opened.session_token, opened.session_jwt, emulated_project.secret) if each in recorded
    ]


def test_a_forms_token_is_not_recorded(emulated_project: EmulatedProject) -> None:
    form = document("applicationForm", {"idempotencyKey": "1"})
    version = {"X-Accept-Version": "V2024_06"}
    made = at_unit(emulated_project, "POST", "/application-forms", form, headers=version).json()["data"]

    requests.get(made["links"]["related"]["href"], timeout=10)

    entry = emulated_project.requests()[-1]
    assert entry["path"].startswith("/application-form/‹")
    assert "bytes of text/html" in entry["answer"]


def test_of_a_large_or_chunked_request_the_type_is_recorded(emulated_project: EmulatedProject) -> None:
    url, credentials = f"{emulated_project.url}/v1/users", (emulated_project.project_id, "secret")
    requests.post(url, json={"name": {"first_name": "x" * 70_000}}, auth=credentials, timeout=10)
    requests.post(url, data=iter([b'{"email": "ada@example.com"}']), auth=credentials, timeout=10)

    large, chunked = (entry["request"] for entry in emulated_project.requests())

    assert (large, chunked) == ("‹large body of application/json›", "‹large body of an unknown type›")


def test_json_with_much_in_it_is_recorded_by_size(emulated_project: EmulatedProject) -> None:
    at_unit(emulated_project, "POST", "/webhooks", {f"field{number}": "x " * 200 for number in range(50)})

    assert "bytes of JSON›" in emulated_project.requests()[0]["request"]


def test_a_request_that_claims_to_be_huge_is_refused_unread(emulated_project: EmulatedProject) -> None:
    url = urlsplit(emulated_project.url)
    connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=5)
    connection.putrequest("POST", "/webhooks")
    connection.putheader("Authorization", f"Bearer {emulated_project.unit_token}")
    connection.putheader("Content-Type", "application/vnd.api+json")
    connection.putheader("Content-Length", str(10**12))
    connection.endheaders()

    status = connection.getresponse().status

    connection.close()
    assert status == 413


@pytest.mark.parametrize(
    ("query", "paths"),
    [
        ({}, ["/v1/users", "/customers", "/cards/1"]),
        ({"path": "/c*"}, ["/customers", "/cards/1"]),
        ({"path": "/cards"}, []),
        ({"method": "post"}, ["/v1/users"]),
        ({"status": 404}, ["/cards/1"]),
        ({"status": "2xx"}, ["/v1/users", "/customers"]),
    ],
)
def test_requests_are_filtered(
    emulated_project: EmulatedProject, client: stytch.Client, query: dict[str, Any], paths: list[str]
) -> None:
    client.users.create(email="ada@example.com")
    at_unit(emulated_project, "GET", "/customers")
    at_unit(emulated_project, "GET", "/cards/1")

    assert [entry["path"] for entry in emulated_project.requests(**query)] == paths


def test_requests_after_a_number_are_listed(emulated_project: EmulatedProject) -> None:
    at_unit(emulated_project, "GET", "/customers")
    first = emulated_project.requests()[0]["number"]
    at_unit(emulated_project, "GET", "/cards")

    assert [entry["path"] for entry in emulated_project.requests(after=first)] == ["/cards"]


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"status": "4x"}, "status must be"),
        ({"after": -1}, "after must be a number from 0"),
        ({"after": 10**30}, "after must be a number from 0"),
        ({"seconds": "x"}, "seconds must be a number from 0 to 20"),
        ({"seconds": 21}, "seconds must be a number from 0 to 20"),
        ({"seconds": "nan"}, "seconds must be a number from 0 to 20"),
    ],
)
def test_an_invalid_query_is_refused(emulated_project: EmulatedProject, query: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        emulated_project.wait_for_request(**query)


def test_a_wait_ends_with_the_next_request(emulated_project: EmulatedProject) -> None:
    caller = threading.Timer(0.2, at_unit, (emulated_project, "GET", "/cards"))
    caller.start()

    entry = emulated_project.wait_for_request(path="/cards")

    caller.join()
    assert entry["path"] == "/cards"


def test_a_wait_ends_at_once_if_the_request_already_came(emulated_project: EmulatedProject) -> None:
    at_unit(emulated_project, "GET", "/cards")

    assert emulated_project.wait_for_request(path="/cards", seconds=0)["path"] == "/cards"


def test_a_wait_for_nothing_ends(emulated_project: EmulatedProject) -> None:
    at_unit(emulated_project, "GET", "/cards")
    last = emulated_project.requests()[-1]["number"]

    with pytest.raises(ValueError, match=r"No such request came within 0\.1 seconds"):
        emulated_project.wait_for_request(path="/cards", after=last, seconds=0.1)


def hook(project: EmulatedProject, url: str) -> str:
    """Create a webhook; returns its id."""
    given = {"label": "x", "url": url, "contentType": "Json", "deliveryMode": "AtMostOnce"}
    made: str = at_unit(project, "POST", "/webhooks", document("webhook", given)).json()["data"]["id"]
    return made


def attempts_after_applying(project: EmulatedProject, count: int) -> list[dict[str, Any]]:
    """Apply for an account; returns the attempts to send its events once there are so many."""
    at_unit(project, "POST", "/applications", document("individualApplication", ADA))
    deadline = time.monotonic() + 10
    while True:
        attempts: list[dict[str, Any]] = project.requests(path="/applications")[0]["webhooks"]
        if len(attempts) >= count or time.monotonic() > deadline:
            return attempts


def test_a_request_shows_each_attempt_to_send_its_events(emulated_project: EmulatedProject, listener: Listener) -> None:
    webhook = hook(emulated_project, listener.url)
    listener.answers.append((418, {}))

    attempts = attempts_after_applying(emulated_project, 2)

    shown = [(each["webhook_id"], each["url"], each["status"]) for each in attempts[:2]]
    assert shown == [(webhook, listener.url, 418), (webhook, listener.url, 200)]
    assert emulated_project.requests(path="/webhooks")[0]["webhooks"] == []


def test_an_attempt_without_an_answer_has_no_status(emulated_project: EmulatedProject) -> None:
    hook(emulated_project, "http://127.0.0.1:9/hooks")

    assert attempts_after_applying(emulated_project, 1)[0]["status"] is None


def test_a_reset_deletes_the_ledger(emulated_project: EmulatedProject) -> None:
    at_unit(emulated_project, "GET", "/cards")

    emulated_project.reset()

    assert emulated_project.requests() == []


def test_the_ledger_expires_with_its_tenant(recording: LedgerStore, clock: time_machine.Traveller) -> None:
    note(recording, text="a")

    clock.shift(25 * 3600)
    recording.forget("another")
    with recording.change(TENANT) as tenant:
        tenant.add("note", "1", {})

    assert recording.ledger(TENANT, "request") == []


def test_only_the_newest_entries_are_kept(recording: LedgerStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_store, "MAX_ENTRIES", 2)

    for text in ("a", "b", "c"):
        note(recording, text=text)

    assert [entry["text"] for entry in recording.ledger(TENANT, "request")] == ["b", "c"]


def test_only_the_newest_bytes_are_kept(recording: LedgerStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_store, "MAX_BYTES", 80)

    for text in ("a" * 10, "b" * 10, "c" * 30):
        note(recording, text=text)

    assert [entry["text"][0] for entry in recording.ledger(TENANT, "request")] == ["b", "c"]


def test_the_ledger_counts_toward_no_limit_of_records(recording: LedgerStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stytch_unit_emulator.store.MAX_RECORDS", 1)
    monkeypatch.setattr("stytch_unit_emulator.store.MAX_BYTES", 50)
    note(recording, text="a" * 100)

    with recording.change(TENANT) as tenant:
        tenant.add("note", "1", {})

    assert len(recording.ledger(TENANT, "request")) == 1


def test_another_process_reads_the_ledger(recording: LedgerStore, database_url: str) -> None:
    note(recording, text="a")
    other = LedgerStore(database_url)

    found = other.ledger(TENANT, "request")

    other.close()
    assert [entry["text"] for entry in found] == ["a"]


def test_entries_are_stored_without_being_read(
    recording: LedgerStore, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored, write_down = threading.Event(), recording.write_down

    def write_down_and_tell() -> None:
        write_down()
        stored.set()

    monkeypatch.setattr(recording, "write_down", write_down_and_tell)

    recording.append(Entry(TENANT, "request", lambda: {"text": "late"}))

    assert stored.wait(10)
    assert "late" in stored_values(database_url)


def test_a_caller_stores_the_waiting_entries_if_they_are_many(
    recording: LedgerStore, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_store, "MAX_WAITING", 2)
    monkeypatch.setattr(ledger_store, "DELAY", 60)

    for _ in range(2):
        recording.append(Entry(TENANT, "request", lambda: {"text": "many"}))

    assert "many" in stored_values(database_url)


def test_a_rolled_back_change_is_not_recorded(recording: LedgerStore) -> None:
    def crash() -> None:
        with recording.change(TENANT) as tenant:
            tenant.add("note", "1", {})
            raise ZeroDivisionError

    with ledger_store.collecting() as changes, pytest.raises(ZeroDivisionError):
        crash()

    assert changes == {}


@pytest.mark.parametrize("path", ["requests", "requests/wait"])
def test_the_ledger_answers_no_web_pages(emulated_project: EmulatedProject, path: str) -> None:
    url = f"{emulated_project.url}/control/tenants/{emulated_project.project_id}/{path}"

    answer = requests.get(url, headers={"Origin": "http://localhost:3000"}, timeout=10)

    assert (answer.status_code, "web pages" in answer.json()["error"]) == (403, True)
