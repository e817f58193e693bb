"""Passkeys: sign in, step up, add, rename and remove.

To copy: the browser's options come by POST, since each costs a call to Stytch. Adding, renaming and removing need
proofs of the factors that the user has. ``static/passkeys.js`` asks the browser and sends what it returned as a field.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, make_response, render_template, request, url_for
from limits import parse

from blueprints.htmx import HOME, redirect_to, render
from blueprints.login import finish_sign_in
from services import guards, methods
from services.errors import CodeRejected
from services.factors import require_factor_proof
from services.methods import plain
from services.rate_limits import counted_code, limited
from services.session import Session

from . import keys
from .ceremonies import Purpose, domain, finish

bp = Blueprint(
    "passkeys", __name__, template_folder="templates", static_folder="static", static_url_path="/static/passkeys"
)
PER_CLIENT = parse("20/minute")
NAME_LENGTH = 60  # characters
MESSAGES = {
    "no_script": "Passkeys need JavaScript. Turn it on and reload this page, or use another way.",
    "malformed": "Your browser’s answer was incomplete. Try again, or use another way.",
    "other_ceremony": "This took longer than five minutes, or was started in another tab or browser. Try again.",
    "other_domain": "That passkey was used on another site. Check the address bar, then try again.",
    "user_not_verified": "Your device did not verify you. Set up a fingerprint, face or screen lock, then try again.",
    "other_account": "That passkey belongs to another account, or was removed. Use another way.",
    "unknown_passkey": "That passkey is already removed.",
    "webauthn_registration_not_found": "That passkey was removed from its account. Use another way, and delete it from "
    "your device.",
    "no_active_webauthn_registrations": "You have no passkey for this site. Use another way.",
    "unable_to_auth_webauthn_registration": "That passkey could not be verified. Try again, or use another way.",
    "unable_to_register_webauthn_registration": "That passkey could not be verified. Try again, or use another device.",
    "no_pending_webauthn_registration": "This took longer than five minutes. Try again.",
    "duplicate_webauthn_registration": "That passkey is already in use.",
    "empty_webauthn_registration_name": "Enter a name for the passkey.",
    "user_lock_limit_reached": "There were too many wrong codes. Wait up to an hour, then try again.",
}


def verify(session: Session, form: methods.Form) -> None:
    """Add the passkey's proof to the session. Raises CodeRejected, LimitReached."""
    credential = finish(Purpose.STEP_UP, form.get("credential", ""))
    with counted_code(session.user_id, "passkey"):
        guards.set_current_session(keys.step_up(session, credential))


METHOD = methods.Method(
    name="passkey",
    title="a passkey",
    group="device",
    sign_in="passkeys/_sign_in.html",
    step_up="passkeys/_step_up.html",
    is_enrolled=lambda session: domain() in session.passkey_domains,
    verify=verify,
    messages=MESSAGES,
)
methods.register(bp, METHOD)


@bp.post("/passkeys/sign-in/options")
@guards.public
@limited(PER_CLIENT)
def sign_in_options() -> Response:
    """Return the browser's options to sign in with any passkey of this site."""
    return jsonify(keys.begin_authentication(Purpose.SIGN_IN))


@bp.post("/passkeys/step-up/options")
@guards.revalidate_session
@limited(PER_CLIENT)
def step_up_options() -> tuple[Response, int]:
    """Return the browser's options to use one of the user's passkeys."""
    try:
        return jsonify(keys.begin_authentication(Purpose.STEP_UP, guards.current_session().user_id)), 200
    except CodeRejected as rejected:
        return jsonify(error=METHOD.message(rejected.reason)), 409


@bp.post("/passkeys/sign-in")
@guards.public
@limited(PER_CLIENT)
def sign_in() -> Response:
    """Sign in with a passkey; it names the user."""
    before = guards.optional_session()
    try:
        session = keys.sign_in(finish(Purpose.SIGN_IN, request.form.get("credential", "")))
    except CodeRejected as rejected:
        return render("login/form.html", 422, passkey_error=METHOD.message(rejected.reason))
    return finish_sign_in(session, before)


@bp.post("/passkeys/new")
@guards.revalidate_session
def new() -> Response:
    """Offer to create a passkey on this device, or on another one."""
    require_factor_proof("add a passkey")
    return _new_page()


@bp.post("/passkeys")
@guards.revalidate_session
def register() -> Response:
    """Add the passkey that the browser has created."""
    require_factor_proof("add a passkey")
    try:
        credential = finish(Purpose.REGISTER, request.form.get("credential", ""))
        guards.set_current_session(keys.register(guards.current_session(), credential))
    except CodeRejected as rejected:
        return _new_page(METHOD.message(rejected.reason))
    return redirect_to(_next(), announce="Your passkey is added.")


@bp.post("/passkeys/<registration_id>/name")
@guards.revalidate_session
def rename(registration_id: str) -> Response:
    """Rename a passkey."""
    require_factor_proof("rename a passkey")
    try:
        keys.rename(guards.current_session(), registration_id, plain(request.form.get("name"))[:NAME_LENGTH])
    except CodeRejected as rejected:
        return redirect_to(_next(), announce=METHOD.message(rejected.reason), category="notice")
    return redirect_to(_next(), announce="The passkey is renamed.")


@bp.post("/passkeys/<registration_id>/remove")
@guards.revalidate_session
def remove(registration_id: str) -> Response:
    """Remove a passkey, and end what rested on it."""
    require_factor_proof("remove a passkey")
    try:
        keys.remove(guards.current_session(), registration_id)
    except CodeRejected as rejected:
        return redirect_to(_next(), announce=METHOD.message(rejected.reason), category="notice")
    return redirect_to(_next(), announce="The passkey is removed, and you’re signed out on all other devices.")


def _new_page(error: str = "") -> Response:
    """The page on which the browser creates a passkey; after an error with new options."""
    options: dict[str, Any] | None = None
    try:
        options = keys.begin_registration(guards.current_session())
    except CodeRejected as rejected:
        error = METHOD.message(rejected.reason)
    body = render_template("passkeys/new.html", options=options, error=error, next=_next())
    return make_response(body, 422 if error else 200)


def _next() -> str:
    """Return the page of the user's account, if the form came from there, or that of the next step."""
    account = url_for("account.index") if "account.index" in current_app.view_functions else HOME
    return account if request.form.get("next") == account else HOME
