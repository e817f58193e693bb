"""Stytch: sign-in links, authenticators, sessions. Its SDK over our HTTP session, and what its refusals mean.

To copy: one method per thing that a user does. A refusal that the user can act on is ``CodeRejected``; one that is our
own fault (credentials, set-up, too many calls) is ``ServiceUnavailable``. Stytch docs: *Errors*.
"""

from __future__ import annotations

import hashlib
import math
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from operator import attrgetter
from threading import Condition
from typing import Any, cast

import jwt
import requests
import stytch
from cachetools import TTLCache, cachedmethod
from flask import Flask, current_app
from stytch.consumer.models.users import User
from stytch.core.response_base import StytchError
from werkzeug.local import LocalProxy

from .errors import TOO_OFTEN, CodeRejected, NotSignedIn, ServiceUnavailable
from .session import CUSTOMER_CLAIM, SESSION_LIFE, SESSION_TOKEN, KeySet, Session, session_from, verified_claims
from .session_cache import SessionCache
from .signals import log_security_event, logs_security_event, send, session_ended

LINK_LIFE = timedelta(minutes=10)
SECOND_PRESS = 60  # seconds for which a link that was used here still signs the same browser in
SIZE = 10_000  # links
ENROLLMENT_LIFE = timedelta(minutes=30)
QR_CODE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/]+=*")
NO_SESSION = frozenset({"session_not_found", "invalid_session_token"})
OUR_FAULT = frozenset({"unauthorized_credentials", "use_https"})


def _link_key(_client: object, token: str, code_verifier: str) -> str:
    return hashlib.sha256(f"{token} {code_verifier}".encode()).hexdigest()


@dataclass(frozen=True)
class Enrollment:
    """A new authenticator that has not proved a code yet."""

    totp_id: str
    secret: str = field(repr=False)
    qr_code: str = field(repr=False)  # a data: URI of a PNG


class Sdk(stytch.Client):
    """The SDK's client, whose key set is fetched through our HTTP session."""

    def __init__(self, http: requests.Session, project_id: str, secret: str, api_url: str) -> None:
        self._key_set = KeySet(f"{api_url}/v1/sessions/jwks/{project_id}", http)
        super().__init__(project_id, secret, environment=f"{api_url}/", suppress_warnings=True, sync_session=http)

    def get_jwks_client(self, project_id: str) -> jwt.PyJWKClient:  # noqa: ARG002 - the key set's URL names the project
        """Return the project's public keys."""
        return self._key_set


