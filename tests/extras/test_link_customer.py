"""The command that links an existing customer at Unit to their Stytch user."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import Mock

import pytest
from click.testing import Result

from extras.operations.linking import Customer, Linking
from services.session import CUSTOMER_CLAIM
from services.stytch_client import stytch_client
from services.unit_client import org_client
from stytch_unit_emulator.transport import current_tenant

from ..fake_network import FakeNetwork
from ..inside import request_of
from ..sandbox import APPLICANT
from ..visitor import EMAIL, Visitor

UNKNOWN_USER = "user-test-00000000-0000-4000-8000-00000000dead"


@contextmanager
def tenant_of(visitor: Visitor) -> Iterator[None]:
    """Call in the visitor's tenant, which a command has no browser to choose."""
    token = current_tenant.set(visitor.cookie("emulator_visitor") or "")
    try:
        yield
    finally:
        current_tenant.reset(token)


def customer_of(visitor: Visitor) -> str | None:
    """Return the customer id in the user's metadata at Stytch."""
    with request_of(visitor) as session:
        user = stytch_client.sdk.users.get(session.user_id)
        return (user.trusted_metadata or {}).get(CUSTOMER_CLAIM)


def subject_of(visitor: Visitor, customer_id: str) -> str | None:
    with request_of(visitor):
        return Customer.read(org_client.get(f"/customers/{customer_id}")["data"]).jwt_subject


def earlier_customer(visitor: Visitor, **changes: Any) -> str:
    """Return the id of a person who became a customer without this app, in the visitor's tenant."""
    with request_of(visitor):
        made = org_client.post("/applications", "individualApplication", APPLICANT | changes)["data"]
        return str(made["relationships"]["customer"]["data"]["id"])


def archived_customer(visitor: Visitor) -> str:
    customer = earlier_customer(visitor)
    with request_of(visitor):
        org_client.post(f"/customers/{customer}/archive", "archiveCustomer", {"reason": "Inactive"})
    return customer


def link(visitor: Visitor, *arguments: str, typed: str | None = None) -> Result:
    with tenant_of(visitor):
        return visitor.app.test_cli_runner().invoke(args=["unit", "link-customer", *arguments], input=typed)


@pytest.fixture
def customer_id(enrolled: Visitor) -> str:
    return earlier_customer(enrolled)


@pytest.fixture
def user(enrolled: Visitor) -> str:
    with request_of(enrolled) as session:
        return session.user_id


def test_a_linked_customer_uses_their_cards(enrolled: Visitor, customer_id: str, user: str) -> None:
    result = link(enrolled, customer_id, user, "--yes")

    assert result.exit_code == 0
    assert result.output.splitlines()[-1] == "Linked. The user sees the customer's cards from the next page on."
    assert EMAIL not in result.output
    assert subject_of(enrolled, customer_id) == user
    assert customer_of(enrolled) == customer_id
    assert enrolled.get("/cards/list").heading == "Your cards"


def test_it_shows_whose_account_it_is_and_asks_to_confirm(enrolled: Visitor, customer_id: str, user: str) -> None:
    result = link(enrolled, customer_id, user, typed="y\n")

    assert result.exit_code == 0
    assert f"Customer {customer_id} is Ada Vance, a…@example.com." in result.output
    assert "ada.vance" not in result.output
    assert f"Let {user} act as this customer? [y/N]" in result.output
    assert customer_of(enrolled) == customer_id


@pytest.mark.parametrize("typed", ["n\n", "\n", ""])
def test_without_a_yes_nothing_is_changed(enrolled: Visitor, customer_id: str, user: str, typed: str) -> None:
    result = link(enrolled, customer_id, user, typed=typed)

    assert result.exit_code == 1
    assert subject_of(enrolled, customer_id) is None
    assert customer_of(enrolled) is None


def test_linking_again_changes_nothing_and_is_no_error(enrolled: Visitor, customer_id: str, user: str) -> None:
    link(enrolled, customer_id, user, "--yes")

    result = link(enrolled, customer_id, user)

    assert (result.exit_code, result.output) == (0, "They are linked already.\n")


def test_a_crash_in_between_heals_when_the_command_runs_again(
    enrolled: Visitor, customer_id: str, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with request_of(enrolled), monkeypatch.context() as crash:
        linking = Linking(stytch_client.sdk, org_client)
        crash.setattr(stytch_client.sdk.users, "update", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            linking.link(linking.check(customer_id, user))
    assert subject_of(enrolled, customer_id) == user

    result = link(enrolled, customer_id, user, "--yes")

    assert result.exit_code == 0
    assert customer_of(enrolled) == customer_id


@pytest.mark.parametrize(
    ("make", "of_user", "refusal"),
    [
        pytest.param(
            lambda visitor: earlier_customer(visitor, jwtSubject=UNKNOWN_USER),
            "",
            "Customer {customer} belongs to another user already.",
            id="of another user",
        ),
        pytest.param(
            archived_customer,
            "",
            "Customer {customer} is archived: Unit would refuse the change.",
            id="archived",
        ),
        pytest.param(lambda _visitor: "1", "", "Unit knows no customer 1.", id="unknown"),
        pytest.param(
            earlier_customer,
            UNKNOWN_USER,
            f"Stytch knows no user {UNKNOWN_USER} (user_not_found).",
            id="unknown user",
        ),
    ],
)
def test_a_customer_or_user_who_cannot_be_linked_is_refused(
    enrolled: Visitor, user: str, make: Callable[[Visitor], str], of_user: str, refusal: str
) -> None:
    customer = make(enrolled)
    before = None if customer == "1" else subject_of(enrolled, customer)

    result = link(enrolled, customer, of_user or user, "--yes")

    assert (result.exit_code, result.output) == (1, f"Error: {refusal.format(customer=customer)}\n")
    assert customer == "1" or subject_of(enrolled, customer) == before
    assert customer_of(enrolled) is None


def test_a_user_who_is_another_customer_is_refused(enrolled: Visitor, user: str) -> None:
    enrolled.open_account()
    before = customer_of(enrolled)
    other = earlier_customer(enrolled)

    result = link(enrolled, other, user, "--yes")

    assert (result.exit_code, result.output) == (1, f"Error: User {user} is another customer already.\n")
    assert subject_of(enrolled, other) is None
    assert customer_of(enrolled) == before


@pytest.mark.parametrize(
    "arguments",
    [("x", UNKNOWN_USER), ("1/token", UNKNOWN_USER), ("1", "ada@example.com"), ("1", "user-test-../x"), ("1",), ()],
    ids=["no number", "a path", "no user id", "a path as user", "one argument", "no argument"],
)
def test_what_cannot_be_an_id_is_never_sent(enrolled: Visitor, arguments: tuple[str, ...]) -> None:
    result = link(enrolled, *arguments)

    assert result.exit_code == 2
    assert "Usage: " in result.output


def test_an_outage_is_one_line(enrolled: Visitor, user: str, network: FakeNetwork) -> None:
    network.set("GET /customers/10001")

    result = link(enrolled, "10001", user, "--yes")

    problem = "A service gave no usable answer: api.s.unit.sh: ConnectionError. Run the command again."
    assert (result.exit_code, result.output) == (1, f"Error: {problem}\n")


def test_there_is_no_such_form_on_the_web(enrolled: Visitor) -> None:
    rules = [rule.rule for rule in enrolled.app.url_map.iter_rules()]

    assert not [rule for rule in rules if "link" in rule and "magic_links" not in rule]
