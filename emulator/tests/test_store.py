"""The store on SQLite and PostgreSQL: isolation, limits and expiration."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
import sqlalchemy as sa
import time_machine

import stytch_unit_emulator.lifetimes
import stytch_unit_emulator.store
from stytch_unit_emulator import Store, org_token
from stytch_unit_emulator.database import BadDatabaseURL, engine_for
from stytch_unit_emulator.lifetimes import CONTROLS
from stytch_unit_emulator.store import Tenant, TenantFull

from .conftest import PROJECT_ID, UNIT_URL
from .stytch_story import BOB, NO_SESSION, NO_TOKEN, NO_USER, Act, Story, refused
from .unit_story import ADA, document

HOUR = 3600


@pytest.fixture
def second_process(database_url: str) -> Iterator[Store]:
    """The store as another process opens it."""
    opened = Store(database_url)
    yield opened
    opened.close()


def visit(store: Store, tenant_id: str) -> list[dict[str, Any]]:
    """Use a tenant and add a record; returns the records from before."""
    with store.change(tenant_id) as tenant:
        before = tenant.all("note")
        tenant.add_numbered("note", {})
    return before


def count_of_tenants(database_url: str) -> int:
    engine = engine_for(database_url)
    with engine.connect() as connection:
        count: int = connection.execute(sa.text("SELECT count(*) FROM tenants")).scalar_one()
    engine.dispose()
    return count


def test_two_processes_on_one_tenant_are_serialized(store: Store, second_process: Store) -> None:
    def count(on: Store) -> None:
        for _ in range(20):
            with on.change("ada") as tenant:
                known = tenant.get("counter", "one") or {"value": 0}
                tenant.put("counter", "one", {"value": known["value"] + 1})

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(count, [store, second_process] * 2))

    with store.read("ada") as tenant:
        assert tenant.get("counter", "one") == {"value": 80}


def test_record_numbers_are_unique_across_processes(store: Store, second_process: Store) -> None:
    def number(on: Store) -> str:
        with on.change("ada") as tenant:
            return str(tenant.add_numbered("card", {})["id"])

    with ThreadPoolExecutor(4) as threads:
        numbers = list(threads.map(number, [store, second_process] * 10))

    assert len(set(numbers)) == 20


def test_a_failed_transaction_changes_nothing(store: Store) -> None:
    def fail(tenant: Tenant) -> None:
        tenant.add("user", "1", {})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), store.change("ada") as tenant:
        fail(tenant)

    with store.read("ada") as tenant:
        assert tenant.all("user") == []


def test_tenants_share_no_records(store: Store) -> None:
    visit(store, "ada")

    assert visit(store, "bob") == []


@pytest.mark.parametrize(("hours", "still_there"), [(23, 1), (25, 0)])
def test_a_tenant_expires_24_hours_after_its_last_use(
    store: Store, clock: time_machine.Traveller, hours: int, still_there: int
) -> None:
    visit(store, "ada")
    clock.shift(hours * HOUR)

    assert len(visit(store, "ada")) == still_there


def test_using_a_tenant_keeps_it_for_another_24_hours(store: Store, clock: time_machine.Traveller) -> None:
    for _ in range(3):
        visit(store, "ada")
        clock.shift(20 * HOUR)

    assert len(visit(store, "ada")) == 3


def test_control_settings_do_not_expire(store: Store, clock: time_machine.Traveller) -> None:
    visit(store, CONTROLS)
    clock.shift(25 * HOUR)
    visit(store, "bob")

    assert len(visit(store, CONTROLS)) == 1


def test_a_new_tenant_deletes_expired_ones(store: Store, clock: time_machine.Traveller, database_url: str) -> None:
    visit(store, "ada")
    clock.shift(25 * HOUR)

    visit(store, "bob")

    assert count_of_tenants(database_url) == 1


def test_opening_the_store_deletes_expired_tenants(
    store: Store, clock: time_machine.Traveller, database_url: str
) -> None:
    visit(store, "ada")
    clock.shift(25 * HOUR)

    Store(database_url).close()

    assert count_of_tenants(database_url) == 0


def test_deleting_one_tenant_keeps_the_others(store: Store) -> None:
    visit(store, "ada")
    visit(store, "bob")

    store.forget("ada")

    assert (len(visit(store, "ada")), len(visit(store, "bob"))) == (0, 1)


def test_the_records_of_a_kind_are_limited(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(stytch_unit_emulator.store.MAX_PER_KIND, "mail", 2)
    story.link()
    story.link()

    with refused(429, "too_many_requests") as refusal:
        story.client.magic_links.email.login_or_create(BOB)

    assert "the limit of 2 records of kind mail is reached" in refusal.value.details.error_message


def test_unit_names_the_limit_on_cards(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(stytch_unit_emulator.store.MAX_PER_KIND, "customer", 0)
    bearer = {"Authorization": f"Bearer {org_token(PROJECT_ID)}", "Content-Type": "application/vnd.api+json"}

    answer = story.http.post(f"{UNIT_URL}/applications", json=document("individualApplication", ADA), headers=bearer)

    problem = answer.json()["errors"][0]
    assert (answer.status_code, problem["code"]) == (400, "limits_exceeded")
    assert "the limit of 0 records of kind customer is reached" in problem["detail"]


def test_a_tenants_bytes_are_limited(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stytch_unit_emulator.store, "MAX_BYTES", 1000)

    with store.change("ada") as tenant:
        tenant.add("note", "1", {"text": "x" * 900})
        with pytest.raises(TenantFull, match="1000 bytes"):
            tenant.add("note", "2", {"text": "x" * 100})


def test_existing_records_may_grow_to_twice_the_limit(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stytch_unit_emulator.store, "MAX_BYTES", 1000)

    with store.change("ada") as tenant:
        tenant.add("note", "1", {"text": "x" * 900})
        tenant.save("note", "1", {"text": "x" * 1900})
        with pytest.raises(TenantFull, match="2000 bytes"):
            tenant.save("note", "1", {"text": "x" * 2000})


@pytest.fixture
def room_for_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stytch_unit_emulator.lifetimes, "MAX_TENANTS", 2)


def read(store: Store, tenant_id: str) -> list[dict[str, Any]]:
    """A tenant's records, as a page reads them."""
    with store.read(tenant_id) as tenant:
        return tenant.all("note")


