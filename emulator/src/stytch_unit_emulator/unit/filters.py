"""Filters of lists: each reads the values of one parameter and builds a predicate.

A builder raises ValueError for invalid values, which the list refuses.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from .. import clock, strict_json
from ..store import Json
from . import jsonapi

Predicate: TypeAlias = Callable[[Json], bool]
Filter: TypeAlias = Callable[[Sequence[str]], Predicate]
"""Builds a predicate from a filter's values; raises ValueError if they are invalid."""


def equals(attribute: str) -> Filter:
    """Match an attribute that equals this text."""

    def build(values: Sequence[str]) -> Predicate:
        expected = _one(values)
        return lambda record: record["attributes"].get(attribute) == expected

    return build


def in_values(attribute: str, *words: str) -> Filter:
    """Match an attribute that is one of the values.

    If ``words`` are given, each value must be one of them.
    """

    def build(values: Sequence[str]) -> Predicate:
        if words and not set(values) <= set(words):
            raise ValueError
        return lambda record: record["attributes"].get(attribute) in values

    return build


def of_type(suffix: str) -> Filter:
    """Match the resource type, with or without its suffix, in either case."""

    def build(values: Sequence[str]) -> Predicate:
        wanted = {value[:1].lower() + value[1:] for value in values}
        return lambda record: not wanted.isdisjoint({record["type"], record["type"].removesuffix(suffix)})

    return build


def related_to(name: str) -> Filter:
    """Match the id of a related resource. Ids are positive numbers."""

    def build(values: Sequence[str]) -> Predicate:
        if not all(re.fullmatch("[1-9][0-9]{0,30}", value) for value in values):
            raise ValueError
        return lambda record: jsonapi.reference("", record, name) in values

    return build


def has_tags(values: Sequence[str]) -> Predicate:
    """Match resources with all tags in a JSON object."""
    tags = strict_json.parse(_one(values))
    if not isinstance(tags, dict):
        raise ValueError
    return lambda record: tags.items() <= record["attributes"].get("tags", {}).items()


def at_least(attribute: str) -> Filter:
    """Match an attribute of at least this number."""

    def build(values: Sequence[str]) -> Predicate:
        least = _integer(values)
        return lambda record: record["attributes"][attribute] >= least

    return build


def at_most(attribute: str) -> Filter:
    """Match an attribute of at most this number."""

    def build(values: Sequence[str]) -> Predicate:
        most = _integer(values)
        return lambda record: record["attributes"][attribute] <= most

    return build


def since(values: Sequence[str]) -> Predicate:
    """Match resources created at or after this time."""
    moment = _moment(values)
    return lambda record: clock.parse(record["attributes"]["createdAt"]) >= moment


def until(values: Sequence[str]) -> Predicate:
    """Match resources created at or before this time."""
    moment = _moment(values)
    return lambda record: clock.parse(record["attributes"]["createdAt"]) <= moment


def from_id(values: Sequence[str]) -> Predicate:
    """Match this id and higher ones."""
    least = _integer(values)
    return lambda record: int(record["id"]) >= least


def to_id(values: Sequence[str]) -> Predicate:
    """Match this id and lower ones."""
    most = _integer(values)
    return lambda record: int(record["id"]) <= most


def full_text(values: Sequence[str]) -> Predicate:
    """Match words in any attribute; supports ``OR`` and ``-`` for exclusion."""
    alternatives = [part.lower().split() for part in re.split(r"\bOR\b", _one(values))]

    def matches(record: Json) -> bool:
        text = json.dumps(record["attributes"], ensure_ascii=False).lower()
        return any(
            all(word[1:] not in text if word.startswith("-") else word in text for word in words)
            for words in alternatives
        )

    return matches


def merchant_category(values: Sequence[str]) -> Predicate:
    """Match one of these merchant category codes."""
    return lambda record: str(record["attributes"]["merchant"]["type"]) in values


def deposit_accounts(values: Sequence[str]) -> Predicate:
    """Match resources of deposit accounts, the only emulated type."""
    if not set(values) <= {"deposit", "credit", "wallet"}:
        raise ValueError
    return lambda _record: "deposit" in values


def having_feature(values: Sequence[str]) -> Predicate:
    """Match payments with one of these features."""
    if not set(values) <= {"SameDay", "RecurringPayment"}:
        raise ValueError
    return lambda record: "SameDay" in values and bool(record["attributes"].get("sameDay"))


def flagged(attribute: str) -> Filter:
    """Match a boolean attribute, which is false if absent."""

    def build(values: Sequence[str]) -> Predicate:
        wanted = _one(values).lower()
        if wanted not in ("true", "false"):
            raise ValueError
        return lambda record: bool(record["attributes"].get(attribute)) is (wanted == "true")

    return build


def boolean(values: Sequence[str]) -> Predicate:
    """Accept true or false in any case; the view applies it."""
    if _one(values).lower() not in ("true", "false"):
        raise ValueError
    return lambda _record: True


def _one(values: Sequence[str]) -> str:
    if len(values) != 1:
        raise ValueError
    return values[0]


def _integer(values: Sequence[str]) -> int:
    """The one value as an integer; ``int()`` alone would accept ``1_000`` and digits of other scripts."""
    value = _one(values)
    if not re.fullmatch("-?[0-9]{1,30}", value):
        raise ValueError
    return int(value)


def _moment(values: Sequence[str]) -> datetime:
    moment = clock.parse(_one(values))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
