"""An empty app with passkeys, beside the magic link that signs a new user in."""

from __future__ import annotations

import os
from datetime import timedelta

from flask import Flask, Response, render_template_string
from flask_wtf import CSRFProtect

from blueprints import login, slots
from extras import passkeys
from services import guards, rate_limits
from services.errors import NotSignedIn, SecondFactorMissing, StepUpRequired
from services.http import HttpSession
from services.session_cache import session_cache
from services.step_up import step_up_required
from services.stytch_client import StytchClient

PAGE = """{% extends "layout.html" %}{% block main %}{% include "login/_form.html" %}
{{ slot("add_factor") if stytch_session }}{% endblock %}"""

app = Flask(__name__)
app.config.update(
    SECRET_KEY=os.environ["SECRET_KEY"],
    PUBLIC_URL="http://localhost:8000",
    SESSION_COOKIE_SECURE=False,
    STEP_UP_MAX_AGE=timedelta(minutes=10),
)
csrf = CSRFProtect(app)
slots.init_app(app)
rate_limits.init_app(app)
stytch = StytchClient(
    HttpSession(), os.environ["STYTCH_PROJECT_ID"], os.environ["STYTCH_SECRET"], os.environ["STYTCH_API_URL"]
)
stytch.init_app(app)
app.register_blueprint(login.bp)
passkeys.init_app(app)


@app.post("/session/<token>")
@csrf.exempt  # type: ignore[untyped-decorator]
def start(token: str) -> Response:
    """Stand in for the magic link, which ends with a Stytch session token."""
    response = Response("signed in")
    guards.set_cookie(response, session_cache.get(token))
    return response


@app.get("/")
def home() -> str:
    """Show the sign-in form, or offer to add a passkey."""
    guards.optional_session()
    return render_template_string(PAGE)


@app.get("/secret")
@step_up_required("see the secret")
def secret() -> str:
    """Show a secret to who has proved mailbox and device."""
    return f"The secret of {guards.current_session().email} is 42."


@app.errorhandler(NotSignedIn)
@app.errorhandler(SecondFactorMissing)
@app.errorhandler(StepUpRequired)
def refused(error: Exception) -> tuple[str, int]:
    """Name what is missing."""
    return type(error).__name__, 403
