"""The whole idea in one file: a magic link, an authenticator, the exchange, and the customer's cards.

Run it with STYTCH_PROJECT_ID, STYTCH_SECRET, UNIT_API_TOKEN and SECRET_KEY set, or with ``make example``. It keeps
what may not be left out: PKCE, CSRF tokens, a button that uses the link, JWT verification, a fresh second factor, and
JWTs and customer tokens on the server. It leaves out: the age of the link before an enrollment, lost phones, the
application form (it sends a sample person), rate limits, retries, caches, idempotent cards, htmx, and friendly errors.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import os
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import requests
import stytch
from flask import Flask, abort, redirect, render_template_string, request, session, url_for
from flask_wtf import CSRFProtect
from stytch.core.response_base import StytchError
from werkzeug.wrappers import Response

PROJECT_ID = os.environ["STYTCH_PROJECT_ID"]
STYTCH_URL = os.environ.get("STYTCH_API_URL") or "https://test.stytch.com"
ORG_TOKEN = os.environ["UNIT_API_TOKEN"]  # never acts on a customer's cards
UNIT_URL = os.environ.get("UNIT_API_URL") or "https://api.s.unit.sh"
PUBLIC_URL = os.environ.get("PUBLIC_URL") or "http://localhost:8000"
STEP_UP_MAX_AGE = timedelta(minutes=10)
CUSTOMER = "unit_customer_id"  # in Stytch's trusted_metadata, which only back ends can write
PERSON = {  # a real app asks for this
    "fullName": {"first": "Ada", "last": "Vance"},
    "dateOfBirth": "1990-02-03",
    "ssn": "123456789",
    "phone": {"countryCode": "1", "number": "5555550101"},
    "address": {"street": "1 Main Street", "city": "Oakland", "state": "CA", "postalCode": "94607", "country": "US"},
}
PAGE = """<!doctype html><html lang="en"><title>Cards</title><h1>Cards</h1>
{% macro form(path, label) %}<form method="post" action="{{ path }}">
<input type="hidden" name="csrf_token" value="{{ csrf_token() }}">{{ caller() if caller else "" }}
<button>{{ label }}</button></form>{% endmacro %}
{% if step == "sign in" %}{% call form(url_for("send_link"), "Email me a link") %}
<label>Email <input name="email" type="email" autocomplete="email" required></label>{% endcall %}
{% elif step == "sent" %}<p>Check your email, and open the link in this browser.</p>
{% elif step == "open" %}{% call form(url_for("use_link"), "Sign me in") %}
<input type="hidden" name="token" value="{{ token }}">{% endcall %}
{% elif step == "enroll" %}{{ form(url_for("enroll"), "Add an authenticator") }}
{% elif step == "code" %}{% if qr_code %}<img src="{{ qr_code }}" alt="QR code"><p>Key: {{ secret }}</p>{% endif %}
{% call form(url_for("confirm"), "Confirm") %}
<label>Six-digit code <input name="code" inputmode="numeric" autocomplete="one-time-code" required></label>{% endcall %}
{% elif step == "account" %}{{ form(url_for("open_account"), "Open an account") }}
{% else %}<ul>{% for card in cards %}<li>{{ card.attributes.last4Digits }}, {{ card.attributes.status }}</li>
{% else %}<li>No cards yet</li>{% endfor %}</ul>{{ form(url_for("create_card"), "Get a virtual card") }}{% endif %}
{% if session.token %}{{ form(url_for("sign_out"), "Sign out") }}{% endif %}</html>"""

page = functools.partial(render_template_string, PAGE)
app = Flask(__name__)
app.config.update(SECRET_KEY=os.environ["SECRET_KEY"], SESSION_COOKIE_SAMESITE="Lax", MAX_CONTENT_LENGTH=65_536)
app.config["SESSION_COOKIE_SECURE"] = PUBLIC_URL.startswith("https://")
CSRFProtect(app)
http = requests.Session()
http.request = functools.partial(http.request, timeout=5)  # type: ignore[method-assign] # requests has no time-out
client = stytch.Client(PROJECT_ID, os.environ["STYTCH_SECRET"], environment=f"{STYTCH_URL}/", sync_session=http)
keys = jwt.PyJWKClient(f"{STYTCH_URL}/v1/sessions/jwks/{PROJECT_ID}", timeout=5)


@app.after_request
def set_headers(response: Response) -> Response:
    """Let the page load nothing but the QR code, and let no cache keep it."""
    policy = "default-src 'none'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    response.headers |= {"Content-Security-Policy": policy, "Cache-Control": "no-store"}
    response.headers["Referrer-Policy"] = "strict-origin"  # the link's URL holds its token
    return response


@app.errorhandler(StytchError)
def refused(error: StytchError) -> tuple[str, int]:
    """Show Stytch's reason. Never show or log the whole answer."""
    return f"Stytch refused: {error.details.error_type}. Go back and try again.", 400


def current_user() -> tuple[Any, str, dict[str, Any]]:
    """Ask Stytch for the session; return the user, the session JWT and its verified claims."""
    if "token" not in session:
        abort(redirect(url_for("home")))
    try:
        answer = client.sessions.authenticate(session_token=session["token"])
    except StytchError:
        session.clear()
        abort(redirect(url_for("home")))
    claims: dict[str, Any] = jwt.decode(
        answer.session_jwt,
        keys.get_signing_key_from_jwt(answer.session_jwt),
        algorithms=["RS256"],
        audience=PROJECT_ID,
        issuer=[f"stytch.com/{PROJECT_ID}", STYTCH_URL],
        options={"require": ["exp", "nbf", "iat", "sub"]},
    )
    return answer.user, answer.session_jwt, claims


