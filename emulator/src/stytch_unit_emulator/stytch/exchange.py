"""Exchanging a user's only factor for another one."""

from __future__ import annotations

from flask import Blueprint

from ..store import Json
from . import fields, objects, session_records, user_records
from .endpoint import authenticated
from .errors import StytchFault
from .user_records import Contact
from .wire import Call

bp = Blueprint("exchange", __name__, url_prefix="/v1/users")


@bp.put("/<user_id>/exchange_primary_factor")
@authenticated
def exchange_primary_factor(call: Call, user_id: str) -> Json:
    """Give a user who has exactly one factor another email or phone number in its place.

    UNCONFIRMED: whether the new one is verified, and what becomes of sessions. Here, it is not, and they lose the old.
    """
    user = user_records.requested_user(call.tenant, {"user_id": user_id})
    kind, contact = _exchanged(call)
    only = user_records.only_contact(user)
    others = objects.user_object(call.tenant, user)
    if only is None or any(others[name] for name in user_records.OTHER_FACTORS):
        raise StytchFault("invalid_exchange_primary_factor_user")
    if user_records.owner(call.tenant, kind, contact):
        raise StytchFault(f"duplicate_{kind}")
    user_records.drop_contact(call.tenant, user, *only)
    session_records.forget_factor(call.tenant, user["user_id"], only[1])
    user_records.add_contact(call.tenant, user, kind, contact)
    return {"user_id": user["user_id"], "user": objects.user_object(call.tenant, user)}


def _exchanged(call: Call) -> tuple[Contact, str]:
    """Read the new email or phone number, of which only one may be given."""
    names: dict[str, tuple[Contact, str, str]] = {
        "email_address": ("email", fields.EMAIL, "invalid_email"),
        "phone_number": ("phone_number", fields.PHONE_NUMBER, "invalid_phone_number"),
    }
    given = [name for name in names if call.body.get(name) is not None]
    if len(given) != 1:
        raise StytchFault("invalid_exchange_primary_factor_fields")
    kind, shape, fault = names[given[0]]
    return kind, fields.matching(call.body, given[0], shape, fault)
