"""An empty app with the step-up; its one method checks codes at Stytch."""

from __future__ import annotations

import os
from datetime import timedelta

from flask import Flask, Response, render_template_string, request
from flask_wtf import CSRFProtect

from blueprints import slots, step_up
from services import guards, methods
from services.factors import authenticate_totp
from services.http import HttpSession
from services.session import Session
from services.session_cache import session_cache
from services.step_up import step_up_required
from services.stytch_client import StytchClient

PAGE = """{% extends "layout.html" %}{% block scripts %}
<script src="/static/htmx-4.0.1.min.js"></script><script src="/static/step_up.js" defer></script>{% endblock %}
{% block main %}<h1>Home</h1>
<button id="reveal" hx-get="/secret" hx-target="#out">Reveal</button><div id="out"></div>
<form id="change" method="post" action="/change" hx-post="/change" hx-target="#out">
<input type="hidden" name="csrf_token" value="{{ csrf_token() }}">
<label>Name <input name="name"></label><button>Change</button></form>{% endblock %}"""
app = Flask(__name__)
app.config.update(
    SECRET_KEY=os.environ["SECRET_KEY"], SESSION_COOKIE_SECURE=False, STEP_UP_MAX_AGE=timedelta(minutes=10)
)
csrf = CSRFProtect(app)
slots.init_app(app)
stytch = StytchClient(
    HttpSession(), os.environ["STYTCH_PROJECT_ID"], os.environ["STYTCH_SECRET"], os.environ["STYTCH_API_URL"]
)
stytch.init_app(app)


def verify(session: Session, form: methods.Form) -> None:
    """Check a code at Stytch, with the session's own token. Limit the attempts in a real app."""
    guards.set_current_session(authenticate_totp(session, methods.six_digits(form, "malformed")))


methods.register(
    step_up.bp,
    methods.Method(
        name="totp",
        title="your authenticator",
        group="device",
        step_up="code_fields.html",
        is_enrolled=lambda session: session.enrolled,
        verify=verify,
        messages={"malformed": "Enter six digits.", "unable_to_authenticate_totp": "That code is wrong."},
    ),
)
app.register_blueprint(step_up.bp)


@app.post("/session/<token>")
@csrf.exempt  # type: ignore[untyped-decorator]
def start(token: str) -> Response:
    """Stand in for your own sign-in, which ends with a Stytch session token."""
    response = Response("signed in")
    guards.set_cookie(response, session_cache.get(token))
    return response


@app.get("/")
def home() -> str:
    """Show what needs a code."""
    return render_template_string(PAGE)


@app.get("/secret")
@step_up_required("see the secret")
def secret() -> str:
    """Show a secret."""
    return "<p>The secret is 42.</p>"


@app.post("/change")
@step_up_required("change your name")
def change() -> str:
    """Change something, and say what was typed."""
    return f"<p>Changed to {request.form['name']}.</p>"
