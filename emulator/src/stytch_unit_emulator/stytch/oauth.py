"""OAuth: the browser's start and callback, attaching to a known user, and authentication.

Nothing is written about a user before ``authenticate``, which takes the browser's PKCE verifier.
"""

from __future__ import annotations

import re
from urllib.parse import urlencode, urlsplit, urlunsplit
from uuid import NAMESPACE_DNS, uuid5

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from ..store import Json, Tenant
from ..transport import TENANT
from . import (
    factors,
    fields,
    links,
    oauth_providers,
    oauth_records,
    objects,
    redirects,
    session_records,
    tokens,
    user_records,
)
from .endpoint import authenticated
from .errors import StytchFault
from .oauth_providers import PROVIDERS
from .oauth_records import ATTACH, TOKEN
from .wire import PUBLIC_TOKEN, UUID4, Call, service

bp = Blueprint("oauth", __name__, url_prefix="/v1")


@bp.get("/public/oauth/<provider>/start")
def start(provider: str) -> Response:
    """Send the browser to the provider, if the request may come back to where it says."""
    asked = request.args.to_dict()
    flow = _requested(provider, asked)
    with service().store.change(request.environ.get(TENANT) or flow["project_id"]) as tenant:
        flow["user_id"] = _attached(tenant, provider, asked.get("oauth_attach_token"))
        state = oauth_records.keep_flow(tenant, flow)
    sent = {
        "client_id": oauth_providers.client_id(provider),
        "redirect_uri": f"{service().origin}/v1/oauth/callback/{callback_id(provider)}",
        "response_type": "code",
        "scope": " ".join(flow["scopes"]),
        **{name.removeprefix("provider_"): text for name, text in asked.items() if name.startswith("provider_")},
        "state": state,
    }
    return _sent_to(f"{service().origin}/oauth-provider/{provider}/authorize", sent)


@bp.get("/oauth/callback/<callback>")
def callback(callback: str) -> Response:
    """Take the provider's answer, and send the browser back to the app with a token.

    UNCONFIRMED: what a step that was canceled or failed brings to the app. Here, ``error`` in place of a token.
    """
    state = request.args.get("state", "")
    with service().store.change(oauth_records.tenant_of(state, service().store) or "nobody") as tenant:
        flow = oauth_records.find_flow(tenant, state)
        if flow is None or callback != callback_id(flow["provider"]):
            raise StytchFault("oauth_invalid_callback_request")
        oauth_records.end_flow(tenant, flow)
        back = {"stytch_token_type": "oauth"}
        if tokens.digest(request.args.get("code", "")) != flow.get("code"):
            return _sent_to(flow["login_url"], back | {"error": request.args.get("error", "oauth_auth_code_error")})
        known = _user_of(tenant, flow["provider"], flow["person"])
        if flow["user_id"] and known and known["user_id"] != flow["user_id"]:
            return _sent_to(flow["login_url"], back | {"error": "oauth_flow_callback_error"})
        is_known = known or flow["user_id"]
        return _sent_to(
            flow["login_url"] if is_known else flow["signup_url"],
            back | {"token": oauth_records.issue(tenant, TOKEN, {name: flow[name] for name in _KEPT})},
        )


@bp.post("/oauth/attach")
@authenticated
def attach(call: Call) -> Json:
    """Issue a token with which a start adds the provider to a known user."""
    provider = call.body.get("provider")
    if not isinstance(provider, str) or provider not in PROVIDERS:
        raise StytchFault("oauth_config_not_found")
    user = session_records.selected_user(call)
    if user is None:
        raise StytchFault("no_oauth_authorize_user_selector")
    record = {"provider": provider, "user_id": user["user_id"]}
    return {"oauth_attach_token": oauth_records.issue(call.tenant, ATTACH, record)}


@bp.post("/oauth/authenticate")
@authenticated
def authenticate(call: Call) -> Json:
    """Use a token, once; starts or extends a session if a duration is given."""
    token = fields.matching(call.body, "token", links.TOKEN, "oauth_token_not_found")
    requested = session_records.session_request(call)
    flow = oauth_records.find(call.tenant, TOKEN, token)
    if flow is None:
        raise StytchFault("oauth_token_not_found")
    links.check_verifier(flow["code_challenge"], call.body)
    user = user_records.load(call.tenant, flow["user_id"]) or _user_of(call.tenant, flow["provider"], flow["person"])
    if user:
        objects.refuse_if_locked(user)
    call.tenant.remove(TOKEN, flow["id"])
    return _authenticated(call, flow, user or user_records.add(call.tenant), requested)


