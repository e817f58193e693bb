"""Link an existing customer at Unit to their Stytch user.

To copy: both sides are checked before either is changed, a link to someone else is never overwritten, and the user's
metadata is written last, so that a crash in between heals when the same command runs again.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field
from stytch import Client
from stytch.core.response_base import StytchError

from services.session import CUSTOMER_CLAIM
from services.stytch_client import refusal_reason
from services.unit_client import UnitClient, UnitError
from services.unit_models import Id, Resource, attribute


class CannotLink(Exception):
    """The two may not be linked; says why in one line."""


class Customer(Resource):
    """A person at Unit."""

    customer_id: Id = Field(validation_alias="id")
    first: str = Field(validation_alias=attribute("fullName", "first"))
    last: str = Field(validation_alias=attribute("fullName", "last"))
    email: str | None = Field(None, validation_alias=attribute("email"))
    status: str = Field(validation_alias=attribute("status"))  # Active, Archived
    jwt_subject: str | None = Field(None, validation_alias=attribute("jwtSubject"))

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first} {self.last}"


@dataclass(frozen=True)
class Pair:
    """A customer and a user who may be linked."""

    customer: Customer
    user_id: str
    is_linked: bool  # on both sides already


class Linking:
    """Checks and links. Beside what each method names, both raise UnitError, StytchError and ServiceUnavailable."""

    def __init__(self, stytch: Client, unit: UnitClient) -> None:
        self._stytch, self._unit = stytch, unit

    def check(self, customer_id: str, user_id: str) -> Pair:
        """Return both sides as they are now. Raises CannotLink."""
        customer, linked_id = self._customer(customer_id), self._customer_id_of(user_id)
        if customer.status != "Active":
            raise CannotLink(f"Customer {customer_id} is archived: Unit would refuse the change.")
        if customer.jwt_subject not in {None, user_id}:
            raise CannotLink(f"Customer {customer_id} belongs to another user already.")
        if linked_id not in {None, customer_id}:
            raise CannotLink(f"User {user_id} is another customer already.")
        return Pair(customer, user_id, is_linked=customer.jwt_subject == user_id and linked_id == customer_id)

    def link(self, pair: Pair) -> None:
        """Make the user the customer's ``jwtSubject`` at Unit, then store the customer id in the user's metadata."""
        document = {"type": "individualCustomer", "attributes": {"jwtSubject": pair.user_id}}
        self._unit.call("PATCH", f"/customers/{pair.customer.customer_id}", document)
        self._stytch.users.update(pair.user_id, trusted_metadata={CUSTOMER_CLAIM: pair.customer.customer_id})

    def _customer(self, customer_id: str) -> Customer:
        try:
            return Customer.read(self._unit.get(f"/customers/{customer_id}")["data"])
        except UnitError as error:
            if error.status != 404:
                raise
            raise CannotLink(f"Unit knows no customer {customer_id}.") from error

    def _customer_id_of(self, user_id: str) -> str | None:
        """Return the customer id in the user's metadata."""
        try:
            user = self._stytch.users.get(user_id)
        except StytchError as error:
            raise CannotLink(f"Stytch knows no user {user_id} ({refusal_reason(error)}).") from error
        return (user.trusted_metadata or {}).get(CUSTOMER_CLAIM)
