"""A lost phone: a recovery code leads to a new authenticator, and to nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests
import time_machine

from app import EXTRAS
from services.factors import recover_totp, recovery_codes

from .fake_network import REFUSED, FakeNetwork, Forward
from .identity import another_browser, authenticators
from .inside import request_of
from .visitor import Page, Visitor

WRONG = "aaaa-bbbb-cccc"
MALFORMED = "Enter a recovery code: three groups of four letters and digits."
REMOVED = "Your lost authenticator is removed. Now add a new one."

with_account = pytest.mark.skipif("account" not in EXTRAS, reason="no extras/account")


@pytest.fixture
def codes(customer: Visitor) -> list[str]:
    """The customer's recovery codes, as setup showed them."""
    with request_of(customer) as session:
        return recovery_codes(session)


@pytest.fixture
def half_recovered(codes: list[str], customer: Visitor) -> Visitor:
    """A customer whose first recovery code is in the session, while the authenticator is still there."""
    with request_of(customer) as session:
        recover_totp(session, codes[0])
    return customer


def recover(visitor: Visitor, code: str) -> Page:
    visitor.get("/step-up/recover")
    return visitor.submit("/step-up/recover", recovery_code=code)


def test_the_step_up_offers_a_way_for_a_lost_phone(customer: Visitor) -> None:
    page = customer.get("/step-up").one("#step-up a[href='/step-up/recover']")
    dialog = customer.get("/cards/list", htmx=True).one("dialog a[href='/step-up/recover']")

    assert page.text() == dialog.text() == "Use a recovery code"
    assert customer.get("/step-up/recover").heading == "Lost your phone?"


@pytest.mark.parametrize("htmx", [False, True], ids=["page", "htmx"])
def test_a_recovery_code_removes_the_lost_authenticator_and_closes_the_cards(
    codes: list[str], customer: Visitor, htmx: bool
) -> None:
    customer.step_up()
    assert customer.get("/cards/list").status == 200
    customer.get("/step-up/recover")

    page = customer.submit("/step-up/recover", htmx=htmx, recovery_code=codes[0])

    assert page.goes_to == "/"
    assert customer.follow().heading == "Add an authenticator"
    assert REMOVED in customer.page.text
    assert authenticators(customer) == 0
    assert customer.get("/cards/list").goes_to == "/"


def test_after_a_recovery_a_new_authenticator_can_be_added_for_ten_minutes_although_the_link_is_old(
    codes: list[str], customer: Visitor, clock: time_machine.Traveller
) -> None:
    clock.shift(1200)
    recover(customer, codes[0])
    clock.shift(599)

    assert customer.enroll().heading == "Your authenticator is set up"
    assert customer.get("/cards/list").status == 200
    assert recover(customer, codes[1]).status == 422  # the codes of the lost authenticator are void for the new one
    assert authenticators(customer) == 1


def test_a_recovery_code_lets_no_authenticator_be_added_after_ten_minutes(
    codes: list[str], customer: Visitor, clock: time_machine.Traveller
) -> None:
    recover(customer, codes[0])
    clock.shift(601)

    page = customer.post("/totp")

    assert (page.status, page.heading) == (403, "Sign in again first")


@pytest.mark.parametrize(
    "path",
    [
        "/totp/replace",
        pytest.param("/account/recovery-codes", marks=with_account),
        pytest.param("/account/authenticator/remove", marks=with_account),
    ],
)
def test_a_recovery_code_works_once_is_no_step_up_and_changes_and_adds_no_factor(
    codes: list[str], half_recovered: Visitor, path: str
) -> None:
    assert half_recovered.get("/cards/list").asks_for_a_code
    assert half_recovered.post(path).status == 403
    assert half_recovered.post("/totp").goes_to == "/"
    assert recover(half_recovered, codes[0]).status == 422
    assert authenticators(half_recovered) == 1
    assert recover(half_recovered, codes[1]).goes_to == "/"


