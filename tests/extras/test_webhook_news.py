"""Open pages learn of news: they ask Unit only if there is some, and show what Unit answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest
import time_machine
from flask import Flask
from limits.storage import MemoryStorage

from app import create_app
from services.unit_client import org_client
from settings import Settings

from ..inside import request_of
from ..journeys import has_card
from ..sandbox import buy, deposit
from ..visitor import Visitor
from ..webhooks import deliver, event, poll, take_store_down

Deliver: TypeAlias = Callable[[], None]


@pytest.fixture
def deliver_due(app: Flask, clock: time_machine.Traveller) -> Deliver:
    """Let the emulated Unit deliver its events, and time pass until the page's next poll."""

    def deliver_all() -> None:
        app.extensions["emulator_dispatcher"].deliver_due()
        clock.shift(5)

    return deliver_all


@pytest.fixture
def reader(holder: Visitor, deliver_due: Deliver) -> Visitor:
    """A customer whose list of cards is open, and who has heard all news."""
    deliver_due()
    holder.get("/cards/list")
    return holder


def customer_of(visitor: Visitor) -> str:
    with request_of(visitor) as session:
        return str(session.customer_id)


def change(visitor: Visitor, card_path: str, action: str) -> None:
    """Let the bank freeze or unfreeze a card."""
    with request_of(visitor):
        org_client.call("POST", f"{card_path}/{action}")


def test_without_news_a_list_asks_no_service(reader: Visitor, calls: list[str], clock: time_machine.Traveller) -> None:
    clock.shift(5)
    calls.clear()

    page = poll(reader)

    assert (page.status, page.body, calls) == (204, "", [])


def test_a_card_frozen_by_the_bank_shows_at_the_next_poll_and_then_it_is_quiet(
    reader: Visitor, card_path: str, deliver_due: Deliver, clock: time_machine.Traveller, calls: list[str]
) -> None:
    change(reader, card_path, "freeze")
    deliver_due()

    page = poll(reader)

    assert page.one("hx-partial[hx-target='#wallet'] .state").text() == "Frozen"
    assert page.one("hx-partial[hx-target='#status']").text() == "Your cards have changed."
    assert page.response.headers["HX-Trigger"] == "card-changed"  # so that the activity is loaded again
    clock.shift(5)
    calls.clear()
    assert (poll(reader).status, calls) == (204, [])


def test_each_event_counts_not_only_the_first(
    reader: Visitor, card_path: str, deliver_due: Deliver, clock: time_machine.Traveller
) -> None:
    seen = []
    for action in ("freeze", "unfreeze", "freeze"):
        change(reader, card_path, action)
        deliver_due()
        seen.append(poll(reader).one(".state").text())
        clock.shift(60)
        reader.get("/cards/list")

    assert seen == ["Frozen", "Ready to use", "Frozen"]


def test_a_purchase_changes_the_balance_and_leaves_the_cards_alone(
    reader: Visitor, card_path: str, deliver_due: Deliver
) -> None:
    deposit(reader, 1_000)
    buy(reader, card_path, 300)
    before = reader.get("/cards/list").one("#balance strong").text()
    buy(reader, card_path, 450)
    deliver_due()

    page = poll(reader)

    assert page.one("hx-partial[hx-target='#accounts'] #balance strong").text() != before
    assert not page.html.css("hx-partial[hx-target='#wallet'], hx-partial[hx-target='#status']")


@pytest.mark.parametrize("mode", ["AtMostOnce", "AtLeastOnce"])
def test_both_ways_of_delivery_bring_news(reader: Visitor, card_path: str, deliver_due: Deliver, mode: str) -> None:
    with request_of(reader):
        (webhook,) = org_client.get("/webhooks")["data"]
        document = {"type": "webhook", "attributes": {"deliveryMode": mode}}
        org_client.call("PATCH", f"/webhooks/{webhook['id']}", document)
    change(reader, card_path, "freeze")
    deliver_due()

    assert poll(reader).one(".state").text() == "Frozen"


def old(kind: str, customer: str, status: str) -> dict[str, object]:
    return event(kind, customer=customer, newStatus=status, createdAt="2020-01-01T00:00:00.000Z")


