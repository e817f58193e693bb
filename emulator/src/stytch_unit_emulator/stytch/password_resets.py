"""Password resets by email: a mail with two links, one to set a password and one to sign in without it.

UNCONFIRMED: how long the second link works, and whether PKCE holds for it. Here, both are as for the first one, each
has a token of its own, and using one leaves the other as it is.
"""

from __future__ import annotations

from flask import Blueprint

from ..store import Json
from . import fields, limits, links, objects, password_policy, redirects, session_records, user_records
from .endpoint import authenticated
from .errors import StytchFault
from .magic_link_emails import link_to, store_mail
from .passwords import set_anew
from .wire import Call

bp = Blueprint("password_resets", __name__, url_prefix="/v1/passwords/email/reset")

MINUTES = 30


@bp.post("/start")
@authenticated
def start(call: Call) -> Json:
    """Email the two links to a user, who may have no password yet."""
    minutes = fields.minutes(call.body, "reset_password_expiration_minutes", MINUTES)
    reset_url, login_url = redirects.of_reset(call.body), redirects.of_login(call.body)
    address = fields.active_email(call.body)
    fields.check_locale(call.body)
    links.browser_binding(call.body)
    limits.count_request(call.tenant, "password reset emails", address.lower(), most=1, seconds=1)
    user = user_records.owner(call.tenant, "email", address)
    if user is None:
        raise StytchFault("email_not_found")
    entry = user_records.entry_of(user, "email", address)
    reset = links.Target("reset_password", reset_url, minutes, "reset_password")
    login = links.Target("login", login_url, minutes, "login")
    found = {target.token_type: link_to(call, user, entry["email_id"], target) for target in (reset, login)}
    store_mail(call, address, reset, found["reset_password"], login_link=found["login"])
    return {"user_id": user["user_id"], "email_id": entry["email_id"]}


@bp.post("")
@authenticated
def reset(call: Call) -> Json:
    """Set a password by the first link, once; ends all sessions, and verifies the email address.

    UNCONFIRMED: a refused password, which leaves the link as it is here, and the session's factors. Here, the password
    is the only one.
    """
    token = fields.matching(call.body, "token", links.TOKEN, "invalid_token")
    password = password_policy.requested(call.body)
    requested = session_records.session_request(call)
    link = links.find(call.tenant, token)
    user = user_records.load(call.tenant, link["user_id"]) if link else None
    if link is None or user is None or link["kind"] != "reset_password" or not links.is_open(link):
        raise StytchFault("unable_to_auth_password_reset_token")
    email = user_records.entry_of_id(user, link["email_id"])
    if email is None:
        raise StytchFault("unable_to_auth_password_reset_token")
    objects.refuse_if_locked(user)
    links.check_browser(link, call.body)
    password_policy.check(password, email["email"])
    links.mark_used(call.tenant, link)
    email["verified"] = True
    email.pop("until", None)
    return set_anew(call, user, password, requested)
