"""The sign-in cookie, and how a session ends: by signing out, by another sign-in, and after an hour."""

from __future__ import annotations

import time_machine

from .visitor import EMAIL, Visitor


def test_the_cookie_holds_the_signed_token_and_is_set_once(signed_in: Visitor) -> None:
    cookie = signed_in.client.get_cookie("stytch_session")

    assert cookie is not None
    assert (cookie.http_only, cookie.same_site, cookie.path, cookie.secure) == (True, "Lax", "/", False)
    assert cookie.expires is not None
    assert cookie.value.count(".") == 1  # a JWT has two
    assert "stytch_session" not in str(signed_in.get("/").response.headers.getlist("Set-Cookie"))


def test_a_guessed_cookie_costs_no_call(signed_in: Visitor, calls: list[str]) -> None:
    token, _, signature = str(signed_in.cookie("stytch_session")).rpartition(".")
    guesses = [
        token,
        f"{token}.",
        f"{token}.{signature[::-1]}",
        f"{token[::-1]}.{signature}",
        f"{'x' * 44}.{signature}",
    ]

    for guess in guesses:
        signed_in.client.set_cookie("stytch_session", guess)
        assert signed_in.get("/cards").goes_to == "/"
        assert signed_in.cookie("stytch_session") is None

    assert calls == []


def test_a_session_is_never_refused_because_of_what_others_send(signed_in: Visitor) -> None:
    stranger = signed_in.app.test_client(use_cookies=False)

    refused = {
        stranger.get("/customer", headers={"Cookie": f"stytch_session={number:044}"}).status_code
        for number in range(100)
    }

    assert refused == {303}
    assert signed_in.get("/customer").status == 200


def test_a_second_user_in_the_same_browser_signs_the_first_one_out(
    signed_in: Visitor, clock: time_machine.Traveller
) -> None:
    first = signed_in.cookie("stytch_session") or ""
    clock.shift(60)
    signed_in.client.delete_cookie("stytch_session")
    link = signed_in.ask_for_link("grace@example.com")
    signed_in.client.set_cookie("stytch_session", first)

    warned = signed_in.get(link)
    signed_in.submit("/login/authenticate")

    assert f"You are signed in as {EMAIL}" in warned.text
    assert "grace@example.com" in signed_in.get("/").one(".who").text()
    signed_in.client.set_cookie("stytch_session", first)
    assert signed_in.get("/nothing").status == 404
    assert signed_in.get("/cards").goes_to == "/"


def test_signing_out_revokes_the_session_at_stytch(signed_in: Visitor, calls: list[str]) -> None:
    cookie = signed_in.cookie("stytch_session") or ""

    page = signed_in.post("/logout")
    signed_in.client.set_cookie("stytch_session", cookie)

    assert page.goes_to == "/"
    assert page.response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "POST /v1/sessions/revoke" in calls
    assert signed_in.get("/cards").goes_to == "/"


def test_a_session_ends_after_an_hour(signed_in: Visitor, clock: time_machine.Traveller) -> None:
    clock.shift(3601)

    assert signed_in.get("/customer").goes_to == "/"


def test_htmx_leaves_the_page_when_the_session_has_ended(signed_in: Visitor, clock: time_machine.Traveller) -> None:
    clock.shift(3601)

    page = signed_in.get("/cards/list", htmx=True, HX_Current_URL="http://localhost:8000/cards")

    assert (page.status, page.response.headers["HX-Redirect"]) == (401, "/")
    assert page.html.text() == ""
