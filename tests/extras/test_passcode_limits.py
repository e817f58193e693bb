"""How often codes are sent, and guessed."""

from __future__ import annotations

import pytest
import time_machine
from flask import Flask

from ..conftest import AppWith
from ..inside import at_once
from ..passcodes import (
    PHONE,
    ask_for_code,
    newest_code,
    sends,
    wrong,
)
from ..visitor import Visitor

pytestmark = pytest.mark.usefixtures("clock")
WRONG = "That code is wrong."


def test_another_code_is_sent_after_thirty_seconds_and_voids_the_one_before(
    visitor: Visitor, clock: time_machine.Traveller, calls: list[str]
) -> None:
    ask_for_code(visitor)
    first, form = newest_code(visitor), visitor.page
    clock.shift(29)
    too_soon = visitor.submit("/codes/sms_code", phone_number=PHONE)
    assert "You can get another code 30 seconds after the last one." in too_soon.text
    assert (too_soon.status, too_soon.response.headers["Retry-After"], len(sends(calls))) == (429, "1", 1)

    clock.shift(1)
    visitor.page = form
    visitor.submit("/codes/sms_code", phone_number=PHONE)
    second = newest_code(visitor)

    assert visitor.submit("/codes/sms_code/sign-in", code=first).error_of("code").startswith(WRONG)
    assert visitor.submit("/codes/sms_code/sign-in", code=second).goes_to == "/"


def test_a_number_gets_three_codes_in_ten_minutes_and_the_newest_one_still_works(
    visitor: Visitor, clock: time_machine.Traveller, calls: list[str]
) -> None:
    for _ in range(4):
        clock.shift(31)
        page = ask_for_code(visitor)
        assert (page.status, page.heading) == (200, "Enter your code")

    assert len(sends(calls)) == 3
    assert visitor.submit("/codes/sms_code/sign-in", code=newest_code(visitor)).goes_to == "/"


@pytest.mark.parametrize("method", ["sms_code", "email_code"])
def test_a_client_gets_five_codes_in_ten_minutes(app: Flask, calls: list[str], method: str) -> None:
    pages = [
        ask_for_code(Visitor(app), method, f"ada{n}@example.com" if method == "email_code" else f"+1202555016{n}")
        for n in range(6)
    ]

    assert [page.status for page in pages] == [200] * 5 + [429]
    assert "You can ask for five codes in ten minutes." in pages[-1].text
    assert len(sends(calls)) == 5


def test_messages_that_cost_money_are_limited_in_all(app_with: AppWith) -> None:
    app = app_with(SMS_PER_HOUR="3")
    clients = [Visitor(app, f"192.0.2.{n}") for n in range(5)]

    numbers = [
        ask_for_code(each, ("sms_code", "whatsapp_code")[n % 2], f"+1202555017{n}").status
        for n, each in enumerate(clients)
    ]

    assert numbers == [200, 200, 200, 429, 429]
    assert ask_for_code(Visitor(app, "192.0.2.9"), "email_code").status == 200


def test_parallel_guesses_are_counted_before_they_are_checked(visitor: Visitor, calls: list[str]) -> None:
    ask_for_code(visitor)
    code = newest_code(visitor)

    pages = at_once(visitor, 8, lambda tab: tab.submit("/codes/sms_code/sign-in", code=wrong(code)))

    assert sorted(page.status for page in pages) == [422] * 5 + [429] * 3
    assert calls.count("POST /v1/otps/authenticate") == 5
    limited = visitor.submit("/codes/sms_code/sign-in", code=code)
    assert limited.error_of("code") == "You entered too many wrong codes. Wait 5 minutes, then try again."
    assert limited.response.headers["Retry-After"] == "300"


def test_new_codes_do_not_buy_new_guesses(visitor: Visitor, clock: time_machine.Traveller) -> None:
    for _ in range(2):
        ask_for_code(visitor)
        code = newest_code(visitor)
        for _ in range(3):
            page = visitor.submit("/codes/sms_code/sign-in", code=wrong(code))
        clock.shift(31)

    assert page.status == 429
