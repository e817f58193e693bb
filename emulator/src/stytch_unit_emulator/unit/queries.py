"""List queries: filtering, sorting, paging and included resources.

Unknown or invalid parameters are refused, as ignoring a filter would return too much.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from flask import Response, request

from ..store import Json
from . import jsonapi
from .calls import Call
from .errors import UnitFault
from .filters import Filter, Predicate

MAX_PER_PAGE = 1000
_DEFAULT_PER_PAGE = 100


def listing(
    call: Call,
    records: Iterable[Json],
    filters: Mapping[str, Filter],
    includable: Collection[str] = (),
    show: Callable[[Json], Json] = lambda record: record,
    order: str = "createdAt",
) -> Response:
    """The page of records that the query asks for, newest first by default.

    ``show`` returns what is answered for a record, if filters compare more than that. ``order`` is the name of what the
    records are sorted by, their time of creation.
    """
    wanted = _predicates(filters)
    matching = [record for record in records if all(lets_through(record) for lets_through in wanted)]
    matching.sort(key=lambda record: str(record["attributes"]["createdAt"]))
    if _sort(order).startswith("-"):
        matching.reverse()
    limit = _whole("limit", _DEFAULT_PER_PAGE, 1, MAX_PER_PAGE)
    offset = _whole("offset", 0, 0, 2**31)
    page = [show(record) for record in matching[offset : offset + limit]]
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


def _sort(name: str) -> str:
    order = request.args.get("sort") or f"-{name}"
    if order not in (name, f"-{name}"):
        raise invalid("sort", order)
    return order


def _whole(name: str, default: int, least: int, most: int) -> int:
    value = request.args.get(f"page[{name}]", str(default))
    if not re.fullmatch("[0-9]{1,10}", value) or not least <= int(value) <= most:
        raise invalid(f"page.{name}", value)
    return int(value)
