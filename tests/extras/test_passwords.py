"""Passwords: signing in, setting, changing and removing one, and what it opens."""

from __future__ import annotations

import json
import time

import pytest
import time_machine

from services import magic_links

from ..fake_network import FakeNetwork, Fault, Overheard
from ..identity import another_browser, facts, switch_method
from ..passcodes import newest_code
from ..passwords import BREACHED, GOOD, OTHER, WEAK, set_password, sign_in
from ..visitor import EMAIL, Page, Visitor, beside

WRONG = "This email and password don’t match"
TOO_EASY = "This password is too easy to guess."


@pytest.fixture
def with_password(stepped_up: Visitor) -> Visitor:
    """A customer with an authenticator who has set a password and is signed out."""
    set_password(stepped_up)
    stepped_up.post("/logout")
    return stepped_up


def is_signed_in(visitor: Visitor) -> bool:
    """Whether the home page says so, which trusts a cached session."""
    return not visitor.get("/").html.css("a[href='/passwords/sign-in']")


def said(page: Page, field: str = "password") -> str:
    assert page.status == 422
    return page.error_of(field)


def test_a_password_is_set_after_the_mailbox_and_signs_in(signed_in: Visitor) -> None:
    signed_in.get("/account")
    form = signed_in.submit("/passwords/new")
    field = form.one("input[name=new_password]").attrs
    page = signed_in.submit("/passwords", new_password=GOOD)

    assert (field["autocomplete"], field["type"]) == ("new-password", "password")
    assert page.goes_to == "/account"
    assert "Your password is set" in signed_in.follow().text
    signed_in.post("/logout")
    assert sign_in(signed_in).goes_to == "/"
    assert EMAIL in signed_in.follow().one(".hello").text()
    assert facts(signed_in.get("/account"))["Password, only to sign in"]


def test_the_form_welcomes_password_managers(visitor: Visitor) -> None:
    form = visitor.get("/passwords/sign-in").one("#password-sign-in")
    fields = {each.attrs["name"]: each.attrs for each in form.css("input[autocomplete]")}

    assert {name: each["autocomplete"] for name, each in fields.items()} == {
        "email": "username",
        "password": "current-password",
    }
    assert not [each for each in fields.values() if {"maxlength", "pattern", "onpaste"} & set(each)]


def test_a_password_opens_no_card_and_the_dialog_asks_for_what_is_missing(
    with_password: Visitor, clock: time_machine.Traveller
) -> None:
    clock.shift(30)
    sign_in(with_password)
    assert with_password.get("/cards/list").asks_for_a_code
    asked = with_password.follow()
    switch_method(with_password, "email_code")
    with_password.submit("/step-up", step_up_code=newest_code(with_password, "email_code"))
    second = with_password.get("/cards/list")
    missing = with_password.follow()
    form, code = with_password.page, with_password.code()
    with_password.page = form
    page = with_password.submit("/step-up", step_up_code=code)

    assert "You signed in with a password, which is not enough here." in asked.text
    assert second.asks_for_a_code
    assert "One of two ways is done. Now confirm with your phone or device." in missing.text
    assert missing.html.css("button[value=email_code]") == []
    assert page.goes_to == "/cards/list"
    assert with_password.follow().status == 200


def test_the_device_first_leaves_the_mailbox_to_be_confirmed(
    with_password: Visitor, clock: time_machine.Traveller
) -> None:
    clock.shift(30)
    sign_in(with_password)
    with_password.step_up()

    with_password.get("/cards/list")

    assert "Now confirm by email, or in another way." in with_password.follow().text
    assert with_password.page.html.css("#step-up button[value=email_code]")


def test_a_password_alone_changes_no_factor(with_password: Visitor) -> None:
    sign_in(with_password)

    for path in ("/passwords/new", "/passwords", "/passwords/remove", "/totp/replace"):
        assert with_password.post(path, {"new_password": OTHER}).status == 403
    assert OTHER not in with_password.post("/passwords", {"new_password": OTHER}).body


def test_whoever_has_a_mailbox_only_confirms_it_first(signed_in: Visitor) -> None:
    set_password(signed_in)
    signed_in.post("/logout")
    sign_in(signed_in)

    assert signed_in.post("/passwords/new").heading == "Sign in again first"


