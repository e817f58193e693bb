"""The user's record at Stytch: the name, biometric registrations, and the end of it.

To copy: Stytch deletes whatever id of the project it is given, so an id counts only if the user's own record lists it.
Stytch does not say whether a name's parts that are left out stay, so all three are sent.
"""

from __future__ import annotations

from functools import partial

from services.errors import CodeRejected
from services.factors import remove_factor
from services.session import Session
from services.signals import log_security_event, logs_security_event
from services.stytch_client import ignore_missing, refusals, stytch_client

NAME_PARTS = ("first_name", "middle_name", "last_name")
LONGEST = 60  # characters of a part


@logs_security_event("factor")
def change_name(session: Session, parts: dict[str, str]) -> None:
    """Store the whole name. Raises CodeRejected if a part can't be shown. Stytch docs: *Update user*."""
    if any(len(part) > LONGEST or not part.isprintable() for part in parts.values()):
        raise CodeRejected("malformed")
    with refusals():
        stytch_client.sdk.users.update(session.user_id, name=parts)


@logs_security_event("factor")
def remove_biometric(session: Session, registration_id: str) -> Session:
    """Delete a mobile device's registration, as ``remove_factor`` does. Raises CodeRejected, NotSignedIn.

    Stytch docs: *Delete biometric registration*.
    """
    users = stytch_client.sdk.users
    own = users.get(session.user_id).biometric_registrations
    if registration_id not in {each.biometric_registration_id for each in own}:
        raise CodeRejected("unknown_registration")
    delete = partial(users.delete_biometric_registration, registration_id)
    return remove_factor(session, "biometric_registration_not_found", delete)


def delete_user(session: Session) -> None:
    """Sign out the other devices, then delete the user. Safe to repeat. Stytch docs: *Delete user*."""
    stytch_client.sign_out_others(session)
    ignore_missing("user_not_found", partial(stytch_client.sdk.users.delete, session.user_id))
    log_security_event("factor", "ok", action="delete_user", user_id=session.user_id)
