"""The account page: who the user is, what proves it, and where they are signed in."""

from __future__ import annotations

import pytest
import time_machine

from ..identity import another_browser, facts, step_up_by_text
from ..visitor import EMAIL, Visitor


def test_the_header_leads_to_the_account_and_says_whose_it_is(signed_in: Visitor) -> None:
    page = signed_in.get("/")
    link = page.one("header nav a")

    assert (link.attrs["href"], link.text()) == ("/account", "Account")
    assert page.one("header .address").text() == EMAIL
    assert signed_in.get("/account").heading == "Your account"


def test_the_header_of_a_customer_leads_to_the_cards(customer: Visitor) -> None:
    assert [link.text() for link in customer.get("/").html.css("header nav a")] == ["Cards", "Account"]


def test_it_says_who_i_am_what_this_session_has_proven_and_when_it_ends(
    stepped_up: Visitor, clock: time_machine.Traveller
) -> None:
    clock.shift(300)

    said = facts(stepped_up.get("/account"))

    assert said["Email"] == EMAIL
    assert said["Stytch user"].startswith("user-test-")
    assert said["Unit customer"].isdigit()
    assert said["Email link or code"] == said["Authenticator"] == "Jun 1, 12:00 PM UTC, 5 minutes ago"
    assert said["Session ends"] == "Jun 1, 1:00 PM UTC, in 55 minutes"


@pytest.mark.usefixtures("texts")
def test_it_says_what_a_texted_code_counts_for(customer: Visitor) -> None:
    step_up_by_text(customer)

    assert facts(customer.get("/account"))["A code texted by your bank"] == "For your cards only"


def test_without_an_authenticator_it_offers_to_add_one_and_nothing_to_change(signed_in: Visitor) -> None:
    page = signed_in.get("/account")

    assert not [tag.text() for tag in page.html.css("details summary") if "authenticator" in tag.text()]
    assert page.html.css("form[action='/account/recovery-codes']") == []
    assert "Add an authenticator" in page.text


def test_my_sessions_are_listed_and_this_one_is_marked(signed_in: Visitor, clock: time_machine.Traveller) -> None:
    clock.shift(60)
    another_browser(signed_in, clock)
    clock.shift(60)

    page = signed_in.get("/account")

    assert [" ".join(entry.text().split()) for entry in page.html.css(".sessions:not(.factors) li")] == [
        "Another session Started Jun 1, 12:02 PM UTC, 1 minute ago Last used Jun 1, 12:02 PM UTC, 1 minute ago",
        "This session Started Jun 1, 12:00 PM UTC, 3 minutes ago Last used Jun 1, 12:03 PM UTC, just now",
    ]
    assert page.one(".sessions [aria-current]").text(separator=" ").split()[0] == "This"


def test_signing_out_everywhere_ends_all_sessions(stepped_up: Visitor, clock: time_machine.Traveller) -> None:
    other = another_browser(stepped_up, clock)
    token = stepped_up.cookie("stytch_session") or ""

    page = stepped_up.post("/logout/everywhere")
    said = stepped_up.follow().text
    stepped_up.client.set_cookie("stytch_session", token)

    assert page.response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "You’re signed out everywhere." in said
    assert stepped_up.get("/account").goes_to == "/"
    assert other.get("/account").goes_to == "/"


@pytest.mark.parametrize("path", ["/account", "/cards"])
def test_after_the_session_has_ended_the_home_page_says_why_and_signing_in_leads_back(
    signed_in: Visitor, clock: time_machine.Traveller, path: str
) -> None:
    clock.shift(3600)
    signed_in.get(path)

    assert "your session has ended. Sign in to continue." in signed_in.follow().text
    assert "your session has ended" not in signed_in.get("/").text
    assert signed_in.sign_in().goes_to == path


def test_a_user_signs_out_everywhere_twenty_times_a_day(signed_in: Visitor, clock: time_machine.Traveller) -> None:
    for _ in range(20):
        assert signed_in.post("/logout/everywhere").goes_to == "/"
        clock.shift(601)  # or the mailbox would get no further link
        signed_in.sign_in()

    page = signed_in.post("/logout/everywhere")

    assert page.status == 429
    assert "You can sign out everywhere 20 times a day." in page.text
    assert 0 < int(page.response.headers["Retry-After"]) <= 86_400
    assert signed_in.get("/account").status == 200
