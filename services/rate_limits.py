"""Rate limits: requests per client, links per address, codes per user; in memory, or in a Redis that processes share.

To copy: count before acting, so that parallel tries count too, and give back what an outage took. While the store is
down, what is limited is refused (503). Addresses and users are counted in moving windows, which allow no burst.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_network
from typing import cast

from flask import Flask, current_app, request
from limits import RateLimitItem, parse_many
from limits.errors import ConfigurationError, StorageError
from limits.storage import Storage, storage_from_string
from werkzeug.exceptions import TooManyRequests
from werkzeug.local import LocalProxy

from .errors import LimitReached, ServiceUnavailable
from .guards import P, R, guard
from .signals import Refusal, log_security_event

CODES_PER_USER = parse_many("5/5 minutes;10/hour;20/day")  # wrong codes; each further window is a longer wait
STORE_OPTIONS = {"wrap_exceptions": True, "socket_connect_timeout": 1, "socket_timeout": 2}  # seconds; for Redis

store = cast(Storage, LocalProxy(lambda: current_app.extensions["rate_limits"]))  # the running app's


def init_app(app: Flask, storage_uri: str = "memory://") -> None:
    """Count in this store. Raises ValueError if the URI names no usable kind of store."""
    options = {} if storage_uri.startswith("memory:") else STORE_OPTIONS
    try:
        app.extensions["rate_limits"] = storage_from_string(storage_uri, **options)
    except (ConfigurationError, ImportError, ValueError) as e:
        raise ValueError("RATELIMIT_STORAGE_URI must be memory://, or redis://host:port with redis installed.") from e


def limited(item: RateLimitItem) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator that limits how often one client requests a view. Raises TooManyRequests."""
    return guard(lambda: count(item, request.endpoint or "", client_network()))


def client_network() -> str:
    """Return what counts as one client: an IPv4 address, or the /64 that one customer of a provider has."""
    address = request.remote_addr or ""
    with suppress(ValueError):
        return str(ip_network(f"{address}/{64 if ':' in address else 32}", strict=False))
    return "unknown"


@contextmanager
def counted(kind: str, key: str, *items: RateLimitItem, rule: str = "") -> Iterator[Callable[[], None]]:
    """Count an action of this user or address before it is done. Raises LimitReached with ``rule``.

    Given back if a service did nothing; after a time-out it may have acted. Yields a function that gives it back.
    """
    taken = []
    for item in sorted(items):  # shortest window first: a refusal there does not extend longer waits
        places = _places(item, kind, key)
        place = next((each for each in places if store.incr(each, item.get_expiry()) == 1), None)
        if place is None:
            log_security_event("limit", f"{kind}: {item}")
            raise LimitReached(_wait(places), rule)
        taken.append(place)
    try:
        yield lambda: _free(taken)
    except (ServiceUnavailable, Refusal) as error:
        if error.did_nothing:
            _free(taken)
        raise


@contextmanager
def counted_code(user_id: str, kind: str = "code") -> Iterator[None]:
    """Count a code of this kind while it is checked; a right one forgets wrong ones. Raises LimitReached."""
    with counted(kind, user_id, *CODES_PER_USER, rule="You entered too many wrong codes."):
        yield
    _free(place for item in CODES_PER_USER for place in _places(item, kind, user_id))


def count(item: RateLimitItem, kind: str, key: str) -> None:
    """Count in a fixed window. Raises TooManyRequests at the limit."""
    place = item.key_for(kind, key)
    if store.incr(place, item.get_expiry()) > item.amount:
        raise TooManyRequests(retry_after=_wait([place]))


def _places(item: RateLimitItem, kind: str, key: str) -> list[str]:
    """Return the keys that actions take, one each, until it expires: a moving window that leaves nothing behind."""
    return [item.key_for(kind, key, str(number)) for number in range(item.amount)]


def _free(places: Iterable[str]) -> None:
    with suppress(StorageError):  # the user need not hear of it
        for place in places:
            store.clear(place)


def _wait(places: Iterable[str]) -> int:
    return max(1, math.ceil(min(map(store.get_expiry, places)) - time.time()))
