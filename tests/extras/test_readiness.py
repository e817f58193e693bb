"""The health checks: whether the process is alive, and whether its services answer."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from flask import Flask
from limits.errors import StorageError

from extras.operations.readiness import Readiness
from services.errors import ServiceUnavailable
from services.http import HttpSession

from ..visitor import Visitor


class Counted(HttpSession):
    """Services that count their calls, and may be down or hang."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.down = ""
        self.answer = threading.Event()
        self.answer.set()

    def send(self, request: requests.PreparedRequest, **_kwargs: object) -> requests.Response:
        self.asked.append(str(request.url))
        self.answer.wait(10)
        if self.down and self.down in str(request.url):
            raise ServiceUnavailable("host", "refused")
        return requests.Response()


@pytest.fixture
def services() -> Counted:
    return Counted()


@pytest.fixture
def readiness(app: Flask, services: Counted) -> Readiness:
    return Readiness(app, services)


@pytest.mark.parametrize("down", ["nothing", "unit.sh"])
def test_an_app_is_ready_if_its_services_answer_and_alive_in_any_case(
    visitor: Visitor, readiness: Readiness, services: Counted, monkeypatch: pytest.MonkeyPatch, down: str
) -> None:
    services.down = down
    monkeypatch.setitem(visitor.app.extensions, "readiness", readiness)

    page, alive = visitor.get("/readyz"), visitor.get("/healthz")

    status, word, unit = (200, "ok", "up") if down == "nothing" else (503, "not ready", "down")
    states = {"stytch": "up", "unit": unit, "rate limits": "up"}
    assert (page.status, page.response.json) == (status, {"status": word, "services": states})
    assert (alive.status, alive.response.json) == (200, {"status": "ok"})


@pytest.mark.parametrize("trouble", ["silent", "broken"])
def test_a_store_of_rate_limits_that_is_down_is_noticed(
    app: Flask, readiness: Readiness, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    def check() -> bool:
        if trouble == "broken":
            raise StorageError(OSError())
        return False

    monkeypatch.setattr(app.extensions["rate_limits"], "check", check)

    assert readiness.services() == {"stytch": True, "unit": True, "rate limits": False}


def test_many_callers_cause_one_probe_without_credentials(readiness: Readiness, services: Counted) -> None:
    for _ in range(50):
        readiness.services()

    assert services.asked == [
        "https://test.stytch.com/v1/sessions/jwks/project-test-00000000-0000-4000-8000-000000000000",
        "https://api.s.unit.sh/accounts",
    ]


def test_no_caller_waits_for_a_service_that_hangs(readiness: Readiness, services: Counted) -> None:
    services.answer.clear()
    with ThreadPoolExecutor(1) as one:
        first = one.submit(readiness.services)
        while not services.asked:
            pass
        answers = [readiness.services() for _ in range(20)]
        services.answer.set()

        assert answers == [{}] * 20
        assert all(first.result().values())
    assert len(services.asked) == 2


def test_while_limits_cannot_be_counted_only_what_is_limited_is_refused(
    signed_in: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_args: object, **_kwargs: object) -> bool:
        raise StorageError(ConnectionError())

    monkeypatch.setattr(signed_in.app.extensions["rate_limits"], "incr", down)

    assert signed_in.get("/").status == 200
    refused = signed_in.post("/login", {"email": "ada@example.com"})
    assert (refused.status, refused.heading) == (503, "A service did not answer")
