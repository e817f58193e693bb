"""Parses and validates the JSON:API document of a request."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import request

from .. import strict_json
from ..store import Json
from .errors import Problem, UnitFault
from .schema import MAX_TAGS, Check, wrong

# A relationship may be written with the generic type or a specific one.
_SPELLINGS = {
    "account": ("account", "depositAccount"),
    "application": ("application", "individualApplication"),
    "authorization": ("authorization",),
    "counterparty": ("counterparty", "achCounterparty"),
    "counterpartyAccount": ("account", "depositAccount"),
    "customer": ("customer", "individualCustomer"),
    "lendingProgram": ("lendingProgram",),
    "payment": ("payment", "achPayment"),
    "whiteLabelTheme": ("whiteLabelTheme",),
}


@dataclass(frozen=True)
class Document:
    """A valid request document; ``related`` maps relationship names to ids."""

    type: str
    attributes: Json
    related: dict[str, str] = field(default_factory=dict)


def body() -> Json:
    """The request's ``data`` object, not validated further."""
    try:
        document = strict_json.parse(request.get_data())
    except ValueError:
        raise UnitFault("invalid_value", "The request body is not a JSON document") from None
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(data, dict):
        raise UnitFault.invalid([wrong("/data", "expected an object")])
    return data


def read(
    attributes: Mapping[str, Check], *, needs: Collection[str] = (), may_have: Collection[str] = (), empty: bool = False
) -> Document:
    """Read the request document and validate it by its type.

    ``attributes`` maps each allowed type to a check of its attributes. ``needs`` and ``may_have`` name relationships.
    With ``empty``, a request without a body, or with an empty object, is allowed.
    """
    if empty and request.get_data().strip() in (b"", b"{}"):
        return Document(next(iter(attributes)), {})
    data = body()
    check = attributes.get(data["type"]) if isinstance(data.get("type"), str) else None
    if check is None:
        raise UnitFault.invalid([wrong("/data/type", f"expected {' or '.join(attributes)}")])
    given: Any = data.get("attributes")
    problems = [*check(given, "/data/attributes")]
    related = _relationships(data.get("relationships", {}), needs, may_have, problems)
    if problems:
        raise UnitFault.invalid(problems)
    return Document(data["type"], given, related)


def read_changes(attributes: Mapping[str, Check], record: Json) -> Json:
    """Read the attributes to change of a resource; its tags stay, unless they are given anew."""
    changes = read(attributes).attributes
    if "tags" in changes:
        changes["tags"] = merged_tags(record["attributes"]["tags"], changes["tags"])
    return changes


def merged_tags(old: Json, new: Json) -> Json:
    """Merge tags; null removes one."""
    merged = {key: value for key, value in (old | new).items() if value is not None}
    if len(merged) > MAX_TAGS:
        raise UnitFault.invalid([wrong("/data/attributes/tags", f"expected at most {MAX_TAGS} pairs")])
    return merged


def _relationships(
    given: Any, needs: Collection[str], may_have: Collection[str], problems: list[Problem]
) -> dict[str, str]:
    if not isinstance(given, dict):
        problems.append(wrong("/data/relationships", "expected an object"))
        return {}
    missing = [name for name in needs if name not in given]
    problems += [Problem("invalid_value", f"Missing {name}", f"/data/relationships/{name}") for name in missing]
    related = {}
    for name, relationship in given.items():
        target = _target(name, relationship) if name in (*needs, *may_have) else None
        if target is None:
            problems.append(wrong(f"/data/relationships/{name}"))
        else:
            related[name] = target
    return related


def _target(name: str, relationship: Any) -> str | None:
    """The id that a relationship points to, or None if malformed."""
    data = relationship.get("data") if isinstance(relationship, dict) else None
    if not isinstance(data, dict) or data.get("type") not in _SPELLINGS[name]:
        return None
    target = data.get("id")
    return target if isinstance(target, str) and re.fullmatch("[1-9][0-9]{0,30}", target) else None
