"""The command that links somebody who is a customer at Unit already to their Stytch user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from emulator.transport import current_world
from services.http import ServiceDown
from services.unit import Unit

from .conftest import EMAIL, Visitor

PERSON = {
    "fullName": {"first": "Ada", "last": "Vance"},
    "email": "ada.vance@example.com",
    "dateOfBirth": "1990-02-03",
    "ssn": "123456789",
    "phone": {"countryCode": "1", "number": "5555550101"},
    "address": {"street": "1 Main", "city": "Oakland", "state": "CA", "postalCode": "94607", "country": "US"},
}
NOBODY = "user-test-00000000-0000-4000-8000-00000000dead"


@contextmanager
def world_of(visitor: Visitor) -> Iterator[None]:
    """Call in the visitor's world, which a command has no browser to choose."""
    token = current_world.set(visitor.cookie("emulator_visitor") or "")
    try:
        yield
    finally:
        current_world.reset(token)


def user_id(app: Flask, visitor: Visitor) -> str:
    with world_of(visitor), app.app_context():
        return str(app.extensions["auth"].sessions.get(visitor.cookie("stytch_session")).user_id)


def customer_of(app: Flask, visitor: Visitor) -> str | None:
    """Who the visitor is at Unit, as Stytch has it now."""
    with world_of(visitor), app.app_context():
        session = app.extensions["auth"].sessions.refresh(visitor.cookie("stytch_session"))
        customer_id: str | None = session.customer_id
        return customer_id


def subject_of(app: Flask, visitor: Visitor, customer_id: str) -> str | None:
    with world_of(visitor):
        unit: Unit = app.extensions["unit"]
        return unit.customer(customer_id).jwt_subject


def earlier_customer(app: Flask, visitor: Visitor, **changes: Any) -> str:
    """The id of somebody who became a customer before there was this app, in the visitor's world."""
    with world_of(visitor):
        unit: Unit = app.extensions["unit"]
        made = unit._post("/applications", "individualApplication", PERSON | changes)["data"]
        return str(made["relationships"]["customer"]["data"]["id"])


def link(app: Flask, visitor: Visitor, *arguments: str, typed: str | None = None) -> Result:
    with world_of(visitor):
        return app.test_cli_runner().invoke(args=["unit", "link-customer", *arguments], input=typed)


@pytest.fixture
def customer_id(app: Flask, enrolled: Visitor) -> str:
    return earlier_customer(app, enrolled)


@pytest.fixture
def user(app: Flask, enrolled: Visitor) -> str:
    return user_id(app, enrolled)


def test_a_linked_customer_uses_their_cards(app: Flask, enrolled: Visitor, customer_id: str, user: str) -> None:
    result = link(app, enrolled, customer_id, user, "--yes")

    assert (result.exit_code, result.output.splitlines()[-1]) == (
        0,
        "Linked. From the next page on the user sees the customer's cards.",
    )
    assert subject_of(app, enrolled, customer_id) == user
    assert customer_of(app, enrolled) == customer_id
    assert enrolled.get("/cards/list").heading == "Your cards"


def test_it_shows_whose_account_it_is_and_asks(app: Flask, enrolled: Visitor, customer_id: str, user: str) -> None:
    result = link(app, enrolled, customer_id, user, typed="y\n")

    assert result.exit_code == 0
    assert f"Customer {customer_id} is Ada Vance, a…@example.com." in result.output
    assert "ada.vance" not in result.output
    assert f"Let {user} act as this customer? [y/N]" in result.output
    assert customer_of(app, enrolled) == customer_id


@pytest.mark.parametrize("typed", ["n\n", "\n", ""])
def test_without_a_yes_nothing_is_changed(
    app: Flask, enrolled: Visitor, customer_id: str, user: str, typed: str
) -> None:
    result = link(app, enrolled, customer_id, user, typed=typed)

    assert result.exit_code == 1
    assert subject_of(app, enrolled, customer_id) is None
    assert customer_of(app, enrolled) is None


