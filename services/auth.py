"""Stytch: signing in, enrolling an authenticator, stepping up, signing out.

To copy: one method per thing that a visitor does. Each sends what Stytch needs for *this* session, and turns what
Stytch refuses into an exception that a view can explain.
"""

from __future__ import annotations

import hashlib
import logging
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

import jwt
import stytch
from flask import current_app
from stytch.consumer.models.users import User
from stytch.core.response_base import StytchError
from werkzeug.local import LocalProxy

from settings import Settings

from .cache import Cache
from .http import ServiceDown, ServiceSession
from .session import CUSTOMER_CLAIM, SESSION_LIFE, KeySet, NotSignedIn, Session, session_from, verified_claims

LINK_LIFE = timedelta(minutes=10)
ENROLMENT_LIFE = timedelta(minutes=30)
JUST_RETURNED = 30  # seconds for which a JWT is still "the one that Stytch has just returned"
QR_CODE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/]+=*")
OUR_FAULT = frozenset({"unauthorized_credentials", "too_many_requests", "use_https"})

log = logging.getLogger(__name__)


class Refused(Exception):
    """Stytch did not accept a link or a code; ``reason`` is its error_type."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Enrolment:
    """A new authenticator that has not shown a code yet."""

    totp_id: str
    secret: str = field(repr=False)
    qr_code: str = field(repr=False)  # a data: URI of a PNG


class _Client(stytch.Client):
    """The SDK's client, with its key set fetched through our session."""

    def __init__(self, settings: Settings, http: ServiceSession) -> None:
        self._key_set = KeySet(settings.jwks_url, http)
        super().__init__(
            settings.stytch_project_id,
            settings.stytch_secret,
            environment=settings.stytch_api_url,
            suppress_warnings=True,
            sync_session=http,
        )

    def get_jwks_client(self, project_id: str) -> jwt.PyJWKClient:  # noqa: ARG002 - the key set's URL names the project
        return self._key_set


