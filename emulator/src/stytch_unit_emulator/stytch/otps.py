"""One-time passcodes by SMS, WhatsApp and email. Messages are not sent but kept for the phone and the mailbox.

UNCONFIRMED: limits. Here, a phone number or address gets one code a second, as with links.
"""

from __future__ import annotations

from flask import Blueprint

from ..store import Json
from . import factors, fields, limits, messages, objects, otp_records, password_records, session_records, user_records
from .endpoint import authenticated
from .errors import StytchFault
from .user_records import Contact
from .wire import Call

bp = Blueprint("otps", __name__, url_prefix="/v1/otps")

CHANNEL = "<any(sms, whatsapp, email):channel>"
CODE = r"[0-9]{6}"
METHOD_ID = r"(email|phone-number)-test-[0-9a-f-]{36}"
MINUTES = (1, 10)
DEFAULT_MINUTES = 2
LOCALES = "en|es|fr|pt-br|it|de-DE|zh-Hans|ca-ES|ja|ru|nl|pl|tr|fa|vi|cs"  # emails have fewer: see ``fields``
CALLING_CODE = "+1"  # UNCONFIRMED: by country, as in new projects US and Canada. Here, by the calling code.
# To test those refusals; numbers that are never assigned.
UNREACHABLE, UNSUBSCRIBED = "+12025550109", "+12025550104"


@bp.post(f"/{CHANNEL}/login_or_create")
@authenticated
def login_or_create(call: Call, channel: str) -> Json:
    """Send a code to a number or address, creating the user if there is none."""
    kind, contact, minutes = _request(call, channel)
    active = not fields.flag(call.body, "create_user_as_pending")
    user = user_records.owner(call.tenant, kind, contact)
    created = user is None
    if user is None:
        user = user_records.add(call.tenant, active=active)
        user_records.add_contact(call.tenant, user, kind, contact)
    return {**_send(call, user, channel, contact, minutes), "user_created": created}


@bp.post(f"/{CHANNEL}/send")
@authenticated
def send(call: Call, channel: str) -> Json:
    """Send a code to a known number or address, or to a new one of a known user, who has five minutes to prove it."""
    selected = session_records.selected_user(call)
    kind, contact, minutes = _request(call, channel)
    user = user_records.owner(call.tenant, kind, contact)
    if selected and user and selected["user_id"] != user["user_id"]:
        raise StytchFault(f"duplicate_{kind}")
    if selected and user is None:
        user_records.refuse_unverified(selected)
        user_records.add_contact(call.tenant, selected, kind, contact, temporary=True)
        user = selected
    if user is None:
        raise StytchFault(user_records.NOT_FOUND[kind])
    return _send(call, user, channel, contact, minutes)


@bp.post("/authenticate")
@authenticated
def authenticate(call: Call) -> Json:
    """Check a code, once; starts or extends a session if a duration is given.

    UNCONFIRMED: tries per code. Here, wrong codes only count toward the user's lock.
    """
    method_id = fields.matching(call.body, "method_id", METHOD_ID, "invalid_method_id")
    code = fields.matching(call.body, "code", CODE, "invalid_code")
    requested = session_records.session_request(call)
    otp = otp_records.find(call.tenant, method_id)
    user = user_records.load(call.tenant, otp["user_id"]) if otp else None
    contact = user_records.entry_of_id(user, method_id) if user else None
    if otp is None or user is None or contact is None:
        raise StytchFault("otp_code_not_found")  # UNCONFIRMED: the type for an unknown method_id
    objects.refuse_if_locked(user)
    if not otp_records.is_code(otp, code):
        objects.count_failure(call.tenant, user)
        raise StytchFault("otp_code_not_found")
    if not otp_records.is_open(otp):
        raise StytchFault("unable_to_auth_otp_code")
    fields.check_attributes(otp["attributes"], call.body)
    otp_records.mark_used(call.tenant, otp)
    resets = "email" in contact and password_records.prove_mailbox(call.tenant, user, contact)
    contact["verified"] = True
    contact.pop("until", None)
    objects.count_success(call.tenant, user)
    requested = requested.without_others(user)  # UNCONFIRMED: another user's session. Here, as with links.
    return {
        "user_id": user["user_id"],
        "method_id": method_id,
        "reset_sessions": resets,  # as with links
        **session_records.add_factor(call, user, requested, factors.passcode(otp["channel"], contact)),
        "user": objects.user_object(call.tenant, user),
        "user_device": None,
    }


def _request(call: Call, channel: str) -> tuple[Contact, str, int]:
    """Validate what `send` and `login_or_create` share, before any write."""
    minutes = fields.minutes(call.body, "expiration_minutes", DEFAULT_MINUTES, MINUTES, "invalid_expiration_otp")
    fields.attributes(call.body)
    if channel == "email":
        fields.check_locale(call.body)
        contact = fields.active_email(call.body)
    else:
        fields.optional_matching(call.body, "locale", LOCALES, "invalid_locale")
        contact = _phone_number(call)
    limits.count_request(call.tenant, "passcodes", contact.lower(), most=1, seconds=1)
    return ("email" if channel == "email" else "phone_number"), contact, minutes


def _phone_number(call: Call) -> str:
    number = fields.matching(call.body, "phone_number", fields.PHONE_NUMBER, "invalid_phone_number")
    if not number.startswith(CALLING_CODE):
        raise StytchFault("invalid_phone_number_country_code")
    if number == UNREACHABLE:
        raise StytchFault("downstream_carrier_error")
    if number == UNSUBSCRIBED:
        raise StytchFault("unsubscribed_phone_number")
    return number


def _send(call: Call, user: Json, channel: str, contact: str, minutes: int) -> Json:
    """Issue the code and keep the message; returns the ids."""
    kind: Contact = "email" if channel == "email" else "phone_number"
    entry = user_records.entry_of(user, kind, contact)
    user_records.keep_longer(call.tenant, user, entry)
    id_name = user_records.ID[kind]
    otp = otp_records.issue(call, user, entry[id_name], channel, minutes)
    messages.add(call.tenant, channel, entry[kind], otp)
    return {"user_id": user["user_id"], id_name: entry[id_name]}
