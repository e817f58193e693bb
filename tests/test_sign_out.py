"""The sign-in cookie, and how a session ends: by signing out, by another sign-in, and after an hour."""

from __future__ import annotations

import pytest
import time_machine

from .cookies import cookies
from .visitor import EMAIL, Visitor


def test_the_cookie_holds_the_signed_token_and_is_set_once(signed_in: Visitor) -> None:
    cookie = signed_in.client.get_cookie("stytch_session")

    assert cookie is not None
    assert cookie.expires is not None
    assert cookie.value.count(".") == 1  # a JWT has two
    for path in ("/", "/customer", "/cards", "/nowhere"):
        assert not {"stytch_session", "pkce_verifier"} & cookies(signed_in.get(path).response).keys()
    assert EMAIL in signed_in.page.text  # an unknown address signs no one out


@pytest.mark.parametrize(
    "guess",
    [
        *("{token}", "{token}.", "{token}.{reversed}", "made-up", "{x}.{signature}", "{token}\\n.{signature}"),
        *("", "made-up", "{x}", "{x}.", "{x}{x}{x}", "é", "{x}.é"),
    ],
)
def test_a_guessed_cookie_costs_no_call_is_deleted_and_disturbs_no_one(
    signed_in: Visitor, calls: list[str], guess: str
) -> None:
    token, _, signature = str(signed_in.cookie("stytch_session")).rpartition(".")
    parts = {"token": token, "signature": signature, "reversed": signature[::-1], "x": "x" * 44}
    stranger = Visitor(signed_in.app)
    stranger.client.set_cookie("stytch_session", guess.format(**parts))

    assert stranger.get("/cards").goes_to == "/"
    assert stranger.cookie("stytch_session") is None
    assert calls == []
    assert EMAIL in signed_in.get("/").text


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

    assert f"You’re signed in as {EMAIL}" in warned.text
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
