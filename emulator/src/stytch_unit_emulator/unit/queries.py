"""List queries: filters, sorting, paging and included resources.

Unknown or invalid parameters are refused, as ignoring a filter would return too much.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from flask import Response, request

from .. import clock, strict_json
from ..store import Json
from . import jsonapi
from .calls import Call
from .errors import UnitFault

Predicate: TypeAlias = Callable[[Json], bool]
Filter: TypeAlias = Callable[[Sequence[str]], Predicate]
"""Builds a predicate from a filter's values; raises ValueError if they are invalid."""

MAX_PER_PAGE = 1000
_DEFAULT_PER_PAGE = 100


def listing(
    call: Call, records: Iterable[Json], filters: Mapping[str, Filter], includable: Collection[str] = ()
) -> Response:
    """The page of records that the query asks for, newest first by default."""
    wanted = _predicates(filters)
    matching = [record for record in records if all(lets_through(record) for lets_through in wanted)]
    matching.sort(key=lambda record: str(record["attributes"]["createdAt"]))
    if _sort() == "-createdAt":
        matching.reverse()
    limit = _whole("limit", _DEFAULT_PER_PAGE, 1, MAX_PER_PAGE)
    offset = _whole("offset", 0, 0, 2**31)
    page = matching[offset : offset + limit]
    pagination = {"total": len(matching), "limit": limit, "offset": offset}
    return jsonapi.reply(page, included=included(call, page, includable), meta={"pagination": pagination})


def included(call: Call, records: Sequence[Json], includable: Collection[str]) -> list[Json] | None:
    """The related resources in ``include``, without duplicates; None if empty."""
    names = [name for name in request.args.get("include", "").split(",") if name]
    if not set(names) <= set(includable):
        raise invalid("include", ",".join(names))
    wanted = dict.fromkeys((name, jsonapi.reference("", record, name)) for name in names for record in records)
    found = ((name, call.tenant.get(name, to)) for name, to in wanted if to)
    return [record for name, record in found if record and call.bearer.sees(name, record)] if names else None


def invalid(parameter: str, value: str) -> UnitFault:
    """A refusal of a query parameter, in Unit's wording."""
    return UnitFault("invalid_value", f"Invalid value '{value}' for query parameter {parameter}")


def filtered_by(*names: str) -> bool:
    """Whether the query has one of these filters."""
    return not _filters().keys().isdisjoint(names)


def is_true(name: str) -> bool:
    """Whether the query has this filter and it is true."""
    return [value.lower() for value in _filters().get(name, [])] == ["true"]


def page_offset() -> bool:
    """Whether the query asks for a page after the first."""
    return request.args.get("page[offset]", "0") != "0"


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
    """Match the id of a related resource."""
    return lambda values: lambda record: jsonapi.reference("", record, name) in values


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


def boolean(values: Sequence[str]) -> Predicate:
    """Accept true or false in any case; the view applies it."""
    if _one(values).lower() not in ("true", "false"):
        raise ValueError
    return lambda _record: True


def _predicates(filters: Mapping[str, Filter]) -> list[Predicate]:
    predicates = []
    for name, values in _filters().items():
        try:
            predicates.append(filters[name](values))
        except (KeyError, ValueError):
            raise invalid(f"filter.{name}", ",".join(values)) from None
    return predicates


def _filters() -> dict[str, list[str]]:
    """``filter[x]=a`` and ``filter[x][0]=a&filter[x][1]=b`` as ``{"x": ["a", …]}``."""
    found: dict[str, list[str]] = {}
    for parameter, value in request.args.items(multi=True):
        match = re.fullmatch(r"filter\[(\w+)\](?:\[[0-9]*\])?", parameter)
        if match:
            found.setdefault(match[1], []).append(value)
    return found


def _sort() -> str:
    order = request.args.get("sort") or "-createdAt"
    if order not in ("createdAt", "-createdAt"):
        raise invalid("sort", order)
    return order


def _whole(name: str, default: int, least: int, most: int) -> int:
    value = request.args.get(f"page[{name}]", str(default))
    if not re.fullmatch("[0-9]{1,10}", value) or not least <= int(value) <= most:
        raise invalid(f"page.{name}", value)
    return int(value)


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
