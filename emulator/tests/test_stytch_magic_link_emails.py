"""Requests for magic link emails."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs

import pytest

from .conftest import REDIRECT_URL
from .stytch_story import ADA, BOB, NO_TOKEN, NO_USER, Act, Story, refused

VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
ATTRIBUTES = {"ip_address": "192.0.2.1", "user_agent": "Firefox"}
MATCH_BOTH = {"ip_match_required": True, "user_agent_match_required": True}
ELSEWHERE = "https://evil.example/login"


def test_login_or_create_creates_an_active_user_with_an_unverified_email(story: Story) -> None:
    answer = story.client.magic_links.email.login_or_create(ADA)

    user = story.client.users.get(answer.user_id)
    assert answer.user_created
    assert user.status == "active"
    assert [(email.email_id, email.email, email.verified) for email in user.emails] == [(answer.email_id, ADA, False)]


def test_login_or_create_ignores_the_case_of_the_address(story: Story) -> None:
    first = story.client.magic_links.email.login_or_create(ADA)
    story.wait(1)

    second = story.client.magic_links.email.login_or_create(ADA.upper())

    assert not second.user_created
    assert (second.user_id, second.email_id) == (first.user_id, first.email_id)


@pytest.mark.parametrize(
    ("kinds", "options"),
    [
        pytest.param(["login", "signup"], {}, id="first_signup_then_login"),
        pytest.param(["signup", "signup"], {"create_user_as_pending": True}, id="signup_while_pending"),
    ],
)
def test_the_email_is_for_signup_or_login(story: Story, kinds: list[str], options: dict[str, Any]) -> None:
    story.link(ADA, **options)

    story.link(ADA, **options)

    assert [mail.kind for mail in story.mails()] == kinds


def test_an_email_shows_recipient_time_and_expiration(story: Story) -> None:
    story.client.magic_links.email.login_or_create(ADA, signup_expiration_minutes=10)

    mail = story.mails()[0]
    assert (mail.to, mail.kind) == (ADA, "signup")
    assert mail.sent_at.isoformat() == "2026-06-01T12:00:00+00:00"
    assert mail.expires.isoformat() == "2026-06-01T12:10:00+00:00"
    assert "expires on Jun 1, 12:10 PM UTC." in mail.text


def test_the_emailed_link_leads_to_stytchs_redirect(story: Story) -> None:
    token = story.link()

    address, _, query = story.mails()[0].link.partition("?")
    assert address == "http://localhost:8000/emulator/v1/magic_links/redirect"
    assert parse_qs(query)["token"] == [token]
    assert parse_qs(query)["stytch_token_type"] == ["magic_links"]
    assert parse_qs(query)["public_token"][0].startswith("public-token-test-")


def test_send_adds_an_email_to_the_sessions_user(story: Story) -> None:
    ada = story.sign_in()

    story.client.magic_links.email.send("ada@work.example", session_token=ada.session_token)
    opened = story.client.magic_links.authenticate(story.token())
    story.wait(minutes=6)

    assert [email.email for email in story.client.users.get(ada.user_id).emails] == [ADA, "ada@work.example"]
    assert opened.user_id == ada.user_id


def test_an_added_email_is_removed_unless_verified_within_five_minutes(story: Story) -> None:
    ada = story.sign_in()
    story.client.magic_links.email.send("ada@work.example", user_id=ada.user_id)
    token = story.token()

    story.wait(minutes=5)

    assert [email.email for email in story.client.users.get(ada.user_id).emails] == [ADA]
    assert story.client.magic_links.email.login_or_create("ada@work.example").user_created
    with refused(401, "unable_to_auth_magic_link"):
        story.client.magic_links.authenticate(token)


def test_an_invitation_creates_a_pending_user(story: Story) -> None:
    invited = story.client.magic_links.email.invite(ADA, name={"first_name": "Ada"}, trusted_metadata={"plan": "gold"})

    user = story.client.users.get(invited.user_id)
    opened = story.client.magic_links.authenticate(story.token())
    assert (user.status, user.trusted_metadata) == ("pending", {"plan": "gold"})
    assert user.name is not None
    assert user.name.first_name == "Ada"
    assert story.mails()[0].kind == "invite"
    assert opened.user.status == "active"


def test_a_revoked_invitation_link_does_not_work(story: Story) -> None:
    story.client.magic_links.email.invite(ADA)

    story.client.magic_links.email.revoke_invite(ADA)

    with refused(401, "unable_to_auth_magic_link"):
        story.client.magic_links.authenticate(story.token())


def test_emails_are_limited_to_one_per_second_and_address(story: Story) -> None:
    story.client.magic_links.email.login_or_create(ADA)

    with refused(429, "too_many_requests"):
        story.client.magic_links.email.send(ADA.upper())
    story.client.magic_links.email.login_or_create(BOB)
    story.wait(1)

    assert story.client.magic_links.email.send(ADA).status_code == 200


def test_the_email_limits_window_starts_on_the_second(story: Story) -> None:
    story.wait(0.9)
    story.client.magic_links.email.login_or_create(ADA)

    story.wait(0.1)

    assert story.client.magic_links.email.login_or_create(ADA).status_code == 200


REFUSED_REQUESTS: list[tuple[str, int, str, Act]] = [
    ("a_malformed_address", 400, "invalid_email", lambda s: s.link("nobody")),
    ("an_address_with_two_lines", 400, "invalid_email", lambda s: s.link("a@example.com\n")),
    ("an_unknown_address", 404, "email_not_found", lambda s: s.client.magic_links.email.send(ADA)),
    ("a_bounced_address", 400, "inactive_email", lambda s: s.link("ada@inactive.example")),
    (
        "a_url_of_another_site",
        400,
        "no_match_for_provided_magic_link_url",
        lambda s: s.link(login_magic_link_url=ELSEWHERE),
    ),
    (
        "a_url_with_another_query",
        400,
        "no_match_for_provided_magic_link_url",
        lambda s: s.link(signup_magic_link_url=f"{REDIRECT_URL}?a=1"),
    ),
    (
        "a_url_with_another_host_name",
        400,
        "no_match_for_provided_magic_link_url",
        lambda s: s.link(signup_magic_link_url=REDIRECT_URL.replace("localhost", "127.0.0.1")),
    ),
    ("a_malformed_login_url", 400, "invalid_login_magic_link_url", lambda s: s.link(login_magic_link_url="/login")),
    (
        "a_malformed_signup_url",
        400,
        "invalid_signup_magic_link_url",
        lambda s: s.link(signup_magic_link_url="https://[::"),
    ),
    (
        "a_malformed_invite_url",
        400,
        "invalid_invite_magic_link_url",
        lambda s: s.client.magic_links.email.invite(ADA, invite_magic_link_url="nowhere"),
    ),
    ("a_link_for_4_minutes", 400, "invalid_expiration", lambda s: s.link(login_expiration_minutes=4)),
    ("a_link_for_over_a_week", 400, "invalid_expiration", lambda s: s.link(signup_expiration_minutes=10_081)),
    ("an_unknown_language", 400, "invalid_locale", lambda s: s.link(locale="tlh")),
    ("a_malformed_challenge", 400, "invalid_pkce_code_challenge", lambda s: s.link(code_challenge=VERIFIER[:-1])),
    ("attributes_that_are_not_strings", 400, "invalid_argument", lambda s: s.link(attributes={"ip_address": 1})),
    (
        "a_user_selected_twice",
        400,
        "too_many_user_selection_arguments",
        lambda s: s.client.magic_links.email.send(ADA, user_id=NO_USER, session_token=NO_TOKEN),
    ),
    ("an_unknown_user", 404, "user_not_found", lambda s: s.client.magic_links.email.send(ADA, user_id=NO_USER)),
    ("an_embedded_link_for_an_unknown_user", 404, "user_not_found", lambda s: s.client.magic_links.create(NO_USER)),
    ("revoking_an_unknown_invitation", 404, "email_not_found", lambda s: s.client.magic_links.email.revoke_invite(ADA)),
]


@pytest.mark.parametrize(
    ("status", "error_type", "act"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED_REQUESTS]
)
def test_requesting_a_link_is_refused(story: Story, status: int, error_type: str, act: Act) -> None:
    with refused(status, error_type):
        act(story)

    assert story.mails() == []
    assert story.client.users.search().results == []


def test_adding_another_users_email_is_refused(story: Story) -> None:
    ada, bob = story.sign_in(ADA), story.sign_in(BOB)

    with refused(400, "duplicate_email"):
        story.client.magic_links.email.send(ADA, user_id=bob.user_id)

    assert story.client.users.get(ada.user_id).emails[0].email == ADA


@pytest.mark.parametrize(
    ("before", "error_type"),
    [
        pytest.param(lambda s: s.sign_in(), "duplicate_email", id="an_active_user"),
        pytest.param(lambda s: s.client.magic_links.email.invite(ADA), "user_already_invited", id="an_invited_user"),
    ],
)
def test_inviting_is_refused(story: Story, before: Act, error_type: str) -> None:
    before(story)
    story.wait(1)

    with refused(400, error_type):
        story.client.magic_links.email.invite(ADA)


@pytest.mark.parametrize(
    ("registered", "given", "error_type"),
    [
        pytest.param([], {}, "no_login_redirect_urls_set", id="no_login_url"),
        pytest.param([], {"login_magic_link_url": "a:"}, "invalid_login_magic_link_url", id="a_malformed_url"),
        pytest.param(
            ["https://a.example/", "https://b.example/"], {}, "no_default_login_redirect_url_set", id="no_login_default"
        ),
        pytest.param(
            ["https://a.example/", "https://b.example/"],
            {"login_magic_link_url": "https://a.example/"},
            "no_default_signup_redirect_url_set",
            id="no_signup_default",
        ),
    ],
)
def test_a_project_without_a_default_url_refuses_requests_without_urls(
    story: Story, registered: list[str], given: dict[str, Any], error_type: str
) -> None:
    client = story.client_with(frozenset(registered))

    with refused(400, error_type):
        client.magic_links.email.login_or_create(ADA, **given)


@pytest.mark.parametrize(
    "url", ["https://app.example/x?y=1", "http://localhost:3000/a", "http://127.0.0.1/", "http://[::1]:8000/"]
)
def test_a_project_without_registered_urls_accepts_https_and_loopback(story: Story, url: str) -> None:
    client = story.client_with(None)

    assert client.magic_links.email.login_or_create(ADA, login_magic_link_url=url).status_code == 200


@pytest.mark.parametrize("url", ["http://app.example/", "http://localhost.evil.example/", "javascript://localhost/"])
def test_a_project_without_registered_urls_refuses_other_urls(story: Story, url: str) -> None:
    client = story.client_with(None)

    with refused(400, "no_match_for_provided_magic_link_url"):
        client.magic_links.email.login_or_create(ADA, login_magic_link_url=url)


def test_a_project_without_registered_urls_has_stytchs_default_url(story: Story) -> None:
    story.client_with(None).magic_links.email.login_or_create(ADA)

    with story.store.read("nobody") as tenant:
        (link,) = tenant.all("magic_link")
    assert link["url"] == "http://localhost:3000/authenticate"
