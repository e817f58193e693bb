"""Spending limits: what a card may spend, shown and changed on its page."""

# ruff: noqa: RUF001 - characters that look alike are what is tested

from __future__ import annotations

import json

import pytest
import time_machine

from blueprints.cards import current_customer
from extras.spending_limits.limits import read_limits, set_limits
from services.exchange import CARDS_WRITE_SCOPE
from services.unit_client import UnitError

from ..fake_network import FakeNetwork, altered
from ..inside import request_of
from ..sandbox import buy
from ..visitor import Page, Visitor

INVALID = "Enter an amount from $0 to $50,000, such as 250 or 99.50."


def save(visitor: Visitor, card_path: str, *, htmx: bool = False, **typed: str) -> Page:
    """Open the limits, and save them with these changes."""
    visitor.get(f"{card_path}/limits")
    return visitor.submit(f"{card_path}/limits", typed, htmx=htmx)


def shown(page: Page) -> dict[str, str]:
    """Return what the fields hold, but for empty ones."""
    fields = {str(tag.attrs["name"]): tag.attrs.sget("value") for tag in page.html.css(".field input")}
    return {name: value for name, value in fields.items() if value}


def own_limits(visitor: Visitor, card_path: str) -> dict[str, int]:
    """Return the card's limits as Unit has them."""
    with request_of(visitor):
        return dict(read_limits(current_customer(), card_path.rpartition("/")[2]).own)


def test_the_cards_page_loads_the_limits_and_again_when_the_card_has_changed(holder: Visitor, card_path: str) -> None:
    place = holder.get(card_path).one("#limits")

    assert place.attrs["hx-get"] == f"{card_path}/limits"
    assert place.attrs["hx-trigger"] == "load, card-changed from:document"
    assert [link.attrs["href"] for link in place.css("noscript a")] == [f"{card_path}/limits"]


def test_limits_are_changed_seen_and_kept_at_unit_in_cents(holder: Visitor, card_path: str) -> None:
    saved = save(holder, card_path, daily_purchase="100.50", monthly_purchase="900", daily_atm="0", monthly_atm="80")

    page = holder.get(f"{card_path}/limits")
    assert saved.goes_to == f"{card_path}/limits"
    assert "Limits saved." in page.one("main > .done").text()
    assert list(shown(page).values()) == ["100.50", "900.00", "0.00", "80.00"]
    assert own_limits(holder, card_path) == {
        "dailyPurchase": 10_050,
        "monthlyPurchase": 90_000,
        "dailyWithdrawal": 0,
        "monthlyWithdrawal": 8_000,
    }


def test_htmx_gets_the_limits_back_and_an_empty_field_means_none(holder: Visitor, card_path: str) -> None:
    save(holder, card_path, daily_purchase="100", monthly_purchase="900")

    page = save(holder, card_path, htmx=True, monthly_purchase="")

    assert page.html.css("html, main") == []
    assert shown(page) == {"daily_purchase": "100.00"}
    assert page.one("#card-limits .done[autofocus]").text() == "Limits saved."
    assert page.one("hx-partial[hx-target='#status']").text() == "Limits saved."


def test_a_dollar_sign_stands_in_each_field(holder: Visitor, card_path: str) -> None:
    page = holder.get(f"{card_path}/limits")

    assert [sign.text() for sign in page.html.css(".prefixed:has(input) [aria-hidden]")] == ["$"] * 4


def test_a_limit_that_is_saved_holds(holder: Visitor, card_path: str) -> None:
    save(holder, card_path, daily_purchase="1")

    with pytest.raises(UnitError, match="limit"):
        buy(holder, card_path, 450)


@pytest.mark.parametrize(
    "typed",
    [
        *("-1", "−1", "50001", "50,000.01", "ten", "NaN", "Infinity", "1e99", "1e3", "5e", "-", "1.2.3", "0.001", "$"),
        *("1,23,456", "1.234", "5.500", "0,500", "0.500", "1.234.567", "1,000,50", "1.000.50", "1,234,", "12 50", "."),
        *("1 2345", "1,234 567", "5²", "½", "$5$", "€5", "9" * 5_000, "5\x01", "1,234.500", "１．２３４"),
    ],
    ids=lambda typed: ascii(typed[:12]),
)
def test_what_is_no_amount_is_explained_and_kept(holder: Visitor, card_path: str, typed: str) -> None:
    page = save(holder, card_path, daily_purchase=typed, monthly_purchase="900")

    assert page.status == 422
    assert page.error_of("daily_purchase") == INVALID
    assert shown(page) == {"daily_purchase": typed, "monthly_purchase": "900"}
    assert own_limits(holder, card_path) == {}


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("$1,000", 100_000),
        ("1,000.00", 100_000),
        (" 1000 ", 100_000),
        ("$ 1000", 100_000),
        ("50,000", 5_000_000),
        ("99,50", 9_950),
        ("99.5", 9_950),
        ("0", 0),
        ("1,234", 123_400),
        ("1,234.50", 123_450),
        ("1.234,50", 123_450),
        ("1 234,50", 123_450),
        ("1\xa0234.5", 123_450),
        ("1\u202f234", 123_400),
        ("1’234.50", 123_450),
        ("1234,5", 123_450),
        ("5.", 500),
        ("5,", 500),
        (".50", 50),
        (",5", 50),
        ("5.00", 500),
        ("0099,50", 9_950),
        ("99,50 $", 9_950),
        ("＄１，２３４．５０", 123_450),
        ("١٬٢٣٤٫٥٠", 123_450),
        ("۹۹٫۵", 9_950),
        ("\u202a$1,234.50\u202c", 123_450),
        ("9\u200b9.50", 9_950),
    ],
    ids=ascii,
)
def test_an_amount_may_be_typed_as_people_write_it(holder: Visitor, card_path: str, typed: str, cents: int) -> None:
    save(holder, card_path, daily_purchase=typed)

    assert own_limits(holder, card_path) == {"dailyPurchase": cents}


