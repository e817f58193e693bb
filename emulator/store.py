"""What the emulator remembers: JSON records in partitions ("tenants"), through SQLAlchemy Core.

One tenant is one visitor of a hosted demo, or one project of somebody's test run. A request to either emulated
service is one transaction on one tenant, and two requests to the same tenant never interleave: that is what makes
"each code once" and "one key, one card" true without a lock anywhere else. SQLite and PostgreSQL keep the same rules,
for any number of processes. A tenant goes 24 hours after its last visit, and holds so much at the most.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias, cast
from uuid import uuid4

import sqlalchemy as sa

from . import clock, tables
from .database import BadDatabaseURL, engine_for, set_up

Json: TypeAlias = dict[str, Any]

TENANT_LIFETIME = 24 * 3600  # seconds without a visit
CONTROLS = "controls"  # the one partition that is kept for good: every request reads it, and none visits it
FIRST_NUMBER = 10_000  # numbered records count from here, so that ids look like a bank's
MAX_TENANTS = 100_000  # a project over HTTP is two: its own, and that of its keys
MAX_RECORDS = 2000  # per tenant, as are those below; a visitor who fills it gets a refusal, not the disk
MAX_BYTES = 2 * 1024 * 1024
MAX_PER_KIND = {"user": 500, "mail": 500, "card": 200}


class TenantFull(Exception):
    """A tenant holds as much as one visitor may have; says of what, in words for whoever filled it."""


class Tenant:
    """One partition inside one transaction. Every record is a JSON object that knows its own ``id``."""

    def __init__(self, connection: sa.Connection, tenant_id: str) -> None:
        self._connection = connection
        self._bodies: dict[tuple[str, str], str] = {}  # as read or written here, where nobody else comes between
        self.id = tenant_id

    def add(self, kind: str, record_id: str, body: Json, names: Mapping[str, str] | None = None) -> Json:
        """Store a new record. ``names`` are further unique names to find it by, such as ``{"email": "a@b.c"}``."""
        self._insert(kind, record_id, body)
        for name_kind, value in (names or {}).items():
            self.name(kind, record_id, name_kind, value)
        return body

    def add_numbered(self, kind: str, body: Json, names: Mapping[str, str] | None = None) -> Json:
        """Store a new record under a number that no record ever had; its body gets that number as ``id``."""
        draft = f"draft-{uuid4()}"
        number = self._insert(kind, draft, body)
        numbered = {**body, "id": str(FIRST_NUMBER + number)}
        text = json.dumps(numbered)
        changed = {"id": numbered["id"], "body": text, "size": len(text)}
        self._connection.execute(tables.SAVE, self._this(kind, draft) | changed)
        del self._bodies[kind, draft]
        self._bodies[kind, numbered["id"]] = text
        for name_kind, value in (names or {}).items():
            self.name(kind, numbered["id"], name_kind, value)
        return numbered

    def name(self, kind: str, record_id: str, name_kind: str, value: str) -> None:
        """Give a stored record one more unique name."""
        record = {"record_kind": kind, "record_id": record_id}
        self._connection.execute(tables.NAME, {"tenant": self.id, "kind": name_kind, "value": value, **record})

    def get(self, kind: str, record_id: str) -> Json | None:
        """The record, or None."""
        body = self._bodies.get((kind, record_id)) or self._connection.scalar(tables.GET, self._this(kind, record_id))
        if body is None:
            return None
        self._bodies[kind, record_id] = body
        record: Json = json.loads(body)
        return record

    def find(self, kind: str, name_kind: str, value: str) -> Json | None:
        """The record that has this further name, or None."""
        named = {"tenant_": self.id, "kind_": kind, "name_kind": name_kind, "name_value": value}
        record_id = self._connection.scalar(tables.FIND, named)
        return None if record_id is None else self.get(kind, record_id)

    def all(self, kind: str) -> list[Json]:
        """Every record of a kind, oldest first."""
        bodies = self._connection.scalars(tables.ALL, {"tenant_": self.id, "kind_": kind})
        return [json.loads(body) for body in bodies]

    def keep_newest(self, kind: str, most: int) -> None:
        """Forget all but the newest records of a kind, which has no further names."""
        self._connection.execute(tables.KEEP_NEWEST, {"tenant_": self.id, "kind_": kind, "most": most})
        self._bodies.clear()

    def save(self, kind: str, record_id: str, body: Json) -> Json:
        """Replace the body of a stored record."""
        text = json.dumps(body)
        self._check_growth(kind, record_id, len(text))
        self._connection.execute(tables.SAVE, self._this(kind, record_id) | {"body": text, "size": len(text)})
        self._bodies[kind, record_id] = text
        return body

    def put(self, kind: str, record_id: str, body: Json) -> Json:
        """Store a record, new or not."""
        known = self.get(kind, record_id) is not None
        return (self.save if known else self.add)(kind, record_id, body)

    def remove(self, kind: str, record_id: str) -> None:
        """Forget a record and all its names."""
        self._connection.execute(tables.UNNAME, self._this(kind, record_id))
        self._connection.execute(tables.REMOVE, self._this(kind, record_id))
        self._bodies.pop((kind, record_id), None)

    def partition(self, tenant_id: str) -> Tenant:
        """Another partition in the same transaction, for what belongs to no visitor (a project's signing keys).

        It is not locked unless it has to be made, so that the visitors of one project need not wait for each other.
        """
        _touch(self._connection, tenant_id, tables.USED_AT)
        return Tenant(self._connection, tenant_id)

    def _insert(self, kind: str, record_id: str, body: Json) -> int:
        text = json.dumps(body)
        self._check_room(kind, len(text))
        new = {"tenant": self.id, "kind": kind, "id": record_id, "body": text, "size": len(text)}
        added = self._connection.execute(tables.ADD, new)
        self._bodies[kind, record_id] = text
        return cast("tuple[int]", added.inserted_primary_key)[0]

    def _check_room(self, kind: str, size: int) -> None:
        """Refuse one record too many, of this kind or at all, or one too large."""
        count, total_size, same = self._connection.execute(tables.USAGE, {"tenant_": self.id, "kind_": kind}).one()
        most = MAX_PER_KIND.get(kind, MAX_RECORDS)
        if same >= most:
            raise TenantFull(f"there are {most} of the kind {kind} already")
        if count >= MAX_RECORDS:
            raise TenantFull(f"there are {MAX_RECORDS} records already")
        if total_size + size > MAX_BYTES:
            raise TenantFull(f"there are {MAX_BYTES} bytes of records already")

    def _check_growth(self, kind: str, record_id: str, size: int) -> None:
        """Refuse growth only at twice the total_size: what makes nothing new, such as freezing a card, must go on."""
        _, total_size, _ = self._connection.execute(tables.USAGE_OF_OTHERS, self._this(kind, record_id)).one()
        if total_size + size > 2 * MAX_BYTES:
            raise TenantFull(f"there are {2 * MAX_BYTES} bytes of records already")

    def _this(self, kind: str, record_id: str) -> dict[str, Any]:
        return {"tenant_": self.id, "kind_": kind, "id_": record_id}


class Store:
    """All tenants, in one database."""

    def __init__(self, url: str) -> None:
        """Open the database, and make its tables and, for SQLite, its folder. Raises BadDatabaseURL."""
        self._engine = engine_for(url)
        try:
            with self._writing() as connection:
                set_up(connection, tables.schema)
                _delete_expired(connection)
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise BadDatabaseURL("the database cannot be opened; is it there, and may we write to it?") from error

    @contextmanager
    def change(self, tenant_id: str) -> Iterator[Tenant]:
        """A transaction that may write, alone on its tenant until it ends; it commits unless an exception leaves it."""
        with self._writing() as connection:
            _touch(connection, tenant_id)
            yield Tenant(connection, tenant_id)

    @contextmanager
    def read(self, tenant_id: str) -> Iterator[Tenant]:
        """A transaction that only reads, and waits for nobody."""
        with self._engine.connect() as connection, connection.begin():
            yield Tenant(connection, tenant_id)

    def tenant_with(self, name_kind: str, value: str) -> str | None:
        """The tenant in which some record has this further name: for tokens that arrive without a visitor."""
        with self._engine.connect() as connection, connection.begin():
            return connection.scalar(tables.FIND_TENANT, {"name_kind": name_kind, "name_value": value})

    def forget(self, tenant_id: str) -> None:
        """Forget one tenant."""
        with self._writing() as connection:
            connection.execute(tables.DELETE_TENANT, {"tenant_": tenant_id})

    def reset(self) -> None:
        """Forget every tenant."""
        with self._writing() as connection:
            connection.execute(tables.tenants.delete())

    def close(self) -> None:
        """Give the database connections back."""
        self._engine.dispose()

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with self._engine.connect().execution_options(writes=True) as connection, connection.begin():
            yield connection


def _touch(connection: sa.Connection, tenant_id: str, used_at_query: sa.Select[Any] = tables.LOCK) -> None:
    """Lock the tenant's row or create it, and delete expired tenants. Uses the real clock."""
    now = clock.real_timestamp()
    used_at: float | None = connection.scalar(used_at_query, {"tenant_": tenant_id})
    if used_at is not None and used_at >= now - TENANT_LIFETIME / 24:
        return
    if used_at is None or used_at < now - TENANT_LIFETIME:
        connection.execute(tables.DELETE_TENANT, {"tenant_": tenant_id})
        _delete_expired(connection)
        if connection.execute(tables.COUNT_TENANTS).scalar_one() >= MAX_TENANTS:
            raise TenantFull(f"there are {MAX_TENANTS} tenants already")
    connection.execute(tables.LOCKING_INSERT, {"tenant_": tenant_id, "now": math.inf if tenant_id == CONTROLS else now})


def _delete_expired(connection: sa.Connection) -> None:
    """Forget the tenants that had no visit for too long, but for those that somebody is just coming back to."""
    connection.execute(tables.DELETE_EXPIRED, {"since": clock.real_timestamp() - TENANT_LIFETIME})