def _authenticated(call: Call, flow: Json, user: Json, requested: session_records.SessionRequest) -> Json:
    provider, who, requested = flow["provider"], flow["person"], requested.without_others(user)
    resets = _prove_email(call.tenant, user, who, requested)
    registration = oauth_records.registration_of(call.tenant, provider, who["subject"])
    registration = registration or oauth_records.register(call.tenant, user, provider, who)
    if not any(user["name"].values()):
        user["name"] = who["name"]  # UNCONFIRMED: whether the name is taken over
    objects.count_success(call.tenant, user)
    session = session_records.add_factor(call, user, requested, factors.oauth(registration))
    return {
        "user_id": user["user_id"],
        "provider_subject": who["subject"],
        "provider_type": registration["provider_type"],
        "oauth_user_registration_id": registration["oauth_user_registration_id"],
        "provider_values": oauth_providers.values(call, provider, who, flow["scopes"], offline=flow["offline"]),
        "reset_sessions": resets,
        "user_session": session.pop("session"),  # elsewhere: ``session``
        **session,
        "user": objects.user_object(call.tenant, user),
        "user_device": None,
    }


_KEPT = ("provider", "person", "scopes", "offline", "code_challenge", "user_id")


def _requested(provider: str, asked: Json) -> Json:
    """Validate the parameters of a start."""
    given = re.fullmatch(f"{PUBLIC_TOKEN}({UUID4})", asked.get("public_token", ""))
    if given is None:
        raise StytchFault("public_token_not_found")
    if provider not in PROVIDERS:
        raise StytchFault("oauth_config_not_found")
    return {
        "provider": provider,
        "project_id": f"project-test-{given[1]}",
        "login_url": redirects.oauth(asked, "login"),
        "signup_url": redirects.oauth(asked, "signup"),
        "scopes": [*PROVIDERS[provider].scopes, *asked.get("custom_scopes", "").split()],
        "offline": asked.get("provider_access_type") == "offline",
        **links.browser_binding({"code_challenge": asked.get("code_challenge")}),
    }


def callback_id(provider: str) -> str:
    """The id in the redirect URI that is registered at a provider."""
    return f"oauth-callback-test-{uuid5(NAMESPACE_DNS, provider)}"


def _attached(tenant: Tenant, provider: str, token: str | None) -> str:
    """The user to whom the provider is to be added, by a token that works once; or an empty string."""
    if token is None:
        return ""
    record = oauth_records.find(tenant, ATTACH, token)
    if record is None or record["provider"] != provider:
        raise StytchFault("invalid_oauth_attach_token")
    tenant.remove(ATTACH, record["id"])
    return str(record["user_id"])


def _user_of(tenant: Tenant, provider: str, who: Json) -> Json | None:
    """The user who has this person of the provider, or their address, if the provider vouches for it.

    UNCONFIRMED: an address that is being added and not proved yet. Here, it is not matched.
    """
    registration = oauth_records.registration_of(tenant, provider, who["subject"])
    if registration:
        return user_records.load(tenant, registration["user_id"])
    owner = user_records.owner(tenant, "email", who["email"]) if who["verified"] else None
    return None if owner and "until" in user_records.entry_of(owner, "email", who["email"]) else owner


def _prove_email(tenant: Tenant, user: Json, who: Json, requested: session_records.SessionRequest) -> bool:
    """Add the address that the provider vouches for to the user, as verified; returns ``reset_sessions``."""
    owner = user_records.owner(tenant, "email", who["email"])
    if not who["verified"] or (owner and owner["user_id"] != user["user_id"]):
        return False
    if owner is None:
        user_records.add_contact(tenant, user, "email", who["email"])
        user_records.entry_of(user, "email", who["email"])["verified"] = True
        return False
    return session_records.prove(tenant, user, user_records.entry_of(user, "email", who["email"]), requested)


def _sent_to(url: str, more: dict[str, str]) -> Response:
    """A redirect that keeps the URL's own query."""
    parts = urlsplit(url)
    response = redirect(urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, urlencode(more)))))))
    response.headers |= {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return response