@pytest.mark.usefixtures("room_for_two")
@pytest.mark.parametrize("use", [visit, read])
def test_the_tenant_with_the_oldest_use_makes_room(
    store: Store,
    clock: time_machine.Traveller,
    database_url: str,
    use: Callable[[Store, str], list[dict[str, Any]]],
) -> None:
    for tenant_id in ("ada", "bob"):
        visit(store, tenant_id)
        clock.shift(100)
    use(store, "ada")

    visit(store, "cy")

    with store.read("bob") as tenant:
        assert tenant.all("note") == []
    assert read(store, "ada")
    assert count_of_tenants(database_url) == 2


@pytest.mark.usefixtures("room_for_two", "clock")
def test_a_new_tenant_makes_room_for_itself_and_its_keys_only(store: Store, database_url: str) -> None:
    for tenant_id in ("ada", "bob", "cy"):
        with store.change(tenant_id) as tenant:
            tenant.partition(f"keys of {tenant_id}").add("note", "1", {})
            tenant.add("note", "1", {})

    assert [len(read(store, tenant_id)) for tenant_id in ("bob", "cy", "keys of cy")] == [0, 1, 1]
    assert count_of_tenants(database_url) == 2


@pytest.mark.usefixtures("clock")
def test_keys_in_use_are_not_deleted_to_make_room(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    visit(store, "keys")
    monkeypatch.setattr(stytch_unit_emulator.lifetimes, "MAX_TENANTS", 1)

    with store.change("ada") as tenant:
        shared = tenant.partition("keys")
        tenant.add("note", "1", {})
    assert shared.id == "keys"

    assert [len(read(store, tenant_id)) for tenant_id in ("ada", "keys")] == [1, 1]


@pytest.mark.usefixtures("clock")
def test_a_tenant_in_a_transaction_is_not_deleted_to_make_room(
    store: Store, second_process: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit(store, "ada")
    monkeypatch.setattr(stytch_unit_emulator.lifetimes, "MAX_TENANTS", 1)
    entered = threading.Event()

    def other() -> None:
        entered.wait(5)
        visit(second_process, "bob")

    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(other)
        with store.change("ada") as tenant:
            entered.set()
            time.sleep(0.2)  # the other one is waiting, or has not found anybody to delete
            tenant.add("note", "in time", {})
            assert len(tenant.all("note")) == 2
        waiting.result()

    assert len(read(store, "bob")) == 1


def test_control_settings_are_not_deleted_to_make_room(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stytch_unit_emulator.lifetimes, "MAX_TENANTS", 1)
    visit(store, CONTROLS)

    visit(store, "ada")

    assert len(read(store, CONTROLS)) == 1


def test_using_keys_beside_a_tenant_counts_as_their_use(
    store: Store, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stytch_unit_emulator.lifetimes, "MAX_TENANTS", 3)
    for tenant_id in ("keys", "bob"):
        visit(store, tenant_id)
        clock.shift(100)
    with store.change("ada") as tenant:
        tenant.partition("keys")
        tenant.add("note", "1", {})

    visit(store, "cy")

    assert [len(read(store, tenant_id)) for tenant_id in ("keys", "bob")] == [1, 0]


def test_a_transaction_that_writes_nothing_makes_no_tenant(store: Store, database_url: str) -> None:
    with store.change("ada") as tenant:
        tenant.partition("keys")
        tenant.remove("note", "1")
        assert tenant.all("note") == []

    assert count_of_tenants(database_url) == 0


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda s: s.post("/v1/sessions/revoke", {"session_token": NO_TOKEN}), id="revoke_token"),
        pytest.param(lambda s: s.post("/v1/sessions/revoke", {"session_id": NO_SESSION}), id="revoke_id"),
        pytest.param(lambda s: s.post("/v1/sessions/revoke", {"session_jwt": forged_jwt()}), id="revoke_jwt"),
        pytest.param(lambda s: s.post("/v1/sessions/authenticate", {"session_jwt": forged_jwt()}), id="jwt"),
        pytest.param(lambda s: s.post("/v1/magic_links/authenticate", {"token": NO_TOKEN}), id="link"),
        pytest.param(lambda s: s.post("/v1/totps", {"user_id": NO_USER}), id="totp"),
        pytest.param(lambda s: s.post("/v1/users", {}), id="user"),
        pytest.param(lambda s: s.client.debug.whoami(), id="whoami"),
        pytest.param(lambda s: at_unit(s, "GET", "/cards"), id="cards"),
        pytest.param(lambda s: at_unit(s, "GET", "/application-forms/1"), id="form"),
        pytest.param(lambda s: at_unit(s, "POST", "/cards"), id="card"),
        pytest.param(lambda s: at_unit(s, "POST", "/cards/1/freeze"), id="freeze"),
        pytest.param(lambda s: at_unit(s, "POST", "/customers/1/token"), id="customer_token"),
    ],
)
def test_a_call_that_writes_nothing_makes_no_tenant(story: Story, database_url: str, call: Act) -> None:
    call(story)

    assert count_of_tenants(database_url) == 0


