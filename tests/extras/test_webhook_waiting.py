"""The page of an applicant who waits: it asks Unit if there is news, and twice a minute in any case."""

from __future__ import annotations

import time

import pytest
import time_machine
from flask import Flask

from extras.webhooks.news import ASK_AGAIN, has_news
from services.unit_client import org_client

from ..fake_network import REFUSED, FakeNetwork
from ..inside import request_of
from ..visitor import Page, Visitor
from ..webhooks import deliver, deliver_due, event, take_store_down

PENDING = "000000004"  # goes to manual review


@pytest.fixture
def waiting(enrolled: Visitor, clock: time_machine.Traveller) -> Visitor:
    """A user whose application is under review, and whose page has polled once."""
    enrolled.open_account(ssn=PENDING)
    clock.shift(10)
    assert waits(enrolled).status == 204
    return enrolled


def waits(visitor: Visitor) -> Page:
    """Poll as the waiting page does."""
    shown = visitor.page
    answer = visitor.submit("/customer/status", htmx=True)
    if answer.status == 204:
        visitor.page = shown
    return answer


def decide(visitor: Visitor) -> None:
    """Let the bank approve."""
    with request_of(visitor):
        (found,) = org_client.get("/applications")["data"]
        attributes = {"reason": "ok"}
        org_client.post(f"/sandbox/applications/{found['id']}/approve", "applicationApprove", attributes)


def tell(app: Flask, visitor: Visitor) -> None:
    """Deliver what Unit sends about an approved application, which has the application's tags."""
    with request_of(visitor) as session:
        user = session.user_id
    deliver(app, event("application.approved", user=user, customer="1"))


def test_a_waiting_page_asks_unit_only_if_there_is_news(
    app: Flask, waiting: Visitor, calls: list[str], clock: time_machine.Traveller
) -> None:
    decide(waiting)
    clock.shift(5)
    calls.clear()
    before = waits(waiting).status, [call for call in calls if call == "GET /applications"]
    deliver_due(app)
    clock.shift(5)

    page = waits(waiting)

    assert before == (204, [])
    assert page.goes_to == "/cards"


def test_an_event_with_the_applications_tag_is_enough(
    app: Flask, waiting: Visitor, clock: time_machine.Traveller
) -> None:
    decide(waiting)
    tell(app, waiting)
    clock.shift(5)

    assert waits(waiting).goes_to == "/cards"


def test_a_waiting_page_asks_twice_a_minute_if_no_event_comes(waiting: Visitor, clock: time_machine.Traveller) -> None:
    decide(waiting)
    clock.shift(ASK_AGAIN - 1)
    before = waits(waiting).status
    clock.shift(1)

    assert (before, waits(waiting).goes_to) == (204, "/cards")


def test_a_waiting_page_asks_again_after_an_outage(
    app: Flask, waiting: Visitor, network: FakeNetwork, clock: time_machine.Traveller
) -> None:
    decide(waiting)
    tell(app, waiting)
    clock.shift(10)
    network.set("GET /applications", REFUSED)
    shown, failed = waiting.page, waits(waiting).status
    network.clear()
    waiting.page = shown

    assert (failed, waits(waiting).goes_to) == (503, "/cards")


def test_while_the_store_is_down_a_waiting_page_asks_unit(
    app: Flask, waiting: Visitor, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(waiting)
    clock.shift(10)
    take_store_down(app, monkeypatch)

    assert waits(waiting).goes_to == "/cards"


def test_a_decision_on_the_emulators_own_page_is_delivered(app: Flask, waiting: Visitor, calls: list[str]) -> None:
    deliver_due(app)
    shown = waiting.get("/customer")
    waiting.submit(str(shown.one("form.pretend").attrs["action"]), decision="approve")
    calls.clear()

    deliver_due(app)

    assert calls == []  # no call has made the events known
    with request_of(waiting):
        (customer,) = org_client.get("/customers")["data"]
    with app.app_context():
        assert has_news("customer", customer["id"], time.time() - 10)
