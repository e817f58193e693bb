"""An empty app where people sign in with a password, beside the magic link that signs a new user in."""

from __future__ import annotations

import os
from datetime import timedelta

from flask import Flask, Response, redirect, render_template_string
from flask_wtf import CSRFProtect
from werkzeug.wrappers import Response as AnyResponse

from blueprints import login, slots, step_up
from extras import passwords
from services import guards, rate_limits
from services.errors import NotSignedIn
from services.http import HttpSession
from services.stytch_client import StytchClient

PAGE = """{% extends "layout.html" %}{% block main %}
{% if stytch_session %}Hello {{ stytch_session.email }}{{ slot("account_factors") }}
{% else %}{% include "login/_form.html" %}{% endif %}{% endblock %}"""

app = Flask(__name__)
app.config.update(
    SECRET_KEY=os.environ["SECRET_KEY"],
    PUBLIC_URL="http://localhost:8000",
    SESSION_COOKIE_SECURE=False,
    STEP_UP_MAX_AGE=timedelta(minutes=10),
)
CSRFProtect(app)
slots.init_app(app)
rate_limits.init_app(app)
stytch = StytchClient(
    HttpSession(), os.environ["STYTCH_PROJECT_ID"], os.environ["STYTCH_SECRET"], os.environ["STYTCH_API_URL"]
)
stytch.init_app(app)
app.register_blueprint(login.bp)
app.register_blueprint(step_up.bp)
passwords.init_app(app)


@app.get("/", endpoint="home.index")
def home() -> Response:
    """Show the ways to sign in, or the user's password."""
    session = guards.optional_session()
    user = stytch.sdk.users.get(session.user_id) if session else None
    return Response(render_template_string(PAGE, user=user))


@app.errorhandler(NotSignedIn)
def sign_in_first(_error: NotSignedIn) -> AnyResponse:
    """Send the user to the form."""
    return redirect("/", 303)
