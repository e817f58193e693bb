"""Resetting a password by email: both links, and who can use them."""

from __future__ import annotations

import pytest
import time_machine

from ..fake_network import Overheard
from ..identity import another_browser
from ..passwords import BREACHED, GOOD, OTHER, WEAK, ask_for_reset, mailed_links, set_password, sign_in
from ..visitor import EMAIL, Visitor, beside, query

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def forgetful(signed_in: Visitor, clock: time_machine.Traveller) -> Visitor:
    """Somebody who has a password and is signed out."""
    set_password(signed_in)
    signed_in.post("/logout")
    clock.shift(60)
    return signed_in


def open_form(visitor: Visitor, link: str) -> None:
    visitor.get(link)
    visitor.submit("/passwords/reset/form")


def test_the_first_link_sets_a_password_and_signs_in(forgetful: Visitor, clock: time_machine.Traveller) -> None:
    other = another_browser(forgetful, clock)
    assert other.get("/passwords/forgot").html.css(".who")
    sent = ask_for_reset(forgetful)
    link, _ = mailed_links(forgetful)
    page = forgetful.get(link)
    form = forgetful.submit("/passwords/reset/form")
    done = forgetful.submit("/passwords/reset", new_password=OTHER)

    assert sent.heading == "Check your email"
    assert page.response.headers["Referrer-Policy"] == "strict-origin"
    assert page.html.css("script") == []
    assert form.html.css("script[src*=htmx]")
    assert done.goes_to == "/"
    assert EMAIL in forgetful.follow().one(".hello").text()
    assert not other.get("/passwords/forgot").html.css(".who")  # where a cached session would do
    assert other.get("/account").goes_to == "/"
    forgetful.post("/logout")
    assert sign_in(forgetful, GOOD).status == 422
    assert sign_in(forgetful, OTHER).goes_to == "/"


def test_the_second_link_signs_in_without_a_password(forgetful: Visitor) -> None:
    ask_for_reset(forgetful)
    _, link = mailed_links(forgetful)

    forgetful.get(link)

    assert query(link)["stytch_token_type"] == "login"
    assert forgetful.submit("/login/authenticate").goes_to == "/"
    forgetful.post("/logout")
    assert sign_in(forgetful).goes_to == "/"


def test_who_has_no_password_sets_the_first_one_by_mail(signed_in: Visitor, clock: time_machine.Traveller) -> None:
    clock.shift(60)
    ask_for_reset(signed_in)
    open_form(signed_in, mailed_links(signed_in)[0])

    assert signed_in.submit("/passwords/reset", new_password=GOOD).goes_to == "/"
    signed_in.post("/logout")
    assert sign_in(signed_in).goes_to == "/"


def test_opening_a_link_uses_nothing_up(forgetful: Visitor, calls: list[str]) -> None:
    ask_for_reset(forgetful)
    link = mailed_links(forgetful)[0]
    asked = list(calls)
    for _ in range(3):
        open_form(forgetful, link)

    assert calls == asked
    assert forgetful.submit("/passwords/reset", new_password=OTHER).goes_to == "/"


@pytest.mark.parametrize(
    ("password", "words"), [(WEAK, "too easy to guess"), (BREACHED, "leaked"), ("", "Enter a new")]
)
def test_a_bad_password_keeps_the_link(forgetful: Visitor, password: str, words: str) -> None:
    ask_for_reset(forgetful)
    open_form(forgetful, mailed_links(forgetful)[0])

    refused = forgetful.submit("/passwords/reset", new_password=password)

    assert refused.status == 422
    assert words in refused.error_of("new_password")
    assert forgetful.submit("/passwords/reset", new_password=OTHER).goes_to == "/"


def test_a_link_works_once_and_for_ten_minutes(forgetful: Visitor, clock: time_machine.Traveller) -> None:
    ask_for_reset(forgetful)
    open_form(forgetful, mailed_links(forgetful)[0])
    form, twin = forgetful.page, forgetful.twin()
    assert forgetful.submit("/passwords/reset", new_password=OTHER).goes_to == "/"
    twin.page = form
    assert twin.submit("/passwords/reset", new_password=GOOD).heading == "This link was used or has expired"

    clock.shift(60)
    ask_for_reset(forgetful)
    open_form(forgetful, mailed_links(forgetful)[0])
    clock.shift(600)

    assert forgetful.submit("/passwords/reset", new_password=GOOD).heading == "This link was used or has expired"


