"""Invitations, and embedded links that the back end makes."""

from __future__ import annotations

import re

import pytest
import time_machine

from services.session import CUSTOMER_CLAIM
from services.stytch_client import stytch_client
from stytch_unit_emulator.transport import current_tenant

from ..asked import bodies_of
from ..conftest import AppWith
from ..fake_network import FakeNetwork
from ..identity import facts
from ..inside import request_of
from ..visitor import EMAIL, Page, Visitor, beside, query

GRACE = "grace@example.com"
USED = "This link was used, revoked or has expired"


def invite(visitor: Visitor, email: str = GRACE) -> Page:
    """Fill in the form."""
    visitor.get("/invitations")
    return visitor.submit("/invitations", email=email)


def waiting(visitor: Visitor) -> list[str]:
    """The addresses that the page lists."""
    return [each.text() for each in visitor.get("/invitations").html.css(".sessions strong")]


def mails(visitor: Visitor) -> int:
    """The number of emails that a link in the mailbox shows as usable."""
    return len(visitor.get("/emulator/inbox").html.css("article.mail"))


def embedded_link(visitor: Visitor, *options: str, user_id: str = "") -> str:
    """Make an embedded link for the visitor, as an operator does; return what the command says."""
    if not user_id:
        with request_of(visitor) as session:
            user_id = session.user_id
    token = current_tenant.set(visitor.cookie("emulator_visitor") or "")
    try:
        return visitor.app.test_cli_runner().invoke(args=["stytch", "embedded-link", user_id, *options]).output
    finally:
        current_tenant.reset(token)


def path_in(output: str) -> str:
    found = re.search(r"http://localhost:8000(/invitations/accept\?token=\S+)", output)
    assert found, output
    return found[1]


def test_an_invited_person_sees_who_invited_and_accepts_with_a_button(enrolled: Visitor) -> None:
    said = invite(enrolled)
    listed = waiting(enrolled)
    grace = beside(enrolled)
    link = grace.newest_link()

    opened = grace.get(link)
    grace.submit("/invitations/accept")

    assert (said.goes_to, listed) == ("/invitations", [GRACE])
    assert opened.heading == "You’re invited"
    assert f"{EMAIL} invited {GRACE} to open an account here." in opened.text
    assert opened.response.headers["Referrer-Policy"] == "strict-origin"
    assert facts(grace.get("/account"))["Email link or code"] == "Jun 1, 12:00 PM UTC, just now"
    assert grace.get("/").one("header .address").text() == GRACE
    assert waiting(enrolled) == []


def test_the_name_that_the_inviter_gave_is_shown(enrolled: Visitor) -> None:
    enrolled.post("/profile/name", {"first_name": "Ada <b>", "last_name": "Vance"})
    invite(enrolled)

    page = beside(enrolled).get(enrolled.newest_link())

    assert f"{EMAIL} (Ada <b> Vance) invited {GRACE}" in page.text  # a name is freely chosen, an address is proved


def test_a_real_inviter_before_another_link_signs_nobody_in(enrolled: Visitor, clock: time_machine.Traveller) -> None:
    invite(enrolled)
    trusted = query(enrolled.newest_link())["by"]
    clock.shift(2)
    other = beside(enrolled)
    invite(enrolled, "mallory@example.com")
    token = query(enrolled.newest_link())["token"]

    other.get(f"/invitations/accept?by={trusted}&token={token}")
    page = other.submit("/invitations/accept")

    assert page.status == 400
    assert not other.cookie("stytch_session")


def test_opening_the_link_uses_nothing_up_and_the_button_works_once(enrolled: Visitor) -> None:
    invite(enrolled)
    link, first, second = enrolled.newest_link(), beside(enrolled), beside(enrolled)
    first.get(link)
    second.get(link)

    assert first.submit("/invitations/accept").goes_to == "/"
    assert second.submit("/invitations/accept").heading == USED
    assert second.get("/account").goes_to == "/"


def test_pressed_twice_the_same_browser_is_signed_in(enrolled: Visitor) -> None:
    invite(enrolled)
    grace = beside(enrolled)
    grace.get(enrolled.newest_link())
    other_tab = grace.twin()

    assert grace.submit("/invitations/accept").goes_to == "/"
    assert other_tab.submit("/invitations/accept").goes_to == "/"
    assert other_tab.get("/account").status == 200
    assert grace.twin().get("/account").status == 200


