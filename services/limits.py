"""How often: requests per client, links per address, texts and codes per user.

Counters live in memory, or in the store that ``RATELIMIT_STORAGE_URI`` names when several processes must share them.
To copy: while that store cannot be reached nothing is counted, so what is limited is refused (503), never let through.
And strangers are counted in windows that end as a whole, which memory then forgets: of moving windows it would keep the
name of everybody who ever came, and go through all of them again and again. A user's codes are few, and theirs move.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits import RateLimitItem, parse, parse_many
from limits.errors import ConfigurationError, StorageError
from limits.strategies import MovingWindowRateLimiter, RateLimiter
from werkzeug.exceptions import TooManyRequests

from settings import SettingsError

from .audit import note
from .session import NotSignedIn

LINKS_PER_ADDRESS = parse("3/10 minutes")
LINKS_PER_CLIENT = "20/minute"
LINKS_IN_ALL = parse("2000/hour")
UNKNOWN_SESSIONS_PER_CLIENT = parse("30/minute")
TEXTS_PER_USER = parse("3/10 minutes")
CODES_PER_USER = parse_many("5/5 minutes;10/hour;20/day")  # wrong ones; each further window is a longer wait

STORE_OPTIONS = {"wrap_exceptions": True, "socket_connect_timeout": 1, "socket_timeout": 2}  # seconds; for Redis

limiter = Limiter(key_func=get_remote_address, strategy="fixed-window")


class TooManyCodes(Exception):
    """A user gave too many wrong codes; ``wait`` is in seconds."""

    def __init__(self, wait: int) -> None:
        super().__init__(wait)
        self.wait = wait


def start(app: Flask, storage_uri: str) -> None:
    """Count in this store. Raises SettingsError if there can be no such store; whether it answers shows later."""
    remote = not storage_uri.startswith("memory:")
    app.config.update(RATELIMIT_STORAGE_URI=storage_uri, RATELIMIT_STORAGE_OPTIONS=STORE_OPTIONS if remote else {})
    try:
        limiter.init_app(app)
    except (ConfigurationError, ImportError, ValueError) as error:
        raise SettingsError(
            "RATELIMIT_STORAGE_URI must be memory://, or redis://host:port with the redis package installed."
        ) from error


def may_send_link(email: str) -> bool:
    """Count a link to this address, and say whether it is still one of the few that a mailbox gets in ten minutes.

    Raises TooManyRequests if the app as a whole has mailed too many.
    """
    if not _hit(limiter.limiter, LINKS_PER_ADDRESS, "link", hashlib.sha256(email.lower().encode()).hexdigest()):
        return False
    if not _hit(limiter.limiter, LINKS_IN_ALL, "link", "all"):
        raise TooManyRequests(retry_after=60)
    return True


@contextmanager
def few_unknown_sessions() -> Iterator[None]:
    """Ask Stytch for a client's session, unless too many of its tokens were none: each guess costs a call.

    It spares calls and guards nothing, so without the store of counters everybody passes. Raises TooManyRequests.
    """
    counted = UNKNOWN_SESSIONS_PER_CLIENT, "session", get_remote_address()
    with suppress(StorageError):
        if not limiter.limiter.test(*counted):
            note("limit", f"session: {UNKNOWN_SESSIONS_PER_CLIENT}")
            raise TooManyRequests(retry_after=60)
    try:
        yield
    except NotSignedIn:
        with suppress(StorageError):
            limiter.limiter.hit(*counted)
        raise


def may_send_text(user_id: str) -> bool:
    """Count a text to this user's phone, and say whether it is still one of the few in ten minutes."""
    return _hit(_of_users(), TEXTS_PER_USER, "text", user_id)


def count_code(user_id: str, kind: str = "code") -> None:
    """Count a code before it is tried, so that parallel guesses count too. Raises TooManyCodes.

    ``kind``: codes that are guessed at apart are counted apart.
    """
    for item in sorted(CODES_PER_USER):  # the shortest first: what it refuses lengthens no other wait
        if not _hit(_of_users(), item, kind, user_id):
            raise TooManyCodes(_wait(item, kind, user_id))


def forgive_codes(user_id: str, kind: str = "code") -> None:
    """Forget a user's wrong codes of a kind, after a right one."""
    with suppress(StorageError):  # the code was right, whether or not that can be noted
        for item in CODES_PER_USER:
            _of_users().clear(item, kind, user_id)


def _of_users() -> RateLimiter:
    return MovingWindowRateLimiter(limiter.storage)


def _hit(counter: RateLimiter, item: RateLimitItem, what: str, whose: str) -> bool:
    if counter.hit(item, what, whose):
        return True
    note("limit", f"{what}: {item}")
    return False


def _wait(item: RateLimitItem, kind: str, user_id: str) -> int:
    return max(1, int(_of_users().get_window_stats(item, kind, user_id).reset_time - time.time()))
