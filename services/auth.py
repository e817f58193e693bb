"""Stytch: signing in, enrolling an authenticator, stepping up, recovering, signing out.

To copy: one method per thing that a visitor does. Each sends what Stytch needs for *this* session, and turns what
Stytch refuses into an exception that a view can explain.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import cast

from flask import current_app
from stytch.core.response_base import StytchError
from werkzeug.local import LocalProxy

from settings import Settings

from .audit import audited, note
from .http import ServiceDown, ServiceSession, repeatable
from .session import CUSTOMER_CLAIM, SESSION_LIFE, SESSION_TOKEN, Session
from .sessions import KnownSessions
from .stytch_wire import Client, Refused, minutes, reason_of, refusals, unless_gone

LINK_LIFE = timedelta(minutes=10)
ENROLMENT_LIFE = timedelta(minutes=30)
QR_CODE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/]+=*")


@dataclass(frozen=True)
class Enrolment:
    """A new authenticator that has not shown a code yet."""

    totp_id: str
    secret: str = field(repr=False)
    qr_code: str = field(repr=False)  # a data: URI of a PNG


@dataclass(frozen=True)
class OpenSession:
    """One of a user's sessions, as Stytch lists them."""

    session_id: str
    started_at: datetime | None
    last_used: datetime | None


class Auth:
    """What the app asks of Stytch. Beside what each method names, all raise ServiceDown."""

    def __init__(self, settings: Settings, http: ServiceSession) -> None:
        self._settings = settings
        self._client = Client(settings, http)
        self.sessions = KnownSessions(settings, self._client)

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
                login_expiration_minutes=minutes(LINK_LIFE),
                signup_expiration_minutes=minutes(LINK_LIFE),
                code_challenge=code_challenge,
            )
        except StytchError as error:
            is_too_often = error.details.error_type == "too_many_requests"
            note("login", reason := "too_many_requests" if is_too_often else reason_of(error), action="send_link")
            if reason == "invalid_email":
                raise Refused(reason) from error
        else:
            note("login", "ok", action="send_link")

    @audited("login")
    def spend_link(self, token: str, code_verifier: str) -> Session:
        """Trade a magic link for a session of 60 minutes.

        Raises Refused: used or expired, unknown, or asked for elsewhere. Stytch docs: *Authenticate magic link*.
        """
        with refusals():
            answer = self._client.magic_links.authenticate(
                token, code_verifier=code_verifier, session_duration_minutes=minutes(SESSION_LIFE)
            )
        if not SESSION_TOKEN.fullmatch(answer.session_token):
            raise ServiceDown("Stytch", "a session token of another shape")
        return self.sessions.accept(answer.session_token, answer.session_jwt, answer.user)

    @audited("factor")
    def start_totp(self, session: Session) -> Enrolment:
        """Begin an enrolment; an unfinished earlier one is dropped first.

        Raises Refused if the user has an authenticator already. Stytch docs: *Create TOTP*.
        """
        for totp_id in session.pending_totps:
            unless_gone("totp_not_found", partial(self._client.users.delete_totp, totp_id))
        with refusals():
            answer = self._client.totps.create(session.user_id, expiration_minutes=minutes(ENROLMENT_LIFE))
        qr_code = answer.qr_code.replace(", ", ",")  # Stytch writes a space that strict parsers refuse
        if not QR_CODE.fullmatch(qr_code):
            raise ServiceDown("Stytch", "a QR code that is no PNG")
        return Enrolment(answer.totp_id, answer.secret, qr_code)

    @audited("step-up")
    def authenticate_totp(self, session: Session, code: str) -> Session:
        """Add the authenticator's proof to this very session (unless the session is named, Stytch starts another).

        Raises Refused. Stytch docs: *Authenticate TOTP*.
        """
        with refusals():
            answer = self._client.totps.authenticate(
                session.user_id, code, session_token=session.token, session_duration_minutes=_left(session)
            )
        return self.sessions.accept(session.token, answer.session_jwt, answer.user, same=session)

    @audited("factor")
    def recover(self, session: Session, recovery_code: str) -> Session:
        """Note in this very session that a recovery code stood in for the lost authenticator; each works once.

        It is no second factor: it may only lead to another authenticator. Raises Refused. Stytch docs: *Recover TOTP*.
        """
        with refusals():
            answer = self._client.totps.recover(
                session.user_id, recovery_code, session_token=session.token, session_duration_minutes=_left(session)
            )
        return self.sessions.accept(session.token, answer.session_jwt, answer.user, same=session)

    @audited("factor")
    def remove_authenticator(self, session: Session) -> Session:
        """Delete the user's authenticator at Stytch; returns the session as it is without what that has proven.

        Stytch deletes for any backend that asks, so the gate is the caller's. Stytch docs: *Delete user TOTP*.
        """
        user = repeatable(lambda: self._client.users.get(session.user_id))
        for totp in user.totps:
            unless_gone("totp_not_found", partial(self._client.users.delete_totp, totp.totp_id))
        return self.sessions.refresh(session.token)

    @audited("factor")
    def recovery_codes(self, session: Session) -> list[str]:
        """The user's recovery codes. Stytch tells them at any time, so the gate is the caller's."""
        answer = self._client.totps.recovery_codes(session.user_id)
        return [code for totp in answer.totps if totp.verified for code in totp.recovery_codes]

    def remember_customer(self, session: Session, customer_id: str | None) -> Session:
        """Write who this user is at Unit where only backends can write, and let the session's JWT carry it.

        Stytch docs: *Metadata*, *Session custom claims*.
        """
        self._client.users.update(session.user_id, trusted_metadata={CUSTOMER_CLAIM: customer_id})
        return self.sessions.refresh(session.token)

    def sign_out(self, session_token: str) -> None:
        """Forget the session here and revoke it at Stytch. An outage there does not keep anyone signed in."""
        self.sessions.end(token=session_token)
        try:
            self._client.sessions.revoke(session_token=session_token)
        except (StytchError, ServiceDown) as error:
            note("login", f"not revoked at Stytch: {type(error).__name__}", action="sign_out")
        else:
            note("login", "ok", action="sign_out")

    def open_sessions(self, session: Session) -> list[OpenSession]:
        """All sessions of the user that are not over, newest first. Stytch docs: *Get sessions*."""
        found = repeatable(lambda: self._client.sessions.get(session.user_id)).sessions
        shown = [OpenSession(each.session_id, each.started_at, each.last_accessed_at) for each in found]
        return sorted(shown, key=lambda each: each.started_at or datetime.min.replace(tzinfo=UTC), reverse=True)

    @audited("login")
    def sign_out_others(self, session: Session) -> list[str]:
        """Revoke the user's other sessions; returns their ids."""
        others = [each.session_id for each in self.open_sessions(session) if each.session_id != session.session_id]
        for session_id in others:
            self.sessions.end(session_id=session_id)
            unless_gone("session_not_found", partial(self._client.sessions.revoke, session_id))
        return others


def _left(session: Session) -> int:
    """The minutes that a session still has, but at least Stytch's least of five, which ``expires_at`` cuts off again.

    Stytch attaches a factor only together with a duration; what is left is sent, so that the session does not slide.
    """
    return max(5, minutes(session.expires_at - datetime.now(UTC)))


auth = cast(Auth, LocalProxy(lambda: current_app.extensions["auth"]))
"""The running app's ``Auth``."""
