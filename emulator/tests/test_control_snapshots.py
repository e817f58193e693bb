"""Snapshots of a tenant: by name, as a file, and what a restart goes on with."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests
import stytch

import stytch_unit_emulator as emulator
from stytch_unit_emulator import control_snapshots, controls, running
from stytch_unit_emulator.pytest_plugin import EmulatedProject

from .listener import listening
from .over_http import at_unit, client_of
from .stytch_story import refused
from .test_controls import SEED, jwt_time
from .unit_story import document


def control(project: EmulatedProject, method: str, what: str, body: object = None) -> requests.Response:
    return requests.request(method, f"{project.url}/control/tenants/{project.project_id}/{what}", json=body, timeout=10)


def test_a_tenant_goes_back_to_a_snapshot(emulated_project: EmulatedProject) -> None:
    client, user_id = client_of(emulated_project), emulated_project.seed(SEED)["users"][0]["user_id"]
    session = emulated_project.session("ada@example.com")
    emulated_project.snapshot("before")
    before = jwt_time(client)
    emulated_project.move_clock(86_400)
    client.users.delete(user_id)
    client.users.create(email="new@example.com")

    emulated_project.restore("before")

    users = {email.email for user in client.users.search().results for email in user.emails}
    assert users == {"ada@example.com", "bob@example.com"}
    assert client.sessions.authenticate(session["session_token"]).session.user_id == user_id
    assert 0 <= jwt_time(client) - before < 60
    assert len(at_unit(emulated_project, "GET", "/cards").json()["data"]) == 2


def test_snapshots_are_listed_replaced_and_deleted(emulated_project: EmulatedProject) -> None:
    for name in ("a", "b", "a"):
        emulated_project.snapshot(name)

    deleted = control(emulated_project, "DELETE", "snapshots/b")

    assert deleted.status_code == 200
    assert [each["name"] for each in control(emulated_project, "GET", "snapshots").json()["snapshots"]] == ["a"]
    with pytest.raises(ValueError, match="no snapshot b; there are: a"):
        emulated_project.restore("b")


def test_the_number_of_snapshots_is_limited(emulated_project: EmulatedProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_snapshots, "MAX_SNAPSHOTS", 1)
    emulated_project.snapshot("one")

    with pytest.raises(ValueError, match="at most 1 snapshots"):
        emulated_project.snapshot("two")


def test_a_snapshots_name_is_plain(emulated_project: EmulatedProject) -> None:
    with pytest.raises(ValueError, match="1 to 50 letters"):
        emulated_project.snapshot("x" * 51)


def test_a_file_restores_in_another_server(emulated_project: EmulatedProject, tmp_path: Path) -> None:
    seeded = emulated_project.seed(SEED)["users"][0]
    copy = control(emulated_project, "GET", "snapshot").json()

    with running(f"sqlite:///{tmp_path}/other.db") as url:
        other = EmulatedProject(url, emulated_project.project_id)
        restored = control(other, "PUT", "snapshot", copy | {"padding": "x" * controls.MAX_BYTES})

        assert restored.status_code == 200, restored.text
        assert at_unit(other, "GET", f"/customers/{seeded['customer_id']}").status_code == 200
        more = other.seed({"users": [{"email": "cy@example.com", "accounts": [{}]}]})["users"][0]
    cards = {card["card_id"] for card in seeded["accounts"][0]["cards"]}
    assert int(more["customer_id"]) > max(map(int, cards))


def test_a_file_of_another_project_brings_no_credentials(emulated_project: EmulatedProject) -> None:
    seeded, other = emulated_project.seed(SEED)["users"][0], EmulatedProject(emulated_project.url)
    token = emulated_project.customer_token(seeded["customer_id"], "cards")
    session = emulated_project.session("ada@example.com")["session_token"]

    control(other, "PUT", "snapshot", control(emulated_project, "GET", "snapshot").json())

    with refused(404, "session_not_found"):
        client_of(other).sessions.authenticate(session)
    assert len(client_of(other).users.search().results) == 2
    bearer = {"Authorization": f"Bearer {token}"}
    assert at_unit(emulated_project, "GET", "/cards", headers=bearer).status_code == 200


def test_a_changed_file_is_refused_and_changes_nothing(emulated_project: EmulatedProject) -> None:
    emulated_project.seed(SEED)
    copy = control(emulated_project, "GET", "snapshot").json()

    for changed in (copy | {"records": copy["records"][1:]}, copy | {"format": "x"}, copy | {"ahead": "now"}):
        assert control(emulated_project, "PUT", "snapshot", changed).status_code == 400

    assert len(client_of(emulated_project).users.search().results) == 2


def test_a_restart_goes_on_with_waiting_webhooks(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/emulator.db"
    with running(database) as url:
        project = EmulatedProject(url)
        hook = {"label": "x", "url": "http://localhost:9/", "contentType": "Json", "deliveryMode": "AtLeastOnce"}
        webhook = at_unit(project, "POST", "/webhooks", document("webhook", hook)).json()["data"]["id"]
    store = emulator.Store(database)
    with listening() as listener:
        with store.change(project.project_id) as tenant:  # as a process that was killed leaves it
            tenant.add("event", "1", {"id": "1", "type": "card.created", "attributes": {}, "relationships": {}})
            waiting = tenant.get("webhook", webhook)
            assert waiting
            waiting["attributes"]["url"] = listener.url
            waiting["internal"]["queue"] = ["1"]
            tenant.save("webhook", webhook, waiting)
        store.close()

        with running(database):
            _headers, body = listener.received.get(timeout=10)

    assert b'"id":"1"' in body


def test_a_snapshot_keeps_other_tenants_apart(emulated_project: EmulatedProject) -> None:
    other = EmulatedProject(emulated_project.url)
    client: stytch.Client = client_of(other)
    emulated_project.snapshot("empty")
    client.users.create(email="bob@example.com")

    emulated_project.restore("empty")

    assert len(client.users.search().results) == 1
    with pytest.raises(ValueError, match="no snapshot empty; there are: none"):
        other.restore("empty")
