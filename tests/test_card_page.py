"""One card's page: what its holder sees, and may do with the card."""

from __future__ import annotations

import json
import re

import pytest
import time_machine

from .conftest import AtEndOf
from .journeys import Kind, has_card, newest_card
from .sandbox import buy, deposit
from .visitor import Page, Visitor

REFUSED = "The bank did not make this change. The card is shown as it is now."
OFFERED: dict[tuple[str, ...], set[str]] = {  # by kind, and by what was done with the card before
    ("virtual",): {"freeze", "report-lost", "report-stolen", "close"},
    ("virtual", "freeze"): {"unfreeze", "report-lost", "report-stolen", "close"},
    ("virtual", "report-lost"): set(),
    ("virtual", "report-stolen"): set(),
    ("virtual", "close"): set(),
    ("physical",): {"report-lost", "report-stolen", "close"},
    ("physical", "activate"): {"freeze", "report-lost", "report-stolen", "close", "replace"},
    ("physical", "activate", "freeze"): {"unfreeze", "report-lost", "report-stolen", "close"},
}


def state(page: Page) -> str:
    return page.one(".state").text()


def available(visitor: Visitor, card_path: str) -> int:
    """Return the cents that the card's page says are available."""
    return int(re.sub(r"\D", "", visitor.get(card_path).one("#balance strong").text()))


@pytest.mark.parametrize("card", OFFERED, ids=" ".join)
def test_only_what_the_cards_state_allows_is_offered(at_end_of: AtEndOf, card: tuple[Kind, ...]) -> None:
    holder = at_end_of(has_card(*card))
    path = newest_card(holder.page)

    page = holder.get(path)

    actions = {str(form.attrs["action"]).removeprefix(f"{path}/") for form in page.html.css(".card form")}
    assert actions & {"freeze", "unfreeze", "report-lost", "report-stolen", "close", "replace"} == OFFERED[card]


@pytest.mark.parametrize(
    ("before", "action", "after"),
    [
        (("virtual",), "freeze", "Frozen"),
        (("virtual", "freeze"), "unfreeze", "Ready to use"),
        (("virtual",), "report-lost", "Reported lost"),
        (("virtual",), "report-stolen", "Reported stolen"),
        (("virtual",), "close", "Closed"),
        (("physical", "activate"), "replace", "Ready to use"),
    ],
)
def test_an_action_changes_the_card(at_end_of: AtEndOf, before: tuple[Kind, ...], action: str, after: str) -> None:
    holder = at_end_of(has_card(*before))

    page = holder.post(f"{newest_card(holder.page)}/{action}", htmx=True)

    assert (page.status, state(page)) == (200, after)


def test_a_refused_action_says_so_and_shows_the_card_as_it_is(at_end_of: AtEndOf) -> None:
    holder = at_end_of(has_card("virtual", "close"))

    page = holder.post(f"{newest_card(holder.page)}/freeze", htmx=True)

    assert (page.status, state(page)) == (409, "Closed")
    assert page.one(".error[autofocus]").text() == REFUSED


def test_an_action_returns_the_card_and_says_what_happened(holder: Visitor, card_path: str) -> None:
    page = holder.post(f"{card_path}/freeze", htmx=True)
    without_script = holder.post(f"{card_path}/unfreeze")

    assert page.html.css("html, main") == []
    assert page.one("section.card .state").text() == "Frozen"
    assert page.one(".done[autofocus]").text() == page.one("hx-partial[hx-target='#status']").text()
    assert page.response.headers["HX-Trigger"] == "card-changed"
    assert without_script.goes_to == card_path
    assert "Card unfrozen. You can pay with it again." in holder.follow().one("main > .done").text()


def test_a_hold_lowers_what_is_available(holder: Visitor, card_path: str) -> None:
    deposit(holder, 10_000)

    before = available(holder, card_path)

    buy(holder, card_path, 4_000, hold=True)

    assert before - available(holder, card_path) == 4_000
    assert "and $40.00 held" in holder.page.one("#balance").text()


def test_what_cannot_be_undone_asks_first_and_names_the_card(holder: Visitor, card_path: str) -> None:
    page = holder.get(card_path)
    ending = page.one(".number").text().split()[-1]

    asked = page.html.css(".card details:has(form button.danger)")

    assert len(asked) == len(page.html.css(".card form button.danger")) == 3
    assert all(ending in details.text() for details in asked)


def test_a_step_up_names_the_action_and_the_card_and_the_action_is_done_once(
    holder: Visitor, card_path: str, clock: time_machine.Traveller
) -> None:
    card = holder.get(card_path)
    ending = card.one(".number").text().split()[-1]
    clock.shift(601)
    code = holder.code()
    holder.page = card

    asked = holder.submit(f"{card_path}/freeze", htmx=True)
    done = holder.submit("/step-up", htmx=True, step_up_code=code)
    holder.page = card
    frozen = holder.submit(f"{card_path}/freeze", htmx=True)

    assert f"freeze the card ending in {ending}" in asked.text
    source = f"freeze-{card_path.split('/')[-1]}"
    assert json.loads(done.response.headers["HX-Trigger"]) == {"stepup-done": {"source": source}}
    assert state(frozen) == "Frozen"


@pytest.mark.parametrize("path", ["/cards/x", "/cards/-1", "/cards/1.5", "/cards/%31%00", "/cards/1/melt"])
def test_a_malformed_card_id_or_action_is_not_found(stepped_up: Visitor, path: str) -> None:
    assert stepped_up.get(path).status == 404
