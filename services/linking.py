"""Link a person who is a customer at Unit already to their Stytch user, by the hand of somebody who works here.

To copy: both sides are looked at before either is changed, nothing that points elsewhere is ever overwritten, and the
user's metadata is written last, so that a crash in between heals when the same is done again.
"""

from __future__ import annotations

from dataclasses import dataclass

from stytch.core.response_base import StytchError

from settings import Settings

from .http import ServiceSession
from .session import CUSTOMER_CLAIM
from .stytch_wire import Client, reason_of
from .unit import Unit
from .unit_objects import Customer
from .unit_wire import UnitError


class CannotLink(Exception):
    """The two may not be linked; says why in one line."""


@dataclass(frozen=True)
class Pair:
    """A customer and a user who may be linked."""

    customer: Customer
    user_id: str
    is_linked: bool  # on both sides already


class Linking:
    """Beside what each method names, both raise UnitError and ServiceDown."""

    def __init__(self, settings: Settings, http: ServiceSession, unit: Unit) -> None:
        self._client, self._unit = Client(settings, http), unit

    def look(self, customer_id: str, user_id: str) -> Pair:
        """Both sides as they are now. Raises CannotLink."""
        customer, theirs = self._customer(customer_id), self._customer_of(user_id)
        if customer.status != "Active":
            raise CannotLink(f"Customer {customer_id} is archived: Unit would refuse the change.")
        if customer.jwt_subject not in {None, user_id}:
            raise CannotLink(f"Customer {customer_id} belongs to another user already.")
        if theirs not in {None, customer_id}:
            raise CannotLink(f"User {user_id} is another customer already.")
        return Pair(customer, user_id, is_linked=customer.jwt_subject == user_id and theirs == customer_id)

    def link(self, pair: Pair) -> None:
        """Let the user's JWTs count as the customer's at Unit, then write at Stytch who the user is there."""
        self._unit.set_subject(pair.customer.customer_id, pair.user_id)
        self._client.users.update(pair.user_id, trusted_metadata={CUSTOMER_CLAIM: pair.customer.customer_id})

    def _customer(self, customer_id: str) -> Customer:
        try:
            return self._unit.customer(customer_id)
        except UnitError as error:
            if error.status != 404:
                raise
            raise CannotLink(f"Unit knows no customer {customer_id}.") from error

    def _customer_of(self, user_id: str) -> str | None:
        """Who the user is at Unit, as Stytch has it."""
        try:
            user = self._client.users.get(user_id)
        except StytchError as error:
            raise CannotLink(f"Stytch knows no user {user_id} ({reason_of(error)}).") from error
        return (user.trusted_metadata or {}).get(CUSTOMER_CLAIM)
