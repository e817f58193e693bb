"""The cache of verified sessions: fewer calls, nothing beyond its time, and no session that was ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from services import session_cache
from services.errors import NotSignedIn, ServiceUnavailable
from services.session import Session
from services.session_cache import SessionCache
from services.signals import session_ended

from .visitor import EMAIL

PATIENCE = 5  # seconds until a test that hangs fails
SIZE = 3  # sessions


class Stytch:
    """Answers with a new JWT each time; ``meanwhile`` runs while an answer is on its way."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def __call__(self, token: str) -> Session:
        self.asked.append(token)
        session = session_of(token, f"JWT {len(self.asked)}")
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        return session


def session_of(token: str, jwt: str = "JWT") -> Session:
    return Session(
        token=token,
        session_id=f"session of {token}",
        user_id="user-test-1",
        factors=(),
        customer_id=None,
        expires_at=datetime.now(UTC) + timedelta(hours=1),
        jwt=jwt,
        jwt_issued_at=time.time(),
        jwt_expires_at=time.time() + 300,
        email=EMAIL,
        enrolled=False,
    )


@pytest.fixture
def stytch() -> Stytch:
    return Stytch()


@pytest.fixture
def cache(clock: time_machine.Traveller, stytch: Stytch, monkeypatch: pytest.MonkeyPatch) -> SessionCache:
    assert clock  # entries expire by it
    monkeypatch.setattr(session_cache, "SIZE", SIZE)
    return SessionCache(stytch)


def test_a_session_is_asked_for_once_and_no_key_of_the_cache_is_a_token(cache: SessionCache, stytch: Stytch) -> None:
    first, other = cache.get("ada"), cache.get("bela")
    again = cache.get("ada")
    refreshed = cache.refresh("ada")
    cache.end(token="bela")

    assert first is again
    assert first != other
    assert refreshed.jwt != first.jwt
    assert cache.get("ada") is refreshed
    assert stytch.asked == ["ada", "bela", "ada"]
    assert not {"ada", "bela"} & {*cache._sessions, *cache._ended, *cache._latest, *cache._loading}


@pytest.mark.parametrize("ends", ["JWT", "session"])
def test_a_session_is_asked_for_again_when_it_is_no_longer_verified(
    cache: SessionCache, stytch: Stytch, clock: time_machine.Traveller, ends: str
) -> None:
    session = session_of("ada")
    if ends == "session":
        session = replace(session, expires_at=datetime.now(UTC) + timedelta(minutes=5))
    first = cache.load("ada", lambda: session)

    clock.shift(299.9)
    just_before = cache.get("ada")
    clock.shift(0.1)

    assert just_before is first
    assert cache.get("ada") is not first
    assert stytch.asked == ["ada"]


def test_the_cache_is_bounded(cache: SessionCache) -> None:
    for number in range(2 * SIZE):
        cache.get(f"visitor {number}")
        cache.end(session_id=f"session {number}")

    for held in (cache._sessions, cache._ended, cache._latest, cache._loading):
        assert len(held) == SIZE


def test_parallel_requests_share_one_call(cache: SessionCache, stytch: Stytch) -> None:
    requests = 8
    arrived, never = threading.Barrier(requests), threading.Event()
    stytch.meanwhile = lambda: never.wait(0.1)  # lets the others arrive while this call is on its way

    def ask(_request: int) -> Session:
        arrived.wait(PATIENCE)
        return cache.get("ada")

    with ThreadPoolExecutor(requests) as threads:
        answers = set(threads.map(ask, range(requests)))

    assert len(answers) == 1
    assert stytch.asked == ["ada"]


def test_a_request_does_not_wait_for_another_session(cache: SessionCache, stytch: Stytch) -> None:
    loading, proceed = threading.Event(), threading.Event()

    def wait() -> None:
        loading.set()
        assert proceed.wait(PATIENCE)

    stytch.meanwhile = wait
    with ThreadPoolExecutor(1) as thread:
        slow = thread.submit(cache.get, "ada")
        assert loading.wait(PATIENCE)
        quick = cache.get("bela")
        is_slow_done = slow.done()
        proceed.set()

    assert quick.token == "bela"
    assert not is_slow_done
    assert slow.result().token == "ada"


@pytest.mark.parametrize("error", [ServiceUnavailable("Stytch", "down"), NotSignedIn()], ids=["outage", "refusal"])
def test_neither_a_failure_nor_the_session_before_it_is_kept(
    cache: SessionCache, stytch: Stytch, error: Exception
) -> None:
    def fail() -> None:
        raise error

    first = cache.get("ada")
    stytch.meanwhile = fail
    with pytest.raises(type(error)):
        cache.refresh("ada")

    assert cache.get("ada") is not first


@pytest.mark.parametrize("newer", ["load", "refresh"])
def test_a_late_answer_never_replaces_a_newer_one(cache: SessionCache, stytch: Stytch, newer: str) -> None:
    newest = session_of("ada", "newer")
    acts = {"load": lambda: cache.load("ada", lambda: newest), "refresh": lambda: cache.refresh("ada")}
    stytch.meanwhile = acts[newer]

    late = cache.refresh("ada")

    assert late.jwt == "JWT 1"
    assert cache.get("ada").jwt == {"load": "newer", "refresh": "JWT 2"}[newer]


ENDS: dict[str, dict[str, str]] = {
    "token": {"token": "ada"},
    "session id": {"session_id": "session of ada"},
    "both": {"token": "ada", "session_id": "session of ada"},
}


@pytest.mark.parametrize("named", ENDS.values(), ids=ENDS)
def test_an_ended_session_stays_ended(cache: SessionCache, stytch: Stytch, named: dict[str, str]) -> None:
    session = cache.get("ada")
    stytch.asked.clear()

    cache.end(**named)

    for attempt in (cache.get, cache.refresh):
        with pytest.raises(NotSignedIn):
            attempt("ada")
    with pytest.raises(NotSignedIn):
        cache.load("ada", lambda: session)
    assert "token" not in named or stytch.asked == []  # a session id says nothing of the token that is asked with


@pytest.mark.parametrize("ask", ["get", "refresh"])
@pytest.mark.parametrize("named", ENDS.values(), ids=ENDS)
def test_a_late_answer_never_brings_back_an_ended_session(
    cache: SessionCache, stytch: Stytch, named: dict[str, str], ask: str
) -> None:
    stytch.meanwhile = lambda: cache.end(**named)

    with pytest.raises(NotSignedIn):
        getattr(cache, ask)("ada")

    with pytest.raises(NotSignedIn):
        cache.get("ada")


def test_the_end_of_a_session_is_announced(cache: SessionCache) -> None:
    heard: list[str] = []

    def hear(_app: object, *, session_id: str) -> None:
        heard.append(session_id)

    with session_ended.connected_to(hear):
        cache.end(token="ada")
        cache.end(session_id="session of ada")

    assert heard == ["session of ada"]


@pytest.mark.parametrize("meanwhile", ["refresh", "nothing"])
def test_a_late_proof_never_replaces_what_was_asked_for_after_it(
    cache: SessionCache, stytch: Stytch, meanwhile: str
) -> None:
    def prove() -> Session:
        if meanwhile == "refresh":  # because the factor was removed, say
            cache.refresh("ada")
        return session_of("ada", "proven")

    cache.load("ada", prove)

    assert cache.get("ada").jwt == {"refresh": "JWT 1", "nothing": "proven"}[meanwhile]
    assert len(stytch.asked) == (meanwhile == "refresh")
