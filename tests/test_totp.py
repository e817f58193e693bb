"""Enrol an authenticator."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pyotp
import pytest
import time_machine

from .conftest import Visitor, query


@pytest.fixture
def enrolling(signed_in: Visitor) -> Visitor:
    """In front of the QR code."""
    signed_in.get("/")
    signed_in.submit("/totp")
    return signed_in


def test_the_qr_code_comes_with_its_key_and_a_link(enrolling: Visitor) -> None:
    page = enrolling.page
    key = page.one(".key").text()
    link = str(page.one("a[href^='otpauth:']").attrs["href"])

    assert str(page.one("img.qr").attrs["src"]).startswith("data:image/png;base64,")
    assert {len(group) for group in key.split()} == {4}
    assert query(link)["secret"] == key.replace(" ", "")
    assert "ada@example.com" in unquote(urlsplit(link).path)


def test_a_real_authenticator_app_gets_the_same_code_as_the_pretend_phone(
    enrolling: Visitor,
) -> None:
    link = str(enrolling.page.one("a[href^='otpauth:']").attrs["href"])

    assert enrolling.code() == pyotp.TOTP(query(link)["secret"]).now()


def test_the_first_code_finishes_the_enrolment_and_shows_ten_recovery_codes_once(enrolling: Visitor) -> None:
    page = enrolling.enrol()
    codes = [code.text() for code in page.html.css(".codes code")]
    file = unquote(str(page.one("a[download]").attrs["href"]).partition(",")[2])

    assert len(set(codes)) == 10
    assert file.split("\n") == codes
    assert codes[0] not in enrolling.get("/").text


def test_an_enrolment_counts_as_a_step_up(enrolled: Visitor) -> None:
    enrolled.open_account()

    assert enrolled.get("/cards/list").status == 200


def test_a_code_may_be_typed_with_spaces(enrolling: Visitor) -> None:
    page, code = enrolling.page, enrolling.code()
    enrolling.page = page

    assert enrolling.submit("/totp/confirm", code=f" {code[:3]} {code[3:]} ").heading == "Your authenticator is set up"


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", "12345\uff16", "-12345", "1e5000"])
def test_a_malformed_code_is_explained_and_never_sent(enrolling: Visitor, typed: str) -> None:
    page = enrolling.submit("/totp/confirm", code=typed)

    assert page.status == 422
    assert page.error_of("code") == "Enter the six digits that your authenticator shows."


def test_a_wrong_code_is_explained_and_the_enrolment_goes_on(enrolling: Visitor) -> None:
    page, code = enrolling.page, enrolling.code()
    enrolling.page = page

    wrong = enrolling.submit("/totp/confirm", code=f"{(int(code) + 1) % 1_000_000:06}")

    assert wrong.status == 422
    assert wrong.error_of("code").startswith("That code is not right.")
    assert enrolling.submit("/totp/confirm", code=code).heading == "Your authenticator is set up"


def test_htmx_gets_the_form_alone_for_a_wrong_code_so_that_the_qr_code_stays(enrolling: Visitor) -> None:
    page = enrolling.submit("/totp/confirm", htmx=True, code="000000")

    assert page.status == 422
    assert page.one("form").attrs["id"] == "totp-confirm"
    assert page.html.css("img") == []


def test_starting_again_replaces_the_unfinished_enrolment(enrolling: Visitor) -> None:
    first = enrolling.page.one(".key").text()
    enrolling.post("/totp")

    assert enrolling.page.one(".key").text() != first
    assert len(enrolling.get("/emulator/authenticator").html.css(".entry")) == 1


def test_only_the_window_that_began_an_enrolment_can_finish_it(enrolling: Visitor) -> None:
    code, session = enrolling.code(), enrolling.cookie("stytch_session")
    other = Visitor(enrolling.app)
    other.client.set_cookie("stytch_session", session or "")
    other.client.set_cookie("emulator_visitor", enrolling.cookie("emulator_visitor") or "")

    page = other.post("/totp/confirm", {"code": code})

    assert (page.status, page.heading) == (409, "Start the set-up again")


def test_a_second_authenticator_is_not_added_to_an_enrolled_user(enrolled: Visitor) -> None:
    page = enrolled.post("/totp")

    assert page.goes_to == "/"
    assert len(enrolled.get("/emulator/authenticator").html.css(".entry")) == 1


def test_a_first_authenticator_needs_a_link_opened_within_ten_minutes(
    signed_in: Visitor, clock: time_machine.Traveller
) -> None:
    clock.shift(601)

    page = signed_in.post("/totp")

    assert page.status == 403
    assert page.heading == "First, prove your mailbox once more"


def test_an_enrolment_ends_after_half_an_hour(enrolling: Visitor, clock: time_machine.Traveller) -> None:
    page = enrolling.page
    clock.shift(1801)
    code = enrolling.code()
    enrolling.page = page

    late = enrolling.submit("/totp/confirm", code=code)

    assert late.status == 409
    assert late.one("form[action='/totp'] button").text() == "Show me a new QR code"


def test_five_wrong_codes_make_one_wait_in_every_browser(enrolling: Visitor, clock: time_machine.Traveller) -> None:
    page, code = enrolling.page, enrolling.code()
    enrolling.page = page
    for _ in range(5):
        enrolling.submit("/totp/confirm", code="000000")

    waits = enrolling.submit("/totp/confirm", code=code)
    clock.shift(301)

    assert (waits.status, waits.heading) == (429, "Too many wrong codes")
    assert 0 < int(waits.response.headers["Retry-After"]) <= 300
    assert enrolling.post("/totp/confirm", {"code": enrolling.code()}).heading == "Your authenticator is set up"


def test_the_form_that_finished_sent_again_leads_to_the_account(enrolled: Visitor) -> None:
    page = enrolled.post("/totp/confirm", {"code": "123456"})

    assert page.goes_to == "/account"
    assert "Your authenticator is set up already." in enrolled.follow().text


def test_without_script_a_wrong_first_code_leaves_a_way_back_to_the_qr_code(enrolling: Visitor) -> None:
    page = enrolling.submit("/totp/confirm", code="000000")

    assert page.one("form[action='/totp'] button").text() == "Show me a new QR code"


def test_the_older_of_two_windows_is_told_so_and_blames_no_code(enrolling: Visitor) -> None:
    older = enrolling.page
    enrolling.post("/totp")
    enrolling.page = older

    page = enrolling.submit("/totp/confirm", code="000000")

    assert page.status == 409
    assert "begun in another window" in page.text
