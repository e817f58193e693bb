"""Adding and removing a phone number or an email address, with a code."""

from __future__ import annotations

import pytest
import time_machine

from ..identity import another_browser, facts
from ..passcodes import (
    OTHER_PHONE,
    PHONE,
    add_by_code,
    address,
    newest_code,
    sends,
    sign_in_by_code,
)
from ..visitor import EMAIL, PERSON, Page, Visitor, beside

pytestmark = pytest.mark.usefixtures("clock")
WRONG = "That code is wrong."
OVER = "That code was already used or has expired."


def contacts(page: Page) -> list[str]:
    """What the account page says about numbers and addresses."""
    return [" ".join(entry.text().split()) for entry in page.html.css(".factors li")]


def said(page: Page) -> str:
    """What the page that asks for a code says first."""
    return page.html.css("#sign-in p")[0].text()


def contact_id(visitor: Visitor, number: int = 0) -> str:
    """The id of a number or address, of those that the account page lists."""
    page = visitor.get("/account")
    return page.html.css("form[action='/codes/remove'] input[name=id]")[number].attrs.sget("value")


@pytest.mark.parametrize("method", ["sms_code", "whatsapp_code"])
def test_a_number_is_added_and_proves_a_factor_of_this_session(signed_in: Visitor, method: str) -> None:
    token = signed_in.cookie("stytch_session")
    signed_in.get("/account")
    signed_in.submit(f"/codes/{method}/add", phone_number="(202) 555-0143")

    page = signed_in.submit(f"/codes/{method}/confirm", code=newest_code(signed_in, method))
    account = signed_in.follow()

    assert page.goes_to == "/account"
    assert "Your phone number is added." in account.text
    assert contacts(account)[0].startswith(f"{PHONE} Last used Jun 1, 12:00 PM UTC, just now")
    assert signed_in.cookie("stytch_session") == token
    assert "Your second factor is set up." in signed_in.get("/").text


def test_a_refused_number_is_said_beside_the_field(signed_in: Visitor) -> None:
    page = signed_in.post("/codes/sms_code/add", address("sms_code", "12") | {"next": "//evil.example"})

    assert (page.status, page.heading) == (422, "Add a phone number")
    assert page.error_of("phone_number").startswith("Enter a mobile number with its area code")
    assert "evil.example" not in page.body


def test_a_code_is_only_for_what_it_was_sent_for(signed_in: Visitor) -> None:
    signed_in.post("/codes/sms_code/add", address("sms_code"))
    to_add = signed_in.post("/codes/sms_code/sign-in", {"code": newest_code(signed_in)})
    other = beside(signed_in)
    other.sign_in("grace@example.com")
    other.post("/codes/sms_code", address("sms_code", OTHER_PHONE))

    to_sign_in = other.post("/codes/sms_code/confirm", {"code": newest_code(other)})

    assert to_add.error_of("code").startswith(OVER)
    assert to_sign_in.error_of("code").startswith(OVER)
    assert contacts(other.get("/account"))[0].startswith("grace@example.com")


def test_a_code_that_another_session_of_this_browser_asked_for_is_refused(signed_in: Visitor) -> None:
    signed_in.post("/codes/sms_code/add", address("sms_code"))
    form, code = signed_in.page, newest_code(signed_in)
    stale = signed_in.cookie("forms") or ""
    grace = beside(signed_in)
    grace.sign_in("grace@example.com")
    grace.client.set_cookie("forms", stale)
    grace.page = form

    assert grace.submit("/codes/sms_code/confirm", code=code).error_of("code").startswith(OVER)
    assert PHONE not in grace.get("/account").text


def test_somebody_elses_number_gets_no_code_looks_the_same_and_stays_theirs(
    visitor: Visitor, clock: time_machine.Traveller
) -> None:
    sign_in_by_code(visitor)
    clock.shift(60)
    thief = beside(visitor)
    thief.sign_in("grace@example.com")
    free = thief.post("/codes/sms_code/add", address("sms_code", OTHER_PHONE))
    assert newest_code(thief) != ""
    clock.shift(301)

    theirs = thief.post("/codes/sms_code/add", address("sms_code"))
    sent = newest_code(thief)
    page = thief.submit("/codes/sms_code/confirm", code="123456")

    assert (theirs.status, sent) == (free.status, "")
    assert (
        theirs.one("#sign-in").css("p")[0].text().replace(PHONE, OTHER_PHONE) == free.one("#sign-in").css("p")[0].text()
    )
    assert page.error_of("code").startswith(WRONG)
    assert PHONE not in thief.get("/account").text
    assert PHONE in visitor.get("/account").text


