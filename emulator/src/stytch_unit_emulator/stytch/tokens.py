"""Tokens, stored only as hashes, and session JWTs, valid for five minutes.

Stytch returns the same session token each time, even to a caller who sent only the JWT. So the token is derived from
the session id and a project secret instead of being stored.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

import jwt
from jwt.types import Options

from .. import clock
from ..store import Json
from . import keys
from .errors import StytchFault
from .wire import Call

JWT_LIFE = 300  # seconds, independent of the session's duration
MAX_JWT = 16 * 1024  # characters
SESSION_CLAIM = "https://stytch.com/session"
RESERVED_CLAIMS = frozenset({"aud", "exp", "iat", "iss", "jti", "nbf", "sub"})
FACTOR_TIMES_IN_API_ONLY = frozenset({"created_at", "updated_at"})
_UNVERIFIED: Options = {
    "verify_signature": False,
    "verify_aud": False,
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
}


def digest(token: str) -> str:
    """The hash under which a token is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token() -> str:
    """A random token of 44 characters."""
    return secrets.token_urlsafe(33)


def session_token(call: Call, session_id: str) -> str:
    """Derive the session's token."""
    mac = hmac.digest(keys.token_secret(call.project), session_id.encode(), "sha512")
    return base64.urlsafe_b64encode(mac[:33]).decode()


def mint(call: Call, session: Json) -> str:
    """Sign a session JWT with the project's newest key."""
    kid, key = keys.signing_key(call.project)
    now = int(clock.timestamp())
    claims = {
        **session["custom_claims"],
        "aud": [call.project_id],
        "iss": f"stytch.com/{call.project_id}",
        "sub": session["user_id"],
        "iat": now,
        "nbf": now,
        "exp": now + JWT_LIFE,
        SESSION_CLAIM: _session_claim(session),
    }
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid})


def _session_claim(session: Json) -> Json:
    # UNCONFIRMED: created_at and updated_at of a factor. Absent in every real JWT seen, so left out.
    factors = [
        {name: value for name, value in factor.items() if name not in FACTOR_TIMES_IN_API_ONLY}
        for factor in session["authentication_factors"]
    ]
    shared = ("started_at", "last_accessed_at", "expires_at", "attributes", "roles")
    return {
        "id": session["session_id"],
        **{name: session[name] for name in shared},
        "authentication_factors": factors,
    }


def session_of_jwt(call: Call, text: str) -> str:
    """Read the session id from one of this project's JWTs, expired or not.

    UNCONFIRMED: which error type matches which flaw. Here, audience, issuer, signature and claims are checked in turn.
    """
    if len(text) > MAX_JWT:
        raise StytchFault("unable_to_parse_session_jwt")
    try:
        unverified = jwt.decode(text, options=_UNVERIFIED)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise StytchFault("unable_to_parse_session_jwt") from None
    if unverified.get("aud") not in (call.project_id, [call.project_id]):
        raise StytchFault("jwt_invalid_audience")
    if unverified.get("iss") != f"stytch.com/{call.project_id}":
        raise StytchFault("jwt_invalid_issuer")
    session = _verified_claims(call, text).get(SESSION_CLAIM)
    if not isinstance(session, dict) or not isinstance(session.get("id"), str):
        raise StytchFault("jwt_invalid_claims")
    session_id: str = session["id"]
    return session_id


def _verified_claims(call: Call, text: str) -> Json:
    kid = jwt.get_unverified_header(text).get("kid")
    key = next((key for key in call.published_keys if key["kid"] == kid), None)
    if key is None:
        raise StytchFault("unable_to_parse_session_jwt")
    try:
        return jwt.decode(text, jwt.PyJWK(key), algorithms=["RS256"], options={**_UNVERIFIED, "verify_signature": True})
    except jwt.PyJWTError:
        raise StytchFault("unable_to_parse_session_jwt") from None
