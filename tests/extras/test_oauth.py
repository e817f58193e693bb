"""Signing in with a provider, through the emulated one."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from ..conftest import AppWith
from ..cookies import cookies
from ..fake_network import FakeNetwork
from ..identity import another_browser, facts
from ..oauth import leave, local, pick, sign_in
from ..visitor import Page, Visitor, beside, query


def said(page: Page, visitor: Visitor) -> str:
    """What the visitor reads after the redirect, on a page whose address has no token."""
    assert (page.status, page.goes_to) == (303, "/")
    return visitor.follow().one(".said").text()


def test_a_new_user_signs_in_and_adds_an_authenticator(visitor: Visitor) -> None:
    page = sign_in(visitor)

    assert (page.status, page.goes_to) == (303, "/")
    assert visitor.follow().one(".who .address").text(strip=True) == "ada@example.com"
    assert facts(visitor.get("/account")).keys() >= {"Google"}
    visitor.enroll()
    visitor.open_account()
    assert visitor.get("/cards/list").status == 200


def test_without_script_a_page_has_a_plain_link(visitor: Visitor) -> None:
    page = leave(visitor, htmx=False)

    assert page.startswith("/emulator/oauth-provider/google/authorize?")
    assert "prompt=select_account" in page


def test_the_start_carries_the_challenge_of_a_verifier_that_only_the_cookie_holds(visitor: Visitor) -> None:
    page = visitor.post("/oauth/google", htmx=True)
    cookie = cookies(page.response)["oauth_flow"]

    asked = query(page.goes_to or "")
    assert asked.keys() == {
        *("public_token", "login_redirect_url", "signup_redirect_url", "code_challenge", "provider_prompt")
    }
    assert len(asked["code_challenge"]) == 43
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == ("True", "Lax", "/")


def test_over_https_the_flows_cookie_is_pinned_to_the_host(app_with: AppWith) -> None:
    app = app_with(PUBLIC_URL="https://cards.example", TRUSTED_PROXIES="1")
    client = app.test_client()
    page = client.get("/", base_url="https://cards.example").text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]

    answer = client.post("/oauth/google", base_url="https://cards.example", data={"csrf_token": token})

    (flow,) = [line for line in answer.headers.getlist("Set-Cookie") if "oauth_flow" in line]
    assert flow.startswith("__Host-oauth_flow=")
    assert "Secure" in flow


def test_the_same_address_is_the_same_user_and_keeps_the_second_factor(
    customer: Visitor, visitor: Visitor, clock: time_machine.Traveller
) -> None:
    again = another_browser(customer, clock)
    again.post("/logout")

    sign_in(again)

    assert again.follow().heading == "Your bank account is ready"
    assert again.get("/cards/list").asks_for_a_code
    clock.shift(30)
    again.step_up()
    assert again.get("/cards/list").status == 200
    assert visitor.get("/cards").goes_to == "/"


def test_an_address_that_is_not_verified_signs_nobody_in(visitor: Visitor, calls: list[str]) -> None:
    page = sign_in(visitor, "cleo@example.com")

    assert "Google has not confirmed your email address, or" in said(page, visitor)
    assert (visitor.cookie("stytch_session"), visitor.cookie("oauth_flow")) == (None, None)
    assert calls[-1] == "POST /v1/sessions/revoke"


def test_canceling_comes_back_as_a_sentence(visitor: Visitor) -> None:
    page = sign_in(visitor, "cancel")

    assert "You didn’t continue with Google" in said(page, visitor)
    assert visitor.cookie("stytch_session") is None


def test_a_token_that_another_browser_began_is_worth_nothing(visitor: Visitor) -> None:
    visitor.get("/")
    thief = beside(visitor)
    leave(thief)
    stolen = pick(thief)

    assert "started in another browser" in said(visitor.get(stolen), visitor)
    leave(visitor)
    assert "started in another tab or browser" in said(visitor.get(stolen), visitor)
    assert visitor.cookie("stytch_session") is None
    assert thief.get(stolen).goes_to == "/"
    assert thief.cookie("stytch_session")


def test_a_token_works_once(visitor: Visitor, clock: time_machine.Traveller) -> None:
    leave(visitor)
    twin, back = visitor.twin(), pick(visitor)

    visitor.get(back)
    assert visitor.get(back).goes_to == "/"  # reloaded
    twin.get(back)
    assert twin.cookie("stytch_session")  # sent twice at once
    visitor.post("/logout")
    clock.shift(61)
    twin.client.delete_cookie("stytch_session")
    assert "already used" in said(twin.get(back), twin) or "another browser" in twin.page.text


def test_a_flow_ends_after_ten_minutes(visitor: Visitor, clock: time_machine.Traveller) -> None:
    leave(visitor)
    clock.shift(timedelta(minutes=9))
    back = pick(visitor)
    clock.shift(timedelta(minutes=1, seconds=1))

    assert "more than ten minutes ago" in said(visitor.get(back), visitor)


@pytest.mark.parametrize("kind", ["magic_links", "reset_password", "", "oauth2"])
def test_other_types_of_tokens_are_refused_without_a_call(visitor: Visitor, calls: list[str], kind: str) -> None:
    leave(visitor)
    back = pick(visitor)
    made = len(calls)

    page = visitor.get(back.replace("stytch_token_type=oauth", f"stytch_token_type={kind}"))

    assert "This link is not complete." in said(page, visitor)
    assert len(calls) == made


def test_another_provider_than_the_one_asked_for_signs_nobody_in(visitor: Visitor) -> None:
    start = local(visitor.post("/oauth/google", htmx=True).goes_to or "")
    visitor.get(visitor.get(start.replace("/google/", "/discord/")).goes_to or "")

    page = visitor.get(pick(visitor))

    assert "somewhere else than Google" in said(page, visitor)
    assert (visitor.cookie("stytch_session"), visitor.cookie("oauth_flow")) == (None, None)


def test_signing_in_as_somebody_else_ends_the_session_before(signed_in: Visitor) -> None:
    old = signed_in.cookie("stytch_session")

    sign_in(signed_in, "ben@example.com")

    assert signed_in.follow().one(".who .address").text(strip=True) == "ben@example.com"
    signed_in.client.set_cookie("stytch_session", old or "")
    assert signed_in.get("/account").goes_to == "/"


def test_the_start_gets_nobody_to_a_provider_that_is_not_offered(visitor: Visitor) -> None:
    assert visitor.post("/oauth/github").status == 404
    assert visitor.post("/oauth/myspace").status == 404


def test_while_stytch_is_down_nothing_is_used_up(visitor: Visitor, network: FakeNetwork) -> None:
    leave(visitor)
    back = pick(visitor)
    network.set("POST /v1/oauth/authenticate")
    page = visitor.get(back)
    assert page.status == 503
    assert page.html.css("script") == []  # the page's URL holds the token
    assert page.response.headers["Referrer-Policy"] == "strict-origin"
    network.clear()

    assert visitor.get(back).goes_to == "/"
    assert visitor.cookie("stytch_session")
