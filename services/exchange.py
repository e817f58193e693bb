"""The exchange: a Stytch session JWT in, a Unit customer token out.

To copy: the JWT is one that Stytch has just returned, the scope is the least that the page needs, and the token lives
no longer than the step-up that earned it. It stays in this process's memory: a script in the page cannot read it, and
when it is lost it is simply earned again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar, cast

from flask import current_app
from werkzeug.local import LocalProxy

from settings import Settings

from .auth import Auth
from .cache import Cache
from .customer_unit import CustomerUnit
from .http import ServiceSession
from .session import Session
from .unit import Unit
from .unit_wire import UnitError

CARDS_SCOPE = "accounts authorizations cards cards-write transactions"
_Answer = TypeVar("_Answer")


class StepUpNeeded(Exception):
    """The session's second factor is missing or not fresh."""


@dataclass(frozen=True)
class _Held:
    token: str = field(repr=False)
    expires_at: float


class Exchange:
    """Acts at Unit in the name of a session's customer."""

    def __init__(self, settings: Settings, http: ServiceSession, auth: Auth, unit: Unit) -> None:
        self._settings, self._http, self._auth, self._unit = settings, http, auth, unit
        self._tokens: Cache[_Held] = Cache(expires_at=lambda held: held.expires_at)

    def as_customer(
        self, session: Session, act: Callable[[CustomerUnit], _Answer], scope: str = CARDS_SCOPE
    ) -> _Answer:
        """Do something at Unit with the customer's own token; a token that Unit no longer takes is earned once more.

        Raises StepUpNeeded, NotSignedIn, UnitError, ServiceDown.
        """
        key = f"{session.session_id} {scope}"
        for _attempt in range(2):
            try:
                return act(self._customer(key, session, scope))
            except UnitError as error:
                if error.status != 401:
                    raise
                self._tokens.drop(key)
        raise StepUpNeeded

    def is_stepped_up(self, session: Session) -> bool:
        """Whether the session's second factor is fresh enough to act on cards."""
        return session.proven_until(self._settings.step_up_max_age) is not None

    def drop(self, session: Session) -> None:
        """Forget the session's tokens, at sign-out."""
        self._tokens.drop(f"{session.session_id} {CARDS_SCOPE}")

    def _customer(self, key: str, session: Session, scope: str) -> CustomerUnit:
        held = self._tokens.get_or_load(key, lambda: self._earn(session, scope))
        return CustomerUnit(self._http, self._settings.unit_api_url, held.token)

    def _earn(self, session: Session, scope: str) -> _Held:
        session = self._auth.just_returned(session)
        proven_until = session.proven_until(self._settings.step_up_max_age)
        if proven_until is None or session.customer_id is None:
            raise StepUpNeeded
        left = int((proven_until - datetime.now(UTC)).total_seconds())
        token = self._unit.customer_token(session.customer_id, session.jwt, scope, max(1, left))
        return _Held(token.token, time.time() + min(left, token.expires_in))


exchange = cast(Exchange, LocalProxy(lambda: current_app.extensions["exchange"]))
"""The running app's ``Exchange``."""
