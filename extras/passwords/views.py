"""Sign in with a password; set, change and remove it; rate one that is being typed.

To copy: a password comes in a POST's body and goes back into no page. To set, change or remove it takes the proofs that
``require_factor_proof`` asks for.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, flash, make_response, render_template, request, url_for
from flask import session as flask_session
from limits import parse
from werkzeug.exceptions import TooManyRequests

from blueprints.htmx import HOME, redirect_to, render
from blueprints.login import INVALID, SignInForm, finish_sign_in
from services import guards, methods
from services.errors import CodeRejected, LimitReached
from services.factors import require_factor_proof
from services.rate_limits import client_network, count, limited

from . import checks

bp = Blueprint(
    "passwords", __name__, template_folder="templates", static_folder="static", static_url_path="/static/passwords"
)
PER_CLIENT = parse("20/minute")
RATINGS_PER_CLIENT = parse("60/minute")
WRONG = "This email and password don’t match, or there is no password yet. Too many tries lock it for up to an hour."
MESSAGES = dict.fromkeys(checks.WRONG, WRONG) | {
    "invalid_email": INVALID,
    "no_password": "Enter your password.",
    "no_new_password": "Enter a new password.",
    "wrong_old": "That is not your current password.",
    "weak_password": "This password is too easy to guess. Choose another one.",
    "breached_password": "This password was leaked on another site, so others may try it. Choose another one.",
    "reset_password": "Your password is right, but it can’t be used any more: it was leaked, or it was set before you "
    "confirmed your email. Set a new one.",
    "session_too_old_to_reset_password": "You confirmed your email more than five minutes ago. We can email you a link "
    "to set your password instead.",
}
METHOD = methods.register(
    bp, methods.Method("password", "a password", None, sign_in="passwords/_sign_in.html", messages=MESSAGES)
)


@bp.get("/passwords/sign-in")
@guards.public
def show() -> Response:
    """Show the form to sign in with a password."""
    return render("passwords/sign_in.html")


@bp.post("/passwords/sign-in")
@guards.public
@limited(PER_CLIENT)
def sign_in() -> Response:
    """Sign in with a password."""
    before = guards.optional_session()
    try:
        session = checks.sign_in(address(), typed("password", "no_password"))
    except CodeRejected as rejected:
        reason = rejected.reason
        return render("passwords/sign_in.html", 422, error=METHOD.message(reason), reason=reason)
    except LimitReached as limit:
        response = render("passwords/sign_in.html", 429, error=limit.advice)
        response.headers["Retry-After"] = str(limit.wait)
        return response
    return finish_sign_in(session, before)


@bp.post("/passwords/new")
@guards.revalidate_session
def new() -> Response:
    """Show the form to set or change the password."""
    require_factor_proof("set a password")
    return _form()


@bp.post("/passwords")
@guards.revalidate_session
def save() -> Response:
    """Set the password; one that still signs in is changed by itself."""
    require_factor_proof("set a password")
    session = guards.current_session()
    is_change = checks.can_be_changed(session)
    try:
        password = typed("new_password", "no_new_password")
        if not is_change:
            guards.set_current_session(checks.set_password(session, password))
            return redirect_to(_account(), announce="Your password is set, and you’re signed out on all other devices.")
        changed = checks.change_password(session, typed("current_password", "no_password"), password)
    except CodeRejected as rejected:
        return _form(rejected.reason, can_be_changed=is_change)
    except LimitReached as limit:
        return _form("no_password", 429, can_be_changed=is_change, error=limit.advice)
    flask_session["next"] = _account()
    response = finish_sign_in(changed, session)
    flash("Your password is changed. You’re signed out on all other devices, and signed in here with it.")
    return response


@bp.post("/passwords/remove")
@guards.revalidate_session
def remove() -> Response:
    """Delete the password, and sign out the user's other devices."""
    require_factor_proof("remove your password")
    guards.set_current_session(checks.remove_password(guards.current_session()))
    return redirect_to(_account(), announce="Your password is removed, and you’re signed out on all other devices.")


@bp.post("/passwords/strength")
@guards.public
def strength() -> Response:
    """Rate the password that is being typed. A POST, since a URL would be kept in logs."""
    session, password, rated = guards.optional_session(), request.form.get("new_password", ""), None
    try:
        count(RATINGS_PER_CLIENT, "passwords rated", client_network())
        rated = checks.rate(password, session.email if session else None) if password else None
    except TooManyRequests:
        pass  # it is rated when the form is sent
    said = render_template("_announce.html", announce=_verdict(rated))
    return make_response(render_template("passwords/_strength.html", strength=rated) + said)


def address() -> str:
    """Return the email address of the request's form as Stytch takes it. Raises CodeRejected."""
    form = SignInForm(request.form)
    try:
        if form.validate():
            return form.address
    except UnicodeError:
        pass
    raise CodeRejected("invalid_email")


def typed(name: str, missing: str) -> str:
    """Return a password of the request's form as it was typed. Raises CodeRejected if there is none."""
    if not (password := request.form.get(name, "")):
        raise CodeRejected(missing)
    return password


def rejected_password(reason: str, email: str | None) -> dict[str, Any]:
    """Return what a form says about a new password that was refused."""
    is_bad = reason in {"weak_password", "breached_password"}
    return {
        "error": METHOD.message(reason),
        "reason": reason,
        "strength": checks.rate(request.form.get("new_password", ""), email) if is_bad else None,
    }


def _form(reason: str = "", status: int = 422, *, can_be_changed: bool | None = None, error: str = "") -> Response:
    """The form to set or change the password, which says what was refused."""
    session = guards.current_session()
    if can_be_changed is None:
        can_be_changed = checks.can_be_changed(session)
    if can_be_changed and reason in checks.WRONG:
        reason = "wrong_old"
    said: dict[str, Any] = rejected_password(reason, session.email) if reason else {}
    said |= {"error": error} if error else {}
    return render(
        "passwords/new.html", status if reason else 200, can_be_changed=can_be_changed, back=_account(), **said
    )


def _verdict(rated: checks.Strength | None) -> str:
    """Return what assistive technology says about a password."""
    if rated is None:
        return ""
    if rated.is_breached:
        return "This password was leaked. Choose another one."
    return "Strong enough." if rated.is_valid else "Too easy to guess."


def _account() -> str:
    """Return the page of the user's account, or that of the next step where there is none."""
    return url_for("account.index") if "account.index" in current_app.view_functions else HOME
