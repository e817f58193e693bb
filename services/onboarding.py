"""From a person's details to a customer at Unit with an account, in steps that may be cut off anywhere.

To copy: every step is either a look-up or carries a key that the same user always gets, and the user's metadata is
written last. Whoever comes back after a crash goes through the same steps again and ends with one customer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .auth import Auth
from .session import Session
from .unit import Unit
from .unit_objects import Application, HostedForm
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


def hosted_form(unit: Unit, session: Session, way_back: Callable[[int], str]) -> HostedForm | None:
    """The bank's own form for the user, or None if an application is under way already.

    Keyed like ``apply``, so that a repeated press gives the same form. ``way_back`` makes the URL that the form leads
    back to, from the number of applications so far. Raises UnitError, ServiceDown.
    """
    earlier = unit.applications(session.user_id)
    if _under_way(earlier):
        return None
    key = idempotency_key(session.user_id, "application form", str(len(earlier)))
    return unit.application_form(session.user_id, session.email, way_back(len(earlier)), key)


def has_applied(unit: Unit, session: Session, earlier: int) -> bool:
    """Whether there are more of the user's applications at Unit than that."""
    return len(unit.applications(session.user_id)) > earlier


def settle(auth: Auth, unit: Unit, session: Session, application: Application, *, sandbox: bool) -> Session:
    """Give an approved applicant an account, then write down at Stytch who they are at Unit.

    Safe to repeat; only the sandbox's play money may come twice, since Unit takes no key for it.
    Raises UnitError, ServiceDown.
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
    """The first that made a customer, or else the first that still may, of applications that are newest first.

    There can be two: the bank's form stays open in one tab while ours is sent from another, and Unit takes both.
    Whoever asks, and whenever, is told the same one, so that no user is ever written down as a second customer.
    """
    hopeful = [each for each in reversed(applications) if each.status not in {"Denied", "Canceled"}]
    return next((each for each in hopeful if each.customer_id), None) or next(iter(hopeful), None)
