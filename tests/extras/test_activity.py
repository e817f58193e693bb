"""Recent activity of a card and of the account."""

from __future__ import annotations

import re

import pytest
import time_machine

from services.unit_client import UnitError

from ..conftest import AtEndOf
from ..journeys import has_card, newest_card
from ..sandbox import buy, deposit
from ..visitor import Visitor


def test_activity_comes_in_pages_newest_first(holder: Visitor, card_path: str, clock: time_machine.Traveller) -> None:
    deposit(holder, 10_000)
    for _ in range(12):
        clock.shift(1)
        buy(holder, card_path, 450)

    first = holder.get(f"{card_path}/activity", htmx=True)
    second = holder.get(str(first.one("a.button").attrs["href"]), htmx=True)

    assert [len(page.html.css(".event")) for page in (first, second)] == [10, 2]
    assert second.html.css("a.button") == []
    times = [str(tag.attrs["datetime"]) for page in (first, second) for tag in page.html.css("time")]
    assert times == sorted(times, reverse=True)


def test_the_accounts_activity_names_the_card(holder: Visitor, card_path: str) -> None:
    ending = holder.page.one(".number").text().split()[-1]
    deposit(holder, 10_000)
    buy(holder, card_path, 450)

    events = holder.get("/cards/activity").html
    what, amount, when = (events.css(f".event .{name}")[0].text().strip() for name in ("what", "amount", "when"))

    assert (what, amount) == (f"Corner Café card {ending}", "-$4.50")
    assert re.fullmatch(r"Jun 1, 12:\d\d PM UTC", when)
    assert events.css(".event .amount")[1].text() == "$100.00"


def test_a_hold_is_shown_as_pending(holder: Visitor, card_path: str) -> None:
    deposit(holder, 10_000)
    buy(holder, card_path, 4_000, hold=True)

    assert ", pending" in holder.get(f"{card_path}/activity").one(".event.pending").text()


def test_a_declined_payment_is_shown_as_declined(at_end_of: AtEndOf) -> None:
    holder = at_end_of(has_card("virtual", "freeze"))
    path = newest_card(holder.page)
    with pytest.raises(UnitError):
        buy(holder, path, 450)

    assert ", declined" in holder.get(f"{path}/activity").one(".event.declined").text()


def test_activity_needs_a_fresh_second_factor(customer: Visitor) -> None:
    assert customer.get("/cards/activity").asks_for_a_code
    assert "to see your activity" in customer.follow().text


def test_the_activity_of_a_malformed_card_is_not_found(stepped_up: Visitor) -> None:
    assert stepped_up.get("/cards/x/activity").status == 404
