"""An empty app with the magic-link sign-in."""

from __future__ import annotations

import os

from flask import Flask, redirect, render_template_string
from flask_wtf import CSRFProtect
from werkzeug import Response

from blueprints import login, slots
from services import guards, rate_limits
from services.errors import NotSignedIn
from services.http import HttpSession
from services.stytch_client import StytchClient

PAGE = """{% extends "layout.html" %}{% block main %}{% include "login/_form.html" %}{% endblock %}"""

app = Flask(__name__)
app.config.update(SECRET_KEY=os.environ["SECRET_KEY"], PUBLIC_URL="http://localhost:8000", SESSION_COOKIE_SECURE=False)
CSRFProtect(app)
slots.init_app(app)
rate_limits.init_app(app)
stytch = StytchClient(
    HttpSession(), os.environ["STYTCH_PROJECT_ID"], os.environ["STYTCH_SECRET"], os.environ["STYTCH_API_URL"]
)
stytch.init_app(app)
app.register_blueprint(login.bp)


@app.get("/")
def home() -> str:
    """Show the sign-in form."""
    return render_template_string(PAGE)


@app.get("/private")
@guards.login_required
def private() -> str:
    """Greet the user."""
    return f"Hello {guards.current_session().email}"


@app.errorhandler(NotSignedIn)
def sign_in_first(_error: NotSignedIn) -> Response:
    """Send the user to the form."""
    return redirect("/", 303)
