"""An empty app with Stytch sessions and the guards; how users sign in is its own business."""

from __future__ import annotations

import os
from datetime import timedelta

import requests
import stytch
from flask import Flask, Response
from stytch.core.response_base import StytchError

from services import guards
from services.errors import NotSignedIn, StepUpRequired
from services.session import SESSION_LIFE, KeySet, Session, session_from, verified_claims
from services.session_cache import SessionCache, session_cache
from services.step_up import step_up_required

PROJECT, STYTCH_URL = os.environ["STYTCH_PROJECT_ID"], os.environ["STYTCH_API_URL"]

app = Flask(__name__)
app.config.update(
    SECRET_KEY=os.environ["SECRET_KEY"], SESSION_COOKIE_SECURE=False, STEP_UP_MAX_AGE=timedelta(minutes=10)
)
client = stytch.Client(PROJECT, os.environ["STYTCH_SECRET"], environment=f"{STYTCH_URL}/")
keys = KeySet(f"{STYTCH_URL}/v1/sessions/jwks/{PROJECT}", requests.Session())


def ask_stytch(token: str) -> Session:
    """Ask Stytch for the session of a token, and verify the JWT that it returns."""
    try:
        answer = client.sessions.authenticate(session_token=token)
    except StytchError as error:
        raise NotSignedIn from error
    claims = verified_claims(answer.session_jwt, keys, PROJECT, STYTCH_URL)
    return session_from(token, answer.session_jwt, claims, answer.user, SESSION_LIFE)


app.extensions["session_cache"] = SessionCache(ask_stytch)


@app.post("/session/<token>")
@guards.public
def start(token: str) -> Response:
    """Stand in for your own sign-in, which ends with a Stytch session token."""
    response = Response("signed in")
    guards.set_cookie(response, session_cache.get(token))
    return response


@app.get("/private")
@guards.login_required
def private() -> str:
    """Greet the user."""
    return f"Hello {guards.current_session().email}"


@app.post("/transfer")
@guards.login_required
@guards.revalidate_session
@step_up_required("send money")
def transfer() -> str:
    """Do what needs a fresh second factor."""
    return "sent"


@app.errorhandler(NotSignedIn)
def not_signed_in(_error: NotSignedIn) -> tuple[str, int]:
    """Refuse a request without a session."""
    return "sign in first", 401


@app.errorhandler(StepUpRequired)
def step_up(required: StepUpRequired) -> tuple[str, int]:
    """Refuse a request without a fresh second factor."""
    return f"a code is needed to {required.purpose}", 403
