"""What a visitor of the demo lets happen: for this visitor only, and until it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest
import time_machine
from flask import Flask

from extras.demo.play import ACTS

from ..identity import step_up_by_text
from ..personas import play, sign_in_again, started
from ..visitor import Page, Visitor

Check: TypeAlias = Callable[[Visitor, str], bool]


def cards(visitor: Visitor) -> Page:
    return visitor.get("/cards/list")


CHANGES: dict[str, Check] = {
    "ask-again": lambda me, _card: cards(me).asks_for_a_code,
    "ten-minutes": lambda me, _card: cards(me).asks_for_a_code,
    "tomorrow": lambda me, _card: cards(me).goes_to == "/",
    "next-month": lambda me, _card: cards(me).goes_to == "/",
    "stytch-down": lambda me, card: me.post(f"{card}/freeze").status == 503,
    "unit-slow": lambda me, _card: "Unit is slow" in cards(me).one(".running").text(),
    "unit-busy": lambda me, _card: cards(me).status == 503,
    "unit-cut": lambda me, _card: cards(me).status == 503,
    "other-device": lambda me, card: (cards(me).status, me.post(f"{card}/freeze").goes_to) == (200, "/"),
    "bank-freezes": lambda me, _card: "This account is frozen." in cards(me).text,
    "purchase": lambda me, _card: "Green Grocer" in me.get("/cards/activity").html.css(".event")[0].text(),
}


@pytest.mark.parametrize("what", ACTS)
def test_what_happens_to_one_visitor_happens_to_no_other(
    app: Flask,
    finished: Visitor,
    finished_card: str,
    clock: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("stytch_unit_emulator.faults.time.sleep", slept.append)
    other = started(app, "finished")
    seen = cards(finished), cards(other)
    told = play(finished, what)
    clock.shift(1)

    before = "Green Grocer" not in other.get("/cards/activity").html.css(".event")[0].text()
    shown = cards(other)

    assert seen[0].status == 200
    assert told.goes_to == "/cards/list"
    assert not any(slept)
    assert shown.one("#cards").text() == seen[1].one("#cards").text()
    assert not shown.html.css(".running")
    assert other.get("/account").status == 200  # asks Stytch
    assert before
    assert CHANGES[what](finished, finished_card)
    assert [seconds for seconds in slept if seconds] == ([2, 2] if what == "unit-slow" else [])


@pytest.mark.usefixtures("texts")
def test_a_texted_code_gets_old_too(app: Flask) -> None:
    visitor = started(app, "lost-phone")
    step_up_by_text(visitor)
    before = cards(visitor).status

    play(visitor, "ten-minutes")

    assert before == 200
    assert cards(visitor).asks_for_a_code


@pytest.mark.parametrize("what", ["stytch-down", "unit-slow", "unit-busy", "unit-cut", "bank-freezes"])
@pytest.mark.parametrize("by", ["itself", "a press"])
def test_a_disturbance_ends_after_a_minute_or_at_once(
    finished: Visitor,
    finished_card: str,
    clock: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    by: str,
) -> None:
    monkeypatch.setattr("stytch_unit_emulator.faults.time.sleep", clock.shift)
    before = cards(finished).one("#cards").text()
    play(finished, what)
    assert "ends within 60 seconds" in finished.get("/cards").one(".running").text()

    clock.shift(59)
    last = finished.get("/cards").html.css(".running")
    if by == "itself":
        clock.shift(1)
    else:
        finished.post("/demo/calm", {"next": "/cards"})

    assert last
    assert cards(finished).one("#cards").text() == before
    assert not finished.page.html.css(".running")
    assert finished.post(f"{finished_card}/freeze").status == 303


def test_one_disturbance_at_a_time(finished: Visitor) -> None:
    play(finished, "bank-freezes")
    play(finished, "unit-busy")

    assert "Unit answers 429" in finished.get("/cards").one(".running").text()
    finished.post("/demo/calm")
    assert "This account is frozen." not in cards(finished).text


def test_a_purchase_that_the_bank_declines_is_no_crash(finished: Visitor) -> None:
    play(finished, "bank-freezes")

    assert play(finished, "purchase").status == 303
    assert "declined" in str(finished.get("/cards/activity").html.css(".event")[0].attrs["class"])


def test_with_stytch_down_it_can_be_ended_without_a_session(finished: Visitor) -> None:
    play(finished, "stytch-down")
    assert finished.get("/account").status == 503  # the cached session is dropped before Stytch is asked
    running = finished.get("/cards")

    finished.submit("/demo/calm")

    assert "Stytch is down" in running.one(".running").text()
    assert finished.get("/account").status == 200


def test_a_month_makes_everything_older_and_keeps_it(finished: Visitor) -> None:
    play(finished, "next-month")
    sign_in_again(finished)
    finished.step_up()

    newest = finished.get("/cards/activity").html.css(".event")[0].text()

    assert "May 2" in newest
    assert "Corner Café" in newest


def test_the_present_page_is_where_one_returns_and_another_site_is_not(finished: Visitor) -> None:
    drawer = finished.get("/account").one(".play details[hx-get]")
    field = finished.get(str(drawer.attrs["hx-get"]), htmx=True).one("input[name=next]")

    assert field.attrs["value"] == "/account"
    assert finished.post("/demo/play", {"what": "purchase", "next": "https://evil.example/"}).goes_to == "/"


@pytest.mark.parametrize(
    ("path", "fields"), [("/demo/start", {"as": "x"}), ("/demo/play", {"what": "x"}), ("/demo/play", {})]
)
def test_an_unknown_name_is_not_found_and_changes_nothing(finished: Visitor, path: str, fields: dict[str, str]) -> None:
    assert finished.post(path, fields).status == 404
    assert cards(finished).status == 200


def test_what_needs_an_account_is_offered_to_who_has_one(app: Flask, finished: Visitor) -> None:
    offered = [
        {str(button.attrs["value"]) for button in visitor.get("/demo/play").html.css("button[name=what]")}
        for visitor in (started(app, "ada"), finished)
    ]

    assert offered[0] == {name for name, act in ACTS.items() if not act.needs_account}
    assert offered[1] == set(ACTS)


@pytest.mark.parametrize("what", ["purchase", "bank-freezes", "unit-slow"])
def test_without_an_account_there_is_nothing_to_buy_with_or_freeze(app: Flask, what: str) -> None:
    ada = started(app, "ada")

    assert play(ada, what).goes_to == "/cards/list"
