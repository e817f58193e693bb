"""Text from the services: isolated, of limited length, and on one line, wherever it shows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from blueprints.cards import date_and_time
from extras.activity.events import LONGEST, Event
from extras.operations.commands import printable
from extras.wire_log.redaction import as_text

from ..fake_network import FakeNetwork, altered
from ..sandbox import buy, deposit
from ..visitor import EMAIL, Visitor


def event(**attributes: Any) -> Event:
    made = {"createdAt": "2026-06-01T12:00:00Z", "amount": 450, **attributes}
    return Event.read({"type": "purchaseTransaction", "id": "1", "attributes": made})


@pytest.mark.parametrize("source", ["merchant", "description", "summary"])
def test_the_words_of_an_event_are_one_line_of_limited_length(source: str) -> None:
    words = "W\x00\x1b[2J\n\x85" + "W" * 10_000

    shown = event(**{source: {"name": words} if source == "merchant" else words}).summary

    assert len(shown) == LONGEST + 1
    assert shown.startswith("W [2J W")
    assert shown.endswith("…")


def test_a_merchants_name_is_isolated(holder: Visitor, card_path: str, network: FakeNetwork) -> None:
    name = "\u202eSHOP"
    deposit(holder, 10_000)
    buy(holder, card_path, 450)

    def renamed(answer: Any) -> Any:
        for each in answer["data"]:
            each["attributes"]["merchant"] = {"name": name}
        return answer

    network.set("GET .*/transactions", altered(renamed))
    page = holder.get("/cards/activity")

    assert {tag.text() for tag in page.html.css(".event .what bdi")} == {name}


def test_the_visitors_address_is_isolated(signed_in: Visitor, clock: time_machine.Traveller) -> None:
    header = signed_in.get("/")
    account = signed_in.get("/account")
    clock.shift(2)
    signed_in.post("/login", {"email": EMAIL})
    opened = signed_in.get(signed_in.newest_link())

    assert header.one(".who bdi").text() == EMAIL
    assert account.html.css(".facts dd bdi")[0].text() == EMAIL
    assert opened.one("main strong bdi").text() == EMAIL


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\u200f", "\u200b", "\x9b", "\u2028", "\ufeff"], ids=ascii)
def test_the_panel_writes_out_what_turns_or_hides_text(mark: str) -> None:
    assert as_text({"name": f"a{mark}b"}) == f'{{\n  "name": "a\\u{ord(mark):04x}b"\n}}'


def test_a_terminal_is_not_controlled() -> None:
    assert printable("Ada\x1b[2J\u202eVance") == "Ada?[2J?Vance"
    assert len(printable("x" * 10_000)) == 300


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (datetime(2026, 1, 1, tzinfo=UTC), "Jan 1, 12:00 AM UTC"),
        (datetime(2025, 12, 31, 23, 59, tzinfo=UTC), "Dec 31, 2025, 11:59 PM UTC"),
        (datetime(2027, 1, 1, 13, 5, tzinfo=UTC), "Jan 1, 2027, 1:05 PM UTC"),
    ],
    ids=["this year", "last year", "next year"],
)
def test_a_time_has_its_year_unless_it_is_this_one(clock: time_machine.Traveller, moment: datetime, shown: str) -> None:
    assert clock
    assert date_and_time(moment) == shown


def test_machines_read_times_in_whole_seconds(stepped_up: Visitor) -> None:
    times = [tag.attrs.sget("datetime") for tag in stepped_up.get("/account").html.css("time")]

    assert times
    assert {len(time) for time in times} == {len("2026-06-01T12:00:00+00:00")}
