"""Sign in with a magic link.

To copy: opening the link uses nothing up, since mail scanners open links; the button on its page does. A link works
only in the browser that asked for it (PKCE). Whatever Stytch knows about an address, the answer is the same.
"""

import base64
import hashlib
import re
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import idna
from flask import Blueprint, Response, current_app, make_response, render_template, request, url_for
from flask import session as flask_session
from flask_wtf import FlaskForm
from wtforms import EmailField
from wtforms.validators import DataRequired, Length, Regexp

from services import guards, methods
from services.errors import CodeRejected
from services.magic_links import LINKS_PER_CLIENT, authenticate_link, send_link
from services.rate_limits import limited
from services.session import Session
from services.stytch_client import minutes, stytch_client

from .htmx import HOME, redirect_to, render

bp = Blueprint("login", __name__)
methods.register(bp, methods.Method("magic_link", "an email link", "mailbox", sign_in="login/_magic_link.html"))

LINKS_LIFE = timedelta(days=1)  # of the cookie that tells an expired link from one of another browser
VERIFIER = r"[\w-]{43,128}"  # of PKCE (RFC 7636); its cookie lives as long as the links that it is for
MEANINGS = {"pkce_mismatch": "other_browser", "user_lock_limit_reached": "locked"}
INVALID = "Enter an address like ada@example.com."
KEPT = "\u200c\u200d\u202e"  # zero-width joiners, of which idna refuses the wrong ones, and U+202E, to be refused


def _visible(text: str | None) -> str:
    """Return an address without the marks that copying leaves around it."""
    return "".join(char for char in text or "" if char.isprintable() or char.isspace() or char in KEPT).strip()


class SignInForm(FlaskForm):  # type: ignore[misc]
    """Where to send the link."""

    email = EmailField(
        "Email",
        filters=[_visible],
        validators=[
            DataRequired("Enter your email address."),
            Length(max=254, message="This address is too long."),
            Regexp(r"[^@\s\uff20\u202e]+[@\uff20][^@\s]+\.[^@\s.]+$", message=INVALID),
        ],
    )

    @property
    def address(self) -> str:
        """The address with an ASCII domain. Raises UnicodeError."""
        local, _, domain = self.email.data.replace("\uff20", "@").partition("@")
        return f"{local}@{domain if domain.isascii() else idna.encode(domain, uts46=True).decode()}"


@bp.app_context_processor
def inject_session() -> dict[str, Any]:
    """Give every template the session, whether it is new, and the ways to sign in. Never makes a call."""
    return {
        "stytch_session": guards.loaded_session(),
        "is_new_session": lambda: flask_session.pop("is_new", False),  # once: the first page says who is signed in
        "seconds_left": lambda session: int((session.expires_at - datetime.now(UTC)).total_seconds()),
        "sign_in_methods": methods.sign_in_methods,
        "link_minutes": minutes(stytch_client.link_life),
    }


@bp.post("/login")
@guards.public
@limited(LINKS_PER_CLIENT)
def send() -> Response:
    """Mail a sign-in link."""
    form = SignInForm(request.form)
    if not form.validate():
        return render("login/form.html", 422, form=form)
    verifier = _cookie("pkce_verifier", VERIFIER) or secrets.token_urlsafe(48)  # every link that still works shares it
    try:
        redirect_url = f"{current_app.config['PUBLIC_URL']}{url_for('login.open_link')}"
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()  # S256
        send_link(form.address, redirect_url, challenge)
    except (CodeRejected, UnicodeError):
        form.email.errors = [INVALID]
        return render("login/form.html", 422, form=form)
    response = render("login/sent.html", email=form.email.data, announce="Check your email.", is_step=True)
    _set_cookie(response, "pkce_verifier", verifier, stytch_client.link_life)
    _set_cookie(response, "links", _cookie("links", "[0-9]{10}") or f"{int(time.time())}", LINKS_LIFE)
    return response


@bp.get("/login/authenticate")
@guards.public
def open_link() -> Response:
    """Show the button that uses the link. Nothing is used up here: GET changes nothing."""
    token, other = request.args.get("token", ""), guards.optional_session()
    if not token:
        return _problem("unknown")
    if not _cookie("pkce_verifier", VERIFIER):
        return _problem("signed_in" if other else _meaning())
    response = make_response(render_template("login/open.html", token=token, other=other))
    response.headers["Referrer-Policy"] = "strict-origin"  # the URL holds the token; "no-referrer" would break the form
    return response


@bp.post("/login/authenticate")
@guards.public
@limited(LINKS_PER_CLIENT)
def use_link() -> Response:
    """Exchange the link for a session, in the browser that asked for it."""
    token, verifier = request.form.get("token", ""), _cookie("pkce_verifier", VERIFIER)
    before = guards.optional_session()  # asked for first: nothing may fail once the link is used up
    if not verifier:
        return redirect_to(HOME) if before else _problem(_meaning())  # the former: pressed twice
    try:
        return finish_sign_in(authenticate_link(token, verifier), before)
    except CodeRejected as rejected:
        return _problem(_meaning(rejected.reason))


def finish_sign_in(session: Session, before: Session | None) -> Response:
    """Sign this browser in, and out of the session that it had before."""
    if before and before.session_id != session.session_id:
        stytch_client.sign_out(before.token, before)
    response = redirect_to(flask_session.get("next") or HOME)
    flask_session.clear()
    flask_session["is_new"] = True
    guards.set_cookie(response, session)
    response.delete_cookie(guards.cookie_name("pkce_verifier"), **guards.cookie_flags())
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


def _cookie(name: str, shape: str) -> str:
    value = request.cookies.get(guards.cookie_name(name), "")
    return value if re.fullmatch(shape, value, re.ASCII) else ""


def _set_cookie(response: Response, name: str, value: str, life: timedelta) -> None:
    response.set_cookie(guards.cookie_name(name), value, max_age=life, **guards.cookie_flags())


def _meaning(reason: str = "") -> str:
    """Return what a refusal means; without a reason, what it means that the verifier is gone.

    Stytch does not tell used from expired links; when this browser first asked for one does.
    """
    if reason not in {"", "unable_to_auth_magic_link"}:
        return MEANINGS.get(reason, "unknown")
    if asked_at := _cookie("links", "[0-9]{10}"):
        return "used" if time.time() - int(asked_at) < stytch_client.link_life.total_seconds() else "expired"
    return "used" if reason else "other_browser"


def _problem(problem: str) -> Response:
    """Say what is wrong with the link, with the way to another."""
    guards.optional_session()  # so that the page shows who is signed in
    response = make_response(render_template("login/problem.html", problem=problem), 400)
    response.headers["Referrer-Policy"] = "strict-origin"  # the URL may hold a link that still works
    return response
