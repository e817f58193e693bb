"""Checks every Unit response against Unit's published schemas.

``unit_schemas.json`` is extracted from Unit's OpenAPI description: names, types and required members of the resources
in use. ``ADDED_SCHEMAS``, ``NEWER`` and ``AMENDED`` hold what it lacks or gets wrong, with the source of each.
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
    # The only format that the Python SDK parses.
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
# Resources without a published schema.
ADDED_SCHEMAS: Json = {
    "errors": _object({"errors": {"type": "array", "items": _ERROR, "minItems": 1}}),
    "envelope": _object(
        {"data": {"type": ["object", "array"]}},
        included={"type": "array"},
        meta=_object({"pagination": _object({"total": _COUNT, "limit": _COUNT, "offset": _COUNT})}),
    ),
    # From the Node SDK's type ApplicationFormV2; the description has only version 1.
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
                },
                requestedProducts={"type": "array"},
            ),
            "links": _object({"related": _object({"type": {"const": "text/html"}, "href": _TEXT})}),
        },
        relationships=_object({}, application=_LINK),
    ),
    # From the SDKs' type AccountDepositProduct.
    "accountDepositProduct": _object(
        {"type": {"const": "accountDepositProduct"}, "attributes": _object({"name": _TEXT})}
    ),
    # From version 0.4.0 of the description.
    "individualApplicationMissingFields": _object(
        {
            "type": {"const": "individualApplicationMissingFields"},
            "attributes": _object(
                {"missingFields": {"type": "array", "items": _object({"fieldName": _TEXT, "description": _TEXT})}}
            ),
        }
    ),
    # From the documentation of sensitive card data: the paths that VGS Show reads.
    "pan": _object(
        {"type": {"const": "pan"}, "attributes": _object({"pan": {"type": "string", "pattern": "^[0-9]{16}$"}})}
    ),
    "cvv2": _object({"type": {"const": "cvv2"}, "attributes": _object({"cvv2": _TEXT})}),
}
# Members that the description requires, but that real responses lack.
AMENDED: dict[str, set[str]] = {
    # An ACH payment that is pending or rejected has none yet.
    "AchPaymentRelationships": {"transaction"},
    # A rejected payment has no transaction.
    "BookPaymentRelationships": {"transaction"},
}
# Attributes of resources that newer sources have.
NEWER: dict[str, Json] = {
    # Version 0.4.0 of the description.
    "individualApplication": {
        **dict.fromkeys(("accountPurpose", "accountPurposeDetail", "sourceOfFunds", "profession"), _TEXT),
        **dict.fromkeys(("transactionVolume", "transactionVolumeDescription"), _TEXT),
    },
    # The generated client 0.19.0.
    "individualCustomer": dict.fromkeys(("occupation", "annualIncome", "sourceOfIncome"), _TEXT),
    "authorization": dict.fromkeys(("cardDecisionSource", "declineDescription", "declinedBy"), _TEXT),
    "purchaseTransaction": {"cardDecisionSource": _TEXT},
    # The Node SDK 1.4.2.
    "document": {"archived": {"type": "boolean"}},
}
for _name, _members in NEWER.items():
    _PUBLISHED["resources"][_name]["properties"]["attributes"]["properties"] |= _members
# The Node SDK 1.4.2.
_PUBLISHED["definitions"]["CardLevelLimits"]["properties"] |= dict.fromkeys(
    ("dailyCardTransaction", "monthlyCardTransaction"), _COUNT
)
for _name, _optional in AMENDED.items():
    _PUBLISHED["definitions"][_name]["required"] = sorted({*_PUBLISHED["definitions"][_name]["required"]} - _optional)


def check(document: Json) -> None:
    """Raise ``fastjsonschema.JsonSchemaException`` for an invalid response."""
    if "errors" in document:
        _validator("errors")(document)
        return
    _validator("envelope")(document)
    data = document["data"]
    for resource in [*(data if isinstance(data, list) else [data]), *document.get("included", [])]:
        _validator(_schema_of(resource))(resource)


def _schema_of(resource: Json) -> str:
    """The schema of a resource: its type, except for events and limits."""
    name = str(resource["type"])
    if name == "limits":
        return "accountLimits" if "ach" in resource["attributes"] else "cardLimits"
    return "event" if "." in name else name


@cache
def _validator(name: str) -> Callable[[Json], object]:
    schema = ADDED_SCHEMAS.get(name) or _PUBLISHED["resources"][name]
    compiled: Callable[[Json], object] = fastjsonschema.compile(
        {**schema, "definitions": _needed(schema)}, formats=_FORMATS
    )
    return compiled


def _needed(schema: Json) -> Json:
    """Only the definitions that a schema refers to, as all take long to compile."""
    needed: Json = {}
    follow = [schema]
    while follow:
        named = set(re.findall(r'"#/definitions/(\w+)"', json.dumps(follow.pop()))) - needed.keys()
        needed |= {name: _PUBLISHED["definitions"][name] for name in named}
        follow += [needed[name] for name in named]
    return needed
