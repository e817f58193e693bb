"""Personas and play, where both services are emulated: one click, and for this visitor only."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from app import create_app
from extras.demo.personas import PERSONAS
from services.session import SESSION_LIFE

from ..environs import BOTH, read
from ..personas import sign_in_again, started
from ..visitor import Page, Visitor


def cards(visitor: Visitor) -> Page:
    return visitor.get("/cards/list")


def test_the_first_button_of_the_start_is_the_demo_and_the_second_a_finished_account(visitor: Visitor) -> None:
    page = visitor.get("/")

    buttons = [button.text() for button in page.html.css("main button")]
    assert buttons[:2] == ["Try the demo", "Show me a finished account"]
    assert buttons[2 + len(page.html.css(".others button"))] == "Email me a link"
    assert len(page.html.css(".others button")) == len(PERSONAS)


def test_one_click_signs_in_as_ada_with_everything_still_to_do(app: Flask) -> None:
    ada = started(app, "ada")

    page = ada.follow()

    assert page.heading == "Add an authenticator"
    assert "ada." in page.one("header .address").text()
    assert ada.submit("/totp").status == 200


def test_a_finished_account_is_one_click_away_and_used_for_three_weeks(finished: Visitor, finished_card: str) -> None:
    page = finished.follow()
    activity = finished.get("/cards/activity")
    first_page = activity.html.css(".event")
    oldest = finished.get(str(activity.one("a[id^=more]").attrs["href"])).html.css(".event")[-1].text()

    assert page.heading.startswith("Card ending in")
    assert "Confirm it’s you" in page.one("nav [aria-current=step]").text()  # what is left to see
    assert len(first_page) == 10
    assert "May 11" in oldest
    assert [card.text() for card in cards(finished).html.css(".plastic .state")] == ["Ready to use"] * 2
    assert finished.post(f"{finished_card}/freeze").status == 303


@pytest.mark.parametrize(
    ("persona", "path", "words"),
    [
        ("review", "/customer", "Under review"),
        ("documents", "/customer", "The bank needs a document"),
        ("declined", "/customer", "Application declined"),
        ("frozen", "/cards/list", "This account is frozen."),
        ("two-accounts", "/cards/list", "$9,300.00"),
    ],
)
def test_each_persona_stands_where_it_says(app: Flask, persona: str, path: str, words: str) -> None:
    visitor = started(app, persona)

    told = visitor.follow().one(".said").text()

    assert told.startswith(f"You are {PERSONAS[persona].name}, who ")
    assert words in visitor.get(path).one("main").text()


def test_who_lost_the_phone_gets_in_with_a_recovery_code_and_a_new_phone(app: Flask) -> None:
    visitor = started(app, "lost-phone")
    cards(visitor)
    assert "This phone is lost" in visitor.follow().one("#authenticator").text()

    page = visitor.get("/step-up/recover")
    saved = str(page.one("button[data-field=recovery_code]").attrs["data-code"])
    recovered = visitor.submit("/step-up/recover", recovery_code=saved)
    visitor.follow()
    visitor.enroll()

    assert recovered.goes_to == "/"
    assert cards(visitor).status == 200


@pytest.mark.parametrize("name", PERSONAS)
def test_starting_replaces_what_was_there_and_ends_the_session_before(finished: Visitor, name: str) -> None:
    before, token = finished.cookie("emulator_visitor"), finished.cookie("stytch_session")
    earlier = finished.twin()

    finished.post("/demo/start", {"as": name})

    assert finished.cookie("emulator_visitor") == before
    assert finished.cookie("stytch_session") != token
    assert earlier.get("/cards").goes_to == "/"
    assert len(finished.get("/emulator/authenticator").html.css(".entry")) <= 1


def test_starting_over_deletes_everything_and_signs_out(finished: Visitor) -> None:
    finished.post("/demo/start-over")

    assert finished.follow().html.css("form[action='/login']")
    assert "Been here before?" not in finished.page.text
    assert finished.cookie("stytch_session") is None


def test_who_comes_back_is_offered_a_link_to_the_same_address(finished: Visitor) -> None:
    email = finished.get("/").one("header .address").text()
    finished.post("/logout")

    sign_in_again(finished)

    assert finished.get("/").one("header .address").text() == email
    assert finished.get("/cards").status == 200


def test_with_real_services_there_are_neither_personas_nor_play(tmp_path: Path) -> None:
    visitor = Visitor(create_app(read(BOTH, tmp_path)))

    assert "Try the demo" not in visitor.get("/").text
    assert not [rule.rule for rule in visitor.app.url_map.iter_rules() if rule.rule.startswith("/demo")]


def test_a_seeded_session_is_like_any_other(finished: Visitor, clock: time_machine.Traveller) -> None:
    clock.shift((SESSION_LIFE + timedelta(seconds=1)).total_seconds())

    assert finished.get("/cards").goes_to == "/"
