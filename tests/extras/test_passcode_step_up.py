"""Step-up with a code by SMS, WhatsApp or email, and what the start refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
import time_machine

from app import create_app
from settings import SettingsError, load

from ..conftest import AppWith
from ..identity import another_browser, carried, switch_method, type_code
from ..passcodes import PHONE, add_by_code, newest_code, sends, sign_in_by_code, wrong
from ..visitor import Visitor, beside

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def with_phone(signed_in: Visitor, clock: time_machine.Traveller) -> Visitor:
    """A customer with a phone and no device, whose second factor is no longer fresh."""
    add_by_code(signed_in)
    signed_in.open_account()
    clock.shift(601)
    return signed_in


@pytest.mark.parametrize("method", ["sms_code", "whatsapp_code"])
def test_a_code_continues_what_it_interrupted_in_this_session(with_phone: Visitor, method: str) -> None:
    token = with_phone.cookie("stytch_session")
    asked = with_phone.post("/cards", {"kind": "virtual", "nonce": "n" * 22})

    sent = switch_method(with_phone, method)
    confirmed = type_code(with_phone, newest_code(with_phone, method))

    assert asked.status == 403
    assert f"We sent a code to the number ending in {PHONE[-2:]}." in sent.text
    assert "Enter the code that we sent" in sent.one("#step-up-why").text()
    assert sent.one("input[name=step_up_code]").attrs["autocomplete"] == "one-time-code"
    assert (confirmed.status, confirmed.goes_to) == (307, "/cards")
    assert with_phone.get("/cards/list").status == 200
    assert with_phone.cookie("stytch_session") == token


@pytest.mark.parametrize("expired", [False, True])
def test_without_a_code_to_enter_there_is_nothing_to_fill_in(
    with_phone: Visitor, clock: time_machine.Traveller, calls: list[str], expired: bool
) -> None:
    if expired:
        with_phone.post("/step-up/method", {"step_up_use": "sms_code"})
        clock.shift(301)
        calls.clear()

    with_phone.get("/cards/list")
    page = with_phone.follow()

    assert page.one("#step-up-why").text() == "Get a code by text message to see your cards."
    assert page.html.css("input[name=step_up_code]") == []
    assert page.html.css("[name=step_up_use]")[0].text() == "Send a new code"
    assert sends(calls) == []


def test_who_signed_in_by_phone_is_asked_for_the_mailbox_and_nothing_else(
    with_phone: Visitor, clock: time_machine.Traveller
) -> None:
    other = beside(with_phone)
    sign_in_by_code(other)
    clock.shift(31)
    other.get("/cards/list")

    asked = other.follow()
    sent = switch_method(other, "email_code")
    confirmed = type_code(other, newest_code(other, "email_code"))

    assert [tag.attrs["value"] for tag in asked.html.css("[name=step_up_use]")] == ["email_code"]
    assert "We sent a code to your email address." in sent.text
    assert confirmed.goes_to == "/cards/list"
    assert other.follow().heading == "Your cards"


def test_a_mailbox_does_not_refresh_a_phone(with_phone: Visitor) -> None:
    page = with_phone.post("/step-up/method", {"step_up_use": "email_code"})

    assert page.status == 400
    assert with_phone.get("/cards/list").asks_for_a_code


def test_a_phone_is_no_way_around_the_device_for_what_wants_it(
    stepped_up: Visitor, clock: time_machine.Traveller, calls: list[str]
) -> None:
    add_by_code(stepped_up)
    clock.shift(601)
    stepped_up.get("/cards/list")
    for_cards = {tag.attrs["value"] for tag in stepped_up.follow().html.css("[name=step_up_use]")}
    stepped_up.post("/account/recovery-codes")
    calls.clear()

    downgrade = stepped_up.post("/step-up/method", carried(stepped_up.page) | {"step_up_use": "sms_code"})

    assert {"sms_code", "whatsapp_code"} <= for_cards
    assert downgrade.status == 400
    assert sends(calls) == []


def test_a_thief_with_mailbox_and_phone_shows_no_recovery_codes(
    stepped_up: Visitor, clock: time_machine.Traveller
) -> None:
    add_by_code(stepped_up)
    thief = another_browser(stepped_up, clock)
    thief.get("/cards/list")
    thief.follow()
    switch_method(thief, "sms_code")
    assert type_code(thief, newest_code(thief)).goes_to == "/cards/list"

    assert thief.get("/cards/list").status == 200
    assert thief.post("/account/recovery-codes").status == 403


def test_wrong_codes_are_counted_and_a_code_is_sent_again_after_thirty_seconds(
    with_phone: Visitor, clock: time_machine.Traveller
) -> None:
    with_phone.get("/step-up")
    switch_method(with_phone, "sms_code")
    code = newest_code(with_phone)
    soon = switch_method(with_phone, "sms_code")
    clock.shift(30)
    assert switch_method(with_phone, "sms_code").status == 200
    newest = newest_code(with_phone)

    pages = [type_code(with_phone, each) for each in (code, *[wrong(newest)] * 4, newest)]

    assert (soon.status, soon.response.headers["Retry-After"]) == (429, "30")
    assert [page.status for page in pages] == [422] * 5 + [429]


@pytest.mark.parametrize("path", ["/cards/list", "/cards/10001/reveal"])
def test_a_customer_who_has_only_a_number_left_adds_something_instead_of_being_asked_for_ever(
    with_phone: Visitor, path: str
) -> None:
    with_phone.get("/step-up")
    switch_method(with_phone, "sms_code")
    type_code(with_phone, newest_code(with_phone))
    address = with_phone.get("/account").html.css("form[action='/codes/remove'] input[name=id]")[1]

    assert with_phone.post("/codes/remove", {"id": address.attrs.sget("value")}).goes_to == "/"
    assert with_phone.get(path).goes_to == "/"
    assert with_phone.follow().html.css("form[action='/codes/email_code/add']")


def test_a_code_for_another_number_proves_nothing_here(with_phone: Visitor) -> None:
    with_phone.post("/codes/sms_code", {"phone_number": "+12025550177"})
    stolen = newest_code(with_phone)

    page = with_phone.post("/step-up", {"step_up_method": "sms_code", "step_up_code": stolen})

    assert page.status == 422
    assert with_phone.get("/cards/list").asks_for_a_code


@pytest.mark.parametrize(
    ("name", "value"),
    [("SMS_REGIONS", "US XX"), ("SMS_REGIONS", "usa"), ("SMS_PER_HOUR", "0"), ("SMS_PER_HOUR", "many")],
)
def test_a_wrong_setting_is_named_at_the_start(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        create_app(load({name: value}, dotenv=None, instance=tmp_path))


@pytest.mark.parametrize(
    ("environ", "refused"),
    [
        ({"SIGN_IN_METHODS": "sms_code", "STEP_UP_METHODS": "whatsapp_code unit_sms"}, "sms_code"),
        ({"SIGN_IN_METHODS": "email_code", "STEP_UP_METHODS": "email_code"}, "email_code"),
        ({"SIGN_IN_METHODS": "fax_code"}, "fax_code"),
    ],
)
def test_methods_that_cannot_prove_two_groups_are_refused_at_the_start(
    tmp_path: Path, environ: dict[str, str], refused: str
) -> None:
    with pytest.raises(SettingsError, match=refused):
        create_app(load(environ, dotenv=None, instance=tmp_path))


def test_signing_in_and_confirming_can_be_by_code_alone(app_with: AppWith, clock: time_machine.Traveller) -> None:
    visitor = Visitor(app_with(SIGN_IN_METHODS="email_code", STEP_UP_METHODS="sms_code"))
    sign_in_by_code(visitor, "email_code")
    home = visitor.get("/")
    add_by_code(visitor)
    visitor.open_account()
    clock.shift(601)
    visitor.get("/cards/list")
    visitor.follow()
    switch_method(visitor, "sms_code")

    assert home.html.css("form[action='/codes/sms_code/add']")
    assert type_code(visitor, newest_code(visitor)).goes_to == "/cards/list"
