"""An empty app with the enrollment of an authenticator; how users sign in is its own business."""

from __future__ import annotations

import os

from flask import Flask, Response, render_template_string
from flask_wtf import CSRFProtect

from blueprints import slots, totp
from services import guards, rate_limits
from services.errors import NotSignedIn, SecondFactorMissing, StepUpRequired
from services.http import HttpSession
from services.session_cache import session_cache
from services.stytch_client import StytchClient

PAGE = """{% extends "layout.html" %}{% block main %}
{% if enrolled %}<p>You have an authenticator.</p>{% else %}{% include "totp/_start.html" %}{% endif %}{% endblock %}"""

app = Flask(__name__)
app.config.update(SECRET_KEY=os.environ["SECRET_KEY"], SESSION_COOKIE_SECURE=False)
csrf = CSRFProtect(app)
slots.init_app(app)
rate_limits.init_app(app)
stytch = StytchClient(
    HttpSession(), os.environ["STYTCH_PROJECT_ID"], os.environ["STYTCH_SECRET"], os.environ["STYTCH_API_URL"]
)
stytch.init_app(app)
app.register_blueprint(totp.bp)


@app.post("/session/<token>")
@csrf.exempt  # type: ignore[untyped-decorator]
def start(token: str) -> Response:
    """Stand in for your own sign-in, which ends with a Stytch session token."""
    response = Response("signed in")
    guards.set_cookie(response, session_cache.get(token))
    return response


@app.get("/")
@guards.login_required
def home() -> str:
    """Offer the enrollment."""
    return render_template_string(PAGE, enrolled=guards.fresh_session().enrolled)


@app.errorhandler(NotSignedIn)
@app.errorhandler(SecondFactorMissing)
@app.errorhandler(StepUpRequired)
def refused(error: Exception) -> tuple[str, int]:
    """Name what is missing."""
    return type(error).__name__, 403
