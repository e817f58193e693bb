"""The title names the step, also after htmx has replaced one step by the next."""

from __future__ import annotations

import re

import pytest

from .visitor import EMAIL, PERSON, Page, Visitor


def title(page: Page) -> str:
    return page.one("title:not(svg title)").text().split(" – ")[0]


def current(page: Page) -> str:
    step = page.one("nav#progress [aria-current=step]")
    return re.sub(r"\s+", " ", step.text()).strip()


def test_each_step_of_a_sign_in_has_its_title(visitor: Visitor) -> None:
    assert title(visitor.get("/")) == "Sign in: step 1 of 5"

    visitor.submit_first("/login", email=EMAIL)

    assert title(visitor.page) == "Check your email: step 1 of 5"
    assert title(visitor.get(visitor.newest_link())) == "Finish signing in: step 1 of 5"


@pytest.mark.parametrize(
    ("fixture", "step"),
    [
        ("signed_in", "Add a second factor: step 2 of 5"),
        ("enrolled", "Open an account: step 3 of 5"),
        ("customer", "Confirm it’s you: step 4 of 5"),
        ("stepped_up", "Confirm it’s you: step 4 of 5"),
    ],
)
def test_the_home_page_names_the_next_step(request: pytest.FixtureRequest, fixture: str, step: str) -> None:
    visitor: Visitor = request.getfixturevalue(fixture)

    page = visitor.get("/")

    assert title(page) == step
    assert current(page).partition(" ")[2] == step.partition(":")[0]


def test_a_fragment_that_is_a_step_comes_with_its_title_and_the_progress(signed_in: Visitor) -> None:
    signed_in.get("/")
    enrolling = signed_in.submit("/totp", htmx=True)

    assert title(enrolling) == "Scan the QR code: step 2 of 5"
    assert current(enrolling) == "2 Add a second factor"

    code = signed_in.code()
    signed_in.page = enrolling
    enrolled = signed_in.submit("/totp/confirm", htmx=True, code=code)

    assert title(enrolled) == "Save your recovery codes: step 2 of 5"
    assert current(enrolled) == "2 Add a second factor"  # until the recovery codes are saved


def test_a_decision_of_the_bank_comes_with_its_title(enrolled: Visitor) -> None:
    enrolled.get("/customer")

    decided = enrolled.submit("/customer", PERSON | {"ssn": "000-00-0001"}, htmx=True)

    assert title(decided) == "Application declined: step 3 of 5"


def test_the_progress_advances_after_a_fresh_code(customer: Visitor) -> None:
    code = customer.code()
    customer.get("/step-up")

    page = customer.submit("/step-up", htmx=True, step_up_code=code, step_up_source="cards")

    assert current(page) == "5 Use your card"
    assert not page.html.css("title")


def test_a_fragment_that_is_not_a_step_leaves_the_title_alone(stepped_up: Visitor) -> None:
    assert not stepped_up.get("/cards/list", htmx=True).html.css("title")
