"""One card: what its holder may do with it in which state, its limits, what it paid."""

from __future__ import annotations

from functools import cache

import pytest
import time_machine
from flask import Flask

from .conftest import Milestones, Page, Road, Visitor, after, become_customer

REFUSED = "The bank did not do that. This is how the card is now."
ROADS = {  # how a new card comes into a state: (kind, actions)
    "virtual Active": ("virtual", ()),
    "virtual Frozen": ("virtual", ("freeze",)),
    "virtual Lost": ("virtual", ("report-lost",)),
    "virtual Stolen": ("virtual", ("report-stolen",)),
    "virtual Closed": ("virtual", ("close",)),
    "physical Inactive": ("physical", ()),
    "physical Active": ("physical", ("activate",)),
    "physical Frozen": ("physical", ("activate", "freeze")),
    "physical Lost": ("physical", ("report-lost",)),
    "physical Stolen": ("physical", ("report-stolen",)),
    "physical Closed": ("physical", ("close",)),
}
ALLOWED = {
    "virtual Active": {"freeze", "report-lost", "report-stolen", "close"},
    "virtual Frozen": {"unfreeze", "report-lost", "report-stolen", "close"},
    "physical Inactive": {"activate", "report-lost", "report-stolen", "close"},
    "physical Active": {"freeze", "report-lost", "report-stolen", "close", "replace"},
    "physical Frozen": {"unfreeze", "report-lost", "report-stolen", "close"},
}
ACTIONS = ("activate", "freeze", "unfreeze", "report-lost", "report-stolen", "close", "replace")
BANK_ALLOWS_TOO = {("physical Inactive", "freeze"), ("physical Inactive", "replace")}  # Unit does; nobody would want it


def new_card(visitor: Visitor) -> str:
    """Get a virtual card, and return the path of its page."""
    visitor.get("/cards/list")
    visitor.submit("/cards", kind="virtual")
    return newest_card(visitor.get("/cards/list"))


@after(become_customer)
def to_card(visitor: Visitor, _clock: time_machine.Traveller) -> None:
    visitor.get(new_card(visitor))


def newest_card(listing: Page) -> str:
    """The path of its page."""
    return str(listing.html.css("a.manage")[-1].attrs["href"]).partition("?")[0]


@cache
def road_to(kind: str, *actions: str) -> Road:
    """The way of a customer to a card on which this was done, and to the list that shows it."""

    @after(road_to(kind, *actions[:-1]) if actions else become_customer)
    def road(visitor: Visitor, _clock: time_machine.Traveller) -> None:
        if actions:
            visitor.post(f"{newest_card(visitor.page)}/{actions[-1]}")
        else:
            visitor.get("/cards/list")
            visitor.submit("/cards", kind=kind)
        visitor.get("/cards/list")

    return road


@pytest.fixture
def road() -> str:
    """The state of the holder's card, unless a test names others."""
    return "virtual Active"


@pytest.fixture
def holder(app: Flask, milestones: Milestones, clock: time_machine.Traveller, road: str) -> Visitor:  # noqa: ARG001
    """A customer with one card, whose list of cards is open."""
    kind, actions = ROADS[road]
    return milestones.reach(road_to(kind, *actions), clock)


def state(page: Page) -> str:
    """What the card says of itself."""
    return page.one(".state").text()


@pytest.mark.parametrize("road", ROADS)
def test_only_what_the_state_allows_is_offered(holder: Visitor, road: str) -> None:
    path = newest_card(holder.page)

    page = holder.get(path)

    offered = {str(form.attrs["action"]).removeprefix(f"{path}/") for form in page.html.css(".card form")}
    assert offered == ALLOWED.get(road, set())


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("road", ROADS)
def test_an_action_is_done_or_refused_by_the_cards_state(holder: Visitor, road: str, action: str) -> None:
    path = newest_card(holder.page)
    before = state(holder.page)
    allowed = action in ALLOWED.get(road, set()) or (road, action) in BANK_ALLOWS_TOO

    page = holder.post(f"{path}/{action}", htmx=True)

    assert page.status == (200 if allowed else 409)
    assert (REFUSED in page.text) is not allowed
    assert (state(page) == before) is (not allowed or action == "replace")


def test_an_action_returns_that_cards_fragment_and_says_what_happened(holder: Visitor) -> None:
    path = newest_card(holder.page)

    page = holder.post(f"{path}/freeze", htmx=True)

    assert page.html.css("html, main") == []
    assert page.one("section.card .state").text() == "Frozen"
    assert page.one(".done[autofocus]").text() == page.one("hx-partial[hx-target='#status']").text()
    assert page.response.headers["HX-Trigger"] == "card-changed"


