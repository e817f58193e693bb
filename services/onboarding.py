"""From a person's details to a customer at Unit with an account, in steps that may be interrupted anywhere.

To copy: each step is a look-up or carries a key that the same user always gets, and the user's metadata is written
last. A user who comes back after a crash goes through the same steps again and ends with one customer.
"""

from collections.abc import Sequence

from .session import CUSTOMER_CLAIM, Session
from .signals import account_opened, send
from .stytch_client import StytchClient
from .unit_client import OrgClient, idempotency_key
from .unit_models import Application, Json


def current_application(unit: OrgClient, session: Session) -> Application | None:
    """Return the application that counts: one that may still become a customer, else the newest."""
    applications = unit.applications(session.user_id)
    return open_application(applications) or next(iter(applications), None)


def apply(unit: OrgClient, session: Session, person: Json) -> Application:
    """Apply in the user's name, unless an application is open already. Raises UnitError, ServiceUnavailable.

    The key counts earlier applications: two tabs or a repeated press make one, and a refused user can try again.
    """
    earlier = unit.applications(session.user_id)
    if already := open_application(earlier):
        return already
    return unit.apply(session.user_id, person, idempotency_key(session.user_id, "application", str(len(earlier))))


def finish_onboarding(stytch: StytchClient, unit: OrgClient, session: Session, application: Application) -> Session:
    """Open an account for an approved applicant, then store at Stytch who they are at Unit.

    Safe to repeat. Raises UnitError, ServiceUnavailable.
    """
    if session.customer_id or not application.customer_id:
        return session
    customer_id = application.customer_id
    if not (accounts := unit.accounts(customer_id)):
        accounts = [unit.open_account(customer_id, idempotency_key(session.user_id, "account", customer_id))]
    send(account_opened, account=accounts[0])
    return set_customer(stytch, session, customer_id)


def set_customer(stytch: StytchClient, session: Session, customer_id: str | None) -> Session:
    """Store the user's Unit customer id in trusted metadata and in the session's JWT. Stytch docs: *Metadata*."""
    stytch.sdk.users.update(session.user_id, trusted_metadata={CUSTOMER_CLAIM: customer_id})
    return stytch.sessions.refresh(session.token)


def open_application(applications: Sequence[Application]) -> Application | None:
    """Return the oldest application with a customer, else the oldest still pending; ``applications`` is newest first.

    There can be two, since Unit takes both our form and its own. Always choosing the same one keeps a user from
    becoming a second customer.
    """
    candidates = [application for application in reversed(applications) if not application.is_refused]
    return next((each for each in candidates if each.customer_id), None) or next(iter(candidates), None)