def test_doing_it_again_changes_nothing_and_is_no_error(
    app: Flask, enrolled: Visitor, customer_id: str, user: str
) -> None:
    link(app, enrolled, customer_id, user, "--yes")

    result = link(app, enrolled, customer_id, user)

    assert (result.exit_code, result.output) == (0, "They are linked already.\n")


def test_a_crash_in_between_heals_when_it_is_done_again(
    app: Flask, enrolled: Visitor, customer_id: str, user: str
) -> None:
    with world_of(enrolled):
        app.extensions["unit"].set_subject(customer_id, user)

    result = link(app, enrolled, customer_id, user, "--yes")

    assert result.exit_code == 0
    assert customer_of(app, enrolled) == customer_id


def test_a_customer_of_another_user_is_refused(app: Flask, enrolled: Visitor, user: str) -> None:
    taken = earlier_customer(app, enrolled, jwtSubject=NOBODY)

    result = link(app, enrolled, taken, user, "--yes")

    assert (result.exit_code, result.output) == (1, f"Error: Customer {taken} belongs to another user already.\n")
    assert subject_of(app, enrolled, taken) == NOBODY
    assert customer_of(app, enrolled) is None


def test_a_user_who_is_another_customer_is_refused(app: Flask, enrolled: Visitor, user: str) -> None:
    enrolled.open_account()
    before = customer_of(app, enrolled)
    other = earlier_customer(app, enrolled)

    result = link(app, enrolled, other, user, "--yes")

    assert (result.exit_code, result.output) == (1, f"Error: User {user} is another customer already.\n")
    assert subject_of(app, enrolled, other) is None
    assert customer_of(app, enrolled) == before


def test_an_archived_customer_is_refused(app: Flask, enrolled: Visitor, customer_id: str, user: str) -> None:
    with world_of(enrolled):
        app.extensions["unit"]._post(f"/customers/{customer_id}/archive", "archiveCustomer", {"reason": "Inactive"})

    result = link(app, enrolled, customer_id, user, "--yes")

    assert result.exit_code == 1
    assert result.output == f"Error: Customer {customer_id} is archived: Unit would refuse the change.\n"


def test_an_unknown_customer_is_refused(app: Flask, enrolled: Visitor, user: str) -> None:
    result = link(app, enrolled, "1", user, "--yes")

    assert (result.exit_code, result.output) == (1, "Error: Unit knows no customer 1.\n")


def test_an_unknown_user_is_refused(app: Flask, enrolled: Visitor, customer_id: str) -> None:
    result = link(app, enrolled, customer_id, NOBODY, "--yes")

    assert (result.exit_code, result.output) == (1, f"Error: Stytch knows no user {NOBODY} (user_not_found).\n")
    assert subject_of(app, enrolled, customer_id) is None


@pytest.mark.parametrize(
    "arguments", [("x", NOBODY), ("1/token", NOBODY), ("1", "ada@example.com"), ("1", "user-test-../x"), ("1",), ()]
)
def test_what_cannot_be_an_id_is_never_sent(app: Flask, enrolled: Visitor, arguments: tuple[str, ...]) -> None:
    result = link(app, enrolled, *arguments)

    assert result.exit_code == 2
    assert "Usage: " in result.output


def test_an_outage_is_one_line(app: Flask, enrolled: Visitor, user: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(_self: Unit, _customer_id: str) -> None:
        raise ServiceDown("Unit", "timeout")

    monkeypatch.setattr(Unit, "customer", down)

    result = link(app, enrolled, "10001", user, "--yes")

    assert result.exit_code == 1
    assert result.output == "Error: A service gave no usable answer: Unit: timeout. Run the same again.\n"


def test_there_is_no_such_form_on_the_web(app: Flask) -> None:
    assert not [rule for rule in app.url_map.iter_rules() if "link" in rule.rule and "magic_links" not in rule.rule]


def test_the_address_of_the_user_is_not_told(app: Flask, enrolled: Visitor, customer_id: str, user: str) -> None:
    assert EMAIL not in link(app, enrolled, customer_id, user, "--yes").output
