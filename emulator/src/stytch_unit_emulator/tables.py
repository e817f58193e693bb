"""The store's tables and the statements on them."""

from __future__ import annotations

import sqlalchemy as sa

schema = sa.MetaData()
tenants = sa.Table(
    "tenants",
    schema,
    sa.Column("id", sa.String(100), primary_key=True),
    sa.Column("used_at", sa.Double, nullable=False, index=True),
)
records = sa.Table(
    "records",
    schema,
    sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("tenant", sa.ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("id", sa.String(100), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),  # of the body, so that a tenant's size is known without reading it
    sa.UniqueConstraint("tenant", "kind", "id"),
    sa.Index("records_by_weight", "tenant", "kind", "size"),
    sqlite_autoincrement=True,
)
names = sa.Table(
    "names",
    schema,
    sa.Column("tenant", sa.ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("kind", sa.String(40), primary_key=True),
    sa.Column("value", sa.String(300), primary_key=True),
    sa.Column("record_kind", sa.String(40), nullable=False),
    sa.Column("record_id", sa.String(100), nullable=False),
    sa.Index("names_by_value", "kind", "value"),
    sa.Index("names_by_record", "tenant", "record_kind", "record_id"),
)
ledger = sa.Table(
    "ledger",
    schema,
    sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("tenant", sa.ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
    sa.Column("type", sa.String(10), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Index("ledger_by_age", "tenant", "number", "size"),
    sqlite_autoincrement=True,
)


# Built once: building a statement takes longer than running it.
_of_tenant = records.c.tenant == sa.bindparam("tenant_")
_of_kind = records.c.kind == sa.bindparam("kind_")
_of_id = records.c.id == sa.bindparam("id_")
_this = (_of_tenant, _of_kind, _of_id)
ADD = records.insert()
GET = sa.select(records.c.body).where(*_this)
SAVE = records.update().where(*_this)
REMOVE = records.delete().where(*_this)
ALL = sa.select(records.c.body).where(_of_tenant, _of_kind).order_by(records.c.number)
_NEWEST = sa.select(records.c.number).where(_of_tenant, _of_kind).order_by(records.c.number.desc())
_FIRST_TOO_MANY = _NEWEST.offset(sa.bindparam("most")).limit(1).scalar_subquery()
KEEP_NEWEST = records.delete().where(_of_tenant, _of_kind, records.c.number <= _FIRST_TOO_MANY)
HOLDING = (
    sa.select(records.c.tenant)
    .where(_of_kind, records.c.body.contains(sa.bindparam("text"), autoescape=False))
    .distinct()
)
USAGE = sa.select(
    sa.func.count(), sa.func.coalesce(sa.func.sum(records.c.size), 0), sa.func.count().filter(_of_kind)
).where(_of_tenant)
USAGE_OF_OTHERS = USAGE.where(~(_of_kind & _of_id))

_named = (names.c.kind == sa.bindparam("name_kind"), names.c.value == sa.bindparam("name_value"))
_in_tenant = names.c.tenant == sa.bindparam("tenant_")
NAME = names.insert()
FIND = sa.select(names.c.record_id).where(_in_tenant, *_named, names.c.record_kind == sa.bindparam("kind_"))
FIND_TENANT = sa.select(names.c.tenant).where(*_named)
COPY_RECORDS = sa.select(records.c.kind, records.c.id, records.c.body).where(_of_tenant).order_by(records.c.number)
COPY_NAMES = sa.select(names.c.record_kind, names.c.record_id, names.c.kind, names.c.value).where(_in_tenant)
REMOVE_RECORDS = records.delete().where(_of_tenant)
REMOVE_NAMES = names.delete().where(_in_tenant)
# Restored numbers may come from another database; new ones have to be higher.
PASS_NUMBER = {
    "sqlite": sa.text("UPDATE sqlite_sequence SET seq = max(seq, :number) WHERE name = 'records'"),
    "postgresql": sa.text(
        "SELECT setval(sequence, greatest(nextval(sequence), :number))"
        " FROM pg_get_serial_sequence('records', 'number') AS sequence"
    ),
}
UNNAME = names.delete().where(
    _in_tenant, names.c.record_kind == sa.bindparam("kind_"), names.c.record_id == sa.bindparam("id_")
)

_this_tenant = tenants.c.id == sa.bindparam("tenant_")
_is_expired = tenants.c.used_at < sa.bindparam("since")
# On PostgreSQL this lock lets others use the tenant, but not delete it. SQLite has no row locks and needs none.
USED_AT = sa.select(tenants.c.used_at).where(_this_tenant, ~_is_expired).with_for_update(read=True, key_share=True)
TOUCH = tenants.update().where(_this_tenant, ~_is_expired).values(used_at=sa.bindparam("now"))
DELETE_TENANT = tenants.delete().where(_this_tenant)
DELETE_THIS_IF_EXPIRED = tenants.delete().where(_this_tenant, _is_expired)
DELETE_THIS_IF_EMPTY = tenants.delete().where(
    _this_tenant,
    ~sa.exists().where(records.c.tenant == tenants.c.id),
    ~sa.exists().where(ledger.c.tenant == tenants.c.id),
)
_EXPIRED = sa.select(tenants.c.id).where(_is_expired).with_for_update(skip_locked=True)
DELETE_EXPIRED = tenants.delete().where(tenants.c.id.in_(_EXPIRED))
_LEAST_RECENT = (
    sa.select(tenants.c.id)
    .where(tenants.c.id.not_in(sa.bindparam("in_use", expanding=True)))
    .order_by(tenants.c.used_at)
    .limit(sa.bindparam("excess"))
    .with_for_update(skip_locked=True)
)
DELETE_LEAST_RECENT = tenants.delete().where(tenants.c.id.in_(_LEAST_RECENT))
COUNT_TENANTS = sa.select(sa.func.count()).select_from(tenants)
LOCKING_INSERT = sa.text(
    "INSERT INTO tenants (id, used_at) VALUES (:tenant_, :now) ON CONFLICT (id) DO UPDATE SET used_at = :now"
)

APPEND = ledger.insert()
_in_ledger = ledger.c.tenant == sa.bindparam("tenant_")
LEDGER = (
    sa.select(ledger.c.number, ledger.c.body)
    .where(_in_ledger, ledger.c.type == sa.bindparam("type_"), ledger.c.number > sa.bindparam("after"))
    .order_by(ledger.c.number)
)
_counted = (
    sa.select(
        ledger.c.number,
        sa.func.count().over(order_by=ledger.c.number.desc()).label("entries"),
        sa.func.sum(ledger.c.size).over(order_by=ledger.c.number.desc()).label("bytes"),
    )
    .where(_in_ledger)
    .subquery()
)
_is_too_much = (_counted.c.entries > sa.bindparam("most_entries")) | (_counted.c.bytes > sa.bindparam("most_bytes"))
_newest_too_much = sa.select(sa.func.max(_counted.c.number)).where(_is_too_much).scalar_subquery()
TRIM = ledger.delete().where(_in_ledger, ledger.c.number <= _newest_too_much)
RECENT_TENANTS = (
    sa.select(tenants.c.id)
    .where(tenants.c.id.like(sa.bindparam("prefix")))
    .order_by(tenants.c.used_at.desc())
    .limit(sa.bindparam("most"))
)
