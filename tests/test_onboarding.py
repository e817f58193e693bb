"""Opening an account at Unit, with every answer that the bank may give."""

from __future__ import annotations

import pytest
import time_machine
from flask import Flask

from services.unit_client import org_client
from services.unit_models import Application

from .inside import request_of
from .sandbox import APPLICANT
from .visitor import PERSON, Visitor

NO_DATES = (
    *("tomorrow", "June 1, 1990", "1990/06/01", "06-01-1990", "06.01.1990", "13/01/1990", "02/30/1990", "06/01/90"),
    *("1990-02-30", "19900601", "1990-W22-5", "0000-01-01", "1990-6-1", "06/01/19900", "1990-06-01T00:00", "-"),
)
WHICH_DATE = "Enter month, day and year, such as 02/28/1990."


def applications(visitor: Visitor) -> list[str]:
    """Return the states of all applications that the visitor made, as Unit has them."""
    with request_of(visitor) as session:
        return [application.status for application in org_client.applications(session.user_id)]


def number_of_accounts(visitor: Visitor) -> int:
    with request_of(visitor) as session:
        return len(org_client.accounts(session.customer_id or ""))


def apply_and_crash(visitor: Visitor) -> Application:
    """Apply in the visitor's name, and do none of the steps after it."""
    with request_of(visitor) as session:
        return org_client.apply(session.user_id, APPLICANT, "11111111-1111-4111-8111-111111111111")


def test_an_approved_applicant_gets_one_account_and_continues_to_the_cards(enrolled: Visitor) -> None:
    page = enrolled.open_account()
    enrolled.post("/customer/status")
    enrolled.get("/customer")

    assert page.goes_to == "/cards"
    assert number_of_accounts(enrolled) == 1
    assert "Your bank account is open. Now get a card for it." in enrolled.get("/cards").text


def test_a_customer_is_not_asked_again(customer: Visitor) -> None:
    assert customer.get("/customer").goes_to == "/cards"
    assert customer.post("/customer", PERSON).goes_to == "/cards"
    assert len(applications(customer)) == 1


@pytest.mark.parametrize(
    ("field", "typed", "error"),
    [
        ("first_name", " ", "Enter your first name."),
        ("last_name", "", "Enter your last name."),
        ("last_name", "x" * 256, "Use at most 255 characters."),
        ("first_name", "A\x00da", "Remove invisible characters."),
        ("city", "\u202ednalkaO", "Remove invisible characters."),
        ("date_of_birth", "", "Enter your date of birth."),
        *(("date_of_birth", typed, WHICH_DATE) for typed in NO_DATES),
        ("date_of_birth", "02/28/2010", "You must be 18 or older to open an account."),
        ("date_of_birth", "2010-01-01", "You must be 18 or older to open an account."),
        ("date_of_birth", "1890-01-01", "Check the year."),
        ("ssn", "12345678", "Enter nine digits, such as 123-45-6789."),
        ("ssn", "123-45-678a", "Enter nine digits, such as 123-45-6789."),
        ("first_name", "\u200b\u3164", "Enter your first name."),
        ("street2", "x" * 256, "Use at most 255 characters."),
        ("street2", "\u202e4", "Remove invisible characters."),
        ("phone", "12", "Enter ten digits, such as 555-555-0101."),
        ("street", "", "Enter your street address."),
        ("city", "", "Enter your city."),
        ("state", "ZZ", "Not a valid choice."),
        ("state", "", "Choose your state."),
        ("postal_code", "9460", "Enter five digits, or nine with a hyphen."),
        ("occupation", "", "Choose the closest one."),
        ("annual_income", "", "Choose a range."),
        ("source_of_income", "", "Choose a source."),
    ],
)
def test_a_wrong_field_is_explained_and_nothing_typed_is_lost(
    enrolled: Visitor, field: str, typed: str, error: str
) -> None:
    page = enrolled.open_account(**{"city": "Berkeley", field: typed})

    assert page.status == 422
    assert page.error_of(field) == error
    assert field == "city" or page.one("#city").attrs["value"] == "Berkeley"
    assert field != "date_of_birth" or page.one("#date_of_birth").attrs.sget("value") == typed
    assert page.one(f".notice a[href='#{field}']")


@pytest.mark.parametrize(
    ("ssn", "heading", "keeps_asking"),
    [
        pytest.param("000000001", "Application declined", False, id="denied"),
        pytest.param("000000002", "The bank needs a document", True, id="address"),
        pytest.param("000000003", "The bank needs a document", True, id="date of birth"),
        pytest.param("000000004", "Under review", True, id="review"),
        pytest.param("000000005", "The bank is checking your application", True, id="pending"),
        pytest.param("000000006", "The bank needs a document", True, id="name"),
    ],
)
def test_the_page_says_where_the_application_stands(
    enrolled: Visitor, ssn: str, heading: str, keeps_asking: bool
) -> None:
    page = enrolled.open_account(ssn=ssn)

    assert (page.status, page.heading) == (200, heading)
    assert bool(page.html.css("#check-application[hx-trigger]")) is keeps_asking
    assert enrolled.get("/customer").heading == heading
    assert enrolled.get("/cards").goes_to == "/customer"


def test_a_pending_application_continues_by_itself_and_until_then_stays_as_it_is(
    enrolled: Visitor, clock: time_machine.Traveller
) -> None:
    shown = enrolled.open_account(ssn="000000005")
    waiting = enrolled.submit("/customer/status", htmx=True)
    enrolled.page = shown
    plain = enrolled.submit("/customer/status")
    clock.shift(30)

    enrolled.page = shown
    page = enrolled.submit("/customer/status", htmx=True)

    assert (waiting.status, waiting.body) == (204, "")
    assert plain.goes_to == "/customer"
    assert page.goes_to == "/cards"


@pytest.mark.parametrize(("decision", "leads_to"), [("approve", "/cards"), ("deny", None)])
def test_a_visitor_can_play_the_bank_for_their_one_application(
    app: Flask, enrolled: Visitor, decision: str, leads_to: str | None
) -> None:
    enrolled.open_account(ssn="000000004")
    enrolled.post("/customer", PERSON | {"ssn": "000000004"})  # once more
    assert applications(enrolled) == ["PendingReview"]
    enrolled.get("/customer")
    desk = str(enrolled.page.one("form.pretend").attrs["action"])

    assert Visitor(app).post(desk, {"decision": decision}).status == 404
    enrolled.submit(desk, decision=decision)
    enrolled.follow()

    assert enrolled.post("/customer/status").goes_to == (leads_to or "/customer")


def test_a_declined_applicant_can_try_again(enrolled: Visitor) -> None:
    enrolled.open_account(ssn="000000001")
    enrolled.get("/customer?again=1")

    page = enrolled.submit("/customer", PERSON)

    assert page.goes_to == "/cards"
    assert applications(enrolled) == ["Approved", "Denied"]


def test_after_a_crash_the_next_visit_shows_the_approval_and_only_a_post_continues(
    enrolled: Visitor, calls: list[str]
) -> None:
    approved = apply_and_crash(enrolled)

    for path in ("/customer", "/customer?again=1"):
        shown = enrolled.get(path)
        assert shown.heading == "Application approved"
        assert "load" in str(shown.one("#check-application").attrs["hx-trigger"])
    assert not [call for call in calls if call == "POST /accounts" or call.startswith("PUT /v1/users/")]
    page = enrolled.submit("/customer/status")

    assert page.goes_to == "/cards"
    assert enrolled.get("/cards/list").status == 200
    assert applications(enrolled) == [approved.status]
    assert number_of_accounts(enrolled) == 1
