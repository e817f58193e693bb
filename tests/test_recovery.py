"""Lost phone: a recovery code leads to another authenticator, and to nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import time_machine
from flask import Flask

from services.auth import Auth

from .conftest import Page, Visitor
from .identity import another_browser, authenticators

WRONG = "aaaa-bbbb-cccc"


@pytest.fixture
def codes(request: pytest.FixtureRequest, app: Flask) -> list[str]:
    """The recovery codes of the test's visitor, as the set-up has shown them."""
    name = next(name for name in ("customer", "stepped_up") if name in request.fixturenames)
    visitor: Visitor = request.getfixturevalue(name)
    with app.test_request_context(headers={"Cookie": f"emulator_visitor={visitor.cookie('emulator_visitor')}"}):
        app.preprocess_request()
        auth: Auth = app.extensions["auth"]
        return auth.recovery_codes(auth.sessions.get(visitor.cookie("stytch_session") or ""))


def recover(visitor: Visitor, code: str) -> Page:
    visitor.get("/step-up/recover")
    return visitor.submit("/step-up/recover", recovery_code=code)


def prove_by_recovery_code(app: Flask, visitor: Visitor, code: str) -> None:
    """As far as Stytch: the session has the code's factor, and the authenticator is still there."""
    with app.test_request_context(headers={"Cookie": f"emulator_visitor={visitor.cookie('emulator_visitor')}"}):
        app.preprocess_request()
        auth = app.extensions["auth"]
        auth.recover(auth.sessions.get(visitor.cookie("stytch_session")), code)


def test_the_step_up_shows_the_way_for_a_lost_phone(customer: Visitor) -> None:
    page = customer.get("/step-up").one("#step-up a[href='/step-up/recover']")
    dialog = customer.get("/cards/list", htmx=True).one("dialog a[href='/step-up/recover']")

    assert page.text() == dialog.text() == "Use a recovery code"
    assert customer.get("/step-up/recover").heading == "Lost your phone?"


def test_a_recovery_code_takes_the_lost_authenticator_away(codes: list[str], customer: Visitor) -> None:
    page = recover(customer, codes[0])

    assert page.goes_to == "/"
    assert customer.follow().heading == "Add an authenticator"
    assert "The lost authenticator is removed. Add another one now." in customer.page.text
    assert authenticators(customer) == 0


def test_htmx_is_led_on_as_well(codes: list[str], customer: Visitor) -> None:
    customer.get("/step-up/recover")

    page = customer.submit("/step-up/recover", htmx=True, recovery_code=codes[0])

    assert page.response.headers["HX-Redirect"] == "/"


def test_another_authenticator_is_added_although_the_link_is_old(
    codes: list[str], customer: Visitor, clock: time_machine.Traveller
) -> None:
    clock.shift(1200)
    recover(customer, codes[0])
    clock.shift(599)

    page = customer.enrol()

    assert page.heading == "Your authenticator is set up"
    assert customer.get("/cards/list").status == 200


def test_a_recovery_code_lets_an_authenticator_be_added_for_ten_minutes(
    codes: list[str], customer: Visitor, clock: time_machine.Traveller
) -> None:
    recover(customer, codes[0])
    clock.shift(601)

    page = customer.post("/totp")

    assert (page.status, page.heading) == (403, "First, prove your mailbox once more")


def test_a_recovery_code_is_no_step_up(app: Flask, codes: list[str], customer: Visitor) -> None:
    prove_by_recovery_code(app, customer, codes[0])

    assert customer.get("/cards/list").asks_for_a_code
    assert customer.post("/account/authenticator/remove").status == 403
    assert customer.post("/totp/replace").status == 403
    assert customer.post("/account/recovery-codes").status == 403


def test_a_recovery_code_adds_no_second_authenticator(app: Flask, codes: list[str], customer: Visitor) -> None:
    prove_by_recovery_code(app, customer, codes[0])

    assert customer.post("/totp").goes_to == "/"
    assert authenticators(customer) == 1


def test_after_a_recovery_the_cards_stay_closed(codes: list[str], stepped_up: Visitor) -> None:
    stepped_up.get("/cards/list")

    recover(stepped_up, codes[0])

    assert stepped_up.get("/cards/list").goes_to == "/"
    assert stepped_up.get("/").heading == "Add an authenticator"


