"""Shows that the schema check of every Unit response can fail."""

from __future__ import annotations

import copy
import functools
from typing import Any

import fastjsonschema
import pytest

from . import unit_schemas
from .conftest import UnitOverHTTP
from .unit_story import Bank

Json = dict[str, Any]


def test_every_response_in_tests_is_checked_against_the_schemas(
    bank: Bank, unit: UnitOverHTTP, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = bank.customer()
    monkeypatch.setattr("stytch_unit_emulator.unit.jsonapi.show", lambda record: record)  # also shows internal data

    with pytest.raises(fastjsonschema.JsonSchemaException, match="internal"):
        unit("GET", f"/customers/{customer}")


REMOVED = "removed"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("data.attributes.more", True),
        ("data.attributes.tags", None),
        ("data.attributes.balance", "0"),
        ("data.attributes.createdAt", "2026-06-01T12:00:00Z"),
        ("data.attributes.maskedAccountNumber", "1234"),
        ("data.relationships.customer", {"data": {"type": "card", "id": "1"}}),
        ("data.id", 10_000),
        ("data.type", "savingsAccount"),
        ("meta", {"pagination": {"total": 1}}),
        ("included", {}),
        ("data.attributes.name", REMOVED),
        ("data", REMOVED),
    ],
)
def test_a_response_that_breaks_the_schema_is_detected(bank: Bank, path: str, value: object) -> None:
    valid = {"data": bank.read(f"/accounts/{bank.account(bank.customer())}")}
    invalid: Json = copy.deepcopy(valid)
    *outer, last = path.split(".")
    parent = functools.reduce(lambda inner, name: inner[name], outer, invalid)
    parent[last] = value
    if value == REMOVED:
        del parent[last]

    unit_schemas.check(valid)
    with pytest.raises((fastjsonschema.JsonSchemaException, KeyError)):
        unit_schemas.check(invalid)


@pytest.mark.parametrize(
    "error", [{}, {"title": "No"}, {"status": 400, "title": "No"}, {"status": "400", "title": "No", "message": "No"}]
)
def test_an_error_that_breaks_the_schema_is_detected(error: Json) -> None:
    with pytest.raises(fastjsonschema.JsonSchemaException):
        unit_schemas.check({"errors": [error]})
