"""Ids that a seed fixes: the next new record of a kind gets its id instead of a new one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_fixed: ContextVar[dict[str, str] | None] = ContextVar("fixed_ids", default=None)


@contextmanager
def fixed(ids: dict[str, str]) -> Iterator[None]:
    """Fix the id of the next new record of each kind. Ids are taken out of ``ids`` as they are used."""
    before = _fixed.set(ids)
    try:
        yield
    finally:
        _fixed.reset(before)


def take(kind: str) -> str | None:
    """The id for a new record of this kind, or None if any will do."""
    ids = _fixed.get()
    return ids.pop(kind, None) if ids else None
