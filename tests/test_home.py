"""The first page: the story, the sign-in form, and the journey of somebody who is signed in."""

from __future__ import annotations

import pytest

from app import create_app
from settings import Settings

from .conftest import Visitor


def test_a_stranger_sees_the_story_and_the_form(visitor: Visitor) -> None:
    page = visitor.get("/")

    assert page.status == 200
    assert page.html.css_first("form input[name=email]")
    assert len(page.html.css("ol.flow > li")) == 5
    assert len(page.html.css("figure svg g[class^=is-]")) == 5


def test_a_banner_says_that_the_bank_is_not_real(visitor: Visitor) -> None:
    banner = visitor.get("/").one("aside.banner").text()

    assert "Stytch and Unit are both emulated" in banner
    assert "no real bank" in banner
    assert "made-up details" in banner


@pytest.mark.parametrize(
    ("fixture", "step"),
    [("signed_in", "Add an authenticator"), ("enrolled", "Open an account"), ("customer", "Confirm it’s you")],
)
def test_the_journey_shows_the_next_step(request: pytest.FixtureRequest, fixture: str, step: str) -> None:
    visitor: Visitor = request.getfixturevalue(fixture)

    page = visitor.get("/")

    assert step in page.one("nav [aria-current=step]").text()


def test_a_lost_session_is_taken_from_the_browser(signed_in: Visitor) -> None:
    token = signed_in.cookie("stytch_session")
    signed_in.post("/logout")
    signed_in.client.set_cookie("stytch_session", token or "")

    page = signed_in.get("/")

    assert page.html.css_first("form input[name=email]")
    assert signed_in.cookie("stytch_session") is None


def test_health_needs_no_session(visitor: Visitor) -> None:
    assert visitor.get("/healthz").response.json == {"status": "ok"}


def test_a_step_that_another_process_has_seen_counts_as_done(settings: Settings) -> None:
    here, elsewhere = Visitor(create_app(settings)), Visitor(create_app(settings))
    here.sign_in()
    elsewhere.client._cookies = here.client._cookies
    elsewhere.get("/")

    here.enrol()

    assert not elsewhere.get("/").html.css("form[action='/totp']")


def test_a_drawing_shows_who_says_what_to_whom_and_names_itself(visitor: Visitor) -> None:
    drawing = visitor.get("/").one(".sequence svg")

    assert drawing.attrs["role"] == "img"
    named = [visitor.page.one(f"#{name}").text() for name in str(drawing.attrs["aria-labelledby"]).split()]
    assert named[0] == "Who says what to whom: browser, app, Stytch and Unit"
    assert "The list beside it tells the same in words" in named[1]
    assert {text.text() for text in drawing.css(".party")} == {"Browser", "This app", "Stytch", "Unit"}


@pytest.mark.parametrize(("fixture", "done"), [("visitor", 0), ("signed_in", 1), ("enrolled", 2), ("stepped_up", 4)])
def test_the_drawing_lights_up_as_the_journey_goes_on(request: pytest.FixtureRequest, fixture: str, done: int) -> None:
    visitor: Visitor = request.getfixturevalue(fixture)

    page = visitor.get("/")

    states = [str(step.attrs["class"]).split()[0] for step in page.html.css(".sequence g")]
    assert states == ["is-done"] * done + ["is-current"] + ["is-todo"] * (4 - done)
    assert [str(step.attrs["class"]).split()[0] for step in page.html.css(".chapters li")] == states


def test_each_step_says_what_one_sees_what_is_spared_and_who_does_it(visitor: Visitor) -> None:
    steps = visitor.get("/").html.css(".chapters li")

    assert len(steps) == 5
    assert all("You’d build:" in step.text() and step.css("b.stytch, b.unit") for step in steps)