def test_a_stale_page_does_not_undo_changes_made_elsewhere_not_even_after_a_mistake(
    holder: Visitor, card_path: str
) -> None:
    save(holder, card_path, daily_purchase="500", monthly_purchase="1000")
    stale = holder.get(f"{card_path}/limits")
    save(holder, card_path, daily_purchase="50")

    holder.page = stale
    holder.submit(f"{card_path}/limits", monthly_purchase="ten")
    holder.submit(f"{card_path}/limits", monthly_purchase="900")

    assert shown(holder.get(f"{card_path}/limits")) == {"daily_purchase": "50.00", "monthly_purchase": "900.00"}


def test_limits_that_the_form_does_not_show_stay(holder: Visitor, card_path: str) -> None:
    with request_of(holder):
        card, _account = current_customer().card(card_path.rpartition("/")[2])
        set_limits(current_customer(CARDS_WRITE_SCOPE), card, {"dailyCardTransaction": 70_000})

    save(holder, card_path, daily_purchase="100")

    assert own_limits(holder, card_path) == {"dailyCardTransaction": 70_000, "dailyPurchase": 10_000}


@pytest.mark.parametrize(
    ("limits", "status"),
    [
        *((None, 200), ({}, 200), ({"dailyPurchase": None}, 200)),  # a card without limits of its own
        *(([], 503), ({"dailyPurchase": "100"}, 503), ("none", 503)),  # another shape
    ],
    ids=str,
)
def test_no_limits_are_empty_fields_and_another_shape_is_an_outage(
    holder: Visitor, card_path: str, network: FakeNetwork, limits: object, status: int
) -> None:
    network.set("GET .*/limits", altered(lambda answer: _with_limits(answer, limits)))

    page = holder.get(f"{card_path}/limits")

    assert (page.status, shown(page)) == (status, {})


def test_what_was_spent_is_shown_and_asked_for_again_after_a_payment(holder: Visitor, card_path: str) -> None:
    buy(holder, card_path, 450)

    spent = holder.get(f"{card_path}/limits").one("#spent")

    assert spent.text() == "Spent today $4.50, this month $4.50."
    assert spent.attrs["hx-trigger"] == "card-paid from:document"
    assert spent.attrs["hx-select"] == "#spent"  # what was typed stays


@pytest.mark.parametrize(
    ("limit", "said"),
    [("", "This card has no limits of its own."), ("1", "You can change the limits when the card is ready to use.")],
    ids=["without limits", "with a limit"],
)
def test_the_limits_of_a_frozen_card_cannot_be_changed(holder: Visitor, card_path: str, limit: str, said: str) -> None:
    save(holder, card_path, daily_purchase=limit)
    holder.post(f"{card_path}/freeze")

    page = holder.get(f"{card_path}/limits")

    assert said in page.text
    assert page.html.css("#limits-form") == []


def test_the_step_up_names_the_card_and_the_change_is_made_once(
    holder: Visitor, card_path: str, clock: time_machine.Traveller
) -> None:
    form = holder.get(f"{card_path}/limits")
    ending = form.heading.split()[-1]
    clock.shift(601)
    code = holder.code()
    holder.page = form

    asked = holder.submit(f"{card_path}/limits", htmx=True, daily_purchase="5")
    done = holder.submit("/step-up", htmx=True, step_up_code=code)
    holder.page = form
    holder.submit(f"{card_path}/limits", htmx=True, daily_purchase="5")

    assert f"change the limits of the card ending in {ending}" in asked.text
    assert json.loads(done.response.headers["HX-Trigger"]) == {"stepup-done": {"source": "limits-form"}}
    assert own_limits(holder, card_path) == {"dailyPurchase": 500}


def _with_limits(answer: dict[str, dict[str, dict[str, object]]], limits: object) -> object:
    answer["data"]["attributes"]["limits"] = limits
    return answer
