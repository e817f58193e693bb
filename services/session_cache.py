"""Sessions that this process has verified, until their JWT expires. Losing one costs a call to Stytch.

To copy: keys are hashes of the token, parallel requests share one call, and no late answer revives an ended session.
"""

import hashlib
import time
from collections.abc import Callable
from itertools import count
from threading import Lock
from typing import cast

from cachetools import LRUCache, TLRUCache, TTLCache
from flask import current_app
from werkzeug.local import LocalProxy

from .errors import NotSignedIn
from .session import Session
from .signals import cache_hit, send, session_ended

SIZE = 10_000  # sessions


class SessionCache:
    """Sessions by their opaque token. What returns one raises NotSignedIn, and, if it asks, ServiceUnavailable."""

    def __init__(self, ask: Callable[[str], Session]) -> None:
        self.is_current: Callable[[Session], bool] = lambda _session: True  # for what other processes know
        self._ask = ask  # asks Stytch for the session of a token, and verifies the JWT that it returns
        self._sessions = TLRUCache[str, Session](SIZE, ttu=lambda _key, s, _now: s.verified_until, timer=time.time)
        self._ended = TTLCache[str, bool](SIZE, ttl=24 * 3600, timer=time.time)  # as long as a session may last
        self._latest = LRUCache[str, int](SIZE)  # the number of the newest load of a session
        self._numbers = count()
        self._lock, self._loading = Lock(), LRUCache[str, Lock](SIZE)  # cachetools' locking would keep late answers

    def get(self, token: str) -> Session:
        """Return the session: verified within the last five minutes, or asked for now."""
        key = _key(token)
        with self._lock:
            loading = self._loading.setdefault(key, Lock())
        with loading:  # parallel requests wait here, then find what the first one got
            with self._lock:
                session = self._sessions.get(key)
            if session is None:
                return self.refresh(token)
        self._unless_ended(session)
        if not self.is_current(session):
            return self.refresh(token)
        send(cache_hit, service="Stytch", why="JWT verified locally", until=session.verified_until)
        return session

    def refresh(self, token: str) -> Session:
        """Return the session as Stytch sees it now, with a new JWT."""
        with self._lock:
            self._sessions.pop(_key(token), None)
        return self.load(token, lambda: self._ask(token))

    def load(self, token: str, ask: Callable[[], Session]) -> Session:
        """Return the session that ``ask`` gets from Stytch, and keep it unless a newer one was asked for meanwhile."""
        key = _key(token)
        with self._lock:
            if key in self._ended:
                raise NotSignedIn
            number = self._latest[key] = next(self._numbers)
        session = self._unless_ended(ask())
        with self._lock:
            if self._latest.get(key) == number:
                self._sessions[key] = session
        return session

    def has_ended(self, session_id: str) -> bool:
        """Whether this process has ended the session."""
        with self._lock:
            return session_id in self._ended

    def end(self, *, token: str = "", session_id: str = "") -> None:
        """Refuse this session from now on, whatever is cached or still on its way."""
        with self._lock:
            for name in filter(None, (token and _key(token), session_id)):
                self._ended[name] = True
                self._sessions.pop(name, None)
        if session_id:
            send(session_ended, session_id=session_id)

    def of_user(self, user_id: str) -> list[Session]:
        """Return the user's sessions that are cached here."""
        with self._lock:
            return [session for session in self._sessions.values() if session.user_id == user_id]

    def _unless_ended(self, session: Session) -> Session:
        with self._lock:
            if _key(session.token) in self._ended or session.session_id in self._ended:
                raise NotSignedIn
        return session


def _key(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


session_cache = cast(SessionCache, LocalProxy(lambda: current_app.extensions["session_cache"]))  # the running app's
