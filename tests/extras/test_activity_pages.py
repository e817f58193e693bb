"""Pages of activity: one order over all pages, every event once, whatever arrives meanwhile."""

from __future__ import annotations

import pytest
import time_machine

from services.unit_client import UnitError

from ..conftest import AtEndOf
from ..journeys import has_card, newest_card
from ..sandbox import buy, deposit
from ..visitor import Page, Visitor


def pages(visitor: Visitor, page: Page) -> list[Page]:
    """Return this page and all that follow it."""
    found = [page]
    while more := found[-1].html.css("a.button"):
        assert len(found) < 20
        found.append(visitor.get(str(more[0].attrs["href"]), htmx=True))
    return found


def rows(*found: Page) -> list[tuple[str, str]]:
    """Return time and amount of each event, in the order of the list."""
    return [
        (str(event.css("time")[0].attrs["datetime"]), event.css(".amount")[0].text())
        for page in found
        for event in page.html.css(".event")
    ]


@pytest.mark.parametrize("ticks", [0, 0.3, 1], ids=["all at one instant", "three a second", "one a second"])
@pytest.mark.parametrize("new", [0, 1, 12])
def test_each_event_comes_once_and_none_is_missing(
    holder: Visitor, card_path: str, clock: time_machine.Traveller, ticks: float, new: int
) -> None:
    deposit(holder, 1_000_000)
    for number in range(27):
        clock.shift(ticks)
        buy(holder, card_path, 100 + number, hold=number % 3 == 0)

    first = holder.get(f"{card_path}/activity", htmx=True)
    for number in range(new):
        clock.shift(ticks)
        buy(holder, card_path, 900 + number)
    found = rows(*pages(holder, first))

    old = [amount for _at, amount in found if int(amount.lstrip("-$").replace(".", "")) < 900]
    assert sorted(old) == sorted(f"-$1.{number:02}" for number in range(27))
    assert [at for at, _amount in found] == sorted((at for at, _amount in found), reverse=True)
    if ticks:
        assert old == [f"-$1.{number:02}" for number in range(26, -1, -1)]
    assert len(found) == len(old)


def test_a_decline_stands_in_its_place_among_later_purchases(at_end_of: AtEndOf, clock: time_machine.Traveller) -> None:
    holder = at_end_of(has_card("virtual", "freeze"))
    path = newest_card(holder.page)
    deposit(holder, 1_000_000)
    with pytest.raises(UnitError):
        buy(holder, path, 999)
    holder.post(f"{path}/unfreeze")
    for number in range(12):
        clock.shift(1)
        buy(holder, path, 100 + number)

    first, second = pages(holder, holder.get(f"{path}/activity", htmx=True))

    assert [amount for _at, amount in rows(first, second)] == [f"-$1.{n:02}" for n in range(11, -1, -1)] + ["-$9.99"]
    assert first.html.css(".declined") == []


def test_more_holds_than_fit_on_a_page_all_come(holder: Visitor, card_path: str, clock: time_machine.Traveller) -> None:
    deposit(holder, 1_000_000)
    for number in range(33):
        clock.shift(1)
        buy(holder, card_path, 100 + number, hold=True)

    found = rows(*pages(holder, holder.get("/cards/activity", htmx=True)))

    assert [amount for _at, amount in found if amount.startswith("-")] == [
        f"-$1.{number:02}" for number in range(32, -1, -1)
    ]


@pytest.mark.parametrize(
    "cursor", ["", "x", "0-t-0", "9" * 40, "1-z-1", "9999999999999999-a-99999999999999999999", "\u0661-t-1"]
)
def test_any_cursor_is_answered(holder: Visitor, cursor: str) -> None:
    assert holder.get(f"/cards/activity?before={cursor}").status == 200
