"""The cache in memory: one call for parallel callers, nothing past its time, never more than it has room for."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Timer

import pytest
import time_machine

from services.cache import Cache

PATIENCE = 5  # seconds until a test that hangs gives up


@dataclass(frozen=True)
class Entry:
    name: str
    expires_at: float


class Source:
    """Where entries come from: counts how often it is asked, fails when told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.failing = False

    def load(self) -> Entry:
        self.asked += 1
        if self.failing:
            raise ConnectionError
        return Entry(f"number {self.asked}", time.time() + 60)


@pytest.fixture
def cache(clock: time_machine.Traveller) -> Cache[Entry]:  # noqa: ARG001 - entries expire by the clock
    return Cache(expires_at=lambda entry: entry.expires_at, size=3)


@pytest.fixture
def source() -> Source:
    return Source()


def test_what_was_loaded_is_not_loaded_again(cache: Cache[Entry], source: Source) -> None:
    first = cache.get_or_load("key", source.load)

    assert cache.get_or_load("key", source.load) is first
    assert cache.get("key") is first
    assert source.asked == 1


def test_each_key_has_an_entry_of_its_own(cache: Cache[Entry], source: Source) -> None:
    assert cache.get_or_load("one", source.load) != cache.get_or_load("two", source.load)
    assert source.asked == 2


def test_parallel_callers_share_one_call(cache: Cache[Entry], source: Source) -> None:
    callers = 8
    arrived = threading.Barrier(callers)
    others_wait = threading.Event()

    def slow() -> Entry:
        others_wait.wait(0.1)  # never set: gives the others time to arrive while this call is under way
        return source.load()

    def call(_caller: int) -> Entry:
        arrived.wait(PATIENCE)
        return cache.get_or_load("key", slow)

    with ThreadPoolExecutor(callers) as threads:
        answers = set(threads.map(call, range(callers)))

    assert answers == {Entry("number 1", time.time() + 60)}
    assert source.asked == 1


def test_a_caller_does_not_wait_for_another_key(cache: Cache[Entry], source: Source) -> None:
    loading, go_on = threading.Event(), threading.Event()

    def stuck() -> Entry:
        loading.set()
        assert go_on.wait(PATIENCE)
        return source.load()

    with ThreadPoolExecutor(1) as thread:
        slow = thread.submit(cache.get_or_load, "slow", stuck)
        assert loading.wait(PATIENCE)
        quick = cache.get_or_load("quick", source.load)
        is_slow_done = slow.done()
        go_on.set()

    assert quick.name == "number 1"
    assert not is_slow_done
    assert slow.result().name == "number 2"


def test_an_entry_dies_at_its_moment(cache: Cache[Entry], source: Source, clock: time_machine.Traveller) -> None:
    first = cache.get_or_load("key", source.load)

    clock.shift(59.9)
    just_before = cache.get("key")
    clock.shift(0.1)

    assert just_before is first
    assert cache.get("key") is None
    assert cache.get_or_load("key", source.load).name == "number 2"


def test_what_is_over_already_is_not_kept(cache: Cache[Entry]) -> None:
    cache.put("key", Entry("old", time.time() - 1))

    assert cache.get("key") is None


def test_newer_entries_push_out_older_ones(cache: Cache[Entry], source: Source) -> None:
    names = ["a", "b", "c", "d", "e"]

    loaded = [cache.get_or_load(name, source.load) for name in names]

    assert [cache.get(name) for name in names] == [None, None, *loaded[2:]]


def test_a_replaced_entry_is_the_new_one(cache: Cache[Entry], source: Source) -> None:
    cache.get_or_load("key", source.load)

    cache.put("key", Entry("replaced", time.time() + 60))

    assert cache.get_or_load("key", source.load).name == "replaced"


def test_a_dropped_entry_is_loaded_anew(cache: Cache[Entry], source: Source) -> None:
    cache.get_or_load("key", source.load)

    cache.drop("key")
    cache.drop("never there")

    assert cache.get("key") is None
    assert cache.get_or_load("key", source.load).name == "number 2"


def test_a_failure_is_not_kept_and_the_next_caller_tries_again(cache: Cache[Entry], source: Source) -> None:
    source.failing = True
    with pytest.raises(ConnectionError):
        cache.get_or_load("key", source.load)
    assert cache.get("key") is None
    source.failing = False

    assert cache.get_or_load("key", source.load).name == "number 2"


def test_whoever_waited_for_a_call_that_failed_does_not_wait_for_another(cache: Cache[Entry], source: Source) -> None:
    loading, fail = threading.Event(), threading.Event()

    def failing() -> Entry:
        loading.set()
        assert fail.wait(PATIENCE)
        raise ConnectionError

    def wait() -> Entry:
        Timer(0.05, fail.set).start()  # while the second caller waits
        return cache.get_or_load("key", source.load)

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(cache.get_or_load, "key", failing)
        assert loading.wait(PATIENCE)
        waiting = threads.submit(wait)

    assert isinstance(first.exception(), ConnectionError)
    assert isinstance(waiting.exception(), ConnectionError)
    assert source.asked == 0
    assert cache.get_or_load("key", source.load).name == "number 1"
