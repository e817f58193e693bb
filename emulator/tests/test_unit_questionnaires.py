"""The questions of Thread Bank and of other banks, and the fields of an application that are open."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from .conftest import UNIT_URL, UnitOverHTTP, UnitWith
from .unit_story import ADA, Bank, document, errors

Json = dict[str, Any]
THREAD: Json = {
    "accountPurpose": "EverydaySpending",
    "sourceOfFunds": "SalaryOrWages",
    "transactionVolume": "Between1KAnd5K",
    "profession": "Engineer",
}
OTHER: Json = {
    "occupation": "Doctor",
    "annualIncome": "Between50kAnd100k",
    "sourceOfIncome": "EmploymentOrPayrollIncome",
}
MORE: Json = {
    "accountPurposeDetail": "Rent",
    "transactionVolumeDescription": "Wages and rent",
    "banks": ["Thread"],
    "nationality": None,
    "deviceFingerprints": None,
    "operatingAddress": ADA["address"],
}


def pointers(*names: str) -> list[tuple[str, str]]:
    return [("invalid_value", f"/data/attributes/{name}") for name in names]


@pytest.mark.parametrize("answers", [THREAD, THREAD | MORE, OTHER, {}])
def test_an_application_may_answer_either_banks_questions(bank: Bank, answers: Json) -> None:
    shown = bank.application(**answers)["attributes"]

    assert {name: shown.get(name) for name in (*THREAD, *OTHER)} == {
        name: answers.get(name) for name in (*THREAD, *OTHER)
    }


def test_a_sole_proprietor_answers_about_the_business(bank: Bank) -> None:
    answers = {
        **{"soleProprietorship": True, "accountPurpose": "EcommerceSales", "sourceOfFunds": "SalesOfGoods"},
        **{"transactionVolume": "LessThan5K", "businessIndustry": "Retail", "isIncorporated": False},
        **{"countriesOfOperation": ["US"], "usNexus": ["Customers"], "businessDescription": "Books"},
    }

    assert bank.application(**answers)["attributes"]["accountPurpose"] == "EcommerceSales"


@pytest.mark.parametrize("name", THREAD)
def test_an_unknown_answer_is_refused(unit: UnitOverHTTP, name: str) -> None:
    response = unit("POST", "/applications", document("individualApplication", ADA | THREAD | {name: "Other"}))

    assert errors(response) == pointers(name)


@pytest.mark.parametrize("purpose", ["Cryptocurrency", "CashHeavyPersonalIncome", "InternationalRemittances"])
def test_some_purposes_need_a_detail(unit: UnitOverHTTP, purpose: str) -> None:
    answers = ADA | THREAD | {"accountPurpose": purpose}

    refused = unit("POST", "/applications", document("individualApplication", answers))
    accepted = unit("POST", "/applications", document("individualApplication", answers | {"accountPurposeDetail": "x"}))

    assert errors(refused) == pointers("accountPurposeDetail")
    assert accepted.status_code == 201


def test_an_application_can_be_upgraded_to_thread_banks_questions(bank: Bank, unit: UnitOverHTTP) -> None:
    path = f"/applications/{bank.application(**OTHER)['id']}"
    upgrade = THREAD | {"accountPurposeDescription": "Groceries"}

    shown = unit("PATCH", path, document("individualApplication", upgrade)).json()["data"]["attributes"]

    assert {name: shown[name] for name in THREAD} == THREAD
    assert shown["accountPurposeDetail"] == "Groceries"


@pytest.mark.parametrize(
    ("answers", "missing"),
    [
        ({}, list(OTHER)),
        ({"occupation": "Doctor"}, ["annualIncome", "sourceOfIncome"]),
        ({"profession": "Doctor"}, ["accountPurpose", "sourceOfFunds", "transactionVolume"]),
        (THREAD, []),
    ],
)
def test_missing_fields_are_the_questions_left_open(bank: Bank, answers: Json, missing: list[str]) -> None:
    application = bank.application(**answers)["id"]

    found = bank.read(f"/applications/{application}/missing-fields")

    assert [each["fieldName"] for each in found["attributes"]["missingFields"]] == missing


class TestOfOneBank:
    """An emulator that is told the bank."""

    @pytest.fixture
    def apply(self, http: requests.Session, unit: UnitOverHTTP, unit_with: UnitWith) -> Any:
        """Apply at an org of one bank."""

        def apply(name: str, **answers: object) -> requests.Response:
            http.mount(UNIT_URL, unit_with(bank=name))
            return unit("POST", "/applications", document("individualApplication", ADA | answers))

        return apply

    @pytest.mark.parametrize(("name", "answers"), [("thread", THREAD), ("other", OTHER), ("other", {})])
    def test_its_own_answers_are_accepted(self, apply: Any, name: str, answers: Json) -> None:
        assert apply(name, **answers).status_code == 201

    @pytest.mark.parametrize(("name", "answers"), [("thread", OTHER), ("other", THREAD)])
    def test_an_answer_that_the_bank_does_not_ask_for_is_refused(self, apply: Any, name: str, answers: Json) -> None:
        own = THREAD if name == "thread" else {}

        assert errors(apply(name, **own, **answers)) == pointers(*answers)

    def test_thread_bank_needs_every_answer(self, apply: Any) -> None:
        assert errors(apply("thread")) == pointers(*THREAD)

    def test_other_banks_need_the_income_of_foreigners(self, apply: Any) -> None:
        assert errors(apply("other", nationality="FR")) == pointers("annualIncome", "sourceOfIncome")
        assert apply("other", nationality="US").status_code == 201
