"""Open an account at Unit, with every answer that the bank may give."""

from __future__ import annotations

import pytest
import time_machine
from flask import Flask

from services.unit import Unit
from services.unit_objects import Application

from .conftest import EMAIL, PERSON, Visitor


def applications(app: Flask, visitor: Visitor) -> list[str]:
    """The states of all applications that the visitor made, asked of Unit as the company."""
    with app.test_request_context(headers={"Cookie": f"emulator_visitor={visitor.cookie('emulator_visitor')}"}):
        app.preprocess_request()
        unit: Unit = app.extensions["unit"]
        session = app.extensions["auth"].sessions.get(visitor.cookie("stytch_session"))
        return [application.status for application in unit.applications(session.user_id)]


def test_the_form_is_prefilled_with_made_up_details(enrolled: Visitor) -> None:
    page = enrolled.get("/customer")

    assert page.one("#first_name").attrs["value"] == "Ada"
    assert page.one("#ssn").attrs["value"] == "123-45-6789"
    assert page.one("#state option[selected]").attrs["value"] == "CA"


def test_an_approved_person_has_an_account_with_money_and_goes_to_the_cards(enrolled: Visitor) -> None:
    page = enrolled.open_account()

    assert page.goes_to == "/cards"
    assert "$2,500.00" in enrolled.get("/cards/list").text


def test_a_customer_is_not_asked_again(customer: Visitor) -> None:
    assert customer.get("/customer").goes_to == "/cards"
    assert customer.post("/customer", PERSON).goes_to == "/cards"


def test_a_customer_is_recognised_at_the_next_sign_in(customer: Visitor) -> None:
    assert customer.get("/cards").status == 200


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("first_name", " ", "Enter your first name."),
        ("last_name", "", "Enter your last name."),
        ("last_name", "x" * 41, "Use at most 40 characters."),
        ("first_name", "A\x00da", "Leave out characters that cannot be seen."),
        ("city", "\u202ednalkaO", "Leave out characters that cannot be seen."),
        ("date_of_birth", "", "Enter your date of birth as a date."),
        ("date_of_birth", "tomorrow", "Enter your date of birth as a date."),
        ("date_of_birth", "2010-01-01", "You must be 18 or older to open an account."),
        ("date_of_birth", "1890-01-01", "Check the year."),
        ("ssn", "12345678", "Enter nine digits, such as 123-45-6789."),
        ("ssn", "١٢٣٤٥٦٧٨٩", "Enter nine digits, such as 123-45-6789."),
        ("phone", "12", "Enter ten digits, such as 555-555-0101."),
        ("street", "", "Enter your street and number."),
        ("city", "", "Enter your city."),
        ("state", "ZZ", "Not a valid choice."),
        ("state", "", "Choose your state."),
        ("postal_code", "9460", "Enter five digits, or nine with a dash."),
        ("occupation", "", "Choose what comes nearest."),
        ("annual_income", "", "Choose a range."),
        ("source_of_income", "", "Choose a source."),
    ],
)
def test_a_wrong_field_is_explained_and_nothing_typed_is_lost(
    enrolled: Visitor, field: str, typed: str, words: str
) -> None:
    page = enrolled.open_account(**{"city": "Berkeley", field: typed})

    assert page.status == 422
    assert page.error_of(field) == words
    assert field == "city" or page.one("#city").attrs["value"] == "Berkeley"
    assert page.one(f".notice a[href='#{field}']")


@pytest.mark.parametrize(
    ("ssn", "heading", "asks_again"),
    [
        ("000000001", "The bank said no", False),
        ("000000002", "The bank needs a document", True),
        ("000000003", "The bank needs a document", True),
        ("000000004", "A person at the bank is looking", True),
        ("000000005", "The bank is checking", True),
        ("000000006", "The bank needs a document", True),
    ],
)
def test_what_the_bank_says_is_said_honestly(enrolled: Visitor, ssn: str, heading: str, asks_again: bool) -> None:
    page = enrolled.open_account(ssn=ssn)

    assert (page.status, page.heading) == (200, heading)
    assert ("hx-trigger" in page.one("#application").attrs) is asks_again
    assert enrolled.get("/customer").heading == heading
    assert enrolled.get("/cards").goes_to == "/customer"


def test_a_pending_application_moves_on_by_itself(enrolled: Visitor, clock: time_machine.Traveller) -> None:
    enrolled.open_account(ssn="000000005")
    clock.shift(10)

    page = enrolled.get("/customer/status", htmx=True)

    assert page.response.headers["HX-Redirect"] == "/cards"


@pytest.mark.parametrize(("decision", "leads_to"), [("approve", "/cards"), ("deny", None)])
def test_a_visitor_can_play_the_bank(enrolled: Visitor, decision: str, leads_to: str | None) -> None:
    enrolled.open_account(ssn="000000004")
    desk = str(enrolled.page.one("form.pretend").attrs["action"])

    enrolled.submit(desk, decision=decision)

    assert enrolled.follow().goes_to == leads_to


def test_nobody_decides_about_another_visitors_application(app: Flask, enrolled: Visitor) -> None:
    enrolled.open_account(ssn="000000004")
    desk = str(enrolled.page.one("form.pretend").attrs["action"])

    assert Visitor(app).post(desk, {"decision": "approve"}).status == 404


def test_somebody_who_was_refused_can_try_again(app: Flask, enrolled: Visitor) -> None:
    enrolled.open_account(ssn="000000001")
    enrolled.get("/customer?again=1")

    page = enrolled.submit("/customer", PERSON)

    assert page.goes_to == "/cards"
    assert applications(app, enrolled) == ["Approved", "Denied"]


def test_a_form_sent_twice_makes_one_application(app: Flask, enrolled: Visitor) -> None:
    enrolled.open_account(ssn="000000004")
    enrolled.post("/customer", PERSON | {"ssn": "000000004"})

    assert applications(app, enrolled) == ["PendingReview"]


def apply_and_crash(app: Flask, visitor: Visitor) -> Application:
    """Apply in the visitor's name, and do nothing of what should come after that."""
    with app.test_request_context(headers={"Cookie": f"emulator_visitor={visitor.cookie('emulator_visitor')}"}):
        app.preprocess_request()
        session = app.extensions["auth"].sessions.get(visitor.cookie("stytch_session"))
        unit: Unit = app.extensions["unit"]
        person = {
            "fullName": {"first": "Ada", "last": "Vance"},
            "email": EMAIL,
            "dateOfBirth": "1990-02-03",
            "ssn": "123456789",
            "phone": {"countryCode": "1", "number": "5555550101"},
            "address": {"street": "1 Main", "city": "Oakland", "state": "CA", "postalCode": "94607", "country": "US"},
        }
        return unit.apply(session.user_id, person, "11111111-1111-4111-8111-111111111111")


def test_a_crash_after_the_approval_heals_at_the_next_visit(app: Flask, enrolled: Visitor) -> None:
    approved = apply_and_crash(app, enrolled)

    page = enrolled.get("/customer")

    assert page.goes_to == "/cards"
    assert "$2,500.00" in enrolled.get("/cards/list").text
    assert applications(app, enrolled) == [approved.status]


def test_an_account_is_opened_and_funded_once(enrolled: Visitor) -> None:
    enrolled.open_account()
    enrolled.get("/customer/status")
    enrolled.get("/customer")

    assert "$2,500.00" in enrolled.get("/cards/list").text