def test_a_recovery_does_not_prolong_the_session(
    codes: list[str], customer: Visitor, clock: time_machine.Traveller
) -> None:
    clock.shift(3500)
    recover(customer, codes[0])
    clock.shift(101)

    assert customer.get("/account").goes_to == "/"


def test_a_recovery_ends_the_other_sessions(codes: list[str], customer: Visitor, clock: time_machine.Traveller) -> None:
    thief = another_browser(customer, clock)

    recover(customer, codes[0])

    assert thief.post("/totp").goes_to == "/"
    assert customer.get("/account").status == 200


@pytest.mark.parametrize("written", ["{}", " {} ", "{}\n"], ids=["as shown", "padded", "with a line end"])
@pytest.mark.parametrize(
    "change", [str, str.upper, lambda code: code.replace("-", " "), lambda code: code.replace("-", "")]
)
def test_spaces_dashes_and_case_do_not_matter(
    codes: list[str], customer: Visitor, written: str, change: Callable[[str], str]
) -> None:
    assert recover(customer, written.format(change(codes[3]))).goes_to == "/"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Enter a recovery code: three groups of four letters and digits."),
        ("abcd-1234", "Enter a recovery code: three groups of four letters and digits."),
        ("abcd-1234-efgé", "Enter a recovery code: three groups of four letters and digits."),
        ("abcd_1234_efgh", "Enter a recovery code: three groups of four letters and digits."),
        ("123 456", "Those are six digits of an authenticator. Enter one of your recovery codes."),
        (WRONG, "That recovery code is wrong, or was used already. Enter another one."),
    ],
)
def test_a_code_that_is_not_taken_is_explained(customer: Visitor, typed: str, words: str) -> None:
    page = recover(customer, typed)

    assert page.status == 422
    assert page.error_of("recovery_code") == words
    assert authenticators(customer) == 1


def test_a_code_works_once(app: Flask, codes: list[str], customer: Visitor) -> None:
    prove_by_recovery_code(app, customer, codes[0])

    page = recover(customer, codes[0])

    assert page.error_of("recovery_code").startswith("That recovery code is wrong, or was used already.")
    assert recover(customer, codes[1]).goes_to == "/"


def test_the_codes_of_the_lost_authenticator_are_worth_nothing_for_the_new_one(
    codes: list[str], customer: Visitor
) -> None:
    recover(customer, codes[0])
    customer.enrol()

    assert recover(customer, codes[1]).status == 422
    assert authenticators(customer) == 1


def test_a_stolen_mailbox_recovers_nothing_without_a_code(customer: Visitor) -> None:
    assert customer.post("/step-up/recover").status == 422
    assert authenticators(customer) == 1


def test_a_stolen_mailbox_adds_no_second_authenticator(customer: Visitor) -> None:
    assert customer.post("/totp").goes_to == "/"
    assert customer.post("/totp/confirm", {"code": customer.code()}).goes_to == "/account"
    assert authenticators(customer) == 1


def test_somebody_without_an_authenticator_has_nothing_to_recover(signed_in: Visitor) -> None:
    assert signed_in.get("/step-up/recover").goes_to == "/"
    assert signed_in.post("/step-up/recover", {"recovery_code": WRONG}).goes_to == "/"


def test_a_stranger_recovers_nothing(visitor: Visitor) -> None:
    assert visitor.get("/step-up/recover").goes_to == "/"
    assert visitor.post("/step-up/recover", {"recovery_code": WRONG}).goes_to == "/"


def test_wrong_recovery_codes_and_wrong_codes_of_the_authenticator_count_together(
    codes: list[str], customer: Visitor, clock: time_machine.Traveller
) -> None:
    for _ in range(3):
        recover(customer, WRONG)
    for _ in range(2):
        customer.post("/step-up", {"code": "000000"})

    waits = recover(customer, codes[0])
    clock.shift(301)

    assert (waits.status, waits.heading) == (429, "Too many wrong codes")
    assert recover(customer, codes[0]).goes_to == "/"


def test_a_dialog_says_itself_that_there_were_too_many_codes(customer: Visitor) -> None:
    for _ in range(5):
        customer.post("/step-up", {"code": "000000"})

    page = customer.post("/step-up", {"code": "000000", "source": "cards"}, htmx=True)

    assert page.status == 429
    assert page.error_of("code").startswith("Too many wrong codes. For your safety, wait 5 minutes")
    assert page.one("input[name=source]").attrs["value"] == "cards"
