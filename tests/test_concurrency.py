"""Parallel requests of one browser: one effect, and no call that is not needed."""

from __future__ import annotations

from collections.abc import Callable

import time_machine

from services.unit_client import org_client

from .inside import at_once, request_of
from .visitor import PERSON, Visitor

CHECK = "POST /v1/sessions/authenticate"


def test_ten_parallel_presses_of_one_form_make_one_card(stepped_up: Visitor) -> None:
    stepped_up.get("/cards/list")

    pages = at_once(stepped_up, 10, lambda tab: tab.submit("/cards", kind="virtual"))

    assert [page.status for page in pages] == [303] * 10
    assert len(stepped_up.get("/cards/list").html.css("article.plastic")) == 1


def test_ten_parallel_applications_make_one_customer_with_one_account(enrolled: Visitor) -> None:
    enrolled.get("/customer")

    pages = at_once(enrolled, 10, lambda tab: tab.submit("/customer", PERSON))

    assert {page.goes_to for page in pages} == {"/cards"}
    with request_of(enrolled) as session:
        assert len(org_client.applications(session.user_id)) == 1
        assert len(org_client.accounts(session.customer_id or "")) == 1


def test_six_parallel_fragments_on_an_expired_jwt_cost_one_call_to_stytch_and_one_exchange(
    stepped_up: Visitor, clock: time_machine.Traveller, calls: list[str]
) -> None:
    clock.shift(301)

    pages = at_once(stepped_up, 6, lambda tab: tab.get("/cards/list", htmx=True))

    assert [page.status for page in pages] == [200] * 6
    assert calls.count(CHECK) == 1
    assert calls.count("POST /customers/:id/token") == 1


def test_a_page_costs_no_more_calls_than_needed(holder: Visitor, card_path: str, calls: list[str]) -> None:
    cache = holder.app.extensions["session_cache"]

    def made(act: Callable[[], object]) -> list[str]:
        calls.clear()
        act()
        return calls.copy()

    assert made(lambda: holder.get("/")) == made(lambda: holder.get("/cards")) == []
    assert made(lambda: holder.get("/cards/list")) == ["GET /cards", "GET /accounts"]
    assert made(lambda: holder.post(f"{card_path}/freeze", htmx=True)) == [CHECK, "POST /cards/:id/freeze"]
    cache._sessions.clear()  # as in another process
    assert made(lambda: holder.get("/cards")) == [CHECK]


def test_the_first_list_after_a_step_up_costs_an_exchange_and_the_list(customer: Visitor, calls: list[str]) -> None:
    customer.step_up()
    calls.clear()

    customer.get("/cards/list")

    assert calls == ["POST /customers/:id/token", "GET /cards", "GET /accounts"]
