"""A store that also keeps a ledger: each tenant's newest requests and webhook attempts.

The ledger has a table of its own, so it counts toward no limit of the tenant's records. It is deleted with its tenant.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal, TypeAlias

import sqlalchemy as sa

from . import strict_json, tables
from .lifetimes import CONTROLS
from .store import Json, Store, Tenant

EntryType: TypeAlias = Literal["request", "attempt"]
Changes: TypeAlias = dict[tuple[str, str], str]  # created, updated or deleted, by kind and id of the record

MAX_ENTRIES = 500  # per tenant
MAX_BYTES = 1024 * 1024  # per tenant
MAX_LISTED = 100  # tenants
MAX_WAITING = 200  # entries, before a caller has to wait for the database
DELAY = 0.05  # seconds until entries are stored; one transaction for many is much cheaper

_collected: ContextVar[Changes | None] = ContextVar("collected", default=None)


@dataclass(frozen=True)
class Entry:
    """An entry for a tenant's ledger. ``body`` returns its JSON, without secrets."""

    tenant_id: str
    type: EntryType
    body: Callable[[], Json]


@contextmanager
def collecting() -> Iterator[Changes]:
    """Collect the changes that this thread commits until the block ends."""
    changes: Changes = {}
    before = _collected.set(changes)
    try:
        yield changes
    finally:
        _collected.reset(before)


class RecordingTenant(Tenant):
    """A tenant that remembers which records its transaction wrote, and appends to the ledger."""

    def __init__(self, connection: sa.Connection, tenant_id: str, opened: dict[str, bool] | None = None) -> None:
        super().__init__(connection, tenant_id, opened)
        self.changes: Changes = {}

    def add(self, kind: str, record_id: str, body: Json, names: Mapping[str, str] | None = None) -> Json:
        """Store a new record."""
        self.changes[kind, record_id] = "created"
        return super().add(kind, record_id, body, names)

    def add_numbered(self, kind: str, body: Json, names: Mapping[str, str] | None = None) -> Json:
        """Store a new record under a new number."""
        numbered = super().add_numbered(kind, body, names)
        self.changes[kind, numbered["id"]] = "created"
        return numbered

    def save(self, kind: str, record_id: str, body: Json) -> Json:
        """Replace the body of a stored record."""
        self.changes.setdefault((kind, record_id), "updated")
        return super().save(kind, record_id, body)

    def remove(self, kind: str, record_id: str) -> None:
        """Delete a record."""
        if self.get(kind, record_id) is not None:
            self.changes[kind, record_id] = "deleted"
        super().remove(kind, record_id)

    def append(self, entries: Sequence[Entry]) -> None:
        """Append to the ledger, and delete its oldest entries if it is too long or too large."""
        texts = [(entry.type, strict_json.dump(entry.body())) for entry in entries]
        rows = [{"tenant": self.id, "type": name, "body": text, "size": len(text)} for name, text in texts]
        self._connection.execute(tables.APPEND, rows)
        limits = {"tenant_": self.id, "most_entries": MAX_ENTRIES, "most_bytes": MAX_BYTES}
        self._connection.execute(tables.TRIM, limits)


class LedgerStore(Store):
    """All tenants in one database, each with its ledger."""

    tenant_class = RecordingTenant

    def __init__(self, url: str) -> None:
        """Open the database and create its tables. Raises BadDatabaseURL."""
        super().__init__(url)
        self._waiting: list[Entry] = []
        self._lock = threading.Lock()  # of the list and the timer
        self._order = threading.Lock()  # entries are numbered as they came
        self._timer: threading.Timer | None = None

    @contextmanager
    def change(self, tenant_id: str) -> Iterator[Tenant]:
        """A read-write transaction; its changes are collected if it commits, except those of the controls."""
        with super().change(tenant_id) as tenant:
            yield tenant
        collected = _collected.get()
        if collected is not None and isinstance(tenant, RecordingTenant) and tenant_id != CONTROLS:
            collected |= tenant.changes

    def append(self, entry: Entry) -> None:
        """Append an entry to its tenant's ledger a moment later, so that callers don't wait for the database."""
        with self._lock:
            self._waiting.append(entry)
            is_full = len(self._waiting) >= MAX_WAITING
            if self._timer is None or not self._timer.is_alive():  # nor does it live in a forked process
                self._timer = threading.Timer(DELAY, self.write_down)
                self._timer.daemon = True
                self._timer.start()
        if is_full:
            self.write_down()

    def write_down(self) -> None:
        """Store the waiting entries, in one transaction for each tenant."""
        with self._order:
            with self._lock:
                waiting, self._waiting, self._timer = self._waiting, [], None
            by_tenant: dict[str, list[Entry]] = {}
            for entry in waiting:
                by_tenant.setdefault(entry.tenant_id, []).append(entry)
            for tenant_id, entries in by_tenant.items():
                with super().change(tenant_id) as tenant:
                    if isinstance(tenant, RecordingTenant):
                        tenant.append(entries)

    def ledger(self, tenant_id: str, entry_type: EntryType, after: int = 0) -> list[Json]:
        """The entries with higher numbers than ``after``, oldest first, each with its ``number``.

        Those of another process may be missing for ``DELAY``.
        """
        self.write_down()
        wanted = {"tenant_": tenant_id, "type_": entry_type, "after": after}
        with self._begin(writes=False) as connection:
            rows = connection.execute(tables.LEDGER, wanted).all()
        return [{"number": number, **json.loads(body)} for number, body in rows]

    def recent_tenants(self, prefix: str) -> list[str]:
        """The ids that begin with the prefix, newest use first."""
        with self._begin(writes=False) as connection:
            return list(connection.scalars(tables.RECENT_TENANTS, {"prefix": f"{prefix}%", "most": MAX_LISTED}))

    def forget(self, tenant_id: str) -> None:
        """Delete one tenant, with its waiting entries."""
        self.write_down()
        super().forget(tenant_id)

    def close(self) -> None:
        """Store the waiting entries, and close the database connections."""
        self.write_down()
        super().close()
