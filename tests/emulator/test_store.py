"""What the store promises on SQLite and on PostgreSQL: one at a time in a tenant, bounds, and that nothing stays."""

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
def second_process(database_url: str, store: Store) -> Iterator[Store]:  # noqa: ARG001 - whose database it shares
    """The store as another process opens it."""
    opened = Store(database_url)
    yield opened
    opened.close()


def visit(store: Store, tenant_id: str) -> list[dict[str, Any]]:
    """Call on a tenant, and leave a card; returns the visitor's cards from before."""
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


def test_two_processes_in_one_tenant_take_turns(store: Store, second_process: Store) -> None:
    def count(on: Store) -> None:
        for _ in range(20):
            with on.change("ada") as tenant:
                known = tenant.get("counter", "one") or {"value": 0}
                tenant.put("counter", "one", {"value": known["value"] + 1})

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(count, [store, second_process] * 2))

    with store.read("ada") as tenant:
        assert tenant.get("counter", "one") == {"value": 80}


def test_a_number_is_given_once_whichever_process_asks(store: Store, second_process: Store) -> None:
    def number(on: Store) -> str:
        with on.change("ada") as tenant:
            return str(tenant.add_numbered("card", {})["id"])

    with ThreadPoolExecutor(4) as threads:
        numbers = list(threads.map(number, [store, second_process] * 10))

    assert len(set(numbers)) == 20


def test_what_fails_leaves_nothing_behind(store: Store) -> None:
    def fail(tenant: Tenant) -> None:
        tenant.add("user", "1", {})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), store.change("ada") as tenant:
        fail(tenant)

    with store.read("ada") as tenant:
        assert tenant.all("user") == []


def test_tenants_share_nothing(store: Store) -> None:
    visit(store, "ada")

    assert visit(store, "bob") == []


@pytest.mark.parametrize(("hours", "still_there"), [(23, 1), (25, 0)])
def test_a_tenant_goes_24_hours_after_its_last_visit(
    store: Store, clock: time_machine.Traveller, hours: int, still_there: int
) -> None:
    visit(store, "ada")
    clock.shift(hours * HOUR)

    assert len(visit(store, "ada")) == still_there


def test_a_visit_keeps_a_tenant_for_another_24_hours(store: Store, clock: time_machine.Traveller) -> None:
    for _ in range(3):
        visit(store, "ada")
        clock.shift(20 * HOUR)

    assert len(visit(store, "ada")) == 3


def test_what_was_set_by_controls_outlasts_all_tenants(store: Store, clock: time_machine.Traveller) -> None:
    visit(store, CONTROLS)
    clock.shift(25 * HOUR)
    visit(store, "bob")

    assert len(visit(store, CONTROLS)) == 1


def test_a_new_visitor_clears_away_the_old(store: Store, clock: time_machine.Traveller, database_url: str) -> None:
    visit(store, "ada")
    clock.shift(25 * HOUR)

    visit(store, "bob")

    assert count_of_tenants(database_url) == 1


def test_a_start_clears_away_the_old(store: Store, clock: time_machine.Traveller, database_url: str) -> None:
    visit(store, "ada")
    clock.shift(25 * HOUR)

    Store(database_url).close()

    assert count_of_tenants(database_url) == 0


def test_forgetting_one_tenant_leaves_the_others(store: Store) -> None:
    visit(store, "ada")
    visit(store, "bob")

    store.forget("ada")

    assert (len(visit(store, "ada")), len(visit(store, "bob"))) == (0, 1)


def test_of_a_kind_a_tenant_holds_so_many(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(emulator.store.MAX_PER_KIND, "mail", 2)
    story.link()
    story.link()

    with refused(429, "too_many_requests") as refusal:
        story.client.magic_links.email.login_or_create(BOB)

    assert "there are 2 of the kind mail already" in refusal.value.details.error_message


def test_a_bank_with_too_many_cards_says_so(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(emulator.store.MAX_PER_KIND, "customer", 0)
    bearer = {"Authorization": f"Bearer {org_token(PROJECT_ID)}", "Content-Type": "application/vnd.api+json"}

    answer = story.http.post(f"{UNIT_URL}/applications", json=document("individualApplication", ADA), headers=bearer)

    problem = answer.json()["errors"][0]
    assert (answer.status_code, problem["code"]) == (400, "limits_exceeded")
    assert "there are 0 of the kind customer already" in problem["detail"]


def test_a_tenant_holds_so_many_bytes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulator.store, "MAX_BYTES", 1000)

    with store.change("ada") as tenant:
        tenant.add("note", "1", {"text": "x" * 900})
        with pytest.raises(TenantFull, match="1000 bytes"):
            tenant.add("note", "2", {"text": "x" * 100})


def test_a_record_that_grows_has_as_much_room_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulator.store, "MAX_BYTES", 1000)

    with store.change("ada") as tenant:
        tenant.add("note", "1", {"text": "x" * 900})
        tenant.save("note", "1", {"text": "x" * 1900})
        with pytest.raises(TenantFull, match="2000 bytes"):
            tenant.save("note", "1", {"text": "x" * 2000})


def test_there_are_so_many_tenants(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulator.store, "MAX_TENANTS", 1)
    visit(store, "ada")

    with pytest.raises(TenantFull, match="1 tenants"):
        visit(store, "bob")
    assert len(visit(store, "ada")) == 1


def test_the_tables_of_another_version_make_way(tmp_path: Path) -> None:
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
def test_a_database_url_that_does_not_work_ends_in_one_line(url: str) -> None:
    with pytest.raises(BadDatabaseURL) as refusal:
        Store(url)

    line = str(refusal.value.code)
    assert line.startswith("EMULATOR_DATABASE_URL ")
    assert "\n" not in line
    assert "hunter2" not in line


def test_a_file_that_is_no_database_ends_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear Ada, " * 100)

    with pytest.raises(BadDatabaseURL, match="EMULATOR_DATABASE_URL cannot be used"):
        Store(f"sqlite:///{tmp_path}/letter.txt")