@pytest.mark.parametrize(
    "events",
    [
        pytest.param(lambda who: [event("card.statusChanged", customer=who, newStatus="Frozen")], id="untrue"),
        pytest.param(lambda who: [old("card.statusChanged", who, "Stolen")], id="old"),
        pytest.param(lambda who: [old("card.statusChanged", who, each) for each in ("Lost", "Active")], id="reordered"),
        pytest.param(lambda who: [event("card.statusChanged", customer=who)] * 64, id="duplicated"),
        pytest.param(lambda who: [event("made.up", customer=who)], id="unknown"),
    ],
)
def test_no_event_is_believed(
    app: Flask, reader: Visitor, clock: time_machine.Traveller, events: Callable[[str], list[object]]
) -> None:
    given = events(customer_of(reader))
    for _ in range(2):  # a delivery that is replayed
        deliver(app, *given)
    clock.shift(5)

    page = poll(reader)

    assert page.status == 200
    assert not page.html.css("hx-partial[hx-target='#wallet']")  # no state has changed
    assert reader.get("/cards/list").one(".state").text() == "Ready to use"


def test_news_of_another_customer_is_none(app: Flask, reader: Visitor, clock: time_machine.Traveller) -> None:
    deliver(app, event("card.statusChanged", customer="99999"), event("card.created"))
    clock.shift(5)

    assert poll(reader).status == 204


def test_a_card_page_shows_its_new_state(reader: Visitor, card_path: str, deliver_due: Deliver) -> None:
    reader.get(card_path)
    change(reader, card_path, "freeze")
    deliver_due()

    page = poll(reader)

    assert page.one(f"hx-partial[hx-target='#card-{card_path.rpartition('/')[2]}'] .state").text() == "Frozen"
    assert page.html.css("hx-partial[hx-target='#balance'] #balance")
    assert page.one("hx-partial[hx-target='#status']").text() == "Your card has changed."


def test_someone_elses_card_has_no_news(app: Flask, reader: Visitor) -> None:
    deliver(app, event("card.created", customer=customer_of(reader)))

    assert reader.get("/news/99999999?since=0", htmx=True).status == 404


@pytest.mark.parametrize("since", ["", "x", "-1", "9" * 400])
def test_a_time_that_is_none_does_no_harm(reader: Visitor, since: str) -> None:
    assert reader.get(f"/news?since={since}", htmx=True).status in {200, 204}


def test_a_plain_browser_is_sent_to_the_cards(reader: Visitor) -> None:
    assert reader.get("/news").goes_to == "/cards"


def test_while_the_store_is_down_a_list_stays_as_it_is(
    app: Flask, reader: Visitor, card_path: str, deliver_due: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(reader, card_path, "freeze")
    deliver_due()
    take_store_down(app, monkeypatch)

    assert poll(reader).status == 204


def test_no_news_opens_a_dialog_when_the_step_up_is_over(
    reader: Visitor, card_path: str, deliver_due: Deliver, clock: time_machine.Traveller, calls: list[str]
) -> None:
    change(reader, card_path, "freeze")
    deliver_due()
    clock.shift(600)
    calls.clear()

    page = poll(reader)

    assert page.status == 204
    assert "GET /cards" not in calls


@pytest.fixture
def replicas(settings: Settings, clock: time_machine.Traveller) -> list[Flask]:
    assert clock
    apps = [create_app(settings), create_app(settings)]
    for app in apps:
        app.extensions["emulator_dispatcher"].in_background = False
    return apps


def walked(app: Flask, clock: time_machine.Traveller) -> Visitor:
    visitor = Visitor(app)
    has_card()(visitor, clock)
    clock.shift(5)
    visitor.get("/cards/list")
    return visitor


def at(app: Flask, visitor: Visitor) -> Visitor:
    """Return the same page of the same browser, whose next request reaches another process."""
    there = Visitor(app)
    there.client._cookies, there.page = dict(visitor.client._cookies or {}), visitor.page
    return there


@pytest.mark.parametrize(("is_shared", "status"), [(False, 204), (True, 200)], ids=["memory", "shared store"])
def test_a_page_learns_of_news_at_the_process_that_got_it_or_at_any_that_shares_its_store(
    replicas: list[Flask], clock: time_machine.Traveller, is_shared: bool, status: int
) -> None:
    here, there = replicas
    if is_shared:
        here.extensions["rate_limits"] = there.extensions["rate_limits"] = MemoryStorage()
    reader = walked(here, clock)
    deliver(there, event("card.created", customer=customer_of(reader)))
    clock.shift(5)

    assert poll(at(there, reader)).status == 200
    assert poll(reader).status == status