@pytest.mark.parametrize(
    ("email", "password"),
    [(EMAIL, OTHER), ("nobody@example.com", GOOD), ("grace@example.com", GOOD)],
    ids=["wrong", "unknown", "without a password"],
)
def test_whatever_is_wrong_the_answer_is_the_same(with_password: Visitor, email: str, password: str) -> None:
    other = beside(with_password)
    other.ask_for_link("grace@example.com")

    page = sign_in(other, password, email)

    assert said(page).startswith(WRONG)
    assert page.one("#password-sign-in input[name=email]").attrs["value"] == email
    assert password not in page.body


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.com"])
def test_whatever_is_wrong_the_answer_takes_as_long(
    with_password: Visitor, monkeypatch: pytest.MonkeyPatch, email: str
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(magic_links, "LEAST_TIME", 0.5)
    monkeypatch.setattr(time, "sleep", slept.append)

    sign_in(with_password, OTHER, email)
    with_password.post("/passwords/forgot", {"email": email})

    assert len(slept) == 2
    assert all(0 < each <= 0.5 for each in slept)


def test_six_tries_are_too_many_even_from_another_address(with_password: Visitor) -> None:
    for _ in range(5):
        assert sign_in(with_password, OTHER).status == 422

    page = sign_in(Visitor(with_password.app, "192.0.2.9"), GOOD)

    assert (page.status, page.response.headers["Retry-After"]) == (429, "300")
    assert "You tried too many passwords. Wait 5 minutes" in page.text


def test_a_right_password_does_not_count(with_password: Visitor) -> None:
    for _ in range(7):
        assert sign_in(with_password).goes_to == "/"
        with_password.post("/logout")


def test_one_client_tries_twenty_passwords_a_minute(visitor: Visitor) -> None:
    statuses = [
        visitor.post("/passwords/sign-in", {"email": f"user{number}@example.com", "password": "x"}).status
        for number in range(21)
    ]

    assert statuses == [422] * 20 + [429]


@pytest.mark.parametrize(
    ("email", "password", "field", "error"),
    [
        ("ada", GOOD, "email", "Enter an address like ada@example.com."),
        (EMAIL, "", "password", "Enter your password."),
    ],
)
def test_what_is_missing_is_said_beside_its_field(
    visitor: Visitor, calls: list[str], email: str, password: str, field: str, error: str
) -> None:
    page = sign_in(visitor, password, email)

    assert page.status == 422
    assert page.one(f"#password-sign-in [name={field}][aria-invalid]")
    assert error in page.one("#password-sign-in").text()
    assert calls == []


def test_a_password_is_sent_as_it_was_typed(signed_in: Visitor) -> None:
    typed = "  ünïcode 🦦 + spaces = fine  "
    set_password(signed_in, typed)
    signed_in.post("/logout")

    assert said(sign_in(signed_in, typed.strip())).startswith(WRONG)
    assert sign_in(signed_in, typed).goes_to == "/"


@pytest.mark.parametrize(
    ("password", "error", "words"),
    [
        (WEAK, TOO_EASY, "Add another word or two. Uncommon words are better."),
        (BREACHED, "This password was leaked on another site", ""),
        ("", "Enter a new password.", "Any characters, spaces too."),
    ],
)
def test_a_bad_password_is_refused_with_a_reason(signed_in: Visitor, password: str, error: str, words: str) -> None:
    page = set_password(signed_in, password)

    assert said(page, "new_password").startswith(error)
    assert words in page.one("#strength").text()
    assert not password or password not in page.body
    assert "Set a password" in signed_in.get("/account").text


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("password1", "This password was leaked"),
        ("sesame7", "Too easy to guess."),
        (EMAIL, "Too easy to guess."),
        (GOOD, "Strong enough."),
        ("x" * 3000, "Too easy to guess."),
    ],
)
def test_a_password_is_rated_while_it_is_typed(signed_in: Visitor, password: str, words: str) -> None:
    page = signed_in.post("/passwords/strength", {"new_password": password}, htmx=True)

    assert page.status == 200
    assert page.one("#strength").text(strip=True).startswith(words)


def test_rating_needs_no_session_and_stops_at_its_limit_without_an_error(visitor: Visitor, calls: list[str]) -> None:
    pages = [visitor.post("/passwords/strength", {"new_password": GOOD}, htmx=True) for _ in range(61)]

    assert "Strong enough." in pages[59].text
    assert (pages[60].status, pages[60].one("#strength").css("meter")) == (200, [])
    assert len([call for call in calls if "strength_check" in call]) == 60


def test_a_password_is_changed_by_the_old_one_and_ends_other_sessions(
    stepped_up: Visitor, clock: time_machine.Traveller
) -> None:
    set_password(stepped_up)
    other = another_browser(stepped_up, clock)
    assert is_signed_in(other)
    stepped_up.get("/account")
    form = stepped_up.submit("/passwords/new")
    assert (form.heading, form.one("[name=current_password]").attrs["autocomplete"]) == (
        "Change your password",
        "current-password",
    )
    refused = stepped_up.submit("/passwords", current_password=OTHER, new_password=OTHER)
    assert said(refused, "current_password") == "That is not your current password."

    page = stepped_up.submit("/passwords", current_password=GOOD, new_password=OTHER)

    assert page.goes_to == "/account"
    assert "Your password is changed." in stepped_up.follow().text
    assert not is_signed_in(other)
    assert stepped_up.get("/cards/list").asks_for_a_code
    stepped_up.post("/logout")
    assert said(sign_in(stepped_up, GOOD)).startswith(WRONG)
    assert sign_in(stepped_up, OTHER).goes_to == "/"