def seconds_left(claims: dict[str, Any]) -> int:
    """Return for how long the authenticator's proof counts: by its own time, since JWTs are renewed unattended."""
    factors = claims["https://stytch.com/session"]["authentication_factors"]
    used = [f["last_authenticated_at"] for f in factors if f["delivery_method"] == "authenticator_app"]
    until = max(map(datetime.fromisoformat, used), default=datetime.min.replace(tzinfo=UTC)) + STEP_UP_MAX_AGE
    return int((until - datetime.now(UTC)).total_seconds())


def unit(method: str, path: str, token: str, kind: str = "", attributes: Any = None, **more: Any) -> Any:
    """Call Unit and return ``data``. Unit docs: *Using the API*."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/vnd.api+json"}
    body = {"data": {"type": kind, "attributes": attributes or {}, **more}} if kind else None
    answer = http.request(method, f"{UNIT_URL}{path}", json=body, headers=headers)
    return answer.json()["data"] if answer.ok else abort(502, f"Unit answered {answer.status_code}.")


def customer_token(scope: str) -> Any:
    """Exchange the session JWT for a customer token that ends with the step-up."""
    user, session_jwt, claims = current_user()
    customer_id = (user.trusted_metadata or {}).get(CUSTOMER)
    if not customer_id or (left := seconds_left(claims)) <= 0:
        abort(redirect(url_for("home")))
    attributes = {"scope": scope, "jwtToken": session_jwt, "expiresIn": left}
    answer = unit("POST", f"/customers/{customer_id}/token", ORG_TOKEN, "customerToken", attributes)
    return answer["attributes"]["token"]


@app.get("/")
def home() -> str:
    """Show the next step."""
    if "token" not in session:
        return page(step="sign in")
    user, _jwt, claims = current_user()
    if not any(totp.verified for totp in user.totps):
        return page(step="enroll")
    if seconds_left(claims) <= 0:
        return page(step="code")
    if CUSTOMER not in (user.trusted_metadata or {}):
        return page(step="account")
    return page(step="cards", cards=unit("GET", "/cards", customer_token("cards")))


@app.post("/login")
def send_link() -> str:
    """Mail a link that works only in this browser: its code challenge belongs to the verifier kept here."""
    session["verifier"] = verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    link = f"{PUBLIC_URL}{url_for('open_link')}"
    client.magic_links.email.login_or_create(
        request.form["email"], login_magic_link_url=link, signup_magic_link_url=link, code_challenge=challenge
    )
    return page(step="sent")


@app.get("/login/authenticate")
def open_link() -> str:
    """Show a button: mail scanners open links, so opening one must not use it up."""
    return page(step="open", token=request.args.get("token", ""))


@app.post("/login/authenticate")
def use_link() -> Response:
    """Exchange the link for a session; the browser gets the opaque session token only."""
    verifier = session.pop("verifier", "")
    answer = client.magic_links.authenticate(request.form["token"], code_verifier=verifier, session_duration_minutes=60)
    session.clear()
    session["token"] = answer.session_token
    return redirect(url_for("home"), 303)


@app.post("/totp")
def enroll() -> str:
    """Start an enrollment. Stytch refuses a second authenticator."""
    answer = client.totps.create(current_user()[0].user_id)
    return page(step="code", qr_code=answer.qr_code.replace(", ", ","), secret=answer.secret)


@app.post("/totp/authenticate")
def confirm() -> Response:
    """Add the code's proof to this very session, for the enrollment or a step-up; each one extends the session."""
    user, code = current_user()[0], "".join(str(int(char)) for char in request.form["code"] if char.isdecimal())
    client.totps.authenticate(user.user_id, code, session_token=session["token"], session_duration_minutes=60)
    return redirect(url_for("home"), 303)


@app.post("/account")
def open_account() -> Response:
    """Apply with ``jwtSubject`` = the Stytch user, open an account, and store the customer id at Stytch."""
    user, _jwt, claims = current_user()
    if seconds_left(claims) <= 0:
        abort(redirect(url_for("home")))
    person = {**PERSON, "email": user.emails[0].email, "ip": request.remote_addr, "jwtSubject": user.user_id}
    tags = {"tags": {"stytch_user_id": user.user_id}, "idempotencyKey": f"application-{user.user_id}"}
    application = unit("POST", "/applications", ORG_TOKEN, "individualApplication", person | tags)
    customer = application["relationships"].get("customer") or abort(409, "The bank has not approved this yet.")
    key = {"depositProduct": "checking", "idempotencyKey": f"account-{user.user_id}"}
    unit("POST", "/accounts", ORG_TOKEN, "depositAccount", key, relationships={"customer": customer})
    client.users.update(user.user_id, trusted_metadata={CUSTOMER: customer["data"]["id"]})
    return redirect(url_for("home"), 303)


@app.post("/cards")
def create_card() -> Response:
    """Issue a virtual card with the customer's own token, so that Unit checks whose account it is."""
    token = customer_token("accounts cards-write")
    account = {"data": {"type": "depositAccount", "id": unit("GET", "/accounts", token)[0]["id"]}}
    unit("POST", "/cards", token, "individualVirtualDebitCard", relationships={"account": account})
    return redirect(url_for("home"), 303)


@app.post("/logout")
def sign_out() -> Response:
    """Revoke the session at Stytch and forget it here."""
    if token := session.pop("token", None):
        client.sessions.revoke(session_token=token)
    return redirect(url_for("home"), 303)
