"""Reads the parts of a seed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from . import clock
from .store import Json

OLDEST = timedelta(days=10 * 365)  # how far a seed may go back


class BadSeed(Exception):
    """The seed is invalid; says where and why."""


def list_of(given: Mapping[str, Any], name: str, where: str) -> list[tuple[str, Json]]:
    """Read a list of objects, each with its place in the seed."""
    entries = given.get(name, [])
    place = f"{where}.{name}".lstrip(".")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadSeed(f"{place}: must be a list of objects")
    return [(f"{place}[{index}]", entry) for index, entry in enumerate(entries)]


def object_of(given: Mapping[str, Any], name: str, where: str) -> Json:
    """Read an object; ``true`` is an empty one."""
    value = given.get(name, {})
    if value is True or value is None:
        return {}
    if not isinstance(value, dict):
        raise BadSeed(f"{where}.{name}: must be an object, or true")
    return value


def moment_of(given: Mapping[str, Any], name: str, where: str, since: datetime | None) -> datetime | None:
    """Read a date in the past, by default that of the owner. Nothing may be older than its owner."""
    value, now = given.get(name), clock.now()
    if value is None:
        return since
    try:
        moment = datetime.fromisoformat(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError):
        raise BadSeed(f"{where}.{name}: must be a date such as 2026-01-31 or 2026-01-31T12:00:00Z") from None
    if not now - OLDEST <= moment <= now:
        raise BadSeed(f"{where}.{name}: must be in the past, and at most ten years ago")
    if "." in where and moment < (since or now):
        raise BadSeed(f"{where}.{name}: is before its owner was created; date the owner, too")
    return moment


def without(given: Json, names: set[str]) -> Json:
    """The other members."""
    return {name: value for name, value in given.items() if name not in names}
