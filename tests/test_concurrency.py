"""Parallel requests of one browser: one effect, and no call that is not needed."""

from __future__ import annotations

from collections.abc import Callable

import time_machine

from services.unit_client import org_client

from .inside import at_once, request_of
from .visitor import PERSON, Page, Visitor


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
    assert calls.count("POST /v1/sessions/authenticate") == 1
    assert calls.count("POST /customers/:id/token") == 1


def test_a_code_is_accepted_once_even_from_ten_tabs_at_once(customer: Visitor) -> None:
    code = customer.code()
    customer.get("/step-up")

    pages = at_once(customer, 10, lambda tab: tab.submit("/step-up", code=code))

    assert [page.status for page in pages].count(303) == 1


def test_a_link_is_used_once_even_from_ten_tabs_at_once(visitor: Visitor) -> None:
    visitor.get(visitor.ask_for_link())

    pages = at_once(visitor, 10, lambda tab: tab.submit("/login/authenticate"))

    assert [page.status for page in pages].count(303) == 1


def test_a_page_costs_no_more_calls_than_needed(stepped_up: Visitor, calls: list[str]) -> None:
    stepped_up.get("/cards/list")
    stepped_up.submit("/cards", kind="virtual")
    path = str(stepped_up.get("/cards/list").one("a.manage").attrs["href"]).partition("?")[0]

    def made(act: Callable[[], Page]) -> list[str]:
        calls.clear()
        act()
        return calls.copy()

    assert made(lambda: stepped_up.get("/cards")) == []
    assert made(lambda: stepped_up.get("/cards/list")) == ["GET /cards"]
    assert made(lambda: stepped_up.post(f"{path}/freeze", htmx=True)) == [
        "POST /v1/sessions/authenticate",
        "POST /cards/:id/freeze",
    ]


def test_the_first_list_after_a_step_up_costs_an_exchange_and_the_list(customer: Visitor, calls: list[str]) -> None:
    customer.step_up()
    calls.clear()

    customer.get("/cards/list")

    assert calls == ["POST /customers/:id/token", "GET /cards", "GET /accounts"]  # the account apart, without cards
