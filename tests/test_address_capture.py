"""An address that someone is adding: its owner is not signed in as that person."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import time_machine

from . import oauth
from .identity import another_browser
from .visitor import Visitor, beside

OWNER = "grace@example.com"


def by_link(thief: Visitor) -> None:
    thief.post("/profile/email", {"email": OWNER})


def by_code(thief: Visitor) -> None:
    thief.post("/codes/email_code/add", {"email": OWNER})


@pytest.mark.parametrize("add", [by_link, by_code])
@pytest.mark.parametrize("ask", ["/login", "/codes/email_code", "/passwords/forgot"])
def test_for_five_minutes_its_owner_gets_no_mail_and_then_an_account_of_their_own(
    signed_in: Visitor, clock: time_machine.Traveller, calls: list[str], add: Callable[[Visitor], None], ask: str
) -> None:
    clock.shift(2)
    add(signed_in)
    owner = beside(signed_in)
    clock.shift(2)
    calls.clear()

    page = owner.post(ask, {"email": OWNER})

    assert (page.status, calls) == (200, [])
    clock.shift(301)
    assert owner.sign_in(OWNER).goes_to == "/"
    assert "ada@example.com" not in owner.get("/account").text


@pytest.mark.parametrize("add", [by_link, by_code])
def test_a_provider_signs_its_owner_in_only_after_that_and_the_page_says_so(
    signed_in: Visitor, clock: time_machine.Traveller, add: Callable[[Visitor], None]
) -> None:
    clock.shift(2)
    add(signed_in)
    owner = beside(signed_in)

    oauth.sign_in(owner, "other", OWNER)

    assert "or someone is just adding it to an account here." in owner.follow().one(".said").text()
    clock.shift(301)
    oauth.sign_in(owner, "other", OWNER)
    assert OWNER in owner.follow().one(".hello").text()


def test_once_confirmed_the_address_signs_in_at_once(signed_in: Visitor, clock: time_machine.Traveller) -> None:
    clock.shift(2)
    by_link(signed_in)
    signed_in.get(signed_in.newest_link())
    signed_in.submit("/profile/email/confirm")

    other = another_browser(signed_in, clock)

    assert OWNER in other.get("/account").text
