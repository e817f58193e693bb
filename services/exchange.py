"""The exchange: a Stytch session JWT in, a Unit customer token out.

To copy: send a JWT that Stytch has just returned, ask for the smallest scope, and let the token live no longer than
the step-up. The token stays in this process's memory, where no script can read it; a lost one is exchanged again. Unit
can also upgrade a token that was created with ``upgradableScope``, but only with a code that Unit texts. Unit needs the
JWT for scopes that change something; for reading it may not look at it, so the customer's id must be right here.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import cast

from cachetools import LRUCache, TLRUCache
from flask import current_app
from werkzeug.local import LocalProxy

from .signals import cache_hit, logs_security_event, send, session_ended
from .unit_client import CustomerClient, OrgClient
from .unit_models import Json

SIZE = 10_000  # tokens
CARDS_SCOPE = "accounts authorizations cards transactions"
CARDS_WRITE_SCOPE = f"{CARDS_SCOPE} cards-write"  # a token of its own, exchanged for at a session's first write


@dataclass(frozen=True)
class Proof:
    """Who acts at Unit: a session JWT that Stytch has just returned, and until when its second factor counts."""

    session_id: str
    user_id: str  # for the security log; Unit reads the JWT's ``sub``
    customer_id: str
    session_jwt: str = field(repr=False)
    valid_until: datetime


@dataclass(frozen=True)
class Token:
    """A customer token."""

    value: str = field(repr=False)
    expires_at: float  # seconds since the epoch


class Exchange:
    """Customer tokens by session and scope."""

    def __init__(self, org: OrgClient) -> None:
        self._org = org
        self._tokens = TLRUCache[tuple[str, str], Token](SIZE, lambda _key, t, _now: t.expires_at, time.time)
        self._scopes: set[str] = set()
        # By hand: cachetools' own locking cannot replace a token that Unit has refused.
        self._lock, self._loading = Lock(), LRUCache[tuple[str, str], Lock](SIZE)
        session_ended.connect(self._forget)

    def customer(self, session_id: str, prove: Callable[[], Proof], scope: str = CARDS_SCOPE) -> CustomerClient:
        """Return Unit's API as this session's customer. Exchanges, and calls ``prove``, only if no token is cached.

        Raises UnitError, ServiceUnavailable, and what ``prove`` raises.
        """
        key = (session_id, scope)

        def token_other_than(refused: str) -> str:
            with self._lock:
                loading = self._loading.setdefault(key, Lock())
            with loading:  # parallel requests wait here, then find what the first one got
                with self._lock:
                    cached = self._tokens.get(key)
                if cached is None or cached.value == refused:
                    cached = self.keep(session_id, self.token(prove(), scope), scope)
                else:
                    send(cache_hit, service="Unit", why="customer token cached", until=cached.expires_at)
                return cached.value

        return CustomerClient(self._org.http, self._org.url, token_other_than)

    @logs_security_event("exchange")
    def token(self, proof: Proof, scope: str, longest: int | None = None, resources: Sequence[Json] = ()) -> Token:
        """Exchange a proof for a token that lives at most ``longest`` seconds, and not beyond the step-up.

        Unit verifies the JWT with Stytch's keys, and that its ``sub`` is the customer's ``jwtSubject``. ``resources``
        narrows the token, as in ``{"type": "card", "ids": ["1"]}``. Unit docs: *Customer API Tokens*. Raises UnitError,
        ServiceUnavailable.
        """
        left = max(1, int((proof.valid_until - datetime.now(UTC)).total_seconds()))
        lifetime = min(left, longest or left)
        attributes: Json = {"scope": scope, "jwtToken": proof.session_jwt, "expiresIn": lifetime}
        if resources:
            attributes["resources"] = list(resources)
        answer = self._org.customer_token(proof.customer_id, attributes)
        return Token(answer.token, time.time() + min(lifetime, answer.expires_in))

    def keep(self, session_id: str, token: Token, scope: str = CARDS_SCOPE) -> Token:
        """Cache a token for a session."""
        with self._lock:
            self._scopes.add(scope)
            self._tokens[session_id, scope] = token
        return token

    def _forget(self, _app: object, *, session_id: str) -> None:
        with self._lock:
            for scope in self._scopes:
                self._tokens.pop((session_id, scope), None)


exchange = cast(Exchange, LocalProxy(lambda: current_app.extensions["exchange"]))  # the running app's