def test_who_is_signed_in_is_told_before_they_change_accounts(enrolled: Visitor) -> None:
    invite(enrolled)
    link = enrolled.newest_link()
    token = enrolled.cookie("stytch_session") or ""

    opened = enrolled.get(link)
    enrolled.submit("/invitations/accept")

    assert f"You’re signed in as {EMAIL}. If you continue" in " ".join(opened.one("main").text().split())
    assert enrolled.get("/").one("header .address").text() == GRACE
    enrolled.client.set_cookie("stytch_session", token)
    assert enrolled.get("/account").goes_to == "/"


@pytest.mark.parametrize("by", ["", "Mallory", "Ik1hbGxvcnki.c2lnbmF0dXJl"])
def test_a_forged_inviter_is_not_shown(enrolled: Visitor, by: str) -> None:
    invite(enrolled)
    token = query(enrolled.newest_link())["token"]

    page = beside(enrolled).get(f"/invitations/accept?by={by}&token={token}")

    assert page.heading == "Finish signing in"
    assert "Mallory" not in page.text


def test_a_revoked_link_does_not_work_and_leaves_the_list(enrolled: Visitor) -> None:
    invite(enrolled)
    link = enrolled.newest_link()
    enrolled.get("/invitations")

    page = enrolled.submit("/invitations/revoke")
    said = enrolled.follow().text
    grace = beside(enrolled)
    grace.get(link)

    assert page.goes_to == "/invitations"
    assert "The invitation is revoked." in said
    assert waiting(enrolled) == []
    assert grace.submit("/invitations/accept").heading == USED


def test_nobody_revokes_an_invitation_of_another_or_one_that_is_not_there(enrolled: Visitor) -> None:
    invite(enrolled)
    user_id = enrolled.get("/invitations").one("input[name=user_id]").attrs.sget("value")
    bob = beside(enrolled)
    bob.sign_in("bob@example.com")
    bob.enroll()

    bob.post("/invitations/revoke", {"user_id": user_id})
    said = bob.follow().text

    assert "This invitation was already accepted or revoked." in said
    assert waiting(bob) == []
    assert waiting(enrolled) == [GRACE]


def test_an_address_with_an_account_gets_no_mail_and_the_answer_is_the_same(enrolled: Visitor) -> None:
    bob = beside(enrolled)
    bob.sign_in("bob@example.com")
    before = mails(enrolled)
    invite(enrolled, "bob@example.com")

    said = enrolled.follow().text

    assert "If bob@example.com has no account yet, an invitation is on its way." in said
    assert mails(enrolled) == before
    assert waiting(enrolled) == []


def test_an_expired_invitation_is_marked_and_its_link_refused(app_with: AppWith, clock: time_machine.Traveller) -> None:
    ada = Visitor(app_with(STYTCH_INVITE_MINUTES="5"))
    ada.sign_in()
    ada.enroll()
    invite(ada)
    link = ada.newest_link()
    clock.shift(301)

    listed = ada.get("/invitations")
    grace = beside(ada)
    grace.get(link)

    assert "The link expired Jun 1, 12:05 PM UTC" in listed.text
    assert grace.submit("/invitations/accept").heading == USED


@pytest.mark.parametrize(("typed", "error"), [("grace", "Enter an address like ada@example.com."), ("", "Enter your")])
def test_a_malformed_address_is_refused_beside_the_field(enrolled: Visitor, typed: str, error: str) -> None:
    page = invite(enrolled, typed)

    assert page.status == 422
    assert page.error_of("email").startswith(error)


def test_a_user_sends_ten_invitations_a_day(enrolled: Visitor) -> None:
    for number in range(10):
        assert invite(enrolled, f"{number}@example.com").goes_to == "/invitations"

    page = invite(enrolled)

    assert page.status == 429
    assert page.error_of("email").startswith("You can send ten invitations a day.")
    assert len(waiting(enrolled)) == 10


@pytest.mark.parametrize("path", ["/invitations", "/invitations/revoke"])
def test_inviting_takes_a_second_factor(signed_in: Visitor, calls: list[str], path: str) -> None:
    assert signed_in.get("/invitations").goes_to == "/"
    assert signed_in.post(path, {"email": GRACE}).goes_to == "/"
    assert "POST /v1/magic_links/email/invite" not in calls


def test_without_a_registered_placeholder_the_link_comes_without_the_name(enrolled: Visitor) -> None:
    urls: set[str] = enrolled.app.extensions["redirect_urls"]
    placeholder = next(url for url in urls if "{}" in url)
    urls.remove(placeholder)
    try:
        invite(enrolled)
    finally:
        urls.add(placeholder)

    link = enrolled.newest_link()

    assert link.startswith("/invitations/accept?stytch_token_type=magic_links&token=")
    assert beside(enrolled).get(link).heading == "Finish signing in"