def test_a_recovery_does_not_extend_the_session(
    codes: list[str], customer: Visitor, clock: time_machine.Traveller
) -> None:
    clock.shift(3500)
    recover(customer, codes[0])
    clock.shift(101)

    assert customer.get("/cards").goes_to == "/"


@pytest.mark.parametrize("fails", ["nothing", "Stytch"])
def test_a_recovery_ends_the_other_sessions_even_if_stytch_fails_after_the_removal(
    codes: list[str], customer: Visitor, clock: time_machine.Traveller, network: FakeNetwork, fails: str
) -> None:
    thief = another_browser(customer, clock)
    removed: list[str] = []

    def fail_after_the_removal(request: requests.PreparedRequest, forward: Forward) -> requests.Response:
        if request.method == "DELETE":
            removed.append(str(request.url))
            return forward()
        return (REFUSED if removed and fails == "Stytch" else lambda _request, forward: forward())(request, forward)

    network.set(".*", fail_after_the_removal)
    page = recover(customer, codes[0])
    network.clear()

    assert page.status == (503 if fails == "Stytch" else 303)
    assert len(removed) == 1
    assert thief.get("/cards").goes_to == "/"
    assert thief.post("/totp").goes_to == "/"
    assert customer.get("/cards").status == 200


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(str, id="as shown"),
        pytest.param(lambda code: f" {code.upper()}\n", id="upper case and a line end"),
        pytest.param(lambda code: code.replace("-", " "), id="spaces"),
        pytest.param(lambda code: code.replace("-", ""), id="no dashes"),
    ],
)
def test_spaces_dashes_and_case_do_not_matter(
    codes: list[str], customer: Visitor, change: Callable[[str], str]
) -> None:
    assert recover(customer, change(codes[3])).goes_to == "/"


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        pytest.param("", MALFORMED, id="empty"),
        pytest.param("abcd-1234", MALFORMED, id="too short"),
        pytest.param("abcd-1234-efgé", MALFORMED, id="another script"),
        pytest.param("abcd_1234_efgh", MALFORMED, id="underscores"),
        pytest.param(
            "123 456",
            "That is a code from an authenticator. Enter one of your recovery codes.",
            id="authenticator's code",
        ),
        pytest.param(WRONG, "That recovery code is wrong or was already used. Enter another one.", id="wrong"),
    ],
)
def test_a_rejected_code_is_explained_and_the_authenticator_stays(customer: Visitor, typed: str, error: str) -> None:
    page = recover(customer, typed)

    assert page.status == 422
    assert page.error_of("recovery_code") == error
    assert authenticators(customer) == 1


def test_a_stolen_mailbox_alone_changes_no_authenticator(customer: Visitor) -> None:
    assert customer.post("/step-up/recover").status == 422
    assert customer.post("/totp").goes_to == "/"
    assert customer.post("/totp/confirm", {"code": customer.code()}).goes_to == "/"
    assert authenticators(customer) == 1


@pytest.mark.parametrize("name", ["visitor", "signed_in"])
def test_without_an_authenticator_there_is_nothing_to_recover(request: pytest.FixtureRequest, name: str) -> None:
    visitor: Visitor = request.getfixturevalue(name)

    assert visitor.get("/step-up/recover").goes_to == "/"
    assert visitor.post("/step-up/recover", {"recovery_code": WRONG}).goes_to == "/"


def test_wrong_recovery_codes_and_wrong_authenticator_codes_count_together(
    codes: list[str], customer: Visitor, clock: time_machine.Traveller
) -> None:
    for _ in range(3):
        recover(customer, WRONG)
    for _ in range(2):
        customer.post("/step-up", {"step_up_code": "000000"})

    refused = recover(customer, codes[0])
    clock.shift(301)

    assert (refused.status, refused.heading) == (429, "You’ve reached a limit")
    assert recover(customer, codes[0]).goes_to == "/"