@pytest.mark.parametrize("method", ["sms_code", "email_code"])
def test_a_mailbox_alone_adds_nothing_to_a_user_who_has_more(customer: Visitor, calls: list[str], method: str) -> None:
    page = customer.post(f"/codes/{method}/add", address(method))

    assert page.status == 403
    assert "Enter a code from your authenticator to add" in page.text
    assert sends(calls) == []


def test_a_number_alone_adds_nothing_to_a_user_who_has_more(enrolled: Visitor, clock: time_machine.Traveller) -> None:
    add_by_code(enrolled)
    own = contact_id(enrolled)
    clock.shift(60)
    thief = beside(enrolled)
    sign_in_by_code(thief)

    assert thief.post("/codes/email_code/add", address("email_code", "thief@example.com")).status == 403
    assert thief.post("/codes/remove", {"id": own}).status == 403
    asked = thief.post("/account/authenticator/remove")
    assert asked.status == 403
    assert asked.html.css("#step-up [name=step_up_use]") == []  # the authenticator, and no way around it
    assert newest_code(thief, "email_code") == ""


def test_a_code_that_comes_too_late_needs_the_proof_again(signed_in: Visitor, clock: time_machine.Traveller) -> None:
    clock.shift(9 * 60 + 50)
    signed_in.post("/codes/sms_code/add", address("sms_code"))
    form, code = signed_in.page, newest_code(signed_in)
    clock.shift(11)
    signed_in.page = form

    assert signed_in.submit("/codes/sms_code/confirm", code=code).heading == "Sign in again first"


def test_a_removed_number_ends_what_rested_on_it(enrolled: Visitor, clock: time_machine.Traveller) -> None:
    add_by_code(enrolled)
    enrolled.open_account()
    other = another_browser(enrolled, clock)

    page = enrolled.post("/codes/remove", {"id": contact_id(enrolled), "next": "/account"})

    assert page.goes_to == "/account"
    assert "The phone number is removed" in enrolled.follow().text
    assert "Text message" not in facts(enrolled.page)
    assert PHONE not in enrolled.page.text
    assert other.post("/cards", {"kind": "virtual"}).status == 401
    assert enrolled.get("/cards/list").status == 200  # by the authenticator


def test_only_ones_own_number_can_be_removed_and_never_the_last(
    visitor: Visitor, signed_in: Visitor, calls: list[str]
) -> None:
    visitor.client.set_cookie("emulator_visitor", signed_in.cookie("emulator_visitor") or "")
    sign_in_by_code(visitor)
    phone_id = contact_id(visitor)

    assert signed_in.post("/codes/remove", {"id": phone_id}).status == 404
    assert signed_in.post("/codes/remove").status == 404
    visitor.post("/codes/remove", {"id": phone_id})
    assert "You can’t remove your last phone number or email address." in visitor.follow().text
    assert [call for call in calls if call.startswith("DELETE")] == []


def test_who_removes_the_only_thing_that_the_session_proved_is_signed_out(
    visitor: Visitor, clock: time_machine.Traveller
) -> None:
    sign_in_by_code(visitor)
    clock.shift(31)
    add_by_code(visitor, to=OTHER_PHONE)
    other = beside(visitor)
    sign_in_by_code(other)

    page = other.post("/codes/remove", {"id": contact_id(other)})

    assert page.goes_to == "/"
    assert "The phone number is removed" in other.follow().text
    assert other.get("/account").goes_to == "/"
    assert visitor.get("/account").goes_to == "/"


def test_who_signed_in_by_phone_adds_an_address_before_applying(visitor: Visitor) -> None:
    sign_in_by_code(visitor)
    visitor.enroll()
    home = visitor.get("/")

    refused = visitor.post("/customer", PERSON)
    visitor.page = home
    visitor.submit("/codes/email_code/add", email=EMAIL)
    visitor.submit("/codes/email_code/confirm", code=newest_code(visitor, "email_code"))

    assert "The bank also needs an email address of yours." in home.text
    assert refused.goes_to == "/"
    assert visitor.open_account().goes_to == "/cards"
