"""Stytch: its SDK over our HTTP session, the sessions that it starts and ends, and what its refusals mean.

To copy: a refusal that the user can act on is ``CodeRejected``; one that is our own fault (credentials, set-up, too
many calls) is ``ServiceUnavailable``. Stytch docs: *Errors*, *Sessions*.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, cast

import requests
import stytch
from flask import Flask, current_app, request
from stytch.consumer.models.users import User
from stytch.core.response_base import StytchError
from werkzeug.local import LocalProxy

from .errors import CodeRejected, NotSignedIn, ServiceUnavailable
from .session import CUSTOMER_CLAIM, SESSION_LIFE, SESSION_TOKEN, KeySet, Session, session_from, verified_claims
from .session_cache import SessionCache
from .signals import account_claimed, log_security_event, logs_security_event, send

NO_SESSION = frozenset({"session_not_found", "invalid_session_token"})
OUR_FAULT = frozenset({"unauthorized_credentials", "too_many_requests", "use_https"})


class StytchClient:
    """What the app asks of Stytch. Every method may raise ServiceUnavailable, besides what it names."""

    def __init__(self, http: requests.Session, project_id: str, secret: str, api_url: str) -> None:
        self.sdk = stytch.Client(
            project_id, secret, environment=f"{api_url}/", suppress_warnings=True, sync_session=http
        )
        self.keys = KeySet(f"{api_url}/v1/sessions/jwks/{project_id}", http)  # the SDK would not use our session
        self.sessions = SessionCache(self._authenticate_session)
        self.session_life, self.link_life = SESSION_LIFE, timedelta(minutes=10)  # ``extras/login_form/`` sets them, and
        self.more: Callable[[str], Mapping[str, Any]] = lambda _: {}  # arguments of ``new_session``, ``otps.sms.send``
        self._project_id, self._api_url = project_id, api_url

    def init_app(self, app: Flask) -> None:
        """Make this the app's client, and its sessions the ones that guards check."""
        app.extensions |= {"stytch": self, "session_cache": self.sessions}

    def start_session(self, answer: Any) -> str:
        """Keep the session that Stytch's answer to a sign-in brings, and return its token."""
        token: str = answer.session_token
        if not SESSION_TOKEN.fullmatch(token):
            raise ServiceUnavailable("Stytch", "a malformed session token")
        if getattr(answer, "reset_sessions", False):  # before the token is of use
            send(account_claimed, session=self._verified(token, answer.session_jwt, answer.user), user=answer.user)
            return token
        with suppress(ServiceUnavailable):  # the sign-in is used up: what cannot be verified now is asked for again
            self.sessions.load(token, lambda: self._verified(token, answer.session_jwt, answer.user))
        return token

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
        left = max(5, math.ceil((session.expires_at - datetime.now(UTC)) / timedelta(minutes=1)))
        keep = {"session_token": session.token, "session_duration_minutes": left}

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
        claims = verified_claims(session_jwt, self.keys, self._project_id, self._api_url)
        customer_id = (user.trusted_metadata or {}).get(CUSTOMER_CLAIM)
        if claims.get(CUSTOMER_CLAIM) != customer_id:
            custom_claims = {CUSTOMER_CLAIM: customer_id}
            answer = self.sdk.sessions.authenticate(session_token=token, session_custom_claims=custom_claims)
            session_jwt = answer.session_jwt
            claims = verified_claims(session_jwt, self.keys, self._project_id, self._api_url)
        return session_from(token, session_jwt, claims, user, self.session_life)


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


def new_session() -> dict[str, Any]:
    """Return arguments that start a session: its life, and the address and browser by which users recognize it."""
    attributes = {"ip_address": request.remote_addr or "", "user_agent": request.user_agent.string[:300]}
    life, more = stytch_client.session_life, stytch_client.more("new_session")
    return {"session_duration_minutes": minutes(life), "attributes": attributes, **more}


def minutes(duration: timedelta) -> int:
    """Return a duration as Stytch takes it."""
    return int(duration.total_seconds() // 60)


stytch_client = cast(StytchClient, LocalProxy(lambda: current_app.extensions["stytch"]))  # the running app's
