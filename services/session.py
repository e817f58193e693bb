"""A Stytch session, read from a JWT that was verified here.

To copy: one verify function with everything pinned (RS256, keys from one URL, issuer, audience, times, Stytch's session
claim), and one class that says what a session has proven, by the kind and the age of its factors, never by counting.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from stytch.consumer.models.users import User

from settings import Settings

from .http import ServiceDown, ServiceSession

SESSION_LIFE = timedelta(minutes=60)  # from sign-in; it never slides
SESSION_TOKEN = re.compile(r"[\w=-]{32,128}", re.ASCII)  # Stytch's have 44; what is none costs no call
JWT_MAX_LENGTH = 8_000  # bytes
JWT_LEEWAY = 30  # seconds of clock difference to Stytch
SESSION_CLAIM = "https://stytch.com/session"
SESSION_FIELDS = {"id", "started_at", "expires_at", "authentication_factors"}
CUSTOMER_CLAIM = "unit_customer_id"  # the name in Stytch's trusted_metadata and in the session's custom claims
FACTOR_GROUPS = {  # a session is stepped up when its factors come from two groups; add a way to prove oneself here
    "email": "mailbox",
    "sms": "phone",
    "whatsapp": "phone",
    "authenticator_app": "device",
    "webauthn_registration": "device",
}


class NotSignedIn(Exception):
    """There is no session, or Stytch no longer knows it."""


@dataclass(frozen=True)
class Factor:
    """One proof inside a session."""

    method: str  # Stytch's delivery_method: email, authenticator_app, ...
    last_used: datetime

    @property
    def group(self) -> str | None:
        """Mailbox, phone or device: what one would have to steal. None for what counts as no proof here."""
        return "mailbox" if self.method.startswith("oauth_") else FACTOR_GROUPS.get(self.method)


@dataclass(frozen=True)
class Session:
    """A Stytch session as its verified JWT shows it."""

    token: str = field(repr=False)
    session_id: str
    user_id: str
    factors: tuple[Factor, ...]
    customer_id: str | None
    expires_at: datetime
    jwt: str = field(repr=False)
    jwt_issued_at: float
    jwt_expires_at: float
    email: str = field(repr=False)  # to greet and to apply with; from the user object, never decided on
    enrolled: bool  # has a verified authenticator; likewise only to offer the right next step
    pending_totps: tuple[str, ...] = ()

    @property
    def second_factor_at(self) -> datetime | None:
        """When the second factor was last used, if the factors come from at least two groups."""
        if len({factor.group for factor in self.factors if factor.group}) < 2:
            return None
        return max(factor.last_used for factor in self.factors if factor.group in {"phone", "device"})

    def proven_until(self, max_age: timedelta) -> datetime | None:
        """Until when the second factor counts as fresh. None if there is none, or its age is over.

        A factor of the future is none: it would count for longer than it should.
        """
        now, used = datetime.now(UTC), self.second_factor_at
        if used is None or used > now + timedelta(seconds=JWT_LEEWAY):
            return None
        until = min(used + max_age, self.expires_at)
        return until if until > now else None

    @property
    def verified_until(self) -> float:
        """For how long this needs no further call to Stytch, in seconds since the epoch."""
        return min(self.jwt_expires_at, self.expires_at.timestamp())

    def last_used(self, method: str) -> datetime | None:
        """When a factor of this delivery method was last used in this session."""
        return max((factor.last_used for factor in self.factors if factor.method == method), default=None)


class KeySet(jwt.PyJWKClient):
    """Stytch's public keys, fetched through our session: PyJWT's own way goes around it, with a budget of its own."""

    def __init__(self, url: str, http: ServiceSession) -> None:
        # No pause between fetches for an unknown key: only Stytch's own answers are verified, so nobody can provoke it.
        super().__init__(url, cooldown_duration=0)
        self._http = http

    def fetch_data(self) -> Any:
        """The key set as Stytch publishes it, parsed from JSON."""
        return self._http.get(self.uri).json()


def verified_claims(session_jwt: str, keys: jwt.PyJWKClient, settings: Settings) -> Mapping[str, Any]:
    """The claims of a session JWT of this project.

    Raises NotSignedIn for every way in which it can be bad, and ServiceDown if its key cannot be had. Stytch docs:
    *Session JWTs*; rules: RFC 8725.
    """
    if len(session_jwt) > JWT_MAX_LENGTH:
        raise NotSignedIn
    try:
        claims: dict[str, Any] = jwt.decode(
            session_jwt,
            keys.get_signing_key_from_jwt(session_jwt),
            algorithms=["RS256"],
            audience=settings.stytch_project_id,
            issuer=[f"stytch.com/{settings.stytch_project_id}", settings.stytch_api_url.rstrip("/")],
            leeway=JWT_LEEWAY,
            options={"require": ["exp", "nbf", "iat", "sub", "aud", "iss"]},
        )
    except (jwt.PyJWKClientError, jwt.PyJWKSetError, jwt.PyJWKError) as error:
        raise ServiceDown("Stytch", "no usable key") from error
    except (jwt.PyJWTError, ValueError) as error:
        raise NotSignedIn from error
    shown = claims.get(SESSION_CLAIM)  # other tokens of the project are signed by the same keys
    if not isinstance(shown, dict) or not shown.keys() >= SESSION_FIELDS:
        raise NotSignedIn
    return claims


def session_from(token: str, session_jwt: str, claims: Mapping[str, Any], user: User) -> Session:
    """The session that verified claims show. Raises NotSignedIn if its hour is over, or if they show none."""
    try:
        session = _session_from(token, session_jwt, claims, user)
    except (KeyError, TypeError, ValueError) as error:
        raise NotSignedIn from error
    if session.expires_at <= datetime.now(UTC):
        raise NotSignedIn
    return session


def _session_from(token: str, session_jwt: str, claims: Mapping[str, Any], user: User) -> Session:
    shown = claims[SESSION_CLAIM]
    return Session(
        token=token,
        session_id=shown["id"],
        user_id=claims["sub"],
        factors=tuple(
            Factor(factor["delivery_method"], datetime.fromisoformat(factor["last_authenticated_at"]))
            for factor in shown["authentication_factors"]
            if not _is_removed(factor, user)
        ),
        customer_id=claims.get(CUSTOMER_CLAIM),
        expires_at=min(
            datetime.fromisoformat(shown["expires_at"]), datetime.fromisoformat(shown["started_at"]) + SESSION_LIFE
        ),
        jwt=session_jwt,
        jwt_issued_at=claims["iat"],
        jwt_expires_at=claims["exp"],
        email=next((email.email for email in sorted(user.emails, key=lambda email: not email.verified)), ""),
        enrolled=any(totp.verified for totp in user.totps),
        pending_totps=tuple(totp.totp_id for totp in user.totps if not totp.verified),
    )


def _is_removed(factor: Mapping[str, Any], user: User) -> bool:
    """Whether a factor is of an authenticator that the user no longer has: then it proves nothing any more."""
    authenticator = factor.get("authenticator_app_factor")
    return authenticator is not None and authenticator["totp_id"] not in {totp.totp_id for totp in user.totps}
