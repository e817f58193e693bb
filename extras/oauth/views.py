"""Sign in with a provider, and add or remove one.

To copy: the browser leaves by ``HX-Redirect`` or a plain link, since the policy ``form-action 'self'`` blocks a form
that is answered by a redirect to another site. The return is a GET that signs in: the cookie of the flow binds it to
this browser, and it is answered by a redirect, so that the token leaves the address bar.
"""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app, make_response, render_template, request, url_for
from limits import parse

from blueprints.htmx import HOME, is_htmx, redirect_to
from blueprints.login import end_session, finish_sign_in
from services import guards
from services.errors import CodeRejected, NotSignedIn
from services.factors import may_change_factors, require_factor_proof
from services.rate_limits import limited

from . import accounts, flows
from .flows import Flow
from .providers import TITLES, offered

bp = Blueprint("oauth", __name__, template_folder="templates")
PER_CLIENT = parse("20/minute")
MESSAGES = {
    "unknown": "This link is not complete. Start again here.",
    "other_browser": "This was started in another browser, or more than ten minutes ago. Start again here.",
    "canceled": "You didn’t continue with {title}, or it gave no answer. Try again, or use another way.",
    "not_added": "{title} was not added. You canceled, or that account already belongs to someone else here.",
    "pkce_mismatch": "This was started in another tab or browser. Start again here.",
    "oauth_token_not_found": "This was already used, or took too long. Start again.",
    "other_provider": "You came back from somewhere else than {title}. Start again.",
    "unproved_email": "{title} has not confirmed your email address, or someone is just adding it to an account here. "
    "Confirm it there or wait five minutes, then try again. Or sign in another way.",
    "too_late": "Nothing was added: it took too long, or you signed in again meanwhile. Start again.",
    "last_one": "You can’t remove your only way to sign in. Add an email address or a phone number first.",
    "oauth_user_registration_not_found": "That account is already removed.",
    "user_lock_limit_reached": "There were too many wrong codes. Wait up to an hour, then try again.",
}
SPENT = frozenset({"unproved_email", "other_provider"})  # refused after Stytch took the flow's token and verifier
OTHERWISE = "That didn’t work. Try again, or use another way."
REMOVED = "The account is removed, and you’re signed out on all other devices."


@bp.post("/oauth/<provider>")
@guards.public
@limited(PER_CLIENT)
def start(provider: str) -> Response:
    """Send this browser to the provider to sign in."""
    _check_offered(provider)
    return _leave(provider, flows.begin(Flow(provider)))


@bp.post("/oauth/<provider>/add")
@guards.revalidate_session
@limited(PER_CLIENT)
def add(provider: str) -> Response:
    """Send this browser to the provider to add an account there to the user."""
    _check_offered(provider)
    require_factor_proof(f"add {TITLES[provider]}")
    try:
        return _leave(provider, accounts.begin_adding(guards.current_session(), provider))
    except CodeRejected as rejected:
        return _say(rejected.reason, Flow(provider, guards.current_session().session_id))


@bp.get("/oauth/return")
@guards.public
@limited(PER_CLIENT)
def come_back() -> Response:
    """Finish the flow that this browser has begun. The one GET that signs in."""
    flow, token, before = flows.begun(), request.args.get("token", ""), guards.optional_session()
    if request.args.get("stytch_token_type") != "oauth":
        return _say("unknown", flow)
    if flow is None:
        return redirect_to(HOME) if before else _say("other_browser")  # the former: reloaded
    if not token:
        return _say("not_added" if flow.session_id else "canceled", flow)
    try:
        if flow.session_id:
            return flows.end(_added(flow, token))
        return flows.end(finish_sign_in(accounts.sign_in(flow, token), before))
    except CodeRejected as rejected:
        answer = _say(rejected.reason, flow)
        return flows.end(answer) if rejected.reason in SPENT else answer


@bp.after_request
def hide_token(response: Response) -> Response:
    """Keep the token in the URL to this page, also if a service is down or there are too many requests."""
    if request.endpoint == "oauth.come_back":
        response.headers["Referrer-Policy"] = "strict-origin"
    return response


@bp.post("/oauth/accounts/<registration_id>/remove")
@guards.revalidate_session
def remove(registration_id: str) -> Response:
    """Remove an account at a provider, and sign out the user's other devices."""
    require_factor_proof("remove an account that signs you in")
    try:
        accounts.remove(guards.current_session(), registration_id)
    except CodeRejected as rejected:
        return redirect_to(_account_page(), announce=MESSAGES.get(rejected.reason, OTHERWISE), category="notice")
    except NotSignedIn:  # this session had proved nothing else
        return end_session(REMOVED)
    return redirect_to(_account_page(), announce=REMOVED)


def _added(flow: Flow, token: str) -> Response:
    """Add the account, if the session that began the flow may still do so."""
    session = guards.fresh_session()
    if session.session_id != flow.session_id or not may_change_factors(session):
        raise CodeRejected("too_late")
    guards.set_current_session(accounts.add(flow, session, token))
    return redirect_to(_account_page(), announce=f"You can now sign in with {TITLES[flow.provider]}.")


def _leave(provider: str, url: str) -> Response:
    if is_htmx():
        return make_response("", 200, {"HX-Redirect": url})
    return make_response(render_template("oauth/leave.html", provider=TITLES[provider], url=url))


def _say(reason: str, flow: Flow | None = None) -> Response:
    """Say what happened, where the user can try again; the token leaves the address bar."""
    message = MESSAGES.get(reason, OTHERWISE).format(title=TITLES[flow.provider] if flow else "")
    page = _account_page() if flow and flow.session_id and guards.loaded_session() else HOME
    return redirect_to(page, announce=message, category="notice")


def _account_page() -> str:
    return url_for("account.index") if "account.index" in current_app.view_functions else HOME


def _check_offered(provider: str) -> None:
    if provider not in {method.name for method in offered()}:
        abort(404)