@pytest.mark.parametrize("token", ["", "x", "x" * 44])
def test_a_link_that_was_never_made_is_refused(visitor: Visitor, token: str) -> None:
    opened = visitor.get(f"/invitations/accept?token={token}")
    if token:
        opened = visitor.submit("/invitations/accept")

    assert (opened.status, opened.heading) == (400, "This link is not valid")


def test_a_sign_in_link_is_no_invitation(visitor: Visitor) -> None:
    token = query(visitor.ask_for_link())["token"]
    thief = beside(visitor)

    thief.get(f"/invitations/accept?token={token}")

    assert thief.submit("/invitations/accept").heading == "This link is not valid"
    assert thief.get("/account").goes_to == "/"


def test_an_embedded_link_signs_in_and_is_in_no_group(customer: Visitor) -> None:
    link = path_in(embedded_link(customer))
    other = beside(customer)

    opened = other.get(link)
    other.submit("/invitations/accept")
    with request_of(other) as session:
        proven = [(factor.method, factor.group) for factor in session.factors]

    assert opened.heading == "Finish signing in"
    assert proven == [("embedded", None)]
    assert facts(other.get("/account"))["Link from support, only to sign in"].endswith("just now")
    assert other.get("/cards/list").asks_for_a_code
    assert other.post("/account/authenticator/remove").status == 403
    assert other.post("/profile/delete", {"confirm": "delete"}).status == 403


def test_an_embedded_link_invites_nobody(enrolled: Visitor) -> None:
    other = beside(enrolled)
    other.get(path_in(embedded_link(enrolled)))
    other.submit("/invitations/accept")

    page = other.post("/invitations", {"email": GRACE})

    assert "to invite someone" in page.one("#step-up").text()
    assert waiting(enrolled) == []


def test_an_embedded_link_and_an_authenticator_are_one_group(customer: Visitor) -> None:
    other = beside(customer)
    other.get(path_in(embedded_link(customer)))
    other.submit("/invitations/accept")
    code = other.code()
    other.get("/step-up")

    other.submit("/step-up", step_up_code=code)

    assert other.get("/cards/list").status != 200


def test_an_embedded_link_lasts_as_long_as_asked(enrolled: Visitor, clock: time_machine.Traveller) -> None:
    output = embedded_link(enrolled, "--minutes", "5")
    clock.shift(301)
    other = beside(enrolled)
    other.get(path_in(output))

    assert "works once, for 5 minutes, in any browser" in output
    assert other.submit("/invitations/accept").heading == USED


@pytest.mark.parametrize(
    ("user_id", "said"),
    [("user-test-00000000-0000-4000-8000-00000000dead", "Stytch refused: user_not_found."), ("user-1", "invalid_user")],
)
def test_an_embedded_link_for_nobody_is_refused(enrolled: Visitor, user_id: str, said: str) -> None:
    assert said in embedded_link(enrolled, user_id=user_id)


def test_an_outage_says_to_run_the_command_again(enrolled: Visitor, network: FakeNetwork) -> None:
    with request_of(enrolled) as session:
        user_id = session.user_id
    network.set("POST /v1/magic_links")

    assert "Run the command again." in embedded_link(enrolled, user_id=user_id)


def test_an_invitation_is_kept_at_stytch_only_and_a_customer_id_beside_it_stays(enrolled: Visitor) -> None:
    invite(enrolled)
    grace = beside(enrolled)
    grace.get(enrolled.newest_link())
    grace.submit("/invitations/accept")
    grace.enroll()
    grace.open_account()

    with request_of(grace) as session:
        metadata = stytch_client.sdk.users.get(session.user_id).trusted_metadata or {}

    assert metadata[CUSTOMER_CLAIM].isdigit()
    assert metadata["invited_by"].startswith("user-test-")


@pytest.mark.usefixtures("clock")
def test_the_settings_are_handed_to_stytch(app_with: AppWith) -> None:
    visitor = Visitor(app_with(STYTCH_INVITE_MINUTES="30", STYTCH_INVITE_TEMPLATE="welcome", STYTCH_LOCALE="fr"))
    visitor.sign_in()
    visitor.enroll()

    with bodies_of(visitor.app, "/v1/magic_links/email/invite") as sent:
        invite(visitor)

    assert [(each["invite_expiration_minutes"], each["invite_template_id"], each["locale"]) for each in sent] == [
        (30, "welcome", "fr")
    ]
