"""Sign in with a magic link.

To copy: opening the link uses nothing up, since mail scanners open links; the button on its page does. A link works
only in the browser that asked for it (PKCE). Whatever Stytch knows about an address, the answer is the same.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import time
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, current_app, make_response, render_template, request, url_for
from flask import session as flask_session
from flask_wtf import FlaskForm
from wtforms import EmailField
from wtforms.validators import DataRequired, Length, Regexp

from services import guards, methods
from services.errors import CodeRejected
from services.rate_limits import LINKS_PER_CLIENT, limiter, may_send_link
from services.stytch_client import LINK_LIFE, stytch_client

from .htmx import HOME, redirect_to, render

bp = Blueprint("login", __name__)
methods.register(bp, methods.Method("magic_link", "an email link", "mailbox", sign_in="login/_magic_link.html"))

VERIFIER_COOKIE = "pkce_verifier"
VERIFIER_LIFE = timedelta(hours=1)  # longer than the link's, to tell an expired link from a used one
VERIFIER_SHAPE = re.compile(r"(?P<asked_at>[0-9]{10})\.(?P<verifier>[\w-]{43,128})", re.ASCII)
INVALID = "Enter an address like ada@example.com."


class SignInForm(FlaskForm):  # type: ignore[misc]
    """Where to send the link."""

    email = EmailField(
        "Email",
        filters=[lambda text: (text or "").strip()],
        validators=[
            DataRequired("Enter your email address."),
            Length(max=254, message="This address is too long."),
            Regexp(r"[^@\s]+@[^@\s]+\.[^@\s.]+$", message=INVALID),
        ],
    )


@bp.app_context_processor
def inject_session() -> dict[str, Any]:
    """Give every template the session and the ways to sign in. Never makes a call."""
    return {"stytch_session": guards.loaded_session(), "sign_in_methods": methods.sign_in_methods}


@bp.post("/login")
@guards.public
@limiter.limit(LINKS_PER_CLIENT)
def send() -> Response:
    """Mail a sign-in link."""
    form = SignInForm(request.form)
    if not form.validate():
        return render("login/form.html", 422, form=form)
    email = form.email.data or ""
    verifier = _verifier() or secrets.token_urlsafe(48)  # two links asked for in a row both work
    try:
        if may_send_link(email):
            redirect_url = f"{current_app.config['PUBLIC_URL']}{url_for('login.open_link')}"
            stytch_client.send_link(email, redirect_url, _challenge(verifier))
    except CodeRejected:
        form.email.errors = [INVALID]
        return render("login/form.html", 422, form=form)
    response = render("login/sent.html", email=email, announce="Check your email.", is_step=True)
    _set_verifier(response, verifier)
    return response


@bp.get("/login/authenticate")
@guards.public
def open_link() -> Response:
    """Show the button that uses the link. Nothing is used up here: GET changes nothing."""
    token = request.args.get("token", "")
    if not token or not _verifier():
        return _problem("other_browser" if token else "unknown")
    response = make_response(render_template("login/open.html", token=token, other=guards.optional_session()))
    response.headers["Referrer-Policy"] = "strict-origin"  # the URL holds the token; "no-referrer" would break the form
    return response


@bp.post("/login/authenticate")
@guards.public
@limiter.limit(LINKS_PER_CLIENT)
def authenticate_link() -> Response:
    """Exchange the link for a session, in the browser that asked for it."""
    if not (verifier := _verifier()):
        return _problem("other_browser")
    before = guards.optional_session()  # asked for first: nothing may fail once the link is used up
    try:
        session = stytch_client.authenticate_link(request.form.get("token", ""), verifier)
    except CodeRejected as rejected:
        return _problem(_meaning(rejected.reason))
    if before:
        stytch_client.sign_out(before.token, before)
    response = redirect_to(flask_session.get("next") or HOME)
    flask_session.clear()
    guards.set_cookie(response, session)
    return response


@bp.post("/logout")
@guards.public
def sign_out() -> Response:
    """Revoke the session at Stytch and delete what is kept here and in the browser, even if Stytch is down."""
    return end_session("You’re signed out.")


def end_session(announce: str = "") -> Response:
    """Sign this browser out, and continue at the home page with this message."""
    if token := guards.sign_in_token():
        stytch_client.sign_out(token, guards.optional_session())
    flask_session.clear()
    response = redirect_to(HOME, announce=announce)
    guards.delete_cookie(response)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def _challenge(verifier: str) -> str:
    """Return the S256 code challenge of RFC 7636."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _verifier() -> str | None:
    """Return the PKCE verifier of this browser, if it has one."""
    cookie = VERIFIER_SHAPE.fullmatch(request.cookies.get(VERIFIER_COOKIE, ""))
    return cookie["verifier"] if cookie else None


def _set_verifier(response: Response, verifier: str) -> None:
    response.set_cookie(
        VERIFIER_COOKIE,
        f"{int(time.time())}.{verifier}",
        max_age=VERIFIER_LIFE,
        path=url_for("login.send"),
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )


def _meaning(reason: str) -> str:
    """Return what a refusal means. Stytch does not tell used from expired links; the cookie's age does."""
    if reason in (named := {"pkce_mismatch": "other_browser", "user_lock_limit_reached": "locked"}):
        return named[reason]
    if reason != "unable_to_auth_magic_link":
        return "unknown"
    cookie = VERIFIER_SHAPE.fullmatch(request.cookies.get(VERIFIER_COOKIE, ""))
    age = time.time() - int(cookie["asked_at"]) if cookie else 0
    return "expired" if age >= LINK_LIFE.total_seconds() else "used"


def _problem(problem: str) -> Response:
    """Say what is wrong with the link, with the form to ask for another."""
    guards.optional_session()  # so that the page shows who is signed in
    response = make_response(render_template("login/problem.html", problem=problem), 400)
    response.headers["Referrer-Policy"] = "strict-origin"  # the URL may hold a link that still works
    return response
