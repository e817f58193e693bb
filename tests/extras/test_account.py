"""The account page: who the user is, what proves it, and where they are signed in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import time_machine

from extras.account.sessions import device

from ..identity import another_browser, facts, step_up_by_text
from ..inside import request_of
from ..passcodes import sign_in_by_code
from ..visitor import EMAIL, Visitor, beside

MOZILLA, WEBKIT = "Mozilla/5.0", "AppleWebKit/537.36 (KHTML, like Gecko)"
FIREFOX = f"{MOZILLA} (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0"


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
        "Another session Address 127.0.0.1 Started Jun 1, 12:02 PM UTC, 1 minute ago "
        "Last used Jun 1, 12:02 PM UTC, 1 minute ago Sign out this session",
        "This session Address 127.0.0.1 Started Jun 1, 12:00 PM UTC, 3 minutes ago "
        "Last used Jun 1, 12:03 PM UTC, just now",
    ]
    assert page.one(".sessions [aria-current]").text(separator=" ").split()[0] == "This"


@pytest.mark.parametrize("sign_in", [Visitor.sign_in, sign_in_by_code], ids=["link", "code"])
def test_a_session_shows_the_browser_that_started_it(visitor: Visitor, sign_in: Callable[[Visitor], object]) -> None:
    visitor.client.environ_base |= {"HTTP_USER_AGENT": FIREFOX, "REMOTE_ADDR": "192.0.2.7"}
    sign_in(visitor)

    session = visitor.get("/account").one(".sessions:not(.factors) li")

    assert session.css("strong")[0].text() == "This session: Firefox on Windows"
    assert session.css("span")[0].text() == "Address 192.0.2.7"


def test_one_session_is_signed_out_by_its_id_and_no_other(stepped_up: Visitor, clock: time_machine.Traveller) -> None:
    ended, kept = another_browser(stepped_up, clock), another_browser(stepped_up, clock)
    forms = stepped_up.get("/account").html.css("form[action='/account/sessions/end'] [name=session_id]")

    page = stepped_up.post("/account/sessions/end", {"session_id": forms[-1].attrs.sget("value")})
    said = stepped_up.follow().text
    again = stepped_up.post("/account/sessions/end", {"session_id": forms[-1].attrs.sget("value")})

    assert len(forms) == 2
    assert page.goes_to == again.goes_to == "/account"
    assert "That session is signed out." in said
    assert "That session has already ended." in stepped_up.follow().text
    assert ended.get("/cards").goes_to == "/"  # which does not ask Stytch
    assert kept.get("/cards").status == 200


def test_somebody_elses_session_is_not_signed_out(signed_in: Visitor, calls: list[str]) -> None:
    other = beside(signed_in)
    other.sign_in("grace@example.com")
    with request_of(other) as session:
        theirs = session.session_id

    signed_in.post("/account/sessions/end", {"session_id": theirs})

    assert "That session has already ended." in signed_in.follow().text
    assert "POST /v1/sessions/revoke" not in calls
    assert other.get("/account").status == 200


def test_a_user_signs_out_twenty_sessions_a_day(signed_in: Visitor) -> None:
    for _ in range(20):
        assert signed_in.post("/account/sessions/end", {"session_id": "session-test-1"}).goes_to == "/account"

    page = signed_in.post("/account/sessions/end", {"session_id": "session-test-1"})

    assert page.status == 429
    assert "You can sign out 20 sessions a day." in page.text


def test_this_session_ends_like_a_sign_out(signed_in: Visitor) -> None:
    with request_of(signed_in) as session:
        own = session.session_id

    page = signed_in.post("/account/sessions/end", {"session_id": own})

    assert page.response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert signed_in.get("/account").goes_to == "/"


@pytest.mark.parametrize(
    ("user_agent", "said"),
    [
        (FIREFOX, "Firefox on Windows"),
        (f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Chrome/140.0.0.0 Safari/537.36", "Chrome on Mac"),
        (f"{MOZILLA} (Windows NT 10.0) {WEBKIT} Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        (f"{MOZILLA} (X11; Linux x86_64) {WEBKIT} Chrome/140.0 Safari/537.36 OPR/120.0", "Opera on Linux"),
        (f"{MOZILLA} (Linux; Android 10; K) {WEBKIT} Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        (
            f"{MOZILLA} (iPhone; CPU iPhone OS 18_6 like Mac OS X) {WEBKIT} Version/18.6 Safari/604.1",
            "Safari on iPhone",
        ),
        (f"{MOZILLA} (iPad; CPU OS 18_6 like Mac OS X) {WEBKIT} CriOS/140.0 Safari/604.1", "Chrome on iPad"),
        ("curl/8.5.0", ""),
        ("", ""),
        ("<script>", ""),
    ],
)
def test_a_user_agent_becomes_words(user_agent: str, said: str) -> None:
    assert device(user_agent) == said


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
