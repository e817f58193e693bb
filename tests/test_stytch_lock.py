"""Stytch locks a user after ten wrong codes in a row, wherever they were entered; the app says so."""

from __future__ import annotations

import pytest
import time_machine

from services.errors import CodeRejected
from services.factors import authenticate_totp

from .inside import request_of
from .visitor import Visitor

LOCKED = "Too many wrong codes. You’re locked out for up to an hour. Try again later."


@pytest.fixture
def locked(customer: Visitor) -> Visitor:
    """A user for whom Stytch has seen ten wrong codes in a row."""
    with request_of(customer) as session:
        for _ in range(10):
            with pytest.raises(CodeRejected, match="unable_to_authenticate_totp"):
                authenticate_totp(session, "000000")
    return customer


def test_the_lock_is_shown_for_a_code_and_ends_after_an_hour(locked: Visitor, clock: time_machine.Traveller) -> None:
    page = locked.step_up()
    recovery = locked.post("/step-up/recover", {"recovery_code": "aaaa-bbbb-cccc"})
    clock.shift(3601)
    locked.sign_in()

    assert (page.status, page.error_of("step_up_code")) == (422, LOCKED)
    assert (recovery.status, recovery.error_of("recovery_code")) == (422, LOCKED)
    assert locked.step_up().goes_to == "/"


def test_the_lock_is_shown_for_a_link(locked: Visitor, clock: time_machine.Traveller) -> None:
    clock.shift(60)
    locked.post("/logout")

    page = locked.sign_in()

    assert (page.status, page.heading) == (400, "You’re locked out for now")