def test_a_weak_new_password_keeps_the_old_one_and_the_session(stepped_up: Visitor) -> None:
    set_password(stepped_up)
    stepped_up.get("/account")
    stepped_up.submit("/passwords/new")

    page = stepped_up.submit("/passwords", current_password=GOOD, new_password=WEAK)

    assert said(page, "new_password").startswith(TOO_EASY)
    assert stepped_up.get("/cards/list").status == 200


def test_setting_one_signs_other_devices_out_and_keeps_this_session(
    stepped_up: Visitor, clock: time_machine.Traveller
) -> None:
    other = another_browser(stepped_up, clock)
    set_password(stepped_up)

    assert not is_signed_in(other)
    assert stepped_up.get("/cards/list").status == 200


def test_a_removed_password_signs_nobody_in(stepped_up: Visitor) -> None:
    set_password(stepped_up)
    stepped_up.get("/account")

    page = stepped_up.submit("/passwords/remove")

    assert page.goes_to == "/account"
    assert "None yet." in stepped_up.follow().text
    assert stepped_up.get("/cards/list").status == 200
    stepped_up.post("/logout")
    assert said(sign_in(stepped_up)).startswith(WRONG)


def test_a_mailbox_proof_of_five_minutes_ago_gets_a_link_instead(
    signed_in: Visitor, clock: time_machine.Traveller
) -> None:
    signed_in.get("/account")
    signed_in.submit("/passwords/new")
    clock.shift(301)
    signed_in.get("/account")
    signed_in.submit("/passwords/new")

    page = signed_in.submit("/passwords", new_password=GOOD)

    assert "You confirmed your email more than five minutes ago." in page.text
    assert signed_in.submit("/passwords/forgot").heading == "Check your email"


def test_a_forced_reset_is_explained_with_the_way_on(with_password: Visitor, network: FakeNetwork) -> None:
    names = ("request_id", "error_message", "error_url")
    refusal = dict.fromkeys(names, "") | {"status_code": 400, "error_type": "reset_password"}
    network.set("POST /v1/passwords/authenticate", Fault(400, json.dumps(refusal).encode()))

    page = sign_in(with_password)

    assert said(page).startswith("Your password is right, but it can’t be used any more")
    assert page.one("#password-sign-in a[href='/passwords/forgot']").text() == "Set a new password"


def test_the_step_up_drops_a_password_and_says_so(stepped_up: Visitor, clock: time_machine.Traveller) -> None:
    stepped_up.get("/account")
    form = stepped_up.submit("/passwords/new")
    clock.shift(301)
    code = stepped_up.code()
    stepped_up.page = form
    asked = stepped_up.submit("/passwords", new_password=GOOD)
    stepped_up.submit("/step-up", step_up_code=code)

    assert asked.status == 403
    assert GOOD not in asked.body
    assert "Your password is not kept while you confirm it’s you." in asked.text
    assert said(stepped_up.post("/passwords"), "new_password") == "Enter a new password."


@pytest.mark.parametrize("lost", ["session", "service"])
def test_a_lost_session_and_an_outage_drop_a_password_and_say_so(
    signed_in: Visitor, network: FakeNetwork, lost: str
) -> None:
    signed_in.get("/account")
    form = signed_in.submit("/passwords/new")
    if lost == "session":
        signed_in.twin().post("/logout")
    else:
        network.set("POST /v1/passwords/.*")
    signed_in.page = form

    page = signed_in.submit("/passwords", new_password=GOOD, current_password=OTHER)

    assert page.status == (401 if lost == "session" else 503)
    assert GOOD not in page.body
    assert OTHER not in page.body
    assert "Your password is not kept. You enter it again." in page.text


@pytest.mark.panel
def test_neither_panel_nor_log_shows_a_password(
    signed_in: Visitor, overheard: Overheard, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    set_password(signed_in)
    signed_in.post("/passwords/strength", {"new_password": GOOD}, htmx=True)
    shown = signed_in.get("/account").body + signed_in.get("/calls.md").body
    signed_in.post("/logout")
    sign_in(signed_in)
    shown += signed_in.get("/calls.md").body + signed_in.get("/calls.json").body

    assert len([1 for request, _ in overheard if GOOD in str(request.body)]) == 3
    assert '"password": "‹password›"' in shown
    assert GOOD not in shown
    assert GOOD not in caplog.text


def test_wrong_passwords_of_a_stranger_lock_nobody_out_of_other_ways(
    with_password: Visitor, clock: time_machine.Traveller
) -> None:
    stranger = beside(with_password, "198.51.100.7")
    for _try in range(10):
        sign_in(stranger, "wrong password")
        clock.shift(330)

    assert with_password.sign_in().goes_to == "/"
