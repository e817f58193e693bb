"""Reset a password by email: ask for the mail, open its link, set a new password.

To copy: opening the link uses nothing up; the form does. The answer to an address is always the same. The page at the
link's own URL has no htmx, which would send that URL along; the form comes from a POST, without the token in the URL.
"""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request

from blueprints.htmx import render
from blueprints.login import finish_sign_in
from services import guards
from services.errors import CodeRejected
from services.rate_limits import limited

from . import resets
from .views import METHOD, address, rejected_password, typed

bp = Blueprint("password_resets", __name__, url_prefix="/passwords")
PROBLEMS = {
    "unable_to_auth_password_reset_token": "over",
    "invalid_token": "unknown",
    "pkce_mismatch": "other_browser",
    "pkce_expected_code_verifier": "other_browser",
    "user_lock_limit_reached": "locked",
}


@bp.get("/forgot")
@guards.public
def forgot() -> Response:
    """Ask for the address to mail the links to."""
    guards.optional_session()  # so that the page shows who is signed in
    return render("passwords/forgot.html")


@bp.post("/forgot")
@guards.public
@limited(resets.RESETS_PER_CLIENT)
def send() -> Response:
    """Mail the links."""
    guards.optional_session()
    try:
        email = address()
    except CodeRejected as rejected:
        return render("passwords/forgot.html", 422, error=METHOD.message(rejected.reason))
    verifier = resets.send(email)
    response = render("passwords/sent.html", email=email, announce="Check your email.")
    return resets.keep_verifier(response, verifier)


@bp.get("/reset")
@guards.public
def open_link() -> Response:
    """Show the button that opens the form. Nothing is used up here: GET changes nothing."""
    token, other = request.args.get("token", ""), guards.optional_session()
    if not token or request.args.get("stytch_token_type") != "reset_password":
        return _problem("unknown")
    if not resets.verifier():
        return _problem("over" if resets.has_asked() else "other_browser")
    response = make_response(render_template("passwords/open.html", token=token, other=other))
    response.headers["Referrer-Policy"] = "strict-origin"  # the URL holds the token; "no-referrer" would break the form
    return response


@bp.post("/reset/form")
@guards.public
def form() -> Response:
    """Show the form for the new password. It uses nothing up, and its URL has no token."""
    return render("passwords/reset.html", token=request.form.get("token", ""))


@bp.post("/reset")
@guards.public
@limited(resets.RESETS_PER_CLIENT)
def reset() -> Response:
    """Set the new password, in the browser that asked, and sign in with it."""
    token, verifier = request.form.get("token", ""), resets.verifier()
    before = guards.optional_session()  # asked for first: nothing may fail once the link is used up
    if not verifier:
        return _problem("over" if resets.has_asked() else "other_browser")
    try:
        session = resets.use(token, verifier, typed("new_password", "no_new_password"))
    except CodeRejected as rejected:
        if problem := PROBLEMS.get(rejected.reason):
            return _problem(problem)
        return render("passwords/reset.html", 422, token=token, **rejected_password(rejected.reason, None))
    return finish_sign_in(session, before)


def _problem(problem: str) -> Response:
    """Say what is wrong with the link, with the way to another."""
    guards.optional_session()
    response = make_response(render_template("passwords/problem.html", problem=problem), 400)
    response.headers["Referrer-Policy"] = "strict-origin"  # the URL may hold a link that still works
    return response
