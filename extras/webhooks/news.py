"""News: when Unit last sent an event about a customer, and when Unit was last asked about an application.

Kept as expiring keys in the store of rate limits, whose times are all that is read. If it is down, a delivery is not
confirmed, so Unit sends it again; card pages have no news, and the waiting page asks Unit each time.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Literal, TypeAlias

from limits.errors import StorageError

from services.rate_limits import store

from .deliveries import Event

LIFE = 3_600  # seconds; as long as a session
SLACK = 2  # seconds by which a shared store may round times
ASK_AGAIN = 30  # seconds after which Unit is asked although there is no news
Subject: TypeAlias = Literal["user", "customer", "asked"]


def note_event(event: Event) -> None:
    """Note that there is news for whom an event concerns. Raises StorageError."""
    if event.user_id:
        _note("user", event.user_id)
    if event.customer_id:
        _note("customer", event.customer_id)


def has_news(subject: Subject, subject_id: str, since: float) -> bool:
    """Whether an event came since then, in seconds since the epoch."""
    try:
        return _noted_at(subject, subject_id) >= since - SLACK
    except StorageError:
        return False


def should_ask(user_id: str) -> bool:
    """Whether to ask Unit about a user's application now: there is news, or it was not asked for half a minute.

    If so, notes the time: before Unit is asked, so that an event that comes meanwhile counts as news.
    """
    with suppress(StorageError):
        asked = _noted_at("asked", user_id)
        if time.time() - asked < ASK_AGAIN and not has_news("user", user_id, asked):
            return False
        _note("asked", user_id)
    return True


def forget_asking(user_id: str) -> None:
    """Ask again at the next chance, since Unit did not answer."""
    with suppress(StorageError):
        store.clear(_key("asked", user_id))


def _note(subject: Subject, subject_id: str) -> None:
    store.clear(_key(subject, subject_id))  # or the key would keep its first time
    store.incr(_key(subject, subject_id), LIFE)


def _noted_at(subject: Subject, subject_id: str) -> float:
    return store.get_expiry(_key(subject, subject_id)) - LIFE  # a key that is not there expires now


def _key(subject: Subject, subject_id: str) -> str:
    return f"news/{subject}/{subject_id}"
