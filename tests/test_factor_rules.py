"""What sets a factor, the bank account's phone included, needs proofs of the factors that the user has."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from services.factors import may_change_factors
from services.session import Factor, Session

from .identity import another_browser
from .visitor import PERSON, Visitor

APPLYING = {"our form": "/customer", "the bank’s form": "/customer/hosted"}
MAILBOX, PHONE, DEVICE, RECOVERY = "email", "sms", "authenticator_app", "recovery_code"


@pytest.mark.parametrize("path", APPLYING.values(), ids=APPLYING)
def test_whoever_has_only_the_mailbox_cannot_apply_for_a_user_with_an_authenticator(
    enrolled: Visitor, clock: time_machine.Traveller, calls: list[str], path: str
) -> None:
    thief = another_browser(enrolled, clock)
    calls.clear()

    asked = thief.post(path, PERSON | {"phone": "(555) 555-0199"})

    assert asked.status == 403
    assert "open your account" in asked.text
    assert [call for call in calls if call.startswith("POST /application")] == []


@pytest.mark.parametrize("path", APPLYING.values(), ids=APPLYING)
def test_nobody_applies_without_a_second_factor(signed_in: Visitor, calls: list[str], path: str) -> None:
    assert signed_in.post(path, PERSON).goes_to == "/"
    assert signed_in.get("/customer").goes_to == "/"
    assert [call for call in calls if call.startswith("POST /application")] == []


def test_an_application_that_a_code_interrupts_is_sent_with_all_that_was_typed(
    enrolled: Visitor, clock: time_machine.Traveller
) -> None:
    clock.shift(301)
    code = enrolled.code()
    enrolled.get("/customer")
    asked = enrolled.submit("/customer", PERSON | {"city": "Berkeley"})
    assert (asked.status, asked.one("[name=city]").attrs["value"]) == (403, "Berkeley")

    assert enrolled.submit("/step-up", step_up_code=code).goes_to == "/customer"


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("held", "proofs", "allowed"),
    [
        (set(), {MAILBOX: 0}, False),
        ({"mailbox"}, {MAILBOX: 9}, True),
        ({"mailbox"}, {MAILBOX: 11}, False),
        ({"mailbox"}, {MAILBOX: 30, RECOVERY: 9}, True),
        ({"mailbox", "device"}, {MAILBOX: 0}, False),
        ({"mailbox", "device"}, {MAILBOX: 0, RECOVERY: 0}, False),
        ({"mailbox", "device"}, {MAILBOX: 30, DEVICE: 4}, True),
        ({"mailbox", "device"}, {MAILBOX: 0, DEVICE: 6}, False),
        ({"mailbox", "device"}, {DEVICE: 0}, False),
        ({"mailbox", "phone"}, {MAILBOX: 30, PHONE: 4}, True),
        ({"mailbox", "phone"}, {MAILBOX: 0}, False),
        ({"phone"}, {PHONE: 4}, True),
        ({"device"}, {DEVICE: 4}, True),
        ({"mailbox", "phone", "device"}, {MAILBOX: 30, DEVICE: 4}, True),
        ({"mailbox", "phone", "device"}, {PHONE: 4, DEVICE: 30}, False),  # the device, where there is one
        ({"mailbox", "phone", "device"}, {MAILBOX: 0}, False),
    ],
)
def test_as_many_groups_as_the_user_has_at_most_two_and_fresh(
    app: Flask, session: Session, held: set[str], proofs: dict[str, int], allowed: bool
) -> None:
    now = datetime.now(UTC)
    factors = tuple(
        Factor(method=method, last_used=now - timedelta(minutes=minutes)) for method, minutes in proofs.items()
    )

    with app.app_context():
        assert may_change_factors(replace(session, held=frozenset(held), factors=factors)) is allowed


@pytest.fixture
def session() -> Session:
    end = datetime(2026, 6, 1, 13, tzinfo=UTC)
    return Session("t" * 44, "session-test-1", "user-test-1", (), None, end, "", 0, end.timestamp(), "", True)
