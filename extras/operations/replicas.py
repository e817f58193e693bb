"""Sessions that end or lose a factor on one replica do so on all: noted in the store that rate limits share.

To copy: one look-up for each request with a session that was verified earlier. If the store is down, Stytch is asked.
"""

from __future__ import annotations

from flask import Flask
from limits.errors import StorageError
from limits.storage import Storage

from services.rate_limits import store
from services.session import JWT_LEEWAY, Session
from services.session_cache import SessionCache
from services.signals import log_security_event, session_ended

LIFE = 300 + JWT_LEEWAY  # seconds for which another replica may hold a session JWT that still verifies
ENDED = 1_000_000  # how much the end of a session counts, among changes that count one each


class Notices:
    """What happened to sessions lately, by their ids."""

    def __init__(self, cache: SessionCache, storage: Storage) -> None:
        self._cache, self._storage = cache, storage
        cache.is_current = self.is_current

    def note(self, _app: object, *, session_id: str) -> None:
        """Let the other replicas know that a session has ended, or has lost a factor."""
        try:
            self._storage.incr(_key(session_id), LIFE, amount=ENDED if self._cache.has_ended(session_id) else 1)
        except StorageError as error:
            log_security_event("fault", f"other replicas do not know of it: {type(error).__name__}")

    def is_current(self, session: Session) -> bool:
        """Return False if Stytch has to be asked. Ends the session here if it has ended elsewhere."""
        try:
            changes = self._storage.get(_key(session.session_id))
        except StorageError:
            return False
        if changes >= ENDED:
            self._cache.end(token=session.token)
        return not changes


def init_app(app: Flask) -> None:
    """Share the ends of sessions, if there is a store that processes share."""
    if not app.extensions["settings"].ratelimit_storage_uri.startswith("memory:"):
        share(app)


def share(app: Flask, storage: Storage = store) -> None:
    """Note in this store, or in that of the rate limits."""
    notices = Notices(app.extensions["session_cache"], storage)
    session_ended.connect(notices.note, sender=app, weak=False)


def _key(session_id: str) -> str:
    return f"session/{session_id}"
