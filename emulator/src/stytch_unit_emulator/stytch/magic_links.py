"""Magic links: the redirect from the email, authentication, embedded links."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from ..store import Json
from . import factors, fields, links, objects, session_records, user_records
from .endpoint import authenticated
from .errors import StytchFault
from .wire import Call, new_id, service

bp = Blueprint("magic_links", __name__, url_prefix="/v1/magic_links")

LINK_NOT_FOUND_PAGE = (
    '<!doctype html><html lang="en"><title>Link not found</title>'
    "<h1>This link does not exist</h1><p>The Stytch emulator did not issue it, or has deleted it.</p></html>"
)


@bp.get("/redirect")
def redirect_to_app() -> AnyResponse:
    """Redirect to the app. Does not use the link, as email scanners open links."""
    token = request.args.get("token", "")
    found = links.tenant_of(token, service().store)
    link = None
    if found is not None:
        with service().store.read(found) as tenant:
            link = links.find(tenant, token)
    if link is None or not link["url"]:
        response: AnyResponse = Response(LINK_NOT_FOUND_PAGE, 404)
    else:
        response = redirect(links.address(link, token))
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@bp.post("/authenticate")
@authenticated
def authenticate(call: Call) -> Json:
    """Open a link, once; starts or extends a session if a duration is given."""
    token = fields.matching(call.body, "token", links.TOKEN, "invalid_token")
    requested = session_records.session_request(call)
    link = links.find(call.tenant, token)
    user = user_records.load(call.tenant, link["user_id"]) if link else None
    if link is None or user is None or link["kind"] == "reset_password":
        raise StytchFault("magic_link_not_found")
    email = next((email for email in user["emails"] if email["email_id"] == link["email_id"]), None)
    if not links.is_open(link) or (email is None and link["kind"] != "embedded"):
        raise StytchFault("unable_to_auth_magic_link")
    objects.refuse_if_locked(user)
    links.check_browser(link, call.body)
    links.mark_used(call.tenant, link)
    return _authenticated(call, user, email, requested)


def _authenticated(call: Call, user: Json, email: Json | None, requested: session_records.SessionRequest) -> Json:
    requested, resets = requested.without_others(user), False
    if email is not None:
        resets = session_records.prove(call.tenant, user, email, requested)
        method_id, factor = email["email_id"], factors.email_link(email["email_id"], email["email"])
    else:
        method_id = new_id("embeddable-magic-link")  # UNCONFIRMED: the prefix
        factor = factors.embedded_link(method_id)
    objects.count_success(call.tenant, user)
    return {
        "user_id": user["user_id"],
        "method_id": method_id,
        "reset_sessions": resets,
        **session_records.add_factor(call, user, requested, factor),
        "user": objects.user_object(call.tenant, user),
        "user_device": None,
    }


@bp.post("")
@authenticated
def create(call: Call) -> Json:
    """Create an embedded link, which proves no email address."""
    user = user_records.requested_user(call.tenant, call.body)
    minutes = fields.minutes(call.body, "expiration_minutes", 60)
    token = links.issue(call, user, "", links.Target("embedded", "", minutes))
    return {"user_id": user["user_id"], "token": token}