def test_without_script_an_action_leads_back_to_the_card_which_says_what_happened(holder: Visitor) -> None:
    path = newest_card(holder.page)

    page = holder.post(f"{path}/freeze")

    assert page.goes_to == path
    assert "Frozen. Nobody can pay with it" in holder.follow().one("main > .done").text()


def test_what_cannot_be_undone_asks_first_and_names_the_card(holder: Visitor) -> None:
    path = newest_card(holder.page)
    page = holder.get(path)
    ending = page.one(".number").text().split()[-1]

    asked = page.html.css(".card details:has(form button.danger)")

    assert len(asked) == len(page.html.css(".card form button.danger")) == 3
    assert all(ending in details.text() for details in asked)


def test_the_step_up_names_the_action_and_the_card_and_the_action_is_done_once(
    holder: Visitor, clock: time_machine.Traveller
) -> None:
    path = newest_card(holder.page)
    card = holder.get(path)
    ending = card.one(".number").text().split()[-1]
    clock.shift(601)
    code = holder.code()
    holder.page = card

    asked = holder.submit(f"{path}/freeze", htmx=True)
    done = holder.submit("/step-up", htmx=True, code=code)
    holder.page = card
    frozen = holder.submit(f"{path}/freeze", htmx=True)

    assert f"freeze the card ending {ending}" in asked.text
    assert done.response.headers["HX-Trigger"] == f'{{"stepup-done": {{"target": "#freeze-{path.split("/")[-1]}"}}}}'
    assert state(frozen) == "Frozen"


@after(road_to("virtual"))
def to_two_customers(visitor: Visitor, _clock: time_machine.Traveller) -> None:
    """Another customer, who has got hold of the holder's list."""
    listing, visitor.client = visitor.page, Visitor(visitor.app).client
    visitor.sign_in("grace@example.com")
    visitor.enrol()
    visitor.open_account()
    visitor.page = listing


@pytest.mark.parametrize("suffix", ["", "/activity", "/limits", "/freeze", "/buy"])
@pytest.mark.parametrize("whose", ["of another visitor", "that never was"])
def test_somebody_elses_card_is_as_absent_as_one_that_never_was(
    milestones: Milestones, clock: time_machine.Traveller, suffix: str, whose: str
) -> None:
    other = milestones.reach(to_two_customers, clock)
    path = newest_card(other.page) if whose == "of another visitor" else "/cards/99999999"

    page = other.post(path + suffix, {"shop": "coffee"}) if suffix in {"/freeze", "/buy"} else other.get(path + suffix)

    assert (page.status, page.heading) == (404, "There is nothing here")


@pytest.mark.parametrize("path", ["/cards/x", "/cards/-1", "/cards/1.5", "/cards/%31%00", "/cards/1/melt"])
def test_an_id_that_is_no_number_leads_nowhere(stepped_up: Visitor, path: str) -> None:
    assert stepped_up.get(path).status == 404


def test_limits_can_be_seen_and_changed(holder: Visitor) -> None:
    path = newest_card(holder.page)
    holder.get(f"{path}/limits")

    holder.submit(
        f"{path}/limits", dailyPurchase="100.50", monthlyPurchase="900", dailyWithdrawal="0", monthlyWithdrawal="0"
    )

    page = holder.get(f"{path}/limits")
    assert page.one("#dailyPurchase").attrs["value"] == "100.50"
    assert page.one("#monthlyPurchase").attrs["value"] == "900.00"


@pytest.mark.parametrize("typed", ["-1", "50001", "ten", "NaN", "Infinity", "1e99", "1e3", "5e", "-", "1.2.3", "0.001"])
def test_a_limit_that_is_no_amount_is_explained_and_kept(holder: Visitor, typed: str) -> None:
    path = newest_card(holder.page)
    holder.get(f"{path}/limits")

    page = holder.submit(
        f"{path}/limits", dailyPurchase=typed, monthlyPurchase="900", dailyWithdrawal="0", monthlyWithdrawal="0"
    )

    assert page.status == 422
    assert page.error_of("dailyPurchase") == "Enter an amount from 0 to 50,000 dollars, such as 250 or 99.50."
    assert str(page.one("#monthlyPurchase").attrs["value"]).startswith("900")


def test_an_empty_limit_is_no_limit(holder: Visitor) -> None:
    path = newest_card(holder.page)
    holder.get(f"{path}/limits")

    holder.submit(f"{path}/limits", dailyPurchase="100")

    page = holder.get(f"{path}/limits")
    assert page.one("#dailyPurchase").attrs["value"] == "100.00"
    assert page.one("#monthlyPurchase").attrs.get("value", "") == ""


