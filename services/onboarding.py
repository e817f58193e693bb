"""From a person's details to a customer at Unit with an account, in steps that may be cut off anywhere.

To copy: every step is either a look-up or carries a key that the same user always gets, and the user's metadata is
written last. Whoever comes back after a crash goes through the same steps again and ends with one customer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .auth import Auth
from .session import Session
from .unit import Unit
from .unit_objects import Application
from .unit_wire import idempotency_key

WELCOME_CENTS = 250_000  # play money, in Unit's sandbox only


def current_application(unit: Unit, session: Session) -> Application | None:
    """The application that counts: one that may still become a customer, or else the newest."""
    applications = unit.applications(session.user_id)
    return _under_way(applications) or next(iter(applications), None)


def apply(unit: Unit, session: Session, person: dict[str, Any]) -> Application:
    """Apply in the user's name, unless an application is under way already.

    The key counts the refused applications, so that two tabs, two devices or a repeated press make one application,
    and somebody who was refused can try again. Raises UnitError, ServiceDown.
    """
    earlier = unit.applications(session.user_id)
    if under_way := _under_way(earlier):
        return under_way
    return unit.apply(session.user_id, person, idempotency_key(session.user_id, "application", str(len(earlier))))


def settle(auth: Auth, unit: Unit, session: Session, application: Application, *, sandbox: bool) -> Session:
    """Give an approved applicant an account, then write down at Stytch who they are at Unit.

    Safe to repeat. Raises UnitError, ServiceDown.
    """
    if session.customer_id or not application.customer_id:
        return session
    customer_id = application.customer_id
    if not (accounts := unit.accounts(customer_id)):
        accounts = [unit.open_account(customer_id, idempotency_key(session.user_id, "account", customer_id))]
    if sandbox and accounts[0].balance == 0:
        unit.fund(accounts[0].account_id, WELCOME_CENTS)
    return auth.remember_customer(session, customer_id)


def _under_way(applications: Sequence[Application]) -> Application | None:
    return next((a for a in applications if a.status not in {"Denied", "Canceled"}), None)
