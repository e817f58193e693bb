"""Storage: JSON records in one partition per tenant, with SQLAlchemy Core.

A tenant is one visitor of a hosted demo or one project of a test run. Each request is one transaction on one tenant,
and requests to the same tenant are serialized. Single-use codes and idempotency keys rely on that and need no other
locks. SQLite and PostgreSQL behave the same, with any number of processes. A tenant begins with its first record, has
size limits, and expires 24 hours after its last use, or sooner if there are too many tenants: oldest use first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeAlias, cast
from uuid import uuid4

import sqlalchemy as sa

from . import fixed_ids, lifetimes, strict_json, tables
from .database import BadDatabaseURL, engine_for, set_up

Json: TypeAlias = dict[str, Any]

FIRST_NUMBER = 10_000  # first id of numbered records, so that ids look realistic
MAX_RECORDS = 2000  # per tenant, like the limits below; protects the disk
MAX_BYTES = 2 * 1024 * 1024
MAX_PER_KIND = {"user": 500, "mail": 500, "card": 200}
_joined: ContextVar[sa.Connection | None] = ContextVar("joined", default=None)  # see all_or_nothing


class TenantFull(Exception):
    """The tenant reached a size limit; the message says which."""


class Tenant:
    """One tenant's partition within a transaction. Records are JSON objects."""

    def __init__(self, connection: sa.Connection, tenant_id: str, opened: dict[str, bool] | None = None) -> None:
        self._connection = connection
        self._opened = {} if opened is None else opened  # ids used in the transaction, and whether each is new
        self._bodies: dict[tuple[str, str], str] = {}  # cache; safe, as the transaction has the lock
        self.id = tenant_id

    def add(self, kind: str, record_id: str, body: Json, names: Mapping[str, str] | None = None) -> Json:
        """Store a new record.

        ``names`` are additional unique keys to find it by, such as ``{"email": "a@b.c"}``.
        """
        self._insert(kind, record_id, body)
        for name_kind, value in (names or {}).items():
            self.name(kind, record_id, name_kind, value)
        return body

    def add_numbered(self, kind: str, body: Json, names: Mapping[str, str] | None = None) -> Json:
        """Store a new record under a new number, which becomes its ``id``."""
        draft = f"draft-{uuid4()}"
        number = self._insert(kind, draft, body)
        numbered = {**body, "id": fixed_ids.take(kind) or str(FIRST_NUMBER + number)}
        text = strict_json.dump(numbered)
        changed = {"id": numbered["id"], "body": text, "size": len(text)}
        self._connection.execute(tables.SAVE, self._this(kind, draft) | changed)
        del self._bodies[kind, draft]
        self._bodies[kind, numbered["id"]] = text
        for name_kind, value in (names or {}).items():
            self.name(kind, numbered["id"], name_kind, value)
        return numbered

    def name(self, kind: str, record_id: str, name_kind: str, value: str) -> None:
        """Add another unique key to a stored record."""
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
        """The record with this additional key, or None."""
        named = {"tenant_": self.id, "kind_": kind, "name_kind": name_kind, "name_value": value}
        record_id = self._connection.scalar(tables.FIND, named)
        return None if record_id is None else self.get(kind, record_id)

    def all(self, kind: str) -> list[Json]:
        """All records of a kind, oldest first."""
        bodies = self._connection.scalars(tables.ALL, {"tenant_": self.id, "kind_": kind})
        return [json.loads(body) for body in bodies]

    def keep_newest(self, kind: str, most: int) -> None:
        """Delete all but the newest records of a kind that has no additional keys."""
        self._connection.execute(tables.KEEP_NEWEST, {"tenant_": self.id, "kind_": kind, "most": most})
        self._bodies.clear()

    def save(self, kind: str, record_id: str, body: Json) -> Json:
        """Replace the body of a stored record."""
        text = strict_json.dump(body)
        self._check_growth(kind, record_id, len(text))
        self._connection.execute(tables.SAVE, self._this(kind, record_id) | {"body": text, "size": len(text)})
        self._bodies[kind, record_id] = text
        return body

    def put(self, kind: str, record_id: str, body: Json) -> Json:
        """Store a record, new or existing."""
        known = self.get(kind, record_id) is not None
        return (self.save if known else self.add)(kind, record_id, body)

    def remove(self, kind: str, record_id: str) -> None:
        """Delete a record and its additional keys."""
        self._connection.execute(tables.UNNAME, self._this(kind, record_id))
        self._connection.execute(tables.REMOVE, self._this(kind, record_id))
        self._bodies.pop((kind, record_id), None)

    def execute(self, statement: sa.Executable, values: Any = None) -> sa.CursorResult[Any]:
        """Run a statement, such as those that copy whole tenants."""
        self._bodies.clear()
        return self._connection.execute(statement, values)

    def partition(self, tenant_id: str) -> Tenant:
        """Another partition in the same transaction, such as a project's keys.

        Not locked unless it has to be created, so that visitors of one project don't wait for each other.
        """
        if tenant_id not in self._opened:
            used_at = self._connection.scalar(tables.USED_AT, lifetimes.use_now(tenant_id))
            self._opened[tenant_id] = lifetimes.should_count(used_at) and lifetimes.enter(self._connection, tenant_id)
        return Tenant(self._connection, tenant_id, self._opened)

    def _insert(self, kind: str, record_id: str, body: Json) -> int:
        text = strict_json.dump(body)
        self._check_room(kind, len(text))
        new = {"tenant": self.id, "kind": kind, "id": record_id, "body": text, "size": len(text)}
        added = self._connection.execute(tables.ADD, new)
        self._bodies[kind, record_id] = text
        return cast("tuple[int]", added.inserted_primary_key)[0]

    def _check_room(self, kind: str, size: int) -> None:
        """Refuse a record over the limits on count, count per kind and size."""
        count, total_size, same = self._connection.execute(tables.USAGE, {"tenant_": self.id, "kind_": kind}).one()
        most = MAX_PER_KIND.get(kind, MAX_RECORDS)
        if same >= most:
            raise TenantFull(f"the limit of {most} records of kind {kind} is reached")
        if count >= MAX_RECORDS:
            raise TenantFull(f"the limit of {MAX_RECORDS} records is reached")
        if total_size + size > MAX_BYTES:
            raise TenantFull(f"the limit of {MAX_BYTES} bytes is reached")

    def _check_growth(self, kind: str, record_id: str, size: int) -> None:
        """Refuse updates only at twice the size limit: freezing a card must still work."""
        _, total_size, _ = self._connection.execute(tables.USAGE_OF_OTHERS, self._this(kind, record_id)).one()
        if total_size + size > 2 * MAX_BYTES:
            raise TenantFull(f"the limit of {2 * MAX_BYTES} bytes is reached")

    def _this(self, kind: str, record_id: str) -> dict[str, Any]:
        return {"tenant_": self.id, "kind_": kind, "id_": record_id}