class StytchClient:
    """What the app asks of Stytch. Every method may raise ServiceUnavailable, besides what it names."""

    def __init__(self, http: requests.Session, project_id: str, secret: str, api_url: str) -> None:
        self.sdk = Sdk(http, project_id, secret, api_url)
        self.sessions = SessionCache(self._authenticate_session)
        self._project_id, self._api_url = project_id, api_url
        self._used_links = TTLCache[str, str](SIZE, SECOND_PRESS, timer=time.time)  # session tokens
        self._link_used = Condition()

    def init_app(self, app: Flask) -> None:
        """Make this the app's client, and its sessions the ones that guards check."""
        app.extensions |= {"stytch": self, "session_cache": self.sessions}

    def send_link(self, email: str, redirect_url: str, code_challenge: str) -> None:
        """Mail a sign-in link that only the holder of the PKCE verifier can use; new addresses become users.

        Raises CodeRejected if the address is malformed. Other refusals (inactive, too often) are only logged: they
        would show who has an account. Stytch docs: *Log in or create user by email*.
        """
        minutes, reason = _minutes(LINK_LIFE), "ok"
        try:
            self.sdk.magic_links.email.login_or_create(
                email,
                login_magic_link_url=redirect_url,
                signup_magic_link_url=redirect_url,
                login_expiration_minutes=minutes,
                signup_expiration_minutes=minutes,
                code_challenge=code_challenge,
            )
        except StytchError as error:
            reason = refusal_reason(error)
        except ServiceUnavailable as error:
            if error.why != TOO_OFTEN:
                raise
            reason = TOO_OFTEN
        log_security_event("login", reason, action="send_link")
        if reason == "invalid_email":
            raise CodeRejected(reason)

    @logs_security_event("login")
    def authenticate_link(self, token: str, code_verifier: str) -> Session:
        """Exchange a link for a session of 60 minutes; within a minute, the same browser gets the same session again.

        Raises CodeRejected. Stytch docs: *Authenticate magic link*.
        """
        try:
            return self.sessions.get(self._use_link(token, code_verifier))
        except NotSignedIn as error:  # signed out since the first press
            raise CodeRejected("unable_to_auth_magic_link") from error

    @cachedmethod(attrgetter("_used_links"), key=_link_key, condition=attrgetter("_link_used"))
    def _use_link(self, token: str, code_verifier: str) -> str:
        """Return the token of the link's session; parallel presses wait here, then get what the first one got."""
        with refusals():
            answer = self.sdk.magic_links.authenticate(
                token, code_verifier=code_verifier, session_duration_minutes=_minutes(SESSION_LIFE)
            )
        if not SESSION_TOKEN.fullmatch(answer.session_token):
            raise ServiceUnavailable("Stytch", "a malformed session token")
        with suppress(ServiceUnavailable):  # the link is used up: what cannot be verified now is asked for again
            self.sessions.load(
                answer.session_token,
                lambda: self._verified(answer.session_token, answer.session_jwt, answer.user),
            )
        return answer.session_token

    @logs_security_event("factor")
    def start_totp(self, session: Session) -> Enrollment:
        """Start an enrollment, replacing an unfinished one. Raises CodeRejected. Stytch docs: *Create TOTP*."""
        for totp_id in session.pending_totps:
            ignore_missing("totp_not_found", partial(self.sdk.users.delete_totp, totp_id))
        with refusals():
            answer = self.sdk.totps.create(session.user_id, expiration_minutes=_minutes(ENROLLMENT_LIFE))
        qr_code = answer.qr_code.replace(", ", ",")  # Stytch writes a space that strict parsers refuse
        if not QR_CODE.fullmatch(qr_code):
            raise ServiceUnavailable("Stytch", "a QR code that is not a PNG")
        return Enrollment(answer.totp_id, answer.secret, qr_code)

    @logs_security_event("step-up")
    def authenticate_totp(self, session: Session, code: str) -> Session:
        """Add the authenticator's proof to this session. Raises CodeRejected. Stytch docs: *Authenticate TOTP*."""
        return self.add_proof(session, lambda keep: self.sdk.totps.authenticate(session.user_id, code, **keep))

    @logs_security_event("factor")
    def recover_totp(self, session: Session, recovery_code: str) -> Session:
        """Use up a recovery code, which is not a second factor. Raises CodeRejected. Stytch docs: *Recover TOTP*."""
        return self.add_proof(session, lambda keep: self.sdk.totps.recover(session.user_id, recovery_code, **keep))

    @logs_security_event("factor")
    def remove_authenticator(self, session: Session) -> Session:
        """End the other sessions, delete the user's authenticator, and return this session without that proof.

        In this order: without it the user could not retry. The caller must check who asks. Stytch docs: *Delete TOTP*.
        """
        self.sign_out_others(session)
        user = self.sdk.users.get(session.user_id)
        for totp in user.totps:
            ignore_missing("totp_not_found", partial(self.sdk.users.delete_totp, totp.totp_id))
        session = self.sessions.refresh(session.token)
        send(session_ended, session_id=session.session_id)  # what it had proven is gone
        return session

    @logs_security_event("factor")
    def recovery_codes(self, session: Session) -> list[str]:
        """Return the unused recovery codes. The caller must check who asks: Stytch does not."""
        answer = self.sdk.totps.recovery_codes(session.user_id)
        return [code for totp in answer.totps if totp.verified for code in totp.recovery_codes]

    def set_customer(self, session: Session, customer_id: str | None) -> Session:
        """Store the user's Unit customer id in trusted metadata and in the session's JWT. Stytch docs: *Metadata*."""
        self.sdk.users.update(session.user_id, trusted_metadata={CUSTOMER_CLAIM: customer_id})
        return self.sessions.refresh(session.token)

    def sign_out(self, token: str, session: Session | None) -> None:
        """End the session here and revoke it at Stytch. If Stytch is down, the user is signed out here all the same."""
        self.sessions.end(token=token, session_id=session.session_id if session else "")
        try:
            self.sdk.sessions.revoke(session_token=token)
        except (StytchError, ServiceUnavailable) as error:
            log_security_event("login", f"not revoked at Stytch: {type(error).__name__}", action="sign_out")
        else:
            log_security_event("login", "ok", action="sign_out")

    @logs_security_event("login")
    def sign_out_others(self, session: Session) -> None:
        """Revoke the user's other sessions. Stytch docs: *Get sessions*."""
        for other in self.sdk.sessions.get(session.user_id).sessions:
            if other.session_id != session.session_id:
                self.sessions.end(session_id=other.session_id)
                ignore_missing("session_not_found", partial(self.sdk.sessions.revoke, other.session_id))

    def add_proof(self, session: Session, authenticate: Callable[[dict[str, Any]], Any]) -> Session:
        """Let a call of the SDK add a factor to this session. Raises CodeRejected, NotSignedIn.

        The call is given the session to add to, and a duration, without which Stytch adds nothing: the time that is
        left, so that the session does not slide, but Stytch's minimum of five minutes.
        """
        minutes = max(5, math.ceil((session.expires_at - datetime.now(UTC)) / timedelta(minutes=1)))
        keep = {"session_token": session.token, "session_duration_minutes": minutes}

        def ask() -> Session:
            with refusals():
                answer = authenticate(keep)
            proven = self._verified(session.token, answer.session_jwt, answer.user)
            if (proven.session_id, proven.user_id) != (session.session_id, session.user_id):
                raise NotSignedIn
            return proven

        return self.sessions.load(session.token, ask)

    def _authenticate_session(self, token: str) -> Session:
        """Ask Stytch for the session of a token. Raises NotSignedIn. Stytch docs: *Authenticate session*."""
        try:
            answer = self.sdk.sessions.authenticate(session_token=token)
            return self._verified(token, answer.session_jwt, answer.user)
        except StytchError as error:
            raise NotSignedIn(refusal_reason(error)) from error

    def _verified(self, token: str, session_jwt: str, user: User) -> Session:
        """Verify a JWT, and make its customer claim agree with the user's metadata. Raises NotSignedIn, StytchError."""
        claims = verified_claims(session_jwt, self.sdk.jwks_client, self._project_id, self._api_url)
        customer_id = (user.trusted_metadata or {}).get(CUSTOMER_CLAIM)
        if claims.get(CUSTOMER_CLAIM) != customer_id:
            custom_claims = {CUSTOMER_CLAIM: customer_id}
            answer = self.sdk.sessions.authenticate(session_token=token, session_custom_claims=custom_claims)
            session_jwt = answer.session_jwt
            claims = verified_claims(session_jwt, self.sdk.jwks_client, self._project_id, self._api_url)
        return session_from(token, session_jwt, claims, user)


def refusal_reason(error: StytchError) -> str:
    """Return Stytch's error_type if the user can act on it; raise ServiceUnavailable if it is our own fault."""
    reason = error.details.error_type or "unknown"
    if reason in OUR_FAULT or reason == "unknown" or "_url" in reason or error.details.status_code == 403:
        raise ServiceUnavailable("Stytch", reason) from error
    return str(reason)


@contextmanager
def refusals() -> Iterator[None]:
    """Turn Stytch's refusals into CodeRejected, or NotSignedIn if the session itself has ended."""
    try:
        yield
    except StytchError as error:
        reason = refusal_reason(error)
        raise (NotSignedIn if reason in NO_SESSION else CodeRejected)(reason) from error


def ignore_missing(missing: str, delete: Callable[[], object]) -> None:
    """Delete something at Stytch; an error_type of ``missing`` means that it is deleted already."""
    try:
        delete()
    except StytchError as error:
        if refusal_reason(error) != missing:
            raise


def _minutes(duration: timedelta) -> int:
    return int(duration.total_seconds() // 60)


stytch_client = cast(StytchClient, LocalProxy(lambda: current_app.extensions["stytch"]))  # the running app's
