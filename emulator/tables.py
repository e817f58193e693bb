"""The store's three tables, and each statement on them."""

from __future__ import annotations

import sqlalchemy as sa

schema = sa.MetaData()
worlds = sa.Table(
    "worlds",
    schema,
    sa.Column("id", sa.String(100), primary_key=True),
    sa.Column("used_at", sa.Double, nullable=False, index=True),
)
records = sa.Table(
    "records",
    schema,
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
names = sa.Table(
    "names",
    schema,
    sa.Column("world", sa.ForeignKey("worlds.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("kind", sa.String(40), primary_key=True),
    sa.Column("value", sa.String(300), primary_key=True),
    sa.Column("record_kind", sa.String(40), nullable=False),
    sa.Column("record_id", sa.String(100), nullable=False),
    sa.Index("names_by_value", "kind", "value"),
    sa.Index("names_by_record", "world", "record_kind", "record_id"),
)


# Statements are built once, because to build one takes longer than to run it.
_of_world = records.c.world == sa.bindparam("world_")
_of_kind = records.c.kind == sa.bindparam("kind_")
_of_id = records.c.id == sa.bindparam("id_")
_this = (_of_world, _of_kind, _of_id)
ADD = records.insert()
GET = sa.select(records.c.body).where(*_this)
SAVE = records.update().where(*_this)
REMOVE = records.delete().where(*_this)
ALL = sa.select(records.c.body).where(_of_world, _of_kind).order_by(records.c.number)
_NEWEST = sa.select(records.c.number).where(_of_world, _of_kind).order_by(records.c.number.desc())
_FIRST_TOO_MANY = _NEWEST.offset(sa.bindparam("most")).limit(1).scalar_subquery()
KEEP_NEWEST = records.delete().where(_of_world, _of_kind, records.c.number <= _FIRST_TOO_MANY)
WEIGH = sa.select(
    sa.func.count(), sa.func.coalesce(sa.func.sum(records.c.size), 0), sa.func.count().filter(_of_kind)
).where(_of_world)
WEIGH_OTHERS = WEIGH.where(~(_of_kind & _of_id))

_named = (names.c.kind == sa.bindparam("name_kind"), names.c.value == sa.bindparam("name_value"))
_in_world = names.c.world == sa.bindparam("world_")
NAME = names.insert()
FIND = sa.select(names.c.record_id).where(_in_world, *_named, names.c.record_kind == sa.bindparam("kind_"))
FIND_WORLD = sa.select(names.c.world).where(*_named)
UNNAME = names.delete().where(
    _in_world, names.c.record_kind == sa.bindparam("kind_"), names.c.record_id == sa.bindparam("id_")
)

LOOK = sa.select(worlds.c.used_at).where(worlds.c.id == sa.bindparam("world_"))
LOCK = LOOK.with_for_update()
FORGET = worlds.delete().where(worlds.c.id == sa.bindparam("world_"))
_OLD = sa.select(worlds.c.id).where(worlds.c.used_at < sa.bindparam("since")).with_for_update(skip_locked=True)
FORGET_OLD = worlds.delete().where(worlds.c.id.in_(_OLD))
COUNT_WORLDS = sa.select(sa.func.count()).select_from(worlds)
LOCKING_INSERT = sa.text(
    "INSERT INTO worlds (id, used_at) VALUES (:world_, :now) ON CONFLICT (id) DO UPDATE SET used_at = :now"
)