class Store:
    """All tenants in one database."""

    tenant_class = Tenant  # of read-write transactions

    def __init__(self, url: str) -> None:
        """Open the database and create its tables. Raises BadDatabaseURL."""
        self._engine = engine_for(url)
        try:
            with self._begin() as connection:
                set_up(connection, tables.schema)
                lifetimes.delete_expired(connection)
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise BadDatabaseURL("the database cannot be opened; check that it exists and that you own it.") from error

    @contextmanager
    def change(self, tenant_id: str) -> Iterator[Tenant]:
        """A read-write transaction that locks the tenant; commits unless it raises."""
        with self._begin() as connection:
            opened = {tenant_id: lifetimes.enter(connection, tenant_id)}
            yield self.tenant_class(connection, tenant_id, opened)
            lifetimes.leave(connection, opened)

    @contextmanager
    def read(self, tenant_id: str, *, is_use: bool = True) -> Iterator[Tenant]:
        """A read-only transaction, without a lock. A use may be written down after it."""
        with self._begin(writes=False) as connection:
            used_at = connection.scalar(tables.USED_AT, lifetimes.use_now(tenant_id))
            yield Tenant(connection, tenant_id)
        if is_use and used_at is not None and lifetimes.should_count(used_at):
            with self._begin() as connection:
                connection.execute(tables.TOUCH, lifetimes.use_now(tenant_id))

    def tenant_with(self, name_kind: str, value: str) -> str | None:
        """Find the tenant by a record's additional key, for tokens without a visitor."""
        with self._begin(writes=False) as connection:
            return connection.scalar(tables.FIND_TENANT, {"name_kind": name_kind, "name_value": value})

    def tenants_holding(self, kind: str, text: str) -> list[str]:
        """The tenants with a record of this kind whose JSON contains the text."""
        with self._begin(writes=False) as connection:
            return list(connection.scalars(tables.HOLDING, {"kind_": kind, "text": text}))

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Make every transaction of this thread part of one, which commits unless it raises."""
        with self._begin() as connection:
            before = _joined.set(connection)
            try:
                yield
            finally:
                _joined.reset(before)

    def forget(self, tenant_id: str) -> None:
        """Delete one tenant."""
        with self._begin() as connection:
            connection.execute(tables.DELETE_TENANT, {"tenant_": tenant_id})

    def reset(self) -> None:
        """Delete all tenants."""
        with self._begin() as connection:
            connection.execute(tables.tenants.delete())

    def close(self) -> None:
        """Close the database connections."""
        self._engine.dispose()

    @contextmanager
    def _begin(self, *, writes: bool = True) -> Iterator[sa.Connection]:
        if joined := _joined.get():
            yield joined
            return
        with self._engine.connect().execution_options(writes=writes) as connection, connection.begin():
            yield connection
