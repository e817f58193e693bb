"""Enrolling an authenticator."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pyotp
import pytest
import time_machine

from .identity import authenticators
from .inside import at_once
from .visitor import Visitor, query


@pytest.fixture
def enrolling(signed_in: Visitor) -> Visitor:
    """A visitor who sees the QR code."""
    signed_in.get("/")
    signed_in.submit("/totp")
    return signed_in


@pytest.fixture
def code(enrolling: Visitor) -> str:
    """The code that the new authenticator shows."""
    page, code = enrolling.page, enrolling.code()
    enrolling.page = page
    return code


def test_the_qr_code_comes_with_its_key_and_a_link_for_an_authenticator_app(enrolling: Visitor, code: str) -> None:
    page = enrolling.page
    key = page.one(".key").text()
    link = str(page.one("a[href^='otpauth:']").attrs["href"])

    assert str(page.one("img.qr").attrs["src"]).startswith("data:image/png;base64,")
    assert {len(group) for group in key.split()} == {4}
    assert query(link)["secret"] == key.replace(" ", "")
    assert "ada@example.com" in unquote(urlsplit(link).path)
    assert code == pyotp.TOTP(query(link)["secret"]).now()


def test_parallel_enrollments_end_in_one(signed_in: Visitor) -> None:
    signed_in.get("/")

    answers = at_once(signed_in, 6, lambda tab: tab.submit("/totp"))

    assert {200} <= {page.status for page in answers} <= {200, 409}


def test_the_first_code_finishes_the_enrollment_and_shows_ten_recovery_codes_once(enrolling: Visitor) -> None:
    page = enrolling.enroll()
    codes = [item.text() for item in page.html.css(".codes code")]
    file = unquote(str(page.one("a[download]").attrs["href"]).partition(",")[2])

    assert len(set(codes)) == 10
    assert file.split("\n") == codes
    assert codes[0] not in enrolling.get("/").text


@pytest.mark.parametrize("typed", ["", "12345a"])
def test_a_malformed_code_is_explained_and_never_sent(enrolling: Visitor, calls: list[str], typed: str) -> None:
    page = enrolling.submit("/totp/confirm", code=typed)

    assert page.status == 422
    assert page.error_of("code") == "Enter the six digits your authenticator shows."
    assert "POST /v1/totps/authenticate" not in calls


def test_after_a_wrong_code_the_right_one_still_works_with_spaces_too(enrolling: Visitor, code: str) -> None:
    wrong = enrolling.submit("/totp/confirm", code=f"{(int(code) + 1) % 1_000_000:06}")

    assert wrong.status == 422
    assert wrong.error_of("code").startswith("That code is wrong.")
    assert wrong.one("form[action='/totp'] button").text() == "Show a new QR code"
    assert enrolling.submit("/totp/confirm", code=f" {code[:3]} {code[3:]} ").heading == "Your authenticator is set up"


def test_htmx_gets_only_the_form_for_a_wrong_code_so_that_the_qr_code_stays(enrolling: Visitor) -> None:
    page = enrolling.submit("/totp/confirm", htmx=True, code="000000")

    assert page.status == 422
    assert page.one("form").attrs["id"] == "totp-confirm"
    assert page.html.css("img") == []


def test_starting_again_replaces_the_unfinished_enrollment(enrolling: Visitor, clock: time_machine.Traveller) -> None:
    first = enrolling.page.one(".key").text()
    clock.shift(3)
    enrolling.post("/totp")

    assert enrolling.page.one(".key").text() != first
    assert authenticators(enrolling) == 1


def test_only_the_browser_that_started_an_enrollment_can_finish_it(enrolling: Visitor, code: str) -> None:
    thief = Visitor(enrolling.app, "192.0.2.1")
    for name in ("stytch_session", "emulator_visitor"):
        thief.client.set_cookie(name, enrolling.cookie(name) or "")

    page = thief.post("/totp/confirm", {"code": code})

    assert (page.status, page.heading) == (409, "Start setup again")
    assert enrolling.submit("/totp/confirm", code=code).status == 200


def test_the_older_of_two_windows_is_told_to_start_again(enrolling: Visitor, clock: time_machine.Traveller) -> None:
    older = enrolling.page
    clock.shift(3)
    enrolling.post("/totp")
    enrolling.page = older

    page = enrolling.submit("/totp/confirm", code="000000")

    assert page.status == 409
    assert "restarted in another window" in page.text


def test_an_enrolled_user_gets_no_second_authenticator(enrolled: Visitor) -> None:
    assert enrolled.post("/totp").goes_to == "/"
    assert authenticators(enrolled) == 1


def test_a_first_authenticator_needs_a_link_opened_within_ten_minutes(
    signed_in: Visitor, clock: time_machine.Traveller
) -> None:
    clock.shift(601)

    page = signed_in.post("/totp")

    assert (page.status, page.heading) == (403, "Sign in again first")


def test_an_enrollment_expires_after_half_an_hour(enrolling: Visitor, clock: time_machine.Traveller) -> None:
    page = enrolling.page
    clock.shift(1801)
    code = enrolling.code()
    enrolling.page = page

    late = enrolling.submit("/totp/confirm", code=code)

    assert late.status == 409
    assert late.one("form[action='/totp'] button").text() == "Show a new QR code"


def test_five_wrong_codes_mean_a_wait(enrolling: Visitor, code: str, clock: time_machine.Traveller) -> None:
    for _ in range(5):
        enrolling.submit("/totp/confirm", code="000000")

    refused = enrolling.submit("/totp/confirm", code=code)
    clock.shift(301)

    assert (refused.status, refused.heading) == (429, "You’ve reached a limit")
    assert 0 < int(refused.response.headers["Retry-After"]) <= 300
    assert enrolling.post("/totp/confirm", {"code": enrolling.code()}).heading == "Your authenticator is set up"


def test_the_finished_form_sent_again_says_that_all_is_set_up(enrolled: Visitor) -> None:
    page = enrolled.post("/totp/confirm", {"code": "123456"})

    assert page.goes_to == "/"
    assert "Your authenticator is already set up." in enrolled.follow().text


def test_a_lost_answer_to_the_first_code_still_shows_the_recovery_codes(enrolling: Visitor, code: str) -> None:
    form, cookie = enrolling.page, enrolling.cookie("forms") or ""
    enrolling.submit("/totp/confirm", code=code)
    enrolling.client.set_cookie("forms", cookie)  # the browser never got the answer
    enrolling.page = form

    page = enrolling.submit("/totp/confirm", code=code)

    assert len(page.html.css(".codes code")) == 10
