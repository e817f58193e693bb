"""A bounded cache in memory, in which parallel requests for one missing entry share one call.

What it holds may be lost at any moment (a restart, another process): every entry can be earned again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from cachetools import LRUCache, TLRUCache

V = TypeVar("V")


class Cache(Generic[V]):
    """Entries live until the moment that ``expires_at`` reads from them, or until newer ones need the room.

    ``on_hit`` is told of each entry that spared a load.
    """

    def __init__(
        self, expires_at: Callable[[V], float], size: int = 10_000, on_hit: Callable[[V], None] = lambda _value: None
    ) -> None:
        self._entries: TLRUCache[str, V] = TLRUCache(
            size, ttu=lambda _key, value, _now: expires_at(value), timer=time.time
        )
        self._on_hit = on_hit
        self._moment = 0
        self._dropped: LRUCache[str, int] = LRUCache(size)
        self._lock = threading.Lock()
        self._loading: dict[str, Future[V]] = {}

    def get(self, key: str) -> V | None:
        """The entry, or None."""
        with self._lock:
            return self._entries.get(key)

    def moment(self) -> int:
        """A mark in the order of events, to be taken before something is asked for that will be ``put``."""
        with self._lock:
            self._moment += 1
            return self._moment

    def put(self, key: str, value: V, asked_at: int | None = None) -> None:
        """Replace the entry, unless it was dropped after ``asked_at``: a late answer brings nothing back."""
        with self._lock:
            if asked_at is None or self._dropped.get(key, 0) < asked_at:
                self._entries[key] = value

    def drop(self, key: str) -> None:
        """Forget the entry."""
        with self._lock:
            self._moment += 1
            self._dropped[key] = self._moment
            self._entries.pop(key, None)

    def get_or_load(self, key: str, load: Callable[[], V]) -> V:
        """The entry, or what ``load`` returns; others who want the same entry meanwhile wait for that one call.

        They share its failure too: with a service that hangs they would wait one after the other.
        """
        with self._lock:
            if (value := self._entries.get(key)) is None:
                under_way = self._loading.get(key)
                loading = self._loading.setdefault(key, Future())
        if value is not None:
            self._on_hit(value)
            return value
        if under_way:
            self._on_hit(value := under_way.result())
            return value
        try:
            asked_at = self.moment()
            self.put(key, value := load(), asked_at)
        except BaseException as error:
            loading.set_exception(error)
            raise
        else:
            loading.set_result(value)
            return value
        finally:
            with self._lock:
                del self._loading[key]
