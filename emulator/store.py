"""What the emulator remembers: JSON records in partitions ("worlds"), through SQLAlchemy Core.

One world is one visitor of a hosted demo, or one project of somebody's test run. A request to either emulated
service is one transaction on one world, and two requests to the same world never interleave: that is what makes
"each code once" and "one key, one card" true without a lock anywhere else. SQLite and PostgreSQL keep the same rules,
for any number of processes. A world goes 24 hours after its last visit, and holds so much at the most.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias
from uuid import uuid4

import sqlalchemy as sa

from . import clock
from .database import BadDatabaseURL, engine_for, set_up

Json: TypeAlias = dict[str, Any]

KEEP_WORLDS_FOR = 24 * 3600  # seconds without a visit
FIRST_NUMBER = 10_000  # numbered records count from here, so that ids look like a bank's
MAX_WORLDS = 100_000  # a project over HTTP is two: its own, and that of its keys
MAX_RECORDS = 2000  # per world, as are those below; a visitor who fills it gets a refusal, not the disk
MAX_BYTES = 2 * 1024 * 1024
MOST_OF_A_KIND = {"user": 500, "mail": 500, "card": 200}

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
    sa.Column("size", sa.Integer, nullable=False),  # of the body, so that a world can be weighed without reading it
    sa.UniqueConstraint("world", "kind", "id"),
    sa.Index("records_by_weight", "world", "kind", "size"),
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
    """A world holds as much as one visitor may have; says of what, in words for whoever filled it."""


class World:
    """One partition inside one transaction. Every record is a JSON object that knows its own ``id``."""

    def __init__(self, connection: sa.Connection, world_id: str) -> None:
        self._connection = connection
        self.id = world_id

    def add(self, kind: str, record_id: str, body: Json, names: Mapping[str, str] | None = None) -> Json:
        """Store a new record. ``names`` are further unique names to find it by, such as ``{"email": "a@b.c"}``."""
        text = json.dumps(body)
        self._check_room(kind, len(text))
        self._connection.execute(
            _records.insert().values(world=self.id, kind=kind, id=record_id, body=text, size=len(text))
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
        text = json.dumps(numbered)
        self._connection.execute(_records.update().where(*this).values(id=numbered["id"], body=text, size=len(text)))
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
        text = json.dumps(body)
        self._check_growth(kind, record_id, len(text))
        self._connection.execute(
            _records.update()
            .where(_records.c.world == self.id, _records.c.kind == kind, _records.c.id == record_id)
            .values(body=text, size=len(text))
        )
        return body

    def put(self, kind: str, record_id: str, body: Json) -> Json:
        """Store a record, new or not."""
        known = self.get(kind, record_id) is not None
        return (self.save if known else self.add)(kind, record_id, body)

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

    def _check_room(self, kind: str, size: int) -> None:
        """Refuse one record too many, of this kind or at all, or one too large."""
        count, weight, same = self._weigh(sa.true(), of=kind)
        most = MOST_OF_A_KIND.get(kind, MAX_RECORDS)
        if same >= most:
            raise WorldFull(f"there are {most} of the kind {kind} already")
        if count >= MAX_RECORDS:
            raise WorldFull(f"there are {MAX_RECORDS} records already")
        if weight + size > MAX_BYTES:
            raise WorldFull(f"there are {MAX_BYTES} bytes of records already")

    def _check_growth(self, kind: str, record_id: str, size: int) -> None:
        """Refuse growth only at twice the weight: what makes nothing new, such as freezing a card, must go on."""
        _, weight, _ = self._weigh(~((_records.c.kind == kind) & (_records.c.id == record_id)), of=kind)
        if weight + size > 2 * MAX_BYTES:
            raise WorldFull(f"there are {2 * MAX_BYTES} bytes of records already")

    def _weigh(self, which: sa.ColumnElement[bool], *, of: str) -> tuple[int, int, int]:
        """Tell how many records there are, how many bytes, and how many of one kind."""
        of_kind = sa.func.count().filter(_records.c.kind == of)
        weighed = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(_records.c.size), 0), of_kind)
        count, weight, same = self._connection.execute(weighed.where(_records.c.world == self.id, which)).one()
        return count, weight, same


class Store:
    """All worlds, in one database."""

    def __init__(self, url: str) -> None:
        """Open the database, and make its tables and, for SQLite, its folder. Raises BadDatabaseURL."""
        self._engine = engine_for(url)
        try:
            with self._writing() as connection:
                set_up(connection, _schema)
                _forget_unvisited(connection)
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise BadDatabaseURL("the database cannot be opened; is it there, and may we write to it?") from error

    @contextmanager
    def change(self, world_id: str) -> Iterator[World]:
        """A transaction that may write, alone on its world until it ends; it commits unless an exception leaves it."""
        with self._writing() as connection:
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

    def forget(self, world_id: str) -> None:
        """Forget one world."""
        with self._writing() as connection:
            connection.execute(_worlds.delete().where(_worlds.c.id == world_id))

    def reset(self) -> None:
        """Forget every world."""
        with self._writing() as connection:
            connection.execute(_worlds.delete())

    def close(self) -> None:
        """Give the database connections back."""
        self._engine.dispose()

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with self._engine.connect().execution_options(writes=True) as connection, connection.begin():
            yield connection


def _touch(connection: sa.Connection, world_id: str) -> None:
    """Lock the world's row, or make it; what nobody visits any more goes on the way. By the clock that nobody moves."""
    now = clock.unmoved()
    used_at = connection.scalar(sa.select(_worlds.c.used_at).where(_worlds.c.id == world_id).with_for_update())
    if used_at is not None and used_at >= now - KEEP_WORLDS_FOR / 24:
        return
    if used_at is None or used_at < now - KEEP_WORLDS_FOR:
        connection.execute(_worlds.delete().where(_worlds.c.id == world_id))
        _forget_unvisited(connection)
        if connection.execute(sa.select(sa.func.count()).select_from(_worlds)).scalar_one() >= MAX_WORLDS:
            raise WorldFull(f"there are {MAX_WORLDS} worlds already")
    locking_insert = "INSERT INTO worlds (id, used_at) VALUES (:id, :now) ON CONFLICT (id) DO UPDATE SET used_at = :now"
    connection.execute(sa.text(locking_insert), {"id": world_id, "now": now})


def _forget_unvisited(connection: sa.Connection) -> None:
    """Forget the worlds that had no visit for too long, but for those that somebody is just coming back to."""
    old = sa.select(_worlds.c.id).where(_worlds.c.used_at < clock.unmoved() - KEEP_WORLDS_FOR)
    connection.execute(_worlds.delete().where(_worlds.c.id.in_(old.with_for_update(skip_locked=True))))
