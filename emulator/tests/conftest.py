"""Fixtures for the emulated services: the Stytch SDK, and HTTP for Unit."""

from __future__ import annotations

import itertools
import json
import os
import textwrap
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import requests
import sqlalchemy as sa
import stytch
import time_machine
from flask import Flask
from sqlalchemy.engine import make_url

from stytch_unit_emulator import Store, attach, org_token
from stytch_unit_emulator import unit as emulated_unit
from stytch_unit_emulator.database import engine_for
from stytch_unit_emulator.stytch import keys, password_hashes
from stytch_unit_emulator.transport import WSGIAdapter

from . import unit_schemas
from .stytch_story import Story, visitor
from .unit_story import Bank, Snapshots

pytest_plugins = ["stytch_unit_emulator.pytest_plugin"]  # not installed here, so without its entry point

PROJECT_ID = "project-test-11111111-1111-4111-8111-111111111111"
REDIRECT_URL = "http://localhost:8000/login/authenticate"
STYTCH_URL = "https://test.stytch.com/"
UNIT_URL = "https://api.s.unit.sh"

UnitWith: TypeAlias = Callable[..., WSGIAdapter]  # takes the arguments of Unit's factory


def pytest_make_parametrize_id(val: object) -> str | None:
    """Show JSON values in test ids, which pytest would only number."""
    if isinstance(val, dict | list | set):
        return textwrap.shorten(json.dumps(sorted(val) if isinstance(val, set) else val), 60, placeholder="…")
    return None


@pytest.fixture(scope="session", autouse=True)
def shared_signing_keys() -> Iterator[None]:
    """Three signing keys for the whole run, as generating keys is slow."""
    generated = itertools.cycle([keys.new_private_key() for _ in range(3)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "new_private_key", lambda: next(generated))
        yield


@pytest.fixture(scope="session", autouse=True)
def fast_password_hashes() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(password_hashes, "METHOD", "scrypt:1024:8:1")
        yield


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A clock that stands still until a test shifts it."""
    with time_machine.travel("2026-06-01T12:00:00Z", tick=False) as traveller:
        yield traveller


@pytest.fixture
def long_lived_tenants(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tenants that don't expire in tests that skip days."""
    monkeypatch.setattr("stytch_unit_emulator.lifetimes.TENANT_LIFETIME", 365 * 24 * 3600)


@pytest.fixture(scope="session")
def store_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the store's files."""
    return tmp_path_factory.mktemp("emulator")


@pytest.fixture(scope="session")
def database_url(store_folder: Path) -> str:
    """A database for this run: SQLite, or on the server in ``TEST_POSTGRES_URL``."""
    server = os.environ.get("TEST_POSTGRES_URL")
    if not server:
        return f"sqlite:///{store_folder}/emulator.db"
    name = f"emulator_{os.environ.get('PYTEST_XDIST_WORKER', 'tests')}"
    engine = sa.create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def stored_values(database_url: str) -> str:
    """Every value in every table."""
    engine, schema = engine_for(database_url), sa.MetaData()
    schema.reflect(engine)
    with engine.connect() as connection:
        rows = [row for table in schema.tables.values() for row in connection.execute(table.select())]
    engine.dispose()
    return repr(rows)


@pytest.fixture(scope="session")
def shared_store(database_url: str) -> Iterator[Store]:
    """One store for the whole run."""
    store = Store(database_url)
    yield store
    store.close()


@pytest.fixture
def store(shared_store: Store) -> Store:
    """The store, emptied."""
    shared_store.reset()
    return shared_store


def check_against_schemas(response: requests.Response, **_kwargs: object) -> None:
    """Check Unit's responses against its published schemas."""
    if response.url.startswith(UNIT_URL) and response.headers["Content-Type"].startswith("application/vnd.api+json"):
        unit_schemas.check(response.json())


@pytest.fixture(scope="session")
def shared_http(shared_store: Store) -> requests.Session:
    """A session with one pair of emulated services for the whole run."""
    session = requests.Session()
    session.trust_env = False
    session.hooks["response"].append(check_against_schemas)
    attach(
        session,
        shared_store,
        project_id=PROJECT_ID,
        public_url="http://localhost:8000/emulator",
        redirect_urls={REDIRECT_URL},
        stytch_url=STYTCH_URL,
        unit_url=UNIT_URL,
        jwks_url=f"{STYTCH_URL}v1/sessions/jwks/{PROJECT_ID}",
    )
    return session


@pytest.fixture
def http(
    clock: time_machine.Traveller,  # noqa: ARG001 - stopped before the test
    store: Store,  # noqa: ARG001 - emptied before the test
    shared_http: requests.Session,
) -> Iterator[requests.Session]:
    """A session that calls the emulated services, restored after the test."""
    adapters = OrderedDict(shared_http.adapters)
    with visitor("nobody"):  # an app test may have left another visitor in this thread
        yield shared_http
    shared_http.adapters = adapters


@pytest.fixture(scope="session")
def shared_unit(shared_store: Store) -> Flask:
    """One more emulated Unit for tests that configure it, as creating one is slow."""
    return emulated_unit.create_app(shared_store, jwt_settings=lambda _tenant: None, fetch=lambda _url: {})


@pytest.fixture
def unit_with(shared_unit: Flask, monkeypatch: pytest.MonkeyPatch) -> UnitWith:
    """That emulated Unit with other arguments, during the test."""

    def changed(**given: Any) -> WSGIAdapter:
        emulation = replace(shared_unit.extensions["emulated_unit"], **given)
        monkeypatch.setitem(shared_unit.extensions, "emulated_unit", emulation)
        return WSGIAdapter(shared_unit)

    return changed


@pytest.fixture
def client(http: requests.Session) -> stytch.Client:
    """The unmodified Stytch SDK."""
    return stytch.Client(
        PROJECT_ID, "secret-test-emulator", environment=STYTCH_URL, suppress_warnings=True, sync_session=http
    )


@pytest.fixture
def story(client: stytch.Client, http: requests.Session, store: Store, clock: time_machine.Traveller) -> Story:
    """A new visitor."""
    return Story(PROJECT_ID, client, http, store, clock)


class UnitOverHTTP:
    """HTTP calls to Unit with one bearer token."""

    def __init__(self, http: requests.Session, token: str) -> None:
        self.http = http
        self.token = token

    def __call__(self, method: str, path: str, body: object = None) -> requests.Response:
        return self.http.request(
            method,
            f"{UNIT_URL}{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/vnd.api+json"},
        )

    def with_token(self, token: str) -> UnitOverHTTP:
        """The same with another token."""
        return UnitOverHTTP(self.http, token)


@pytest.fixture
def unit(http: requests.Session) -> UnitOverHTTP:
    """Unit with the org token."""
    return UnitOverHTTP(http, org_token(PROJECT_ID))


@pytest.fixture(scope="session")
def snapshots(database_url: str, shared_store: Store) -> Iterator[Snapshots]:  # noqa: ARG001 - creates the tables
    """Saved states of the store after common setups."""
    snapshots = Snapshots(engine_for(database_url))
    yield snapshots
    snapshots.engine.dispose()


@pytest.fixture
def bank(unit: UnitOverHTTP, snapshots: Snapshots) -> Bank:
    """What an org does at Unit, in steps."""
    return Bank(unit, snapshots)