@pytest.mark.parametrize("typed", ["$1,000", "1,000.00", " 1000 "])
def test_an_amount_may_be_typed_as_people_write_it(holder: Visitor, typed: str) -> None:
    path = newest_card(holder.page)
    holder.get(f"{path}/limits")

    holder.submit(f"{path}/limits", dailyPurchase=typed)

    assert holder.get(f"{path}/limits").one("#dailyPurchase").attrs["value"] == "1000.00"


def test_a_page_that_is_a_little_old_takes_no_limit_back(holder: Visitor) -> None:
    path = newest_card(holder.page)
    holder.get(f"{path}/limits")
    holder.submit(f"{path}/limits", dailyPurchase="500", monthlyPurchase="1000")
    old = holder.get(f"{path}/limits")
    holder.submit(f"{path}/limits", dailyPurchase="50")

    holder.page = old
    holder.submit(f"{path}/limits", monthlyPurchase="900")

    page = holder.get(f"{path}/limits")
    assert page.one("#dailyPurchase").attrs["value"] == "50.00"
    assert page.one("#monthlyPurchase").attrs["value"] == "900.00"


def test_a_purchase_moves_balance_activity_and_totals(holder: Visitor) -> None:
    path = newest_card(holder.page)

    bought = holder.post(f"{path}/buy", {"shop": "coffee"}, htmx=True)

    assert "Corner Café took $4.50." in bought.text
    assert "$2,495.50" in bought.one("hx-partial[hx-target='#balance']").text()
    assert "Spent today $4.50" in bought.one("hx-partial[hx-target='#spent']").text()
    assert "Corner Café" in holder.get(f"{path}/activity").one(".event.posted").text()
    assert "Spent today $4.50" in holder.get(f"{path}/limits").text


def test_a_hold_lowers_what_is_available_and_is_shown_as_held(holder: Visitor) -> None:
    path = newest_card(holder.page)

    bought = holder.post(f"{path}/buy", {"shop": "hotel"}, htmx=True)

    balance = bought.one("hx-partial[hx-target='#balance']").text()
    assert "$2,320.00 and $180.00 held" in " ".join(balance.split())
    assert ", held" in holder.get(f"{path}/activity").one(".event.pending").text()


@pytest.mark.parametrize("road", ["virtual Frozen", "virtual Closed", "physical Inactive"])
def test_a_card_that_does_not_pay_is_declined_and_shown_as_such(holder: Visitor) -> None:
    path = newest_card(holder.page)

    bought = holder.post(f"{path}/buy", {"shop": "coffee"}, htmx=True)

    assert "Declined: the card does not pay in this state." in bought.text
    assert ", declined" in holder.get(f"{path}/activity").one(".event.declined").text()


def test_a_purchase_over_the_limit_is_declined(holder: Visitor) -> None:
    path = newest_card(holder.page)
    holder.get(f"{path}/limits")
    holder.submit(f"{path}/limits", dailyPurchase="1", monthlyPurchase="1", dailyWithdrawal="0", monthlyWithdrawal="0")

    bought = holder.post(f"{path}/buy", {"shop": "coffee"}, htmx=True)

    assert "Declined: it is more than the card or the account allows." in bought.text


def test_activity_comes_in_pages_newest_first(holder: Visitor, clock: time_machine.Traveller) -> None:
    path = newest_card(holder.page)
    for _ in range(12):
        clock.shift(1)
        holder.post(f"{path}/buy", {"shop": "coffee"})

    first = holder.get(f"{path}/activity", htmx=True)
    more = str(first.html.css("a.button")[0].attrs["href"])
    second = holder.get(more, htmx=True)

    assert [len(page.html.css(".event")) for page in (first, second)] == [10, 2]
    assert second.html.css("a.button") == []
    times = [str(tag.attrs["datetime"]) for page in (first, second) for tag in page.html.css("time")]
    assert times == sorted(times, reverse=True)


def test_the_account_has_an_activity_of_its_own(holder: Visitor) -> None:
    holder.post(f"{newest_card(holder.page)}/buy", {"shop": "coffee"})

    events = holder.get("/cards/activity").html.css(".event .what")

    assert len(events) == 2
    assert "Corner Café" in events[0].text()
    assert "Welcome" in events[1].text()


@pytest.mark.parametrize(
    ("road", "said"), [("physical Active", True), ("physical Inactive", False), ("virtual Active", False)]
)
def test_the_pins_status_is_said_where_there_can_be_one(holder: Visitor, said: bool) -> None:
    page = holder.get(newest_card(holder.page))

    assert ("No PIN is set yet" in page.text) is said
