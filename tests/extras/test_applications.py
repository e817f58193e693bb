"""Thread Bank's questions, and the place for the bank's consents."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from extras.applications import is_thread
from extras.applications.checks import BY_HAND, Finding, findings
from extras.applications.form import CHOICES
from services.unit_client import UnitError, org_client
from settings import SettingsError

from ..conftest import AppWith
from ..fake_network import Behavior, FakeNetwork, Overheard, altered, attributes_of, unit_refusal
from ..inside import request_of
from ..sandbox import APPLICANT
from ..visitor import PERSON, Visitor

CLASSIC = ("occupation", "annual_income", "source_of_income")
ANSWERS = {
    "account_purpose": "EverydaySpending",
    "source_of_funds": "SalaryOrWages",
    "transaction_volume": "Between1KAnd5K",
    "profession": "Engineer",
}
SENT = {
    "accountPurpose": "EverydaySpending",
    "sourceOfFunds": "SalaryOrWages",
    "transactionVolume": "Between1KAnd5K",
    "profession": "Engineer",
}
PERSON_AT_THREAD = {name: value for name, value in PERSON.items() if name not in CLASSIC} | ANSWERS


@pytest.fixture
def app(app_with: AppWith) -> Flask:
    """The app of an org whose bank is Thread Bank; the emulator then refuses the classic answers."""
    return app_with(UNIT_BANK="thread")


def apply(visitor: Visitor, **changes: str) -> Any:
    visitor.get("/customer")
    return visitor.submit("/customer", PERSON_AT_THREAD | changes)


def test_thread_banks_questions_replace_the_classic_ones(enrolled: Visitor, overheard: Overheard) -> None:
    page = enrolled.get("/customer")
    done = apply(enrolled)

    (sent,) = [attributes_of(it) for it, _ in overheard if (it.method, str(it.url)[-13:]) == ("POST", "/applications")]
    assert not [name for name in CLASSIC if page.html.css(f"[name={name}]")]
    assert done.goes_to == "/cards"
    assert {name: sent.get(name) for name in SENT} == SENT
    assert not {"occupation", "annualIncome", "sourceOfIncome", "accountPurposeDetail"} & sent.keys()


@pytest.mark.parametrize(
    ("field", "error"),
    [
        ("account_purpose", "Choose the closest one."),
        ("source_of_funds", "Choose the main source."),
        ("transaction_volume", "Choose a range."),
        ("profession", "Choose the closest one."),
    ],
)
def test_an_open_question_is_explained_and_nothing_typed_is_lost(enrolled: Visitor, field: str, error: str) -> None:
    page = apply(enrolled, city="Berkeley", account_purpose_detail="Rent", **{field: ""})

    assert (page.status, page.error_of(field)) == (422, error)
    assert [page.one(f"#{name}").attrs["value"] for name in ("city", "account_purpose_detail")] == ["Berkeley", "Rent"]


@pytest.mark.parametrize("purpose", ["Cryptocurrency", "CashHeavyPersonalIncome", "InternationalRemittances"])
def test_some_uses_need_a_detail(enrolled: Visitor, overheard: Overheard, purpose: str) -> None:
    asked = apply(enrolled, account_purpose=purpose)
    done = apply(enrolled, account_purpose=purpose, account_purpose_detail="Money for my parents")

    (sent,) = [attributes_of(it) for it, _ in overheard if (it.method, str(it.url)[-13:]) == ("POST", "/applications")]
    assert asked.error_of("account_purpose_detail") == "Say in a few words what you will use the account for."
    assert (done.goes_to, sent["accountPurposeDetail"]) == ("/cards", "Money for my parents")


def test_a_choice_of_the_classic_form_is_no_choice_here(enrolled: Visitor) -> None:
    assert apply(enrolled, source_of_funds="EmploymentOrPayrollIncome").error_of("source_of_funds")


def test_the_choices_are_units() -> None:
    questions = pytest.importorskip("stytch_unit_emulator.unit.questionnaires").THREAD
    values = [(name, value) for name, labels in CHOICES.items() for value in labels]

    assert {name: len(labels) for name, labels in CHOICES.items()} == {
        "accountPurpose": 10,
        "sourceOfFunds": 9,
        "transactionVolume": 6,
        "profession": 86,
    }
    assert [(name, value) for name, value in values if [*questions[name](value, "")]] == []


def test_the_emulated_bank_refuses_the_other_banks_answers(enrolled: Visitor) -> None:
    answers = {"occupation": "Doctor", "annualIncome": "Over250k", "sourceOfIncome": "EmploymentOrPayrollIncome"}

    with request_of(enrolled) as session, pytest.raises(UnitError, match="400 invalid_value"):
        org_client.apply(session.user_id, APPLICANT | answers, "11111111-1111-4111-8111-111111111111")


def missing(*names: str) -> Behavior:
    """Return what Unit says of an application that leaves these questions open."""
    fields = [{"fieldName": name, "description": "Please answer."} for name in names]
    return altered(lambda answer: {"data": answer["data"] | {"attributes": {"missingFields": fields}}})


@pytest.mark.parametrize(
    ("bank", "behavior", "ok", "next_step"),
    [
        ("thread", missing(), True, ""),
        ("other", missing(), True, ""),
        ("thread", missing("occupation"), False, "Set UNIT_BANK=other, whose form asks for that."),
        ("other", missing("profession", "sourceOfFunds"), False, "Set UNIT_BANK=thread, whose form asks for that."),
        ("other", missing("annualIncome"), None, BY_HAND),
        ("other", unit_refusal(404, "not_found"), None, BY_HAND),
    ],
)
def test_the_doctor_compares_the_setting_with_what_unit_misses(
    app_with: AppWith, bank: str, behavior: Behavior, ok: bool | None, next_step: str
) -> None:
    visitor = Visitor(app_with(UNIT_BANK=bank))
    visitor.sign_in()
    visitor.enroll()
    before = found_by_doctor(visitor)
    visitor.get("/customer")
    visitor.submit("/customer", PERSON_AT_THREAD if bank == "thread" else PERSON)

    with FakeNetwork(visitor.app.extensions["http"]) as network:
        network.set("GET .*/missing-fields", behavior)
        after = found_by_doctor(visitor)

    assert (before[0], before[2]) == (None, "Open an account with the app, then run this again.")
    assert (after[0], after[2]) == (ok, next_step)
    assert f"UNIT_BANK is {bank}" in before[1]
    assert f"UNIT_BANK is {bank}" in after[1]


def found_by_doctor(visitor: Visitor) -> Finding:
    with request_of(visitor):
        (finding,) = findings()
    return finding


@pytest.mark.parametrize(
    ("given", "expected"), [({}, False), ({"UNIT_BANK": "Thread"}, True), ({"UNIT_BANK": "other"}, False)]
)
def test_the_setting_names_the_bank(given: dict[str, str], expected: bool) -> None:
    assert is_thread(given) is expected


def test_another_bank_is_refused_at_start() -> None:
    with pytest.raises(SettingsError, match="UNIT_BANK must be thread, or other"):
        is_thread({"UNIT_BANK": "threads"})


def test_a_test_says_where_the_banks_consents_belong(enrolled: Visitor) -> None:
    page = enrolled.get("/customer")
    enrolled.app.config["UNIT_IS_SANDBOX"] = False
    try:
        live = enrolled.get("/customer")
    finally:
        enrolled.app.config["UNIT_IS_SANDBOX"] = True

    assert "the bank’s terms and your consents stand here" in page.text
    assert "consents" not in live.text
