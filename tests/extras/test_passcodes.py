"""Signing in with a code by SMS, WhatsApp or email."""

from __future__ import annotations

import pytest
import time_machine

from ..conftest import AppWith
from ..fake_network import Overheard
from ..passcodes import (
    METHODS,
    OTHER_PHONE,
    PHONE,
    address,
    ask_for_code,
    newest_code,
    sends,
    sign_in_by_code,
)
from ..visitor import EMAIL, Visitor, beside

pytestmark = pytest.mark.usefixtures("clock")
SANDBOX_PHONE = "+10000000000"
WRONG = "That code is wrong."
OVER = "That code was already used or has expired."
NOT_A_NUMBER = "Enter a mobile number with its area code"
NOT_THERE = "We can’t send codes to numbers of that kind or country."
UNDELIVERED = "The message could not be delivered."


@pytest.mark.parametrize("method", METHODS)
def test_a_code_signs_in_and_says_as_whom(visitor: Visitor, method: str) -> None:
    page = ask_for_code(visitor, method)
    field = page.one("input[name=code]").attrs

    assert (page.heading, field["autocomplete"], field["type"]) == ("Enter your code", "one-time-code", "text")
    assert visitor.submit(f"/codes/{method}/sign-in", code=newest_code(visitor, method)).goes_to == "/"
    assert (EMAIL if method == "email_code" else PHONE) in visitor.follow().one(".hello").text()


def test_with_htmx_the_form_is_replaced_and_then_the_page(visitor: Visitor) -> None:
    visitor.get("/")

    page = visitor.submit("/codes/sms_code", htmx=True, phone_number=PHONE)
    code = newest_code(visitor)

    assert page.one("#sign-in").tag == "section"
    assert page.one("hx-partial[hx-target='#status']").text() == "Enter the code that we sent."
    assert visitor.submit("/codes/sms_code/sign-in", htmx=True, code=code).goes_to == "/"


def test_a_code_is_taken_as_it_is_pasted(visitor: Visitor) -> None:
    ask_for_code(visitor)
    code = newest_code(visitor)

    page = visitor.submit("/codes/sms_code/sign-in", code=f"\u200b {code[:3]}\u2011{code[3:]}\u00a0")

    assert page.goes_to == "/"


@pytest.mark.parametrize(
    "typed", ["(202) 555-0143", "202.555.0143", "1 202 555 0143", "+1 (202) 555\u20110143", "\u202d+12025550143\u202c"]
)
def test_a_number_is_taken_as_it_is_typed_and_sent_as_e164(visitor: Visitor, overheard: Overheard, typed: str) -> None:
    ask_for_code(visitor, to=typed)

    assert f'"phone_number": "{PHONE}"' in str(overheard[-1][0].body)


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("", NOT_A_NUMBER),
        ("ada@example.com", NOT_A_NUMBER),
        ("555-0143", NOT_A_NUMBER),
        ("(202) 555-0143 ext. 5", NOT_A_NUMBER),
        ("+1 876 456 7890", NOT_THERE),  # Jamaica
        ("+44 7400 123456", NOT_THERE),
        ("+1 900 234 5678", NOT_THERE),  # premium rate
        ("800 555 1234", NOT_THERE),
        ("+1 202 555 0109", UNDELIVERED),  # the emulator's: its carrier refuses
        ("+1 202 555 0104", UNDELIVERED),  # and one that has opted out: not told apart
    ],
)
def test_a_number_that_gets_no_codes_is_refused_with_a_sentence_and_another_way_on(
    visitor: Visitor, calls: list[str], typed: str, error: str
) -> None:
    page = ask_for_code(visitor, to=typed)

    assert page.status == 422
    assert page.error_of("phone_number").startswith(error)
    assert page.one("input[name=phone_number][aria-invalid]").attrs.sget("value") == typed
    assert page.html.css("form[action='/login']")
    assert len(sends(calls)) == (error == UNDELIVERED)


@pytest.mark.parametrize("typed", ["", "ada", "ada@example"])
def test_a_malformed_address_is_refused(visitor: Visitor, calls: list[str], typed: str) -> None:
    page = ask_for_code(visitor, "email_code", typed)

    assert (page.status, page.error_of("email")) == (422, "Enter an address like ada@example.com.")
    assert sends(calls) == []


