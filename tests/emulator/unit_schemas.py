"""Unit's published schemas, and the check of every answer against them.

``unit_schemas.json`` holds facts from Unit's OpenAPI description (it says which): names, types and required members of
the resources that the emulator answers with. What it leaves out or gets wrong stands in ``OURS`` and
``AMENDED``, each with where the truth is from.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import fastjsonschema

Json = dict[str, Any]

_PUBLISHED: Json = json.loads((Path(__file__).parent / "unit_schemas.json").read_text())
_FORMATS = {
    # The SDK for Python reads nothing else.
    "date-time": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$",
    "date": r"^\d{4}-\d{2}-\d{2}$",
}


def _object(required: Json, **optional: Json) -> Json:
    properties = {**required, **optional}
    return {"type": "object", "properties": properties, "required": [*required], "additionalProperties": False}


_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_ERROR = _object(
    {"status": {"type": "string", "pattern": "^[45][0-9][0-9]$"}, "title": _TEXT},
    code=_TEXT,
    detail=_TEXT,
    details=_TEXT,
    source=_object({"pointer": _TEXT}),
    meta={"type": "object"},
)
_MOMENT = {"type": "string", "format": "date-time"}
_LINK = {"$ref": "#/definitions/Relationship"}
# What the published description has no schema for.
OURS: Json = {
    "errors": _object({"errors": {"type": "array", "items": _ERROR, "minItems": 1}}),
    "envelope": _object(
        {"data": {"type": ["object", "array"]}},
        included={"type": "array"},
        meta=_object({"pagination": _object({"total": _COUNT, "limit": _COUNT, "offset": _COUNT})}),
    ),
    # SDK for Node, its type ApplicationFormV2; the description knows the first version only.
    "applicationFormV2": _object(
        {
            "type": {"const": "applicationFormV2"},
            "id": {"$ref": "#/definitions/Identifier"},
            "attributes": _object(
                {
                    "createdAt": _MOMENT,
                    "updatedAt": _MOMENT,
                    "tags": {"$ref": "#/definitions/Tags"},
                    "applicationFormToken": _object({"token": _TEXT, "expiration": _MOMENT}),
                    "applicationFormSettings": {"type": "object"},
                }
            ),
            "links": _object({"related": _object({"type": {"const": "text/html"}, "href": _TEXT})}),
        },
        relationships=_object({}, application=_LINK),
    ),
    # SDKs, their type AccountDepositProduct.
    "accountDepositProduct": _object(
        {"type": {"const": "accountDepositProduct"}, "attributes": _object({"name": _TEXT})}
    ),
    # Documentation of sensitive card data: the paths at which VGS Show looks for the digits.
    "pan": _object(
        {"type": {"const": "pan"}, "attributes": _object({"pan": {"type": "string", "pattern": "^[0-9]{16}$"}})}
    ),
    "cvv2": _object({"type": {"const": "cvv2"}, "attributes": _object({"cvv2": _TEXT})}),
}
# Members that the description requires, though Unit's own answers have been seen without them.
AMENDED: dict[str, set[str]] = {
    # A payment to or from a bank account that is named in the payment has no counterparty resource.
    "AchPaymentRelationships": {"counterparty"},
    # A payment that was rejected made no transaction.
    "BookPaymentRelationships": {"transaction"},
}
for _name, _optional in AMENDED.items():
    _PUBLISHED["definitions"][_name]["required"] = sorted({*_PUBLISHED["definitions"][_name]["required"]} - _optional)


def check(document: Json) -> None:
    """Raise ``fastjsonschema.JsonSchemaException`` for an answer that Unit's schemas don't allow."""
    if "errors" in document:
        _validator("errors")(document)
        return
    _validator("envelope")(document)
    data = document["data"]
    for resource in [*(data if isinstance(data, list) else [data]), *document.get("included", [])]:
        _validator(_schema_of(resource))(resource)


def _schema_of(resource: Json) -> str:
    """Name the schema of a resource: its type, but that events share one, and that two things are called limits."""
    name = str(resource["type"])
    if name == "limits":
        return "accountLimits" if "ach" in resource["attributes"] else "cardLimits"
    return "event" if "." in name else name


@cache
def _validator(name: str) -> Callable[[Json], object]:
    schema = OURS.get(name) or _PUBLISHED["resources"][name]
    compiled: Callable[[Json], object] = fastjsonschema.compile(
        {**schema, "definitions": _needed(schema)}, formats=_FORMATS
    )
    return compiled


def _needed(schema: Json) -> Json:
    """The definitions that a schema leads to: with all of them each schema takes four times as long to compile."""
    needed: Json = {}
    follow = [schema]
    while follow:
        named = set(re.findall(r'"#/definitions/(\w+)"', json.dumps(follow.pop()))) - needed.keys()
        needed |= {name: _PUBLISHED["definitions"][name] for name in named}
        follow += [needed[name] for name in named]
    return needed
