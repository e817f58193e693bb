"""Stytch locks a user after ten wrong codes in a row, from wherever they came: that is shown as what it is."""

from __future__ import annotations

import pytest
import time_machine
from flask import Flask

from services.stytch_wire import Refused

from .conftest import Visitor

LOCKED = "Too many wrong codes: your account is locked for up to an hour. Try again later."


@pytest.fixture
def locked(app: Flask, customer: Visitor) -> Visitor:
    """Somebody for whom Stytch has seen ten wrong codes in a row, from wherever."""
    with app.test_request_context(headers={"Cookie": f"emulator_visitor={customer.cookie('emulator_visitor')}"}):
        app.preprocess_request()
        auth = app.extensions["auth"]
        session = auth.sessions.get(customer.cookie("stytch_session"))
        for _ in range(10):
            with pytest.raises(Refused, match="unable_to_authenticate_totp"):
                auth.authenticate_totp(session, "000000")
    return customer


def test_stytchs_own_lock_is_shown_as_such_for_a_code(locked: Visitor) -> None:
    page = locked.step_up()

    assert (page.status, page.error_of("code")) == (422, LOCKED)


def test_stytchs_own_lock_is_shown_as_such_for_a_recovery_code(locked: Visitor) -> None:
    page = locked.post("/step-up/recover", {"recovery_code": "aaaa-bbbb-cccc"})

    assert (page.status, page.error_of("recovery_code")) == (422, LOCKED)


def test_stytchs_own_lock_ends_after_an_hour(locked: Visitor, clock: time_machine.Traveller) -> None:
    clock.shift(3601)
    locked.sign_in()

    assert locked.step_up().goes_to == "/"