def test_the_regions_are_said_before_anything_is_sent(visitor: Visitor, app_with: AppWith) -> None:
    assert "Numbers of the US and Canada only. Message and data rates may apply." in visitor.get("/").text

    french = Visitor(app_with(SMS_REGIONS="FR"))
    assert "Numbers of FR only." in french.get("/").text
    assert ask_for_code(french).error_of("phone_number").startswith(NOT_THERE)
    assert ask_for_code(french, to="06 12 34 56 78").error_of("phone_number").startswith(NOT_THERE)  # by the emulator


@pytest.mark.parametrize("method", METHODS)
def test_the_answer_is_the_same_for_whoever_has_an_account(
    visitor: Visitor, clock: time_machine.Traveller, method: str
) -> None:
    sign_in_by_code(visitor, method)
    clock.shift(60)
    known, unknown = beside(visitor), Visitor(visitor.app)

    pages = [ask_for_code(each, method) for each in (known, unknown)]
    said = [each.html.css("#sign-in > :not(form)") for each in pages]

    assert [page.status for page in pages] == [200, 200]
    assert [tag.text() for tag in said[0]] == [tag.text() for tag in said[1]]


def test_an_address_to_which_email_bounces_looks_the_same(visitor: Visitor) -> None:
    page = ask_for_code(visitor, "email_code", "ada@inactive.example")

    assert (page.status, page.heading) == (200, "Enter your code")
    assert newest_code(visitor, "email_code") == ""
    assert visitor.submit("/codes/email_code/sign-in", code="123456").error_of("code").startswith(WRONG)


@pytest.mark.parametrize(("method", "minutes"), [("sms_code", 5), ("whatsapp_code", 5), ("email_code", 10)])
def test_a_code_expires(visitor: Visitor, clock: time_machine.Traveller, method: str, minutes: int) -> None:
    ask_for_code(visitor, method)
    code = newest_code(visitor, method)
    form = visitor.page
    clock.shift(minutes * 60 - 1)
    assert newest_code(visitor, method) == code
    clock.shift(1)
    visitor.page = form

    page = visitor.submit(f"/codes/{method}/sign-in", code=code)

    assert (page.status, page.error_of("code").startswith(OVER)) == (422, True)


def test_a_code_works_once_but_a_second_press_signs_the_same_browser_in(
    visitor: Visitor, clock: time_machine.Traveller
) -> None:
    ask_for_code(visitor)
    code, second, late = newest_code(visitor), visitor.twin(), visitor.twin()
    assert visitor.submit("/codes/sms_code/sign-in", code=code).goes_to == "/"

    assert second.submit("/codes/sms_code/sign-in", code=code).goes_to == "/"
    clock.shift(61)
    assert late.submit("/codes/sms_code/sign-in", code=code).error_of("code").startswith(OVER)


def test_the_code_of_another_browser_or_another_number_is_refused(visitor: Visitor) -> None:
    ask_for_code(visitor)
    code, thief = newest_code(visitor), beside(visitor)
    assert thief.post("/codes/sms_code/sign-in", {"code": code}).error_of("code").startswith(OVER)

    ask_for_code(thief, to=OTHER_PHONE)

    assert newest_code(thief) != code
    assert thief.submit("/codes/sms_code/sign-in", code=code).error_of("code").startswith(WRONG)
    assert visitor.submit("/codes/sms_code/sign-in", code=code).goes_to == "/"


@pytest.mark.parametrize("action", ["", "/add"])
def test_a_method_that_is_not_in_use_sends_nothing(app_with: AppWith, action: str) -> None:
    visitor = Visitor(app_with(SIGN_IN_METHODS="magic_link", STEP_UP_METHODS="totp"))
    visitor.sign_in()

    assert visitor.post(f"/codes/sms_code{action}", address("sms_code")).status == 404
    assert "Phone numbers" not in visitor.get("/account").text
    assert newest_code(visitor) == ""


def test_a_sign_in_as_somebody_else_signs_the_first_one_out(signed_in: Visitor, calls: list[str]) -> None:
    signed_in.post("/codes/sms_code", address("sms_code"))
    code = newest_code(signed_in)

    signed_in.submit("/codes/sms_code/sign-in", code=code)

    assert "POST /v1/sessions/revoke" in calls
    assert PHONE in signed_in.get("/").text
    assert EMAIL not in signed_in.page.one("header").text()


def test_stytchs_sandbox_number_works_for_a_test_project(visitor: Visitor) -> None:
    assert ask_for_code(visitor, to=SANDBOX_PHONE).heading == "Enter your code"
    assert newest_code(visitor) == ""
