"""The user's phone numbers and email addresses at Stytch, and removing one.

To copy: Stytch deletes whatever id of the project it is given, so an id counts only if the user's own record lists it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from services.errors import CodeRejected
from services.factors import remove_factor
from services.session import Session
from services.signals import logs_security_event
from services.stytch_client import refusals, stytch_client

NOUNS = {"phone": "a phone number", "mailbox": "an email address"}
ADDED = {"phone": "Your phone number is added.", "mailbox": "Your email address is added."}
REMOVED = {
    "phone": "The phone number is removed, and you’re signed out on all other devices.",
    "mailbox": "The email address is removed, and you’re signed out on all other devices.",
}
LAST_ONE = "You can’t remove your last phone number or email address. Add another one first."


@dataclass(frozen=True)
class Contact:
    """A phone number or an email address of the user's."""

    contact_id: str
    group: str
    is_last: bool  # nothing else that is verified would be left to sign in with


def find(session: Session, contact_id: str) -> Contact | None:
    """Return the user's own number or address with this id."""
    user = stytch_client.sdk.users.get(session.user_id)
    groups = {phone.phone_id: "phone" for phone in user.phone_numbers}
    groups |= {email.email_id: "mailbox" for email in user.emails}
    verified = {phone.phone_id for phone in user.phone_numbers if phone.verified}
    verified |= {email.email_id for email in user.emails if email.verified}
    return Contact(contact_id, groups[contact_id], verified == {contact_id}) if contact_id in groups else None


@logs_security_event("factor")
def remove(session: Session, contact: Contact) -> Session:
    """Delete it, as ``remove_factor`` does. Raises CodeRejected if it is the last one, NotSignedIn."""
    if contact.is_last:
        raise CodeRejected("cannot_delete_last_primary_factor")
    users = stytch_client.sdk.users
    with refusals():
        if contact.group == "phone":
            delete = partial(users.delete_phone_number, contact.contact_id)
            return remove_factor(session, "phone_number_not_found", delete)
        return remove_factor(session, "email_not_found", partial(users.delete_email, contact.contact_id))
