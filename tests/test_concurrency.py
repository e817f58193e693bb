"""Many requests of one visitor at once: one effect, and no call more than is needed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import time_machine
from flask import Flask

from .conftest import Page, Visitor


def same_browser(visitor: Visitor) -> Visitor:
    """Another tab."""
    tab = Visitor(visitor.app)
    tab.client._cookies = dict(visitor.client._cookies or {})
    tab.page = visitor.page
    return tab


def at_once(visitor: Visitor, times: int, act: Callable[[Visitor], Page]) -> list[Page]:
    """Do the same in so many tabs, in parallel."""
    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(act, [same_browser(visitor) for _ in range(times)]))


def test_ten_parallel_presses_of_one_form_make_one_card(stepped_up: Visitor) -> None:
    stepped_up.get("/cards/list")

    answers = at_once(stepped_up, 10, lambda tab: tab.submit("/cards", kind="virtual"))

    assert [page.status for page in answers] == [303] * 10
    assert len(stepped_up.get("/cards/list").html.css("article.plastic")) == 1


def test_ten_parallel_presses_of_the_application_make_one_customer_with_one_account(
    app: Flask, enrolled: Visitor
) -> None:
    enrolled.get("/customer")

    answers = at_once(enrolled, 10, lambda tab: tab.submit("/customer"))

    assert {page.goes_to for page in answers} == {"/cards"}
    with app.test_request_context(headers={"Cookie": f"emulator_visitor={enrolled.cookie('emulator_visitor')}"}):
        app.preprocess_request()
        session = app.extensions["auth"].sessions.get(enrolled.cookie("stytch_session"))
        assert len(app.extensions["unit"].applications(session.user_id)) == 1
        assert len(app.extensions["unit"].accounts(session.customer_id)) == 1


def test_six_parallel_fragments_on_an_expired_jwt_make_one_call_to_stytch_and_one_exchange(
    stepped_up: Visitor, clock: time_machine.Traveller, calls: list[str]
) -> None:
    clock.shift(301)

    answers = at_once(stepped_up, 6, lambda tab: tab.get("/cards/list", htmx=True))

    assert [page.status for page in answers] == [200] * 6
    assert calls.count("POST /v1/sessions/authenticate") == 1
    assert calls.count("POST /customers/:id/token") == 1


def test_a_code_is_accepted_once_even_by_ten_tabs_at_once(customer: Visitor) -> None:
    code = customer.code()
    customer.get("/step-up")

    answers = at_once(customer, 10, lambda tab: tab.submit("/step-up", code=code))

    assert sorted(page.status for page in answers)[:1] == [303]
    assert [page.status for page in answers].count(303) == 1


def test_a_link_is_spent_once_even_by_ten_tabs_at_once(visitor: Visitor) -> None:
    visitor.get(visitor.ask_for_link())

    answers = at_once(visitor, 10, lambda tab: tab.submit("/login/authenticate"))

    assert [page.status for page in answers].count(303) == 1


def test_calls_are_no_more_than_needed(stepped_up: Visitor, calls: list[str]) -> None:
    stepped_up.get("/cards/list")
    stepped_up.submit("/cards", kind="virtual")
    path = str(stepped_up.get("/cards/list").one("a.manage").attrs["href"]).partition("?")[0]
    calls.clear()

    def made(act: Callable[[], Page]) -> list[str]:
        act()
        asked = calls.copy()
        calls.clear()
        return asked

    assert made(lambda: stepped_up.get("/cards")) == []
    assert made(lambda: stepped_up.get("/cards/list")) == ["GET /cards"]
    assert made(lambda: stepped_up.post(f"{path}/freeze", htmx=True)) == [
        "POST /v1/sessions/authenticate",
        "POST /cards/:id/freeze",
    ]


def test_the_first_list_after_a_step_up_takes_an_exchange_and_the_list(customer: Visitor, calls: list[str]) -> None:
    customer.step_up()
    calls.clear()

    customer.get("/cards/list")

    assert calls == ["POST /customers/:id/token", "GET /cards", "GET /accounts"]  # without cards, the account apart
