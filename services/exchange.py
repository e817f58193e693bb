"""The exchange: a Stytch session JWT in, a Unit customer token out.

To copy: the JWT is one that Stytch has just returned, the scope is the least that the page needs, and the token lives
no longer than the step-up that earned it. It stays in this process's memory: a script in the page cannot read it, and
when it is lost it is simply earned again.

There is a second way to the same token: a code that Unit itself texts to the customer's phone. Stytch knows nothing of
it, so it counts for cards only, never for a change of factors; and lost, it takes another text.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeVar, cast

from flask import current_app
from werkzeug.local import LocalProxy

from settings import Settings

from . import wire_log
from .audit import audited
from .auth import Auth
from .cache import Cache
from .customer_unit import CustomerUnit
from .http import ServiceSession
from .session import Session
from .stytch_wire import Refused
from .unit import Unit
from .unit_wire import UnitError

CARDS_SCOPE = "accounts authorizations cards cards-write transactions"
REVEAL_SCOPE = "cards-sensitive"
REVEAL_LIFE = 300  # seconds
TEXT_LIFE = 600  # seconds; as long as Unit takes the code
TEXT_TRIES = 5  # wrong codes until a text is over
_Answer = TypeVar("_Answer")


class NoCustomer(Exception):
    """The signed-in user is not a customer at Unit: not yet, or not at the org that is asked now."""


class StepUpNeeded(Exception):
    """The session's second factor is missing or not fresh."""


@dataclass(frozen=True)
class _Held:
    token: str = field(repr=False)
    expires_at: float
    by_text: bool = False


@dataclass(frozen=True)
class _Text:
    """A text that waits for its code."""

    verification_token: str = field(repr=False)
    expires_at: float
    tries: int = TEXT_TRIES


class Exchange:
    """Acts at Unit in the name of a session's customer."""

    def __init__(self, settings: Settings, http: ServiceSession, auth: Auth, unit: Unit) -> None:
        self._settings, self._http, self._auth, self._unit = settings, http, auth, unit
        self._tokens: Cache[_Held] = Cache(
            expires_at=lambda held: held.expires_at,
            on_hit=lambda held: wire_log.spared("Unit", "the customer token is still good", held.expires_at),
        )
        self._texts: Cache[_Text] = Cache(expires_at=lambda text: text.expires_at)

    def as_customer(self, session: Session, act: Callable[[CustomerUnit], _Answer]) -> _Answer:
        """Do something at Unit with the customer's own token; a token that Unit no longer takes is earned once more.

        Raises StepUpNeeded, NoCustomer, NotSignedIn, UnitError, ServiceDown.
        """
        for _attempt in range(2):
            customer = self._customer(session)  # if this is refused, the org token is, and no code would help
            try:
                return act(customer)
            except UnitError as error:
                if error.status != 401:
                    raise
                self._tokens.drop(session.session_id)
        raise StepUpNeeded

    def reveal_token(self, session: Session, card_id: str) -> str:
        """A token for the browser, with which it may fetch this one card's number from the bank and nothing else.

        It lives for at most five minutes, and is not kept here. Raises as ``as_customer``.
        """
        return self._earn(session, REVEAL_SCOPE, REVEAL_LIFE, {"card": [card_id]}).token

    def is_stepped_up(self, session: Session) -> bool:
        """Whether the session may act on cards: by a fresh second factor, or by a texted code."""
        return session.proven_until(self._settings.step_up_max_age) is not None or self.is_texted(session)

    def is_texted(self, session: Session) -> bool:
        """Whether a texted code has earned the token that is held for the session."""
        held = self._tokens.get(session.session_id)
        return held is not None and held.by_text

    @audited("step-up")
    def send_text(self, session: Session) -> None:
        """Let Unit text a code. What the code belongs to stays here. Raises StepUpNeeded, UnitError, ServiceDown."""
        if session.customer_id is None:
            raise StepUpNeeded
        token = self._unit.start_verification(session.customer_id)
        self._texts.put(session.session_id, _Text(token, time.time() + TEXT_LIFE))

    @audited("step-up")
    def take_text(self, session: Session, code: str) -> None:
        """Earn the token for cards with the texted code; it lives as long as a step-up lasts.

        Raises Refused: ``text_wrong``, or ``text_over`` if only another text helps. Else as ``as_customer``.
        """
        text = self._texts.get(session.session_id)
        if text is None or session.customer_id is None:
            raise Refused("text_over")
        lasts = min(self._settings.step_up_max_age, session.expires_at - datetime.now(UTC))
        left = max(1, int(lasts.total_seconds()))
        try:
            token = self._unit.customer_token_by_code(
                session.customer_id, text.verification_token, code, CARDS_SCOPE, left
            )
        except UnitError as error:
            if error.status != 400:
                raise
            if text.tries > 1:
                self._texts.put(session.session_id, replace(text, tries=text.tries - 1))
            else:
                self._texts.drop(session.session_id)
            raise Refused("text_wrong") from error
        self._texts.drop(session.session_id)
        held = _Held(token.token, time.time() + min(left, token.expires_in), by_text=True)
        self._tokens.put(session.session_id, held)

    def drop(self, *session_ids: str) -> None:
        """Forget what is held for sessions: at sign-out, and when what has earned it is gone."""
        for session_id in session_ids:
            self._tokens.drop(session_id)
            self._texts.drop(session_id)

    def _customer(self, session: Session) -> CustomerUnit:
        held = self._tokens.get_or_load(session.session_id, lambda: self._earn(session, CARDS_SCOPE))
        return CustomerUnit(self._http, self._settings.unit_api_url, held.token)

    @audited("exchange")
    def _earn(
        self,
        session: Session,
        scope: str,
        longest: int | None = None,
        resources: Mapping[str, Sequence[str]] | None = None,
    ) -> _Held:
        session = self._auth.sessions.just_returned(session)
        proven_until = session.proven_until(self._settings.step_up_max_age)
        if proven_until is None or session.customer_id is None:
            raise StepUpNeeded
        left = int((proven_until - datetime.now(UTC)).total_seconds())
        lasts = max(1, min(left, longest or left))
        try:
            token = self._unit.customer_token(session.customer_id, session.jwt, scope, lasts, resources)
        except UnitError as error:
            if error.status != 404 or not self._settings.unit_is_sandbox or self._unit.knows(session.customer_id):
                raise
            self._auth.remember_customer(session, None)  # play money may be forgotten; a real customer never is
            raise NoCustomer from error
        return _Held(token.token, time.time() + min(left, token.expires_in))


exchange = cast(Exchange, LocalProxy(lambda: current_app.extensions["exchange"]))
"""The running app's ``Exchange``."""
