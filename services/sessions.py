"""The sessions that this process knows: verified, cached until their JWT ends, and asked for anew when it counts.

To copy: the cache is keyed by a hash of the token; parallel requests share one call; and neither a cached session nor
an answer that comes late brings back what was ended here. Stytch docs: *Authenticate session*, *Session JWTs*.
"""

from __future__ import annotations

import hashlib
import logging
import time

from stytch.consumer.models.users import User
from stytch.core.response_base import StytchError

from settings import Settings

from . import wire_log
from .cache import Cache
from .session import CUSTOMER_CLAIM, SESSION_LIFE, NotSignedIn, Session, session_from, verified_claims
from .stytch_wire import Client, reason_of

JUST_RETURNED = 30  # seconds for which a JWT is still "the one that Stytch has just returned"

log = logging.getLogger(__name__)


class KnownSessions:
    """Beside what each method names, all raise NotSignedIn and ServiceDown."""

    def __init__(self, settings: Settings, client: Client) -> None:
        self._settings, self._client = settings, client
        self._sessions: Cache[Session] = Cache(expires_at=lambda session: session.verified_until, on_hit=_spared)
        self._ended: Cache[float] = Cache(expires_at=lambda until: until)  # by the token's key, or the session's id

    def get(self, token: str) -> Session:
        """The session of an opaque token: verified within the last five minutes, or asked of Stytch now."""
        if self._ended.get(_key(token)):
            raise NotSignedIn
        return self._unless_ended(self._sessions.get_or_load(_key(token), lambda: self._ask(token)))

    def known(self, token: str) -> Session | None:
        """The session, if it can be had without a call."""
        if session := self._sessions.get(_key(token)):
            self._unless_ended(session)
            _spared(session)
        return session

    def refresh(self, token: str) -> Session:
        """The session as Stytch sees it at this moment, with a JWT that it has just returned."""
        self._sessions.drop(_key(token))
        return self._ask(token)

    def just_returned(self, session: Session) -> Session:
        """The session with a JWT that is fit for an exchange: Stytch returned it a moment ago."""
        return session if time.time() - session.jwt_issued_at < JUST_RETURNED else self.refresh(session.token)

    def accept(
        self, token: str, session_jwt: str, user: User, asked_at: int | None = None, same: Session | None = None
    ) -> Session:
        """Verify a JWT and cache the session that it shows, after its claim agrees with the user's metadata.

        What comes back for a proof must be the ``same`` session that the proof was given in. Raises NotSignedIn.
        """
        claims = verified_claims(session_jwt, self._client.jwks_client, self._settings)
        customer_id = (user.trusted_metadata or {}).get(CUSTOMER_CLAIM)
        if claims.get(CUSTOMER_CLAIM) != customer_id:
            answer = self._client.sessions.authenticate(
                session_token=token, session_custom_claims={CUSTOMER_CLAIM: customer_id}
            )
            session_jwt = answer.session_jwt
            claims = verified_claims(session_jwt, self._client.jwks_client, self._settings)
        session = self._unless_ended(session_from(token, session_jwt, claims, user))
        if same and (session.session_id, session.user_id) != (same.session_id, same.user_id):
            raise NotSignedIn
        self._sessions.put(_key(token), session, asked_at)
        return session

    def end(self, *, token: str = "", session_id: str = "") -> None:
        """Let no cached session and no late answer sign anybody in again."""
        self._ended.put(session_id or _key(token), time.time() + SESSION_LIFE.total_seconds())
        if token:
            self._sessions.drop(_key(token))

    def _unless_ended(self, session: Session) -> Session:
        if self._ended.get(_key(session.token)) or self._ended.get(session.session_id):
            raise NotSignedIn
        return session

    def _ask(self, token: str) -> Session:
        asked_at = self._sessions.moment()
        try:
            answer = self._client.sessions.authenticate(session_token=token)
        except StytchError as error:
            log.info("session refused: %s", reason_of(error))
            raise NotSignedIn from error
        return self.accept(token, answer.session_jwt, answer.user, asked_at)


def _spared(session: Session) -> None:
    wire_log.spared("Stytch", "the session’s JWT was verified here", session.verified_until)


def _key(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
