"""The store on SQLite and PostgreSQL: isolation, limits and expiration."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

import emulator.store
from emulator import Store, org_token
from emulator.database import BadDatabaseURL, engine_for
from emulator.store import CONTROLS, Tenant, TenantFull

from .conftest import PROJECT_ID, UNIT_URL
from .stytch_story import BOB, Story, refused
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
    monkeypatch.setitem(emulator.store.MAX_PER_KIND, "mail", 2)
    story.link()
    story.link()

    with refused(429, "too_many_requests") as refusal:
        story.client.magic_links.email.login_or_create(BOB)

    assert "the limit of 2 records of kind mail is reached" in refusal.value.details.error_message


def test_unit_names_the_limit_on_cards(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(emulator.store.MAX_PER_KIND, "customer", 0)
    bearer = {"Authorization": f"Bearer {org_token(PROJECT_ID)}", "Content-Type": "application/vnd.api+json"}

    answer = story.http.post(f"{UNIT_URL}/applications", json=document("individualApplication", ADA), headers=bearer)

    problem = answer.json()["errors"][0]
    assert (answer.status_code, problem["code"]) == (400, "limits_exceeded")
    assert "the limit of 0 records of kind customer is reached" in problem["detail"]


def test_a_tenants_bytes_are_limited(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulator.store, "MAX_BYTES", 1000)

    with store.change("ada") as tenant:
        tenant.add("note", "1", {"text": "x" * 900})
        with pytest.raises(TenantFull, match="1000 bytes"):
            tenant.add("note", "2", {"text": "x" * 100})


def test_existing_records_may_grow_to_twice_the_limit(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulator.store, "MAX_BYTES", 1000)

    with store.change("ada") as tenant:
        tenant.add("note", "1", {"text": "x" * 900})
        tenant.save("note", "1", {"text": "x" * 1900})
        with pytest.raises(TenantFull, match="2000 bytes"):
            tenant.save("note", "1", {"text": "x" * 2000})


def test_the_number_of_tenants_is_limited(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulator.store, "MAX_TENANTS", 1)
    visit(store, "ada")

    with pytest.raises(TenantFull, match="1 tenants"):
        visit(store, "bob")
    assert len(visit(store, "ada")) == 1


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
    (tmp_path / "letter.txt").write_text("Dear Ada, " * 100)

    with pytest.raises(BadDatabaseURL, match="EMULATOR_DATABASE_URL cannot be used"):
        Store(f"sqlite:///{tmp_path}/letter.txt")
