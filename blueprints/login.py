"""Sign in with a magic link.

To copy: opening the link spends nothing, since mail scanners open links; the button on its page does. The link is worth
nothing without the browser that asked for it (PKCE). Whatever Stytch knows about an address, the answer is the same.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import time
from datetime import timedelta

from flask import Blueprint, Response, current_app, make_response, render_template, request, url_for
from flask import session as flask_session
from flask_wtf import FlaskForm
from wtforms import EmailField
from wtforms.validators import DataRequired, Length, Regexp

from services.auth import LINK_LIFE, auth
from services.exchange import exchange
from services.guards import current_session, delete_cookie, session_if_any, set_cookie, sign_in_token, signed_in
from services.limits import LINKS_PER_CLIENT, limiter, may_send_link
from services.session import Session
from services.stytch_wire import Refused

from . import go, render

bp = Blueprint("login", __name__)

VERIFIER_COOKIE = "pkce_verifier"
VERIFIER_LIFE = timedelta(hours=1)  # longer than the link's, to tell an expired link from a used one
VERIFIER_SHAPE = re.compile(r"(?P<asked_at>[0-9]{10})\.(?P<verifier>[\w-]{43,128})", re.ASCII)


class SignInForm(FlaskForm):  # type: ignore[misc]
    """Where to send the link."""

    email = EmailField(
        "E-mail",
        filters=[lambda text: (text or "").strip()],
        validators=[
            DataRequired("Enter your e-mail address."),
            Length(max=254, message="This address is too long to be real."),
            Regexp(r"[^@\s]+@[^@\s]+\.[^@\s.]+$", message="Enter an address like ada@example.com."),
        ],
    )


@bp.post("/login")
@limiter.limit(LINKS_PER_CLIENT)
def send() -> Response:
    """Mail a sign-in link."""
    form = SignInForm(request.form)
    if not form.validate():
        return render("home/index.html", "login/_form.html", 422, form=form)
    email = form.email.data or ""
    verifier = _verifier() or secrets.token_urlsafe(48)  # two links asked for in a row both open
    try:
        if may_send_link(email):
            auth.send_link(email, _challenge(verifier))
    except Refused:
        form.email.errors = ["Enter an address like ada@example.com."]
        return render("home/index.html", "login/_form.html", 422, form=form)
    response = render("login/sent.html", "login/_sent.html", email=email, say="Check your mail.", is_step=True)
    _set_verifier(response, verifier)
    return response


@bp.get("/login/authenticate")
def open_link() -> Response:
    """Show the button that spends the link. Nothing is spent here: GET changes nothing."""
    token = request.args.get("token", "")
    if not token or not _verifier():
        return _problem("other_browser" if token else "unknown")
    response = make_response(render_template("login/open.html", token=token, other=session_if_any()))
    response.headers["Referrer-Policy"] = "strict-origin"  # the URL holds the token; "no-referrer" would break the form
    return response


@bp.post("/login/authenticate")
@limiter.limit(LINKS_PER_CLIENT)
def spend_link() -> Response:
    """Trade the link for a session, in the browser that asked for it."""
    if not (verifier := _verifier()):
        return _problem("other_browser")
    before = session_if_any()  # asked first: nothing may fail once the link is spent
    try:
        session = auth.spend_link(request.form.get("token", ""), verifier)
    except Refused as refused:
        return _problem(_meaning(refused.reason))
    if before:
        exchange.drop(before.session_id)
        auth.sign_out(before.token)
    next_page = flask_session.get("next") or url_for("home.index")
    flask_session.clear()
    response = go(next_page)
    set_cookie(response, session)
    return response


@bp.post("/logout")
def sign_out() -> Response:
    """Revoke the session at Stytch and leave nothing behind, here or in the browser; an outage stops nobody."""
    return _leave(session_if_any())


@bp.post("/logout/everywhere")
@signed_in
def sign_out_everywhere() -> Response:
    """Revoke all sessions of the user at Stytch, this one last: if that fails half-way, one can try again."""
    session = current_session()
    exchange.drop(*auth.sign_out_others(session))
    return _leave(session, say="You are signed out everywhere.")


def _leave(session: Session | None, say: str = "") -> Response:
    if session:
        exchange.drop(session.session_id)
    if token := sign_in_token():
        auth.sign_out(token)
    flask_session.clear()
    response = go(url_for("home.index"), say=say)
    delete_cookie(response)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def _challenge(verifier: str) -> str:
    """The S256 code challenge of RFC 7636."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _verifier() -> str | None:
    """The PKCE verifier that this browser was given, if it is one."""
    kept = VERIFIER_SHAPE.fullmatch(request.cookies.get(VERIFIER_COOKIE, ""))
    return kept["verifier"] if kept else None


def _set_verifier(response: Response, verifier: str) -> None:
    response.set_cookie(
        VERIFIER_COOKIE,
        f"{int(time.time())}.{verifier}",
        max_age=VERIFIER_LIFE,
        path=url_for("login.send"),
        secure=current_app.extensions["settings"].is_https,
        httponly=True,
        samesite="Lax",
    )


def _meaning(reason: str) -> str:
    """What Stytch's refusal of a link means. It has one answer for used and expired ones; the cookie's age tells."""
    if reason == "pkce_mismatch":
        return "other_browser"
    if reason == "user_lock_limit_reached":
        return "locked"
    if reason != "unable_to_auth_magic_link":
        return "unknown"
    kept = VERIFIER_SHAPE.fullmatch(request.cookies.get(VERIFIER_COOKIE, ""))
    age = time.time() - int(kept["asked_at"]) if kept else 0
    return "expired" if age >= LINK_LIFE.total_seconds() else "used"


def _problem(problem: str) -> Response:
    """A page that says what is wrong with the link, with the form to ask for another."""
    session_if_any()
    response = make_response(render_template("login/problem.html", problem=problem), 400)
    response.headers["Referrer-Policy"] = "strict-origin"  # the URL may hold a link that is still good
    return response
