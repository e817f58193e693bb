"""What the emulator remembers: JSON records in partitions ("worlds"), through SQLAlchemy Core.

One world is one visitor of a hosted demo, or one project of somebody's test run. A request to either emulated
service is one transaction on one world, and two requests to the same world never interleave: that is what makes
"each code once" and "one key, one card" true without a lock anywhere else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from . import clock

Json: TypeAlias = dict[str, Any]

KEEP_WORLDS_FOR = 24 * 3600  # seconds without a visit
FIRST_NUMBER = 10_000  # numbered records count from here, so that ids look like a bank's
MAX_RECORDS = 2000  # per world; a visitor who fills it gets a refusal, not the disk

_schema = sa.MetaData()
_worlds = sa.Table(
    "worlds",
    _schema,
    sa.Column("id", sa.String(100), primary_key=True),
    sa.Column("used_at", sa.Double, nullable=False, index=True),
)
_records = sa.Table(
    "records",
    _schema,
    sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("world", sa.ForeignKey("worlds.id", ondelete="CASCADE"), nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("id", sa.String(100), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.UniqueConstraint("world", "kind", "id"),
    sqlite_autoincrement=True,
)
_names = sa.Table(
    "names",
    _schema,
    sa.Column("world", sa.ForeignKey("worlds.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("kind", sa.String(40), primary_key=True),
    sa.Column("value", sa.String(300), primary_key=True),
    sa.Column("record_kind", sa.String(40), nullable=False),
    sa.Column("record_id", sa.String(100), nullable=False),
    sa.Index("names_by_value", "kind", "value"),
    sa.Index("names_by_record", "world", "record_kind", "record_id"),
)


class WorldFull(Exception):
    """A world holds as many records as one visitor may have."""


class World:
    """One partition inside one transaction. Every record is a JSON object that knows its own ``id``."""

    def __init__(self, connection: sa.Connection, world_id: str) -> None:
        self._connection = connection
        self.id = world_id

    def add(self, kind: str, record_id: str, body: Json, names: Mapping[str, str] | None = None) -> Json:
        """Store a new record. ``names`` are further unique names to find it by, such as ``{"email": "a@b.c"}``."""
        count = sa.select(sa.func.count()).select_from(_records).where(_records.c.world == self.id)
        if self._connection.execute(count).scalar_one() >= MAX_RECORDS:
            raise WorldFull
        self._connection.execute(
            _records.insert().values(world=self.id, kind=kind, id=record_id, body=json.dumps(body))
        )
        for name_kind, value in (names or {}).items():
            self.name(kind, record_id, name_kind, value)
        return body

    def add_numbered(self, kind: str, body: Json, names: Mapping[str, str] | None = None) -> Json:
        """Store a new record under a number that no record ever had; its body gets that number as ``id``."""
        draft = f"draft-{uuid4()}"
        self.add(kind, draft, body)
        this = (_records.c.world == self.id, _records.c.kind == kind, _records.c.id == draft)
        number: int = self._connection.execute(sa.select(_records.c.number).where(*this)).scalar_one()
        numbered = {**body, "id": str(FIRST_NUMBER + number)}
        self._connection.execute(_records.update().where(*this).values(id=numbered["id"], body=json.dumps(numbered)))
        for name_kind, value in (names or {}).items():
            self.name(kind, numbered["id"], name_kind, value)
        return numbered

    def name(self, kind: str, record_id: str, name_kind: str, value: str) -> None:
        """Give a stored record one more unique name."""
        self._connection.execute(
            _names.insert().values(world=self.id, kind=name_kind, value=value, record_kind=kind, record_id=record_id)
        )

    def get(self, kind: str, record_id: str) -> Json | None:
        """The record, or None."""
        body = self._connection.scalar(
            sa.select(_records.c.body).where(
                _records.c.world == self.id, _records.c.kind == kind, _records.c.id == record_id
            )
        )
        return None if body is None else json.loads(body)

    def find(self, kind: str, name_kind: str, value: str) -> Json | None:
        """The record that has this further name, or None."""
        record_id = self._connection.scalar(
            sa.select(_names.c.record_id).where(
                _names.c.world == self.id,
                _names.c.kind == name_kind,
                _names.c.value == value,
                _names.c.record_kind == kind,
            )
        )
        return None if record_id is None else self.get(kind, record_id)

    def all(self, kind: str) -> list[Json]:
        """Every record of a kind, oldest first."""
        bodies = self._connection.scalars(
            sa.select(_records.c.body)
            .where(_records.c.world == self.id, _records.c.kind == kind)
            .order_by(_records.c.number)
        )
        return [json.loads(body) for body in bodies]

    def keep_newest(self, kind: str, most: int) -> None:
        """Forget all but the newest records of a kind, which has no further names."""
        these = (_records.c.world == self.id, _records.c.kind == kind)
        newest_first = sa.select(_records.c.number).where(*these).order_by(_records.c.number.desc())
        first_too_many = newest_first.offset(most).limit(1).scalar_subquery()
        self._connection.execute(_records.delete().where(*these, _records.c.number <= first_too_many))

    def save(self, kind: str, record_id: str, body: Json) -> Json:
        """Replace the body of a stored record."""
        self._connection.execute(
            _records.update()
            .where(_records.c.world == self.id, _records.c.kind == kind, _records.c.id == record_id)
            .values(body=json.dumps(body))
        )
        return body

    def remove(self, kind: str, record_id: str) -> None:
        """Forget a record and all its names."""
        self._connection.execute(
            _names.delete().where(
                _names.c.world == self.id, _names.c.record_kind == kind, _names.c.record_id == record_id
            )
        )
        self._connection.execute(
            _records.delete().where(_records.c.world == self.id, _records.c.kind == kind, _records.c.id == record_id)
        )

    def beside(self, world_id: str) -> World:
        """Another partition in the same transaction, for what belongs to no visitor (a project's signing keys)."""
        _touch(self._connection, world_id)
        return World(self._connection, world_id)


class Store:
    """All worlds, in one database."""

    def __init__(self, url: str) -> None:
        """Open the database at any SQLAlchemy URL, and make its tables and, for SQLite, its folder."""
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        self._engine = sa.create_engine(parsed)
        if parsed.get_backend_name() == "sqlite":
            sa.event.listen(self._engine, "connect", _set_up_sqlite)
            sa.event.listen(self._engine, "begin", _begin_sqlite)
        _schema.create_all(self._engine)

    @contextmanager
    def change(self, world_id: str) -> Iterator[World]:
        """A transaction that may write, alone on its world until it ends; it commits unless an exception leaves it."""
        with self._engine.connect().execution_options(writes=True) as connection, connection.begin():
            _touch(connection, world_id)
            yield World(connection, world_id)

    @contextmanager
    def read(self, world_id: str) -> Iterator[World]:
        """A transaction that only reads, and waits for nobody."""
        with self._engine.connect() as connection, connection.begin():
            yield World(connection, world_id)

    def world_with(self, name_kind: str, value: str) -> str | None:
        """The world in which some record has this further name: for tokens that arrive without a visitor."""
        with self._engine.connect() as connection, connection.begin():
            return connection.scalar(
                sa.select(_names.c.world).where(_names.c.kind == name_kind, _names.c.value == value)
            )

    def reset(self) -> None:
        """Forget every world."""
        with self._engine.connect().execution_options(writes=True) as connection, connection.begin():
            connection.execute(_worlds.delete())

    def close(self) -> None:
        """Give the database connections back."""
        self._engine.dispose()


def _touch(connection: sa.Connection, world_id: str) -> None:
    """Lock the world's row, or make it; a new world pays for the removal of those that nobody visits any more."""
    now = clock.timestamp()
    locked = connection.scalar(sa.select(_worlds.c.used_at).where(_worlds.c.id == world_id).with_for_update())
    if locked is None:
        connection.execute(_worlds.delete().where(_worlds.c.used_at < now - KEEP_WORLDS_FOR))
        connection.execute(
            sa.text("INSERT INTO worlds (id, used_at) VALUES (:id, :now) ON CONFLICT DO NOTHING"),
            {"id": world_id, "now": now},
        )
    elif locked < now - KEEP_WORLDS_FOR / 24:
        connection.execute(_worlds.update().where(_worlds.c.id == world_id).values(used_at=now))


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy's own BEGIN below decides, not the driver
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=10000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
