"""An empty app where people sign in and confirm it's them with codes by SMS, WhatsApp and email."""

from __future__ import annotations

import os
from datetime import timedelta

from flask import Flask, Response, redirect, render_template_string
from flask_wtf import CSRFProtect
from limits import parse
from werkzeug.wrappers import Response as AnyResponse

from blueprints import login, slots, step_up
from extras import passcodes
from services import guards, rate_limits
from services.errors import NotSignedIn
from services.http import HttpSession
from services.step_up import step_up_required
from services.stytch_client import StytchClient

PAGE = """{% extends "layout.html" %}{% block main %}
{% if stytch_session %}{{ slot("add_factor") }}{% else %}{% include "login/_form.html" %}{% endif %}{% endblock %}"""

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
passcodes.add_codes(app, passcodes.Phones(("US", "CA"), parse("100/hour"), takes_sandbox=True))


@app.get("/")
def home() -> Response:
    """Show the ways to sign in, or what the user can add."""
    guards.optional_session()
    return Response(render_template_string(PAGE))


@app.get("/secret")
@step_up_required("see the secret")
def secret() -> str:
    """Show a secret."""
    return "<p>The secret is 42.</p>"


@app.errorhandler(NotSignedIn)
def sign_in_first(_error: NotSignedIn) -> AnyResponse:
    """Send the user to the form."""
    return redirect("/", 303)
