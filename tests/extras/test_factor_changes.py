"""Seeing, removing or replacing a factor: never without the second factor, used within five minutes."""

from __future__ import annotations

import json

import pytest
import time_machine

from ..identity import CHANGES, another_browser, authenticators, facts, resumed, step_up_by_text
from ..visitor import Visitor


@pytest.mark.parametrize(("path", "purpose"), CHANGES.items())
def test_a_mailbox_alone_changes_no_factor(customer: Visitor, path: str, purpose: str) -> None:
    page = customer.post(path)

    assert page.status == 403
    assert f"Enter a code from your authenticator to {purpose}" in page.text
    assert page.html.css(".codes, img.qr") == []
    assert authenticators(customer) == 1


@pytest.mark.parametrize("path", CHANGES)
def test_a_code_of_more_than_five_minutes_ago_changes_no_factor(
    stepped_up: Visitor, clock: time_machine.Traveller, path: str
) -> None:
    clock.shift(301)

    assert stepped_up.get("/cards/list").status == 200
    assert stepped_up.post(path).status == 403
    assert authenticators(stepped_up) == 1


@pytest.mark.usefixtures("texts")
@pytest.mark.parametrize("path", CHANGES)
def test_a_text_is_not_offered_for_a_change_of_factors_and_does_not_open_one(customer: Visitor, path: str) -> None:
    step_up_by_text(customer)

    page = customer.post(path)

    assert page.status == 403
    assert page.html.css("#step-up button[name=step_up_use]") == []
    assert authenticators(customer) == 1


@pytest.mark.parametrize("path", CHANGES)
def test_neither_a_link_nor_a_user_without_an_authenticator_changes_a_factor(signed_in: Visitor, path: str) -> None:
    assert signed_in.get(path).status == 405
    assert signed_in.post(path).goes_to == "/"


def test_htmx_asks_in_a_dialog_and_then_shows_the_codes_in_their_place(customer: Visitor) -> None:
    code = customer.code()
    customer.get("/account")

    asked = customer.submit("/account/recovery-codes", htmx=True)
    confirmed = customer.submit("/step-up", htmx=True, step_up_code=code)
    shown = customer.post("/account/recovery-codes", htmx=True)
    without_script = customer.post("/account/recovery-codes")

    assert (asked.status, asked.response.headers["HX-Retarget"]) == (403, "#dialogs")
    assert json.loads(confirmed.response.headers["HX-Trigger"]) == {"stepup-done": {"source": "show-codes"}}
    assert len(shown.one("#recovery-codes").css("code")) == 10
    assert shown.one("hx-partial[hx-target='#status']").text() == "Here are your recovery codes."
    assert without_script.heading == "Recovery codes"
    assert len({code.text() for code in without_script.html.css(".codes code")}) == 10


@pytest.mark.parametrize("action", ["/account/authenticator/remove", "/totp/replace", "/logout/everywhere"])
def test_what_cannot_be_undone_is_explained_first(stepped_up: Visitor, action: str) -> None:
    details = stepped_up.get("/account").one(f"details:has(form[action='{action}'])")

    assert "open" not in details.attrs
    assert details.css("p")


@pytest.mark.usefixtures("texts")
@pytest.mark.parametrize("htmx", [False, True], ids=["page", "htmx"])
def test_a_removed_authenticator_is_gone_at_stytch_and_no_step_up_any_more(stepped_up: Visitor, htmx: bool) -> None:
    step_up_by_text(stepped_up)  # which goes with it
    stepped_up.get("/account")

    page = stepped_up.submit("/account/authenticator/remove", htmx=htmx)

    assert page.goes_to == "/"
    assert stepped_up.follow().heading == "Add an authenticator"
    assert "Your authenticator is removed" in stepped_up.page.text
    assert authenticators(stepped_up) == 0
    assert stepped_up.get("/cards/list").goes_to == "/"


def test_a_removed_authenticator_proves_nothing_even_if_stytch_still_lists_it(
    stepped_up: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stytch_unit_emulator.stytch.session_records.forget_factor", lambda *_: None)

    stepped_up.post("/account/authenticator/remove")

    assert "Authenticator" not in facts(stepped_up.get("/account"))
    assert stepped_up.get("/cards/list").goes_to == "/"


@pytest.mark.parametrize("path", ["/account/authenticator/remove", "/totp/replace"])
def test_a_change_of_the_authenticator_ends_the_other_sessions(
    stepped_up: Visitor, clock: time_machine.Traveller, path: str
) -> None:
    other = another_browser(stepped_up, clock)
    stepped_up.post(path)

    assert other.post("/cards", {"kind": "virtual"}).status == 401
    assert stepped_up.get("/account").status == 200


def test_a_replaced_authenticator_gives_way_to_a_new_one(stepped_up: Visitor, clock: time_machine.Traveller) -> None:
    clock.shift(1200)  # the link is too old for a first enrollment
    before = stepped_up.code()
    scanning = resumed(stepped_up, "/totp/replace")
    between = stepped_up.get("/cards/list")
    code = stepped_up.code()
    stepped_up.page = scanning

    page = stepped_up.submit("/totp/confirm", code=code)

    assert (scanning.heading, page.heading) == ("Scan this with your authenticator app", "Your authenticator is set up")
    assert between.goes_to == "/"
    assert code != before
    assert authenticators(stepped_up) == 1
    assert stepped_up.get("/cards/list").status == 200