def at_unit(story: Story, method: str, path: str) -> requests.Response:
    """Call Unit with the org token and without a body."""
    return story.http.request(method, f"{UNIT_URL}{path}", headers={"Authorization": f"Bearer {org_token(PROJECT_ID)}"})


def forged_jwt() -> str:
    """A JWT for this project that it did not sign."""
    claims = {"aud": [PROJECT_ID], "iss": f"stytch.com/{PROJECT_ID}"}
    return jwt.encode(claims, "x" * 32, algorithm="HS256")


def test_a_transaction_that_writes_nothing_keeps_the_tenant(store: Store) -> None:
    visit(store, "ada")

    with store.change("ada"):
        pass

    assert len(read(store, "ada")) == 1


@pytest.mark.usefixtures("clock")
def test_a_transaction_that_writes_nothing_deletes_nobody(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    visit(store, "ada")
    monkeypatch.setattr(stytch_unit_emulator.lifetimes, "MAX_TENANTS", 1)

    with store.change("bob"):
        pass

    assert len(read(store, "ada")) == 1


def test_first_requests_at_the_same_time_share_the_new_tenant(store: Store, second_process: Store) -> None:
    def first(on: Store) -> None:
        with on.change("ada") as tenant:
            tenant.put("counter", "one", {})

    def nothing(on: Store) -> None:
        with on.change("ada") as tenant:
            tenant.get("counter", "one")

    for _ in range(10):
        store.reset()
        with ThreadPoolExecutor(4) as threads:
            acts = [threads.submit(act, on) for act in (nothing, first) for on in (store, second_process)]
        for act in acts:
            act.result()

        with store.read("ada") as tenant:
            assert tenant.get("counter", "one") == {}


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_what_is_not_json_is_not_stored(store: Store, value: float) -> None:
    with pytest.raises(ValueError, match=r"."), store.change("ada") as tenant:
        tenant.add("note", "1", {"x": value})


def modes(folder: Path) -> dict[str, str]:
    """The mode of the folder and of each file in it."""
    return {path.name: oct(path.stat().st_mode & 0o777) for path in (folder, *folder.iterdir())}


PRIVATE = {"new": "0o700", "emulator.db": "0o600", "emulator.db-wal": "0o600", "emulator.db-shm": "0o600"}


@pytest.fixture
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("usual_umask")
def test_only_the_owner_can_read_a_sqlite_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new/emulator.db"
    engine_for(url).dispose()
    before = modes(tmp_path / "new")

    store = Store(url)
    visit(store, "ada")

    assert before == {"new": "0o700", "emulator.db": "0o600"}
    assert modes(tmp_path / "new") == PRIVATE
    store.close()


@pytest.mark.usefixtures("usual_umask")
def test_an_existing_sqlite_file_becomes_private(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir(mode=0o755)
    url = f"sqlite:///{folder}/emulator.db"
    earlier = Store(url)
    visit(earlier, "ada")
    for path in folder.iterdir():
        path.chmod(0o644)

    store = Store(url)
    visit(store, "bob")

    assert modes(folder) == PRIVATE | {"new": "0o755"}
    store.close()
    earlier.close()


def test_tables_of_another_version_are_replaced(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/emulator.db"
    engine = engine_for(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE tenants (id TEXT PRIMARY KEY, since INTEGER)")
    engine.dispose()

    store = Store(url)

    assert visit(store, "ada") == []
    store.close()


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "mysql://root@127.0.0.1/emulator",
        "sqlite:////dev/null/emulator.db",
        "sqlite:////",
        "postgresql://ada:hunter2@127.0.0.1:1/emulator",
        "postgresql://ada:hunter2@127.0.0.1:port/emulator",
        "postgresql+nonsense://ada:hunter2@127.0.0.1/emulator",
    ],
)
def test_an_unusable_database_url_exits_with_one_line(url: str) -> None:
    with pytest.raises(BadDatabaseURL) as refusal:
        Store(url)

    line = str(refusal.value.code)
    assert line.startswith("EMULATOR_DATABASE_URL ")
    assert "\n" not in line
    assert "hunter2" not in line


def test_a_file_that_is_not_a_database_exits_with_one_line(tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Ada, " * 100)
    letter.chmod(0o644)

    with pytest.raises(BadDatabaseURL, match="EMULATOR_DATABASE_URL cannot be used"):
        Store(f"sqlite:///{letter}")

    assert letter.stat().st_mode & 0o777 == 0o644
