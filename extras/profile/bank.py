"""Contact details at the bank: beside those at Stytch, and changed only when the customer says so.

To copy: a new address or number here does not become the bank's by itself: the bank's phone is a factor, and its emails
are about money. The customer's own token reads and writes it, so that Unit checks ownership too. Unit docs: *Update
customer*.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, abort, request, url_for
from pydantic import Field
from stytch.consumer.models.users import GetResponse

from blueprints.cards import current_customer
from blueprints.htmx import redirect_to, render
from services import guards
from services.factors import require_factor_proof
from services.signals import log_security_event
from services.step_up import step_up_required
from services.stytch_client import stytch_client
from services.unit_models import Json, Resource, attribute

bp = Blueprint("bank_contact", __name__, url_prefix="/profile/bank", template_folder="templates")
READ, WRITE = "customers", "customers customers-write"
CHANGED = "The bank now uses {}."
PURPOSE = "change your details at the bank"


class Contact(Resource):
    """A customer's contact details at Unit."""

    email: str | None = Field(None, validation_alias=attribute("email"))
    country_code: str | None = Field(None, validation_alias=attribute("phone", "countryCode"))
    number: str | None = Field(None, validation_alias=attribute("phone", "number"))

    @property
    def phone(self) -> str:
        """The phone number as E.164; empty if there is none."""
        return f"+{self.country_code}{self.number}" if self.country_code and self.number else ""


@bp.get("")
@guards.customer_required
@step_up_required("see your details at the bank")
def index() -> Response:
    """Show both, and offer what the bank does not have."""
    customer_id = guards.current_session().customer_id
    found = Contact.read(current_customer(READ).get(f"/customers/{customer_id}")["data"])
    user = stytch_client.sdk.users.get(guards.current_session().user_id)
    new = {each: contact for each, contact in _verified(user).items() if contact not in {found.email, found.phone}}
    return render("profile/bank.html", contact=found, new=new)


@bp.post("")
@guards.customer_required
@guards.revalidate_session
@step_up_required(PURPOSE, stytch_only=True)
def change() -> Response:
    """Give the bank one of the user's verified addresses or numbers."""
    require_factor_proof(PURPOSE)
    session = guards.current_session()
    contact = _verified(stytch_client.sdk.users.get(session.user_id)).get(request.form.get("id", ""))
    document = {"type": "individualCustomer", "attributes": _attributes(contact or abort(404))}
    current_customer(WRITE).call("PATCH", f"/customers/{session.customer_id}", document)
    log_security_event("factor", "ok", action="change_bank_contact", user_id=session.user_id)
    return redirect_to(url_for("bank_contact.index"), announce=CHANGED.format(contact))


def _verified(user: GetResponse) -> Mapping[str, str]:
    """Return the user's verified addresses, and their American numbers, by id: what an American bank takes."""
    emails = {each.email_id: each.email for each in user.emails if each.verified}
    phones = {each.phone_id: each.phone_number for each in user.phone_numbers if each.verified}
    return emails | {phone_id: number for phone_id, number in phones.items() if number.startswith("+1")}


def _attributes(contact: str) -> Json:
    """Return a contact as Unit's attributes."""
    if contact.startswith("+"):
        return {"phone": {"countryCode": "1", "number": contact.removeprefix("+1")}}
    return {"email": contact}
