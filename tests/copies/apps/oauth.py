"""An empty app where people sign in with Google or GitHub."""

from __future__ import annotations

import os

from flask import Flask, Response, redirect, render_template_string
from flask_wtf import CSRFProtect
from werkzeug.wrappers import Response as AnyResponse

from blueprints import login, slots
from extras import oauth
from services import guards, rate_limits, resets
from services.errors import NotSignedIn
from services.http import HttpSession
from services.stytch_client import StytchClient

PAGE = """{% extends "layout.html" %}{% block main %}{% include "login/_form.html" %}{% endblock %}"""

app = Flask(__name__)
app.config.update(SECRET_KEY=os.environ["SECRET_KEY"], PUBLIC_URL="http://localhost:8000", SESSION_COOKIE_SECURE=False)
CSRFProtect(app)
slots.init_app(app)
rate_limits.init_app(app)
resets.init_app(app)
stytch_url = os.environ["STYTCH_API_URL"]
stytch = StytchClient(HttpSession(), os.environ["STYTCH_PROJECT_ID"], os.environ["STYTCH_SECRET"], stytch_url)
stytch.init_app(app)
app.register_blueprint(login.bp)
project = oauth.Project(os.environ["STYTCH_PUBLIC_TOKEN"], stytch_url, f"{app.config['PUBLIC_URL']}/oauth/return")
oauth.add_providers(app, ["google", "github"], project)


@app.get("/")
def home() -> Response:
    """Show the ways to sign in."""
    return Response(render_template_string(PAGE))


@app.get("/private")
@guards.login_required
def private() -> str:
    """Greet who is signed in."""
    return f"Hello {guards.current_session().email}"


@app.errorhandler(NotSignedIn)
def sign_in_first(_error: NotSignedIn) -> AnyResponse:
    """Send the user to the form."""
    return redirect("/", 303)