class Auth:
    """What the app asks of Stytch. Beside what each method names, all raise ServiceDown."""

    def __init__(self, settings: Settings, http: ServiceSession) -> None:
        self._settings = settings
        self._client = _Client(settings, http)
        self._sessions: Cache[Session] = Cache(expires_at=lambda session: session.verified_until)

    def send_link(self, email: str, code_challenge: str) -> None:
        """Mail a sign-in link that only the holder of the PKCE verifier can spend; new addresses become users.

        Raises Refused if Stytch finds the address malformed. What else Stytch says about an address (inactive, too
        often) is nobody's business: the caller answers alike. Stytch docs: *Log in or create user by email*.
        """
        try:
            self._client.magic_links.email.login_or_create(
                email,
                login_magic_link_url=self._settings.login_url,
                signup_magic_link_url=self._settings.login_url,
                login_expiration_minutes=_minutes(LINK_LIFE),
                signup_expiration_minutes=_minutes(LINK_LIFE),
                code_challenge=code_challenge,
            )
        except StytchError as error:
            if error.details.error_type == "too_many_requests":
                return
            if (reason := _reason(error)) == "invalid_email":
                raise Refused(reason) from error
            log.warning("sign-in link not sent: %s", reason)

    def spend_link(self, token: str, code_verifier: str) -> Session:
        """Trade a magic link for a session of 60 minutes.

        Raises Refused: used or expired, unknown, or asked for elsewhere. Stytch docs: *Authenticate magic link*.
        """
        try:
            answer = self._client.magic_links.authenticate(
                token, code_verifier=code_verifier, session_duration_minutes=_minutes(SESSION_LIFE)
            )
        except StytchError as error:
            raise Refused(_reason(error)) from error
        return self._accept(answer.session_token, answer.session_jwt, answer.user)

    def session(self, token: str) -> Session:
        """The session of an opaque token: verified within the last five minutes, or asked of Stytch now.

        Raises NotSignedIn. Parallel callers with one token share one call. Stytch docs: *Authenticate session*.
        """
        return self._sessions.get_or_load(_key(token), lambda: self._ask(token))

    def refresh(self, token: str) -> Session:
        """The session as Stytch sees it at this moment, with a JWT that it has just returned. Raises NotSignedIn."""
        self._sessions.drop(_key(token))
        return self._ask(token)

    def just_returned(self, session: Session) -> Session:
        """The session with a JWT that is fit for an exchange: Stytch returned it a moment ago. Raises NotSignedIn."""
        return session if time.time() - session.jwt_issued_at < JUST_RETURNED else self.refresh(session.token)

    def start_totp(self, session: Session) -> Enrolment:
        """Begin an enrolment; an unfinished earlier one is dropped first.

        Raises Refused if the user has an authenticator already. Stytch docs: *Create TOTP*.
        """
        try:
            for totp_id in session.pending_totps:
                self._client.users.delete_totp(totp_id)
            answer = self._client.totps.create(session.user_id, expiration_minutes=_minutes(ENROLMENT_LIFE))
        except StytchError as error:
            raise Refused(_reason(error)) from error
        qr_code = answer.qr_code.replace(", ", ",")  # Stytch writes a space that strict parsers refuse
        if not QR_CODE.fullmatch(qr_code):
            raise ServiceDown("Stytch", "a QR code that is no PNG")
        return Enrolment(answer.totp_id, answer.secret, qr_code)

    def authenticate_totp(self, session: Session, code: str) -> Session:
        """Add the authenticator's proof to this very session (unless the session is named, Stytch starts another).

        Stytch attaches a factor only together with a duration, so what is left of the session is sent: it does not
        slide, but for Stytch's least of five minutes, which ``Session.expires_at`` cuts off again.
        Raises Refused. Stytch docs: *Authenticate TOTP*.
        """
        try:
            answer = self._client.totps.authenticate(
                session.user_id,
                code,
                session_token=session.token,
                session_duration_minutes=max(5, _minutes(session.expires_at - datetime.now(UTC))),
            )
        except StytchError as error:
            raise Refused(_reason(error)) from error
        fresh = self._accept(session.token, answer.session_jwt, answer.user)
        if (fresh.session_id, fresh.user_id) != (session.session_id, session.user_id):
            self._sessions.drop(_key(session.token))
            raise NotSignedIn
        return fresh

    def recovery_codes(self, session: Session) -> list[str]:
        """The user's recovery codes. Stytch tells them at any time, so the gate is the caller's."""
        answer = self._client.totps.recovery_codes(session.user_id)
        return [code for totp in answer.totps if totp.verified for code in totp.recovery_codes]

    def remember_customer(self, session: Session, customer_id: str) -> Session:
        """Write who this user is at Unit where only backends can write, and let the session's JWT carry it.

        Stytch docs: *Metadata*, *Session custom claims*.
        """
        self._client.users.update(session.user_id, trusted_metadata={CUSTOMER_CLAIM: customer_id})
        return self.refresh(session.token)

    def sign_out(self, session_token: str) -> None:
        """Forget the session here and revoke it at Stytch. An outage there does not keep anyone signed in."""
        self._sessions.drop(_key(session_token))
        try:
            self._client.sessions.revoke(session_token=session_token)
        except (StytchError, ServiceDown) as error:
            log.warning("session not revoked at Stytch: %s", type(error).__name__)

    def _ask(self, token: str) -> Session:
        try:
            answer = self._client.sessions.authenticate(session_token=token)
        except StytchError as error:
            log.info("session refused: %s", _reason(error))
            raise NotSignedIn from error
        return self._accept(token, answer.session_jwt, answer.user)

    def _accept(self, token: str, session_jwt: str, user: User) -> Session:
        """Verify the JWT and cache the session that it shows, after its claim agrees with the user's metadata."""
        claims = verified_claims(session_jwt, self._client.jwks_client, self._settings)
        customer_id = (user.trusted_metadata or {}).get(CUSTOMER_CLAIM)
        if claims.get(CUSTOMER_CLAIM) != customer_id:
            answer = self._client.sessions.authenticate(
                session_token=token, session_custom_claims={CUSTOMER_CLAIM: customer_id}
            )
            session_jwt = answer.session_jwt
            claims = verified_claims(session_jwt, self._client.jwks_client, self._settings)
        session = session_from(token, session_jwt, claims, user)
        self._sessions.put(_key(token), session)
        return session


def _reason(error: StytchError) -> str:
    """Stytch's error_type, if the refusal is about the visitor; raises ServiceDown if it is about us."""
    reason = error.details.error_type or "unknown"
    if reason in OUR_FAULT or reason == "unknown" or "_url" in reason or error.details.status_code == 403:
        raise ServiceDown("Stytch", reason) from error
    return str(reason)


def _key(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _minutes(duration: timedelta) -> int:
    return int(duration.total_seconds() // 60)


auth = cast(Auth, LocalProxy(lambda: current_app.extensions["auth"]))
"""The running app's ``Auth``."""
