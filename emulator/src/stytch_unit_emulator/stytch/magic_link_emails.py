"""Magic links by email. Emails are not sent but kept for the inbox page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode
from uuid import uuid4

from flask import Blueprint

from .. import clock
from ..store import Json
from . import fields, limits, links, redirects, session_records, user_records
from .endpoint import authenticated
from .errors import StytchFault
from .wire import Call, service

bp = Blueprint("magic_link_emails", __name__, url_prefix="/v1/magic_links/email")

LOGIN_MINUTES = 60
SIGNUP_MINUTES = 7 * 24 * 60
INVITE_MINUTES = 60
MAIL = "mail"
SUBJECTS: dict[str, str] = {
    "login": "Your sign-in link",
    "signup": "Confirm your email address",
    "invite": "You're invited",
    "reset_password": "Set your password",
}


@dataclass(frozen=True)
class Targets:
    """Where the email leads existing users and new users."""

    login: links.Target
    signup: links.Target

    def for_user(self, user: Json, *, is_new: bool = False) -> links.Target:
        """Choose the signup link for new and pending users."""
        return self.signup if is_new or user["status"] == "pending" else self.login


@bp.post("/login_or_create")
@authenticated
def login_or_create(call: Call) -> Json:
    """Email a link to an address, creating the user if there is none."""
    address, targets = _request(call)
    active = not fields.flag(call.body, "create_user_as_pending")
    user = user_records.owner(call.tenant, "email", address)
    created = user is None
    if user is None:
        user = user_records.add(call.tenant, active=active)
        user_records.add_contact(call.tenant, user, "email", address)
    email_id = _mail(call, user, address, targets.for_user(user, is_new=created))
    return {"user_id": user["user_id"], "email_id": email_id, "user_created": created}


@bp.post("/send")
@authenticated
def send(call: Call) -> Json:
    """Email a link to a known address, or to a new address of a known user."""
    selected = session_records.selected_user(call)
    address, targets = _request(call)
    user = user_records.owner(call.tenant, "email", address)
    if selected and user and selected["user_id"] != user["user_id"]:
        raise StytchFault("duplicate_email")
    if selected and user is None:
        user_records.refuse_unverified(selected)
        user_records.add_contact(call.tenant, selected, "email", address, temporary=True)
        user = selected
    if user is None:
        raise StytchFault("email_not_found")
    email_id = _mail(call, user, address, targets.for_user(user))
    return {"user_id": user["user_id"], "email_id": email_id}


@bp.post("/invite")
@authenticated
def invite(call: Call) -> Json:
    """Create a pending user and email the invitation."""
    name = fields.strings(call.body, "name", user_records.NAME_PARTS)
    trusted = fields.merged_metadata({}, call.body, "trusted_metadata")
    untrusted = fields.merged_metadata({}, call.body, "untrusted_metadata")
    minutes = fields.minutes(call.body, "invite_expiration_minutes", INVITE_MINUTES)
    url = redirects.requested(call.body, "invite") or redirects.default("invite")
    address = _address(call)
    user = user_records.owner(call.tenant, "email", address)
    if user is None:
        user = user_records.add(call.tenant, active=False)
        user_records.add_contact(call.tenant, user, "email", address)
    # UNCONFIRMED: inviting an existing user. Here, a pending user may have one open invite, an active one none.
    if user["status"] == "active":
        raise StytchFault("duplicate_email")
    if _live_invites(call, user):
        raise StytchFault("user_already_invited")
    user.update(name=name, trusted_metadata=trusted, untrusted_metadata=untrusted)
    user_records.save(call.tenant, user)
    return {
        "user_id": user["user_id"],
        "email_id": _mail(call, user, address, links.Target("invite", url, minutes)),
    }


@bp.post("/revoke_invite")
@authenticated
def revoke_invite(call: Call) -> Json:
    """Revoke an invitation's link.

    UNCONFIRMED: whether the pending user is deleted. Here, the user stays.
    """
    user = user_records.owner(call.tenant, "email", fields.email(call.body))
    if user is None:
        raise StytchFault("email_not_found")
    for link in _live_invites(call, user):
        links.mark_used(call.tenant, link)
    return {}


def _request(call: Call) -> tuple[str, Targets]:
    """Validate what `send` and `login_or_create` share, before any write."""
    login_minutes = fields.minutes(call.body, "login_expiration_minutes", LOGIN_MINUTES)
    signup_minutes = fields.minutes(call.body, "signup_expiration_minutes", SIGNUP_MINUTES)
    login = redirects.requested(call.body, "login") or redirects.default("login")
    signup = redirects.requested(call.body, "signup") or redirects.default("signup")
    targets = Targets(links.Target("login", login, login_minutes), links.Target("signup", signup, signup_minutes))
    return _address(call), targets


def _address(call: Call) -> str:
    """Read the address; limited to one email per second and address."""
    address = fields.email(call.body)
    fields.check_locale(call.body)
    links.browser_binding(call.body)
    fields.active_email(call.body)
    limits.count_request(call.tenant, "magic link emails", address.lower(), most=1, seconds=1)
    return address


def _live_invites(call: Call, user: Json) -> list[Json]:
    mine = [link for link in call.tenant.all(links.LINK) if link["user_id"] == user["user_id"]]
    return [link for link in mine if link["kind"] == "invite" and links.is_open(link)]


def _mail(call: Call, user: Json, address: str, target: links.Target) -> str:
    """Issue the link and store the email; returns the email address's id."""
    email_id: str = user_records.entry_of(user, "email", address)["email_id"]
    store_mail(call, address, target, link_to(call, user, email_id, target))
    return email_id


def link_to(call: Call, user: Json, email_id: str, target: links.Target) -> str:
    """Issue a link; returns what an email says, which redirects to the app."""
    token = links.issue(call, user, email_id, target)
    query = {"public_token": call.public_token, "stytch_token_type": target.token_type, "token": token}
    return f"{service().origin}/v1/magic_links/redirect?{urlencode(query)}"


def store_mail(call: Call, address: str, target: links.Target, link: str, *, login_link: str = "") -> None:
    """Store an email with a link, or with a second one that signs in without a password."""
    expires = clock.now() + timedelta(minutes=target.minutes)
    mail_id = str(uuid4())
    mail: Json = {
        "id": mail_id,
        "to": address,
        "kind": target.kind,
        "subject": SUBJECTS[target.kind],
        "text": f"Open this link to continue. It works once and expires on {clock.display(expires)}.",
        "link": link,
        "login_link": login_link,
        "sent_at": clock.seconds(clock.now()),
        "expires": clock.seconds(expires),
    }
    call.tenant.add(MAIL, mail_id, mail)
