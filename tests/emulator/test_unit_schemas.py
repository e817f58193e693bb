"""The check that every answer of the emulated Unit passes on its way to a test: it must be able to fail."""

from __future__ import annotations

import copy
from collections.abc import Callable
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
    monkeypatch.setattr("emulator.unit.jsonapi.show", lambda record: record)  # shows what must stay hidden, too

    with pytest.raises(fastjsonschema.JsonSchemaException, match="internal"):
        unit("GET", f"/customers/{customer}")


def spoil(path: str, value: object) -> Callable[[Json], None]:
    *outer, last = path.split(".")

    def change(document: Json) -> None:
        for name in outer:
            document = document[name]
        document[last] = value

    return change


@pytest.mark.parametrize(
    "wrong",
    [
        spoil("data.attributes.more", True),
        spoil("data.attributes.tags", None),
        spoil("data.attributes.balance", "0"),
        spoil("data.attributes.createdAt", "2026-06-01T12:00:00Z"),
        spoil("data.attributes.maskedAccountNumber", "1234"),
        spoil("data.relationships.customer", {"data": {"type": "card", "id": "1"}}),
        spoil("data.id", 10_000),
        spoil("data.type", "savingsAccount"),
        spoil("meta", {"pagination": {"total": 1}}),
        spoil("included", {}),
        lambda document: document["data"]["attributes"].pop("name"),
        lambda document: document.pop("data"),
    ],
)
def test_a_response_that_breaks_the_schema_is_detected(bank: Bank, wrong: Callable[[Json], None]) -> None:
    right = {"data": bank.got(f"/accounts/{bank.account(bank.customer())}")}
    spoiled = copy.deepcopy(right)
    wrong(spoiled)

    unit_schemas.check(right)
    with pytest.raises((fastjsonschema.JsonSchemaException, KeyError)):
        unit_schemas.check(spoiled)


@pytest.mark.parametrize(
    "error", [{}, {"title": "No"}, {"status": 400, "title": "No"}, {"status": "400", "title": "No", "message": "No"}]
)
def test_an_error_that_breaks_the_schema_is_detected(error: Json) -> None:
    with pytest.raises(fastjsonschema.JsonSchemaException):
        unit_schemas.check({"errors": [error]})
