"""OAuth flows: begun by one of our forms, and finished only in the browser that began them.

To copy: a signed cookie of ten minutes holds the PKCE verifier, the provider, and whose session the provider is added
to. A token that another browser began has another verifier. The newest flow of a browser counts. RFC 9700: *OAuth 2.0
Security Best Current Practice*, section 2.1.1.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from urllib.parse import urlencode

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

from services import guards

from .providers import project

COOKIE = "oauth_flow"
LIFE = timedelta(minutes=10)
CHOOSERS = ("google", "microsoft")  # which else sign in the last user of the browser


@dataclass(frozen=True)
class Flow:
    """One flow of this browser."""

    provider: str
    session_id: str = ""  # of the session that the provider is added to; empty: to sign in
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)

    @property
    def challenge(self) -> str:
        """The S256 challenge of PKCE (RFC 7636)."""
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


def begin(flow: Flow, attach_token: str = "") -> str:
    """Tie the flow to this browser, and return where it starts. Stytch docs: *OAuth start*."""
    query = {
        "public_token": project.public_token,
        "login_redirect_url": project.redirect_url,
        "signup_redirect_url": project.redirect_url,
        "code_challenge": flow.challenge,
    }
    if flow.provider in CHOOSERS:
        query["provider_prompt"] = "select_account"
    if attach_token:
        query["oauth_attach_token"] = attach_token
    value = _signer().dumps(asdict(flow))

    @after_this_request
    def keep(response: Response) -> Response:
        response.set_cookie(guards.cookie_name(COOKIE), value, max_age=LIFE, **guards.cookie_flags())
        return response

    return f"{project.stytch_url}/v1/public/oauth/{flow.provider}/start?{urlencode(query)}"


def begun() -> Flow | None:
    """Return the flow that this browser has begun, if it is not too old."""
    cookie = request.cookies.get(guards.cookie_name(COOKIE), "")
    try:
        return Flow(**_signer().loads(cookie, max_age=int(LIFE.total_seconds())))
    except (BadData, TypeError):  # the latter: begun with another version of this app
        return None


def end(response: Response) -> Response:
    """Forget the flow, which has reached its end."""
    response.delete_cookie(guards.cookie_name(COOKIE), **guards.cookie_flags())
    return response


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="OAuth flow")
