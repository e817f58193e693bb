"""When a tenant begins and ends: 24 hours after its last use, or sooner if there are too many tenants."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from . import clock, tables

TENANT_LIFETIME = 24 * 3600  # seconds after the last use
COUNT_AGAIN_AFTER = 60  # seconds between the uses that reads write down; changes always do
CONTROLS = "controls"  # the partition that never expires; requests only read it
MAX_TENANTS = 100_000  # a project over HTTP counts twice: its data and its keys


def use_now(tenant_id: str) -> dict[str, Any]:
    """A use of the tenant now. By the real clock, as a shifted one must not expire tenants."""
    now = clock.real_timestamp()
    return {"tenant_": tenant_id, "since": now - TENANT_LIFETIME, "now": math.inf if tenant_id == CONTROLS else now}


def should_count(used_at: float | None) -> bool:
    """Whether a use has to be written down, given when the last one was."""
    return used_at is None or used_at < clock.real_timestamp() - COUNT_AGAIN_AFTER


def enter(connection: sa.Connection, tenant_id: str) -> bool:
    """Lock the tenant and write down its use. Returns whether it had to be created."""
    use = use_now(tenant_id)
    if connection.execute(tables.TOUCH, use).rowcount:
        return False
    connection.execute(tables.DELETE_THIS_IF_EXPIRED, use)
    connection.execute(tables.LOCKING_INSERT, use)
    return True


def leave(connection: sa.Connection, opened: Mapping[str, bool]) -> None:
    """Delete new tenants that stayed empty, and make room for those that did not."""
    new = [{"tenant_": tenant_id} for tenant_id, is_new in opened.items() if is_new]
    if sum(connection.execute(tables.DELETE_THIS_IF_EMPTY, each).rowcount for each in new) == len(new):
        return
    delete_expired(connection)
    excess = connection.execute(tables.COUNT_TENANTS).scalar_one() - MAX_TENANTS
    if excess > 0:
        connection.execute(tables.DELETE_LEAST_RECENT, {"excess": excess, "in_use": [*opened, CONTROLS]})


def delete_expired(connection: sa.Connection) -> None:
    """Delete tenants unused for too long, except those locked right now."""
    connection.execute(tables.DELETE_EXPIRED, {"since": clock.real_timestamp() - TENANT_LIFETIME})
