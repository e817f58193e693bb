"""The emulated services as their clients see them: the real Stytch SDK, and plain HTTP for Unit."""

from __future__ import annotations

import itertools
import os
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

from emulator import Store, attach, org_token
from emulator import unit as emulated_unit
from emulator.database import engine_for
from emulator.stytch import keys
from emulator.transport import WSGIAdapter

from . import unit_schemas
from .stytch_story import Story, visitor
from .unit_story import Bank, Memory

PROJECT_ID = "project-test-11111111-1111-4111-8111-111111111111"
REDIRECT_URL = "http://localhost:8000/login/authenticate"
STYTCH_URL = "https://test.stytch.com/"
UNIT_URL = "https://api.s.unit.sh"

UnitWith: TypeAlias = Callable[..., WSGIAdapter]  # by what its factory takes


@pytest.fixture(scope="session", autouse=True)
def spare_keys() -> Iterator[None]:
    """Three signing keys for the whole run, dealt in turn: to make one takes longer than most tests do."""
    spare = itertools.cycle([keys.new_private_key() for _ in range(3)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "new_private_key", lambda: next(spare))
        yield


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A clock that stands still until a test shifts it."""
    with time_machine.travel("2026-06-01T12:00:00Z", tick=False) as traveller:
        yield traveller


@pytest.fixture
def long_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tenants that outlast a longer absence than a visitor's may be."""
    monkeypatch.setattr("emulator.store.TENANT_LIFETIME", 365 * 24 * 3600)


@pytest.fixture(scope="session")
def store_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the store keeps its files."""
    return tmp_path_factory.mktemp("emulator")


@pytest.fixture(scope="session")
def database_url(store_folder: Path) -> str:
    """A database for this run alone: a SQLite file, or one on the server that ``TEST_POSTGRES_URL`` names."""
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


def all_that_is_stored(database_url: str) -> str:
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
    """The store, empty."""
    shared_store.reset()
    return shared_store


def hold_against_schemas(response: requests.Response, **_kwargs: object) -> None:
    """Check an answer of Unit's against Unit's published schemas."""
    if response.url.startswith(UNIT_URL):
        unit_schemas.check(response.json())


@pytest.fixture(scope="session")
def shared_http(shared_store: Store) -> requests.Session:
    """One pair of emulated services for the whole run: all that they remember is in the store."""
    session = requests.Session()
    session.trust_env = False
    session.hooks["response"].append(hold_against_schemas)
    attach(
        session,
        shared_store,
        project_id=PROJECT_ID,
        public_url="http://localhost:8000/emulator",
        redirect_url=REDIRECT_URL,
        stytch_url=STYTCH_URL,
        unit_url=UNIT_URL,
        jwks_url=f"{STYTCH_URL}v1/sessions/jwks/{PROJECT_ID}",
    )
    return session


@pytest.fixture
def http(
    clock: time_machine.Traveller,  # noqa: ARG001 - it stands before anything happens
    store: Store,  # noqa: ARG001 - it is empty before anything happens
    shared_http: requests.Session,
) -> Iterator[requests.Session]:
    """A session whose calls to either service end in the emulator; what a test mounts on it is gone after the test."""
    adapters = OrderedDict(shared_http.adapters)
    with visitor("nobody"):  # whoever a test of the app left behind in this thread
        yield shared_http
    shared_http.adapters = adapters


@pytest.fixture(scope="session")
def shared_unit(shared_store: Store) -> Flask:
    """A Unit of its own for tests that have something else hang on it: to make one takes longer than most tests do."""
    return emulated_unit.create_app(shared_store, jwt_settings=lambda _tenant: None, fetch=lambda _url: {})


@pytest.fixture
def unit_with(shared_unit: Flask, monkeypatch: pytest.MonkeyPatch) -> UnitWith:
    """That Unit, with what its factory would have been given, during the test."""

    def changed(**given: Any) -> WSGIAdapter:
        emulation = replace(shared_unit.extensions["emulated_unit"], **given)
        monkeypatch.setitem(shared_unit.extensions, "emulated_unit", emulation)
        return WSGIAdapter(shared_unit)

    return changed


@pytest.fixture
def client(http: requests.Session) -> stytch.Client:
    """The stock Stytch SDK."""
    return stytch.Client(
        PROJECT_ID, "secret-test-emulator", environment=STYTCH_URL, suppress_warnings=True, sync_session=http
    )


@pytest.fixture
def story(client: stytch.Client, http: requests.Session, store: Store, clock: time_machine.Traveller) -> Story:
    """A visitor who has not done anything yet."""
    return Story(PROJECT_ID, client, http, store, clock)


class UnitOverHTTP:
    """Unit as any HTTP client calls it, with one bearer token."""

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

    def bearing(self, token: str) -> UnitOverHTTP:
        """The same, with another token."""
        return UnitOverHTTP(self.http, token)


@pytest.fixture
def unit(http: requests.Session) -> UnitOverHTTP:
    """Unit with the org token."""
    return UnitOverHTTP(http, org_token(PROJECT_ID))


@pytest.fixture(scope="session")
def memory(database_url: str, shared_store: Store) -> Iterator[Memory]:  # noqa: ARG001 - it makes the tables
    """Where the usual ways into an empty store end."""
    memory = Memory(engine_for(database_url))
    yield memory
    memory.engine.dispose()


@pytest.fixture
def bank(unit: UnitOverHTTP, memory: Memory) -> Bank:
    """What an org does at Unit, in steps."""
    return Bank(unit, memory)
