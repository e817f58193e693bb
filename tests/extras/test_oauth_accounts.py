"""Which providers are offered; and adding an account at one, using it and removing it."""

from __future__ import annotations

import pytest
import time_machine
from flask import Flask

from extras.oauth.checks import findings
from extras.oauth.providers import TITLES
from settings import SettingsError

from ..conftest import AppWith
from ..identity import another_browser, facts
from ..oauth import add, leave, pick, sign_in
from ..visitor import Visitor

LIVE = {
    "SECRET_KEY": "0123456789abcdef" * 4,
    "STYTCH_PROJECT_ID": "project-test-11111111-1111-4111-8111-111111111111",
    "STYTCH_SECRET": "secret-test-abcdefghijkl",
    "SIGN_IN_METHODS": "magic_link github",
}
TOKEN = "public-token-test-11111111-1111-4111-8111-111111111111"


def offered(visitor: Visitor) -> list[str]:
    return [tag.text(strip=True) for tag in visitor.get("/").html.css("form[id^=oauth-] button")]


def test_adding_takes_the_proof_of_what_the_user_has(customer: Visitor) -> None:
    asked = customer.post("/oauth/google/add")

    assert asked.status == 403
    assert "Enter a code from your authenticator to add Google" in asked.text


def test_an_account_with_another_address_is_added_used_and_removed(
    stepped_up: Visitor, clock: time_machine.Traveller
) -> None:
    page = add(stepped_up, "other", "ada@work.example")

    assert page.goes_to == "/account"
    assert "You can now sign in with Google." in stepped_up.follow().text
    again = another_browser(stepped_up, clock)
    again.post("/logout")
    sign_in(again, "other", "ada@work.example")
    assert again.follow().heading == "Your bank account is ready"
    clock.shift(30)
    again.get("/cards")
    again.step_up()
    remove = again.get("/account").one("form[id^=remove-oauth]").attrs.sget("action")
    assert again.submit(remove).goes_to == "/account"
    assert "The account is removed" in again.follow().text
    assert not again.page.html.css("form[id^=remove-oauth]")
    assert again.page.one("form#add-google")


def test_an_expired_proof_adds_nothing_that_was_begun_before(
    stepped_up: Visitor, clock: time_machine.Traveller
) -> None:
    leave(stepped_up, "/oauth/google/add")
    back = pick(stepped_up)
    clock.shift(301)

    assert stepped_up.get(back).goes_to == "/account"
    assert "it took too long" in stepped_up.follow().text
    assert stepped_up.page.one("form#add-google")


def test_what_is_begun_in_one_session_is_not_added_to_the_next(stepped_up: Visitor) -> None:
    leave(stepped_up, "/oauth/google/add")
    back = pick(stepped_up)
    flow = stepped_up.cookie("oauth_flow")
    stepped_up.post("/logout")
    stepped_up.sign_in("ben@example.com")
    stepped_up.client.set_cookie("oauth_flow", flow or "")

    stepped_up.get(back)

    assert "you signed in again meanwhile" in stepped_up.get("/account").text


def test_somebody_elses_account_and_a_canceled_one_are_not_added(stepped_up: Visitor) -> None:
    theirs = Visitor(stepped_up.app)
    theirs.client._cookies = dict(stepped_up.client._cookies or {})
    theirs.client.delete_cookie("stytch_session")
    sign_in(theirs, "ben@example.com")

    for choice in ("ben@example.com", "cancel"):
        assert add(stepped_up, choice).goes_to == "/account"
        assert "Google was not added." in stepped_up.follow().text


def test_only_the_users_own_accounts_can_be_removed(stepped_up: Visitor) -> None:
    foreign = "oauth-user-test-00000000-0000-4000-8000-000000000000"

    stepped_up.post(f"/oauth/accounts/{foreign}/remove")

    assert "That account is already removed." in stepped_up.follow().text


def test_a_session_that_proved_nothing_else_ends_with_its_account(visitor: Visitor) -> None:
    sign_in(visitor)
    remove = visitor.get("/account").one("form[id^=remove-oauth]").attrs.sget("action")

    visitor.submit(remove)

    assert "The account is removed" in visitor.follow().text
    assert visitor.get("/account").goes_to == "/"


def test_google_alone_is_offered_unless_others_are_named(app_with: AppWith, visitor: Visitor) -> None:
    named = Visitor(app_with(SIGN_IN_METHODS="github magic_link linkedin gitlab"))

    assert offered(visitor) == ["Continue with Google"]
    assert offered(named) == [f"Continue with {name}" for name in ("GitHub", "LinkedIn", "GitLab")]
    for provider in ("linkedin", "gitlab"):
        sign_in(named, provider=provider)
        assert facts(named.get("/account")).keys() >= {TITLES[provider]}
        (entry,) = [each.text() for each in named.page.html.css("ul.factors > li") if TITLES[provider] in each.text()]
        assert "Last used" in entry
        named.post("/logout")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, "STYTCH_PUBLIC_TOKEN is missing: SIGN_IN_METHODS names github"),
        ({"STYTCH_PUBLIC_TOKEN": "public-token-1"}, "STYTCH_PUBLIC_TOKEN does not look like public-token-test-"),
        ({"STYTCH_PUBLIC_TOKEN": TOKEN.replace("test", "live")}, "STYTCH_PUBLIC_TOKEN is of another environment"),
    ],
)
def test_a_wrong_public_token_stops_the_start(app_with: AppWith, changes: dict[str, str], problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        app_with(**LIVE | changes)


def test_a_public_token_without_its_project_stops_the_start(app_with: AppWith) -> None:
    with pytest.raises(SettingsError, match="STYTCH_PROJECT_ID is missing: STYTCH_PUBLIC_TOKEN is set"):
        app_with(STYTCH_PUBLIC_TOKEN=TOKEN)


def test_the_doctor_starts_each_provider_and_says_what_it_cannot_check(app: Flask) -> None:
    with app.app_context():
        started, unknown = findings()
        app.extensions["redirect_urls"].remove("http://localhost:8000/oauth/return")
        try:
            (refused,) = findings()
        finally:
            app.extensions["redirect_urls"].add("http://localhost:8000/oauth/return")

    assert (started[0], unknown[0], refused[0]) == (True, None, False)
    assert "may return to http://localhost:8000/oauth/return" in started[1]
    assert "can't be checked from here" in unknown[1]
    assert refused[2] == "Stytch dashboard, Redirect URLs: add it, for login and for sign-up."
