"""Calls that are repeated, the time that they may take together, and how many there may be at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from flask import Flask

from services import http
from services.errors import ServiceUnavailable, last_retry_after
from services.http import HttpSession
from services.signals import upstream_call
from services.unit_client import OrgClient

from .bad_server import Server, answer, short_budget

PATIENCE = 5  # seconds until a test that hangs fails
DOWN = answer(b"{}", "503 Service Unavailable")


@pytest.fixture
def small_app() -> Flask:
    """An app that only limits its calls."""
    app = Flask("app")
    http.limit_requests(app)
    return app


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_an_idempotent_call_is_repeated_when_there_is_no_usable_answer(
    server: Server, session: HttpSession, method: str
) -> None:
    server.answers = [DOWN, DOWN, DOWN, answer()]

    with pytest.raises(ServiceUnavailable, match="status 503"):
        session.request(method, server.origin)

    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("document", "times"),
    [
        pytest.param({"data": {"attributes": {"idempotencyKey": "one-key"}}}, 3, id="with a key"),
        pytest.param({"data": {"attributes": {"amount": 100}}}, 1, id="without a key"),
        pytest.param({"note": '"idempotencyKey"'}, 1, id="a text that looks like a key"),
        pytest.param(None, 1, id="without a body"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_write_is_repeated_only_with_an_idempotency_key(
    server: Server, session: HttpSession, method: str, document: object, times: int
) -> None:
    server.answers = [DOWN] * 4

    with pytest.raises(ServiceUnavailable):
        session.request(method, server.origin, json=document)

    assert len(server.requests) == times
    assert len({asked.rpartition("\n")[2] for asked in server.requests}) == 1  # the same body each time


def test_a_service_that_asks_to_wait_is_not_asked_again(server: Server, session: HttpSession) -> None:
    server.answers = [answer(b"{}", "503 Service Unavailable", "Retry-After: 60"), answer()]

    with pytest.raises(ServiceUnavailable) as outage:
        session.get(server.origin)

    assert outage.value.retry_after == 60
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7), ("Fri, 27 Nov 2026 00:00:00 GMT", None), ("-1", None), ("9" * 6, None)]
)
def test_the_wait_that_an_answer_asks_for_is_kept_until_the_next_call(
    server: Server, session: HttpSession, header: str, seconds: int | None
) -> None:
    server.answers = [answer(b"{}", "429 Too Many Requests", f"Retry-After: {header}"), answer()]

    session.post(server.origin)
    kept = last_retry_after.get()
    session.post(server.origin)

    assert (kept, last_retry_after.get()) == (seconds, None)


def test_a_bug_is_not_repeated(session: HttpSession, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def broken(*_args: object, **_kwargs: object) -> None:
        calls.append("call")
        raise LookupError

    monkeypatch.setattr(session, "_checked", broken)

    with pytest.raises(LookupError):
        session.get("http://127.0.0.1")

    assert calls == ["call"]


def test_no_try_begins_after_the_budget(server: Server, session: HttpSession) -> None:
    server.answers, server.stalls = [b"", answer(), answer()], True

    with short_budget(), pytest.raises(ServiceUnavailable):
        session.get(server.origin)

    assert answer() in server.answers


def test_all_calls_of_a_request_share_its_budget(server: Server, session: HttpSession, small_app: Flask) -> None:
    server.answers, server.stalls = [b"", answer()], True

    @small_app.get("/")
    def view() -> str:
        with suppress(ServiceUnavailable):
            session.get(server.origin)  # waits until the budget is used up
        with pytest.raises(ServiceUnavailable):
            session.get(server.origin)
        return ""

    with short_budget("REQUEST_BUDGET"):
        assert small_app.test_client().get("/").status_code == 200

    assert answer() in server.answers
    server.stalls = False
    assert session.get(server.origin).ok  # outside that request


def test_the_wait_that_a_service_asks_one_visitor_for_is_not_shown_to_another(
    server: Server, session: HttpSession, small_app: Flask
) -> None:
    server.answers = [answer(b"{}", "429 Too Many Requests", "Retry-After: 7")]
    small_app.add_url_rule("/asks", "asks", lambda: session.get(server.origin).reason)
    small_app.add_url_rule("/fails", "fails", lambda: str(ServiceUnavailable("Unit", "no account").retry_after))
    client = small_app.test_client()

    client.get("/asks")

    assert last_retry_after.get() == 7  # in this thread, which serves the next visitor too
    assert client.get("/fails").text == "None"


def test_a_call_has_its_own_budget_again_after_one_that_failed(server: Server, session: HttpSession) -> None:
    server.answers, server.stalls = [b"", answer()], True
    with short_budget(), pytest.raises(ServiceUnavailable):
        session.post(server.origin)
    assert server.asked.wait(PATIENCE)

    assert session.get(server.origin).ok


def test_a_service_that_hangs_does_not_take_every_thread(
    server: Server, session: HttpSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answers, server.stalls = [b"", answer()], True
    monkeypatch.setattr(http, "IN_FLIGHT", 1)
    monkeypatch.setattr(http, "TURN", 0.01)

    with ThreadPoolExecutor(1) as thread:
        hanging = thread.submit(session.post, server.origin)
        assert server.asked.wait(PATIENCE)
        with pytest.raises(ServiceUnavailable, match="too many calls at once") as refused:
            session.get(server.origin)
        server.answers.clear()
        server.closing.set()

    assert refused.value.retry_after == 1
    assert isinstance(hanging.exception(), ServiceUnavailable)
    assert len(server.requests) == 1  # the hanging one


def test_each_try_is_announced_and_the_first_usable_answer_is_returned(server: Server, session: HttpSession) -> None:
    server.answers = [DOWN, answer(b"<h1>Down</h1>"), answer(b'{"third": true}')]
    heard: list[tuple[str, int]] = []

    def hear(_app: object, *, response: Any, problem: str, **_values: object) -> None:
        heard.append((problem, response.status_code))

    with upstream_call.connected_to(hear):
        returned = session.get(server.origin).json()

    assert returned == {"third": True}
    assert heard == [("status 503", 503), ("status 200 without a JSON object", 200), ("", 200)]


@pytest.mark.parametrize(
    ("act", "times"),
    [
        pytest.param(lambda unit: unit.accounts("10001"), 3, id="a read"),
        pytest.param(lambda unit: unit.apply("user", {}, "key"), 3, id="an application"),
        pytest.param(lambda unit: unit.open_account("10001", "key"), 3, id="an account"),
        pytest.param(lambda unit: unit.customer_token("10001", {"scope": "cards"}), 1, id="an exchange"),
    ],
)
def test_only_what_may_happen_twice_is_sent_to_unit_again(
    server: Server, session: HttpSession, act: Callable[[OrgClient], object], times: int
) -> None:
    server.answers = [DOWN] * 4

    with pytest.raises(ServiceUnavailable):
        act(OrgClient(session, server.origin, "token"))

    assert len(server.requests) == times
