"""Alive and ready: two questions, and neither costs a service anything."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from flask import Flask
from limits.errors import StorageError

from services.http import ServiceDown, ServiceSession
from services.limits import limiter
from services.readiness import Readiness
from settings import Settings

from .conftest import Visitor


class Counted(ServiceSession):
    """Services that count who asks, and may be down or hang."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.down = ""
        self.go_on = threading.Event()
        self.go_on.set()

    def send(self, request: requests.PreparedRequest, **_kwargs: object) -> requests.Response:
        self.asked.append(str(request.url))
        self.go_on.wait(10)
        if self.down and self.down in str(request.url):
            raise ServiceDown("host", "refused")
        return requests.Response()


@pytest.fixture
def services(app: Flask) -> Counted:  # noqa: ARG001 - it starts the store of rate limits
    return Counted()


@pytest.fixture
def readiness(settings: Settings, services: Counted) -> Readiness:
    return Readiness(settings, services)


def test_an_app_whose_services_answer_is_ready(visitor: Visitor) -> None:
    page = visitor.get("/readyz")

    services = {"stytch": "up", "unit": "up", "rate limits": "up"}
    assert (page.status, page.response.json) == (200, {"status": "ok", "services": services})


def test_an_app_without_one_of_its_services_is_not_ready_but_alive(
    visitor: Visitor, readiness: Readiness, services: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.down = "unit.sh"
    monkeypatch.setitem(visitor.app.extensions, "readiness", readiness)

    page = visitor.get("/readyz")

    states = {"stytch": "up", "unit": "down", "rate limits": "up"}
    assert (page.status, page.response.json) == (503, {"status": "not ready", "services": states})
    assert visitor.get("/healthz").status == 200


@pytest.mark.parametrize("trouble", ["silent", "broken"])
def test_a_store_of_rate_limits_that_is_gone_is_seen(
    readiness: Readiness, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    def check() -> bool:
        if trouble == "broken":
            raise StorageError(OSError())
        return False

    monkeypatch.setattr(limiter.storage, "check", check)

    assert readiness.services() == {"stytch": True, "unit": True, "rate limits": False}


def test_services_are_asked_without_credentials(readiness: Readiness, services: Counted) -> None:
    readiness.services()

    assert services.asked == [
        "https://test.stytch.com/v1/sessions/jwks/project-test-00000000-0000-4000-8000-000000000000",
        "https://api.s.unit.sh/accounts",
    ]


def test_however_many_ask_the_services_are_asked_once(readiness: Readiness, services: Counted) -> None:
    for _ in range(50):
        readiness.services()

    assert len(services.asked) == 2


def test_nobody_waits_for_a_service_that_hangs(readiness: Readiness, services: Counted) -> None:
    services.go_on.clear()
    with ThreadPoolExecutor(1) as one:
        first = one.submit(readiness.services)
        while not services.asked:
            pass
        answers = [readiness.services() for _ in range(20)]
        services.go_on.set()

        assert answers == [{}] * 20
        assert all(first.result().values())
    assert len(services.asked) == 2


def test_while_limits_cannot_be_counted_what_is_limited_is_refused_and_nothing_else(
    signed_in: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_args: object, **_kwargs: object) -> bool:
        raise StorageError(ConnectionError())

    for counts in ("incr", "acquire_entry"):
        monkeypatch.setattr(limiter.storage, counts, gone)

    assert signed_in.get("/account").status == 200
    refused = signed_in.post("/login", {"email": "ada@example.com"})
    assert refused.status == 503
    assert refused.heading == "A service did not answer"
