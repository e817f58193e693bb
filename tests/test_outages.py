"""Outages and refusals that stand for themselves: what still works, and what is not the visitor's fault."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event, Semaphore
from typing import Any

import pytest
import requests
import time_machine
from flask import Flask

from deploy import serve
from services import http
from services.guards import _signer

from .fake_network import REFUSED, FakeNetwork, Fault, Forward, altered, unit_refusal
from .visitor import Visitor

PATIENCE = 5  # seconds until a test that hangs gives up
CUSTOMER_TOKEN = "POST /customers/[0-9]+/token"
CHECK_SESSION = "POST /v1/sessions/authenticate"


def test_stytch_may_fail_while_a_customer_token_is_replaced(
    stepped_up: Visitor, network: FakeNetwork, clock: time_machine.Traveller
) -> None:
    stepped_up.get("/cards/list")
    clock.shift(60)  # the JWT is verified here, but too old for an exchange
    refused = unit_refusal(401, "unauthorized")

    def fail(request: requests.PreparedRequest, forward: Forward) -> requests.Response:
        return (refused if request.method == "GET" else REFUSED)(request, forward)

    network.set(f"GET /cards|{CHECK_SESSION}", fail)
    page = stepped_up.get("/cards/list", htmx=True)

    assert page.status == 503
    assert network.met == ["GET /cards", CHECK_SESSION]


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        pytest.param(CUSTOMER_TOKEN, unit_refusal(401, "unauthorized"), id="refused org token"),
        pytest.param(
            "GET /cards", Fault(400, b'{"errors": [{"code": "invalid_value", "source": "text"}]}'), id="odd shape"
        ),
    ],
)
def test_a_refusal_that_is_our_own_fault_is_no_crash_and_asks_for_no_code(
    stepped_up: Visitor, network: FakeNetwork, call: str, answer: Fault
) -> None:
    network.set(call, answer)

    assert stepped_up.get("/cards/list").status == 502


@pytest.mark.parametrize("is_cached", [True, False])
@pytest.mark.parametrize(("call", "may_be_done"), [(CHECK_SESSION, False), ("POST /cards/[0-9]+/freeze", True)])
def test_only_what_was_begun_may_have_gone_through(
    holder: Visitor, network: FakeNetwork, app: Flask, call: str, *, may_be_done: bool, is_cached: bool
) -> None:
    card_path = str(holder.get("/cards/list").one("a.manage").attrs["href"])
    holder.get(card_path)
    if not is_cached:
        app.extensions["session_cache"]._sessions.clear()  # as in another process
    network.set(call)

    answer = holder.submit(f"{card_path.partition('?')[0]}/freeze", htmx=True)

    assert answer.status == 503
    assert ("may have gone through" in answer.body) == may_be_done
    assert ("Nothing was lost" in answer.body) != may_be_done


@pytest.mark.parametrize("last4", ["123", "12345", "12a4", "\u0661\u0662\u0663\u0664", "1234\n", "", 1234])
def test_a_card_without_four_last_digits_is_no_usable_answer(
    holder: Visitor, network: FakeNetwork, last4: object
) -> None:
    def change(answer: dict[str, Any]) -> dict[str, Any]:
        answer["data"][0]["attributes"]["last4Digits"] = last4
        return answer

    network.set("GET /cards", altered(change))

    assert holder.get("/cards/list").status == 503


def test_all_calls_of_one_request_share_one_budget(
    stepped_up: Visitor, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.set(".*")
    monkeypatch.setattr(http, "REQUEST_BUDGET", 0)

    assert stepped_up.get("/cards/list").status == 503
    assert network.met == []


def test_signing_out_works_while_stytch_is_down(
    stepped_up: Visitor, network: FakeNetwork, clock: time_machine.Traveller
) -> None:
    stepped_up.get("/cards")
    clock.shift(301)
    network.set("(POST|GET) /v1/.*")

    page = stepped_up.submit("/logout")

    assert (page.status, page.goes_to) == (303, "/")
    assert stepped_up.cookie("stytch_session") is None


def test_a_link_works_while_the_present_session_cannot_be_checked(
    signed_in: Visitor, network: FakeNetwork, clock: time_machine.Traveller
) -> None:
    clock.shift(301)
    signed_in.post("/login", {"email": "bob@example.com"})
    signed_in.get(signed_in.newest_link())
    network.set(CHECK_SESSION)

    assert signed_in.submit("/login/authenticate").status == 303


class Hanging:
    """A behavior: takes every call, and answers none until it is released."""

    def __init__(self) -> None:
        self.taken, self.released = Semaphore(0), Event()

    def __call__(self, _request: requests.PreparedRequest, _forward: Forward) -> requests.Response:
        self.taken.release()
        self.released.wait(PATIENCE)
        raise requests.ReadTimeout


def test_a_service_that_hangs_does_not_stop_pages_that_need_no_call(
    app: Flask, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging, visitors = Hanging(), [Visitor(app) for _ in range(http.IN_FLIGHT + 1)]
    network.set("POST /v1/.*", hanging)
    monkeypatch.setattr(http, "TURN", 0)
    with app.app_context():
        for number, visitor in enumerate(visitors):
            visitor.client.set_cookie("stytch_session", _signer().sign(f"{number:044}").decode())

    with ThreadPoolExecutor(http.IN_FLIGHT) as threads:
        waiting = [threads.submit(visitor.get, "/") for visitor in visitors[1:]]
        taken = [hanging.taken.acquire(timeout=PATIENCE) for _ in waiting]
        too_many, without = visitors[0].get("/"), Visitor(app).get("/")
        hanging.released.set()

    assert all(taken)
    assert (too_many.status, too_many.response.headers["Retry-After"]) == (503, "1")
    assert without.status == 200
    assert {page.result().status for page in waiting} == {503}


def test_two_services_that_hang_leave_threads_for_the_rest() -> None:
    assert serve.THREADS > 2 * http.IN_FLIGHT
