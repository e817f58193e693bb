"""Rate limits: requests per client, links per address, codes per user; in memory, or in a Redis that processes share.

To copy: while the store is down, what is limited is refused (503), never let through. Anonymous clients use fixed
windows, so that expired counters are freed; moving windows would keep one entry per client.
"""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits import RateLimitItem, parse, parse_many
from limits.errors import ConfigurationError, StorageError
from limits.strategies import MovingWindowRateLimiter, RateLimiter
from werkzeug.exceptions import TooManyRequests

from .errors import TooManyCodes
from .signals import log_security_event

LINKS_PER_ADDRESS = parse("3/10 minutes")
LINKS_PER_CLIENT = "20/minute"
LINKS_IN_ALL = parse("2000/hour")
CODES_PER_USER = parse_many("5/5 minutes;10/hour;20/day")  # wrong codes; each further window is a longer wait
STORE_OPTIONS = {"wrap_exceptions": True, "socket_connect_timeout": 1, "socket_timeout": 2}  # seconds; for Redis

limiter = Limiter(key_func=get_remote_address, strategy="fixed-window")


def init_app(app: Flask, storage_uri: str = "memory://") -> None:
    """Count in this store. Raises ValueError if the URI names no usable kind of store."""
    options = {} if storage_uri.startswith("memory:") else STORE_OPTIONS
    app.config.update(RATELIMIT_STORAGE_URI=storage_uri, RATELIMIT_STORAGE_OPTIONS=options)
    try:
        limiter.init_app(app)
    except (ConfigurationError, ImportError, ValueError) as error:
        raise ValueError(
            "RATELIMIT_STORAGE_URI must be memory://, or redis://host:port with the redis package installed."
        ) from error


def may_send_link(email: str) -> bool:
    """Count a link to this address; return False at its limit. Raises TooManyRequests at the whole app's limit."""
    if not _hit(limiter.limiter, LINKS_PER_ADDRESS, "link", hashlib.sha256(email.lower().encode()).hexdigest()):
        return False
    if not _hit(limiter.limiter, LINKS_IN_ALL, "link", "all"):
        raise TooManyRequests(retry_after=60)
    return True


def hit_user_limit(item: RateLimitItem, kind: str, user_id: str) -> bool:
    """Count an action of this user; return False if the limit is reached."""
    return _hit(_per_user(), item, kind, user_id)


def count_code(user_id: str, kind: str = "code") -> None:
    """Count a code before it is checked, so that parallel guesses count too. Raises TooManyCodes.

    Codes of different kinds are counted apart.
    """
    for item in sorted(CODES_PER_USER):  # shortest window first: a refusal there does not extend longer waits
        if not hit_user_limit(item, kind, user_id):
            reset = _per_user().get_window_stats(item, kind, user_id).reset_time
            raise TooManyCodes(max(1, int(reset - time.time())))


def reset_code_attempts(user_id: str, kind: str = "code") -> None:
    """Forget the user's wrong codes of this kind, after a right one."""
    with suppress(StorageError):  # the code was right, whether or not this can be noted
        for item in CODES_PER_USER:
            _per_user().clear(item, kind, user_id)


def _per_user() -> RateLimiter:
    return MovingWindowRateLimiter(limiter.storage)


def _hit(counter: RateLimiter, item: RateLimitItem, kind: str, key: str) -> bool:
    if counter.hit(item, kind, key):
        return True
    log_security_event("limit", f"{kind}: {item}")
    return False