def test_a_link_works_in_no_other_browser(forgetful: Visitor, calls: list[str]) -> None:
    ask_for_reset(forgetful)
    link = mailed_links(forgetful)[0]
    thief = beside(forgetful)
    assert thief.get(link).heading == "Open the link in the browser where you asked for it"
    thief.ask_for_link("eve@example.com")
    token = {"token": query(link)["token"], "new_password": OTHER}

    page = thief.post("/passwords/reset", token)

    assert page.heading == "Open the link in the browser where you asked for it"
    assert calls[-1] == "POST /v1/passwords/email/reset"
    open_form(forgetful, link)
    assert forgetful.submit("/passwords/reset", new_password=OTHER).goes_to == "/"


@pytest.mark.parametrize(
    "address", ["/passwords/reset", "/passwords/reset?token=x", "/passwords/reset?stytch_token_type=login&token=x"]
)
def test_a_link_of_another_kind_is_refused(visitor: Visitor, address: str) -> None:
    assert visitor.get(address).heading == "This link is not valid"


def test_the_answer_is_the_same_for_whoever_has_an_account(forgetful: Visitor) -> None:
    stranger = Visitor(forgetful.app)

    pages = [ask_for_reset(each) for each in (forgetful, stranger)]

    assert [page.status for page in pages] == [200, 200]
    assert pages[0].html.css("#forgot > p")[0].text() == pages[1].html.css("#forgot > p")[0].text()
    assert {cookie for cookie in ("pkce_verifier", "links") if stranger.cookie(cookie)} == {"pkce_verifier", "links"}


def test_a_fourth_mail_in_ten_minutes_is_not_sent_and_looks_the_same(
    forgetful: Visitor, calls: list[str], clock: time_machine.Traveller
) -> None:
    for _ in range(4):
        clock.shift(2)
        assert ask_for_reset(forgetful).heading == "Check your email"

    assert calls.count("POST /v1/passwords/email/reset/start") == 3


def test_the_mail_is_asked_for_with_pkce_and_both_urls(forgetful: Visitor, overheard: Overheard) -> None:
    ask_for_reset(forgetful)

    sent = str(overheard[-1][0].body)

    assert '"reset_password_redirect_url": "http://localhost:8000/passwords/reset"' in sent
    assert '"login_redirect_url": "http://localhost:8000/login/authenticate"' in sent
    assert '"reset_password_expiration_minutes": 10' in sent
    assert '"code_challenge": "' in sent


def test_a_second_mail_leaves_the_first_one_as_it_is(forgetful: Visitor, clock: time_machine.Traveller) -> None:
    ask_for_reset(forgetful)
    first = mailed_links(forgetful)[0]
    clock.shift(2)
    ask_for_reset(forgetful)

    open_form(forgetful, first)

    assert forgetful.submit("/passwords/reset", new_password=OTHER).goes_to == "/"


def test_a_malformed_address_is_said(visitor: Visitor, calls: list[str]) -> None:
    page = ask_for_reset(visitor, "ada")

    assert (page.status, page.error_of("email")) == (422, "Enter an address like ada@example.com.")
    assert calls == []


def test_a_reset_signs_out_whoever_was_signed_in_here(forgetful: Visitor, clock: time_machine.Traveller) -> None:
    ask_for_reset(forgetful)
    link = mailed_links(forgetful)[0]
    clock.shift(2)
    verifier = forgetful.cookie("pkce_verifier") or ""
    forgetful.sign_in("grace@example.com")
    graces = forgetful.twin()
    forgetful.client.set_cookie("pkce_verifier", verifier)

    assert "You’re signed in as grace@example.com" in forgetful.get(link).text
    forgetful.submit("/passwords/reset/form")
    forgetful.submit("/passwords/reset", new_password=OTHER)

    assert forgetful.follow().one(".who .address").text(strip=True) == EMAIL
    assert graces.get("/account").goes_to == "/"
