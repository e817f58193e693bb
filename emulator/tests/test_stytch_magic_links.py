"""Magic links: the redirect and authentication."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from .conftest import REDIRECT_URL
from .stytch_story import ADA, BOB, NO_TOKEN, Act, Story, refused, run_concurrently, visitor

VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
ATTRIBUTES = {"ip_address": "192.0.2.1", "user_agent": "Firefox"}
MATCH_BOTH = {"ip_match_required": True, "user_agent_match_required": True}
ELSEWHERE = "https://evil.example/login"


def redirect_to_app(story: Story, token: str, method: str = "GET") -> requests.Response:
    """Open an email's link, as a browser or an email scanner does."""
    return story.http.request(
        method,
        "https://test.stytch.com/v1/magic_links/redirect",
        params={"public_token": "public-token-test-1", "stytch_token_type": "magic_links", "token": token},
        allow_redirects=False,
    )


def test_the_redirect_keeps_the_urls_own_query(story: Story) -> None:
    url = "https://app.example/login?next=%2Fcards"
    story.client_with(None).magic_links.email.login_or_create(ADA, signup_magic_link_url=url)

    response = redirect_to_app(story, story.token())

    assert response.status_code == 302
    assert response.headers["Location"] == f"{url}&stytch_token_type=magic_links&token={story.token()}"
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_redirect_does_not_use_the_link(story: Story, method: str) -> None:
    token = story.link()

    redirect_to_app(story, token, method)
    redirect_to_app(story, token, method)

    assert story.client.magic_links.authenticate(token).status_code == 200


def test_the_redirect_finds_the_tenant_by_the_token(story: Story) -> None:
    token = story.link()

    with visitor("a browser without a tenant"):
        response = redirect_to_app(story, token)

    assert urlsplit(response.headers["Location"])._replace(query="").geturl() == REDIRECT_URL


def test_the_redirect_does_not_find_an_unknown_token(story: Story) -> None:
    response = redirect_to_app(story, NO_TOKEN)

    assert response.status_code == 404
    assert response.headers["Content-Type"].startswith("text/html")


def test_the_redirect_is_not_for_embedded_links(story: Story) -> None:
    user_id = story.sign_in().user_id

    response = redirect_to_app(story, story.client.magic_links.create(user_id).token)

    assert response.status_code == 404


def test_opening_a_link_verifies_the_email_and_starts_a_session(story: Story) -> None:
    requested = story.client.magic_links.email.login_or_create(ADA, create_user_as_pending=True)

    opened = story.client.magic_links.authenticate(story.token(), session_duration_minutes=60)

    assert opened.session is not None
    factor = opened.session.authentication_factors[0]
    assert factor.email_factor is not None
    assert (opened.user_id, opened.method_id) == (requested.user_id, requested.email_id)
    assert (opened.user.status, opened.user.emails[0].verified) == ("active", True)
    assert (factor.type.value, factor.delivery_method.value) == ("magic_link", "email")
    assert (factor.email_factor.email_id, factor.email_factor.email_address) == (requested.email_id, ADA)
    assert not opened.reset_sessions


def test_opening_a_link_without_a_duration_starts_no_session(story: Story) -> None:
    opened = story.client.magic_links.authenticate(story.link())

    assert (opened.session, opened.session_token, opened.session_jwt) == (None, "", "")
    assert story.client.sessions.get(opened.user_id).sessions == []


def test_a_link_works_once(story: Story) -> None:
    token = story.link()
    story.client.magic_links.authenticate(token)

    with refused(401, "unable_to_auth_magic_link"):
        story.client.magic_links.authenticate(token)


@pytest.mark.parametrize(
    ("options", "minutes"),
    [
        pytest.param({"signup_expiration_minutes": 5}, 5, id="five_minutes_if_requested"),
        pytest.param({}, 7 * 24 * 60, id="a_week_for_signup"),
    ],
)
@pytest.mark.usefixtures("long_lived_tenants")
def test_a_link_works_until_it_expires(story: Story, options: dict[str, Any], minutes: int) -> None:
    story.client.magic_links.email.login_or_create(ADA, **options)
    story.client.magic_links.email.login_or_create(BOB, **options)
    token, older = (parse_qs(urlsplit(mail.link).query)["token"][0] for mail in story.mails())

    story.wait(minutes * 60 - 1)
    story.client.magic_links.authenticate(token)
    story.wait(1)

    with refused(401, "unable_to_auth_magic_link"):
        story.client.magic_links.authenticate(older)


def test_of_concurrent_requests_one_opens_the_link(story: Story) -> None:
    token = story.link()

    assert run_concurrently(lambda: story.client.magic_links.authenticate(token)) == [200, 401, 401, 401]


def test_a_login_link_works_for_an_hour(story: Story) -> None:
    story.link()
    story.client.magic_links.email.login_or_create(ADA)

    story.wait(minutes=60)

    with refused(401, "unable_to_auth_magic_link"):
        story.client.magic_links.authenticate(story.token())


def test_a_second_link_does_not_cancel_the_first(story: Story) -> None:
    first, second = story.link(), story.link()

    story.client.magic_links.authenticate(second)

    assert story.client.magic_links.authenticate(first).status_code == 200


def test_a_wrong_verifier_does_not_use_up_the_link(story: Story) -> None:
    token = story.link(code_challenge=CHALLENGE)
    with refused(400, "pkce_mismatch"):
        story.client.magic_links.authenticate(token, code_verifier="w" * 43)

    assert story.client.magic_links.authenticate(token, code_verifier=VERIFIER).status_code == 200


def test_a_link_works_only_in_the_browser_that_requested_it(story: Story) -> None:
    token = story.link(attributes=ATTRIBUTES)

    opened = story.client.magic_links.authenticate(
        token, attributes=ATTRIBUTES, options=MATCH_BOTH, session_duration_minutes=5
    )

    assert opened.session is not None
    assert opened.session.attributes is not None
    assert opened.session.attributes.ip_address == "192.0.2.1"


def test_another_users_session_does_not_change(story: Story) -> None:
    bob = story.sign_in(BOB)

    ada = story.client.magic_links.authenticate(
        story.link(ADA), session_token=bob.session_token, session_duration_minutes=60
    )

    assert ada.session is not None
    assert ada.session.user_id == ada.user_id
    assert ada.session_token != bob.session_token


def test_an_embedded_link_verifies_no_email(story: Story) -> None:
    story.link()
    user = story.client.users.search().results[0]
    token = story.client.magic_links.create(user.user_id).token

    opened = story.client.magic_links.authenticate(token, session_duration_minutes=60)

    assert opened.session is not None
    factor = opened.session.authentication_factors[0]
    assert factor.embeddable_magic_link_factor is not None
    assert factor.embeddable_magic_link_factor.embedded_id == opened.method_id
    assert factor.delivery_method.value == "embedded"
    assert not opened.user.emails[0].verified


REFUSED_OPENINGS: list[tuple[str, int, str, Act]] = [
    ("a_malformed_token", 400, "invalid_token", lambda s: s.client.magic_links.authenticate("not a token")),
    ("no_token", 400, "invalid_token", lambda s: s.client.magic_links.authenticate("")),
    ("an_unknown_token", 404, "magic_link_not_found", lambda s: s.client.magic_links.authenticate("nope")),
    (
        "another_address",
        401,
        "attribute_mismatch",
        lambda s: s.client.magic_links.authenticate(
            s.link(attributes=ATTRIBUTES), attributes={**ATTRIBUTES, "ip_address": "192.0.2.2"}, options=MATCH_BOTH
        ),
    ),
    (
        "another_browser",
        401,
        "attribute_mismatch",
        lambda s: s.client.magic_links.authenticate(s.link(attributes=ATTRIBUTES), options=MATCH_BOTH),
    ),
    (
        "another_verifier",
        400,
        "pkce_mismatch",
        lambda s: s.client.magic_links.authenticate(s.link(code_challenge=CHALLENGE), code_verifier=CHALLENGE),
    ),
    (
        "no_verifier",
        400,
        "pkce_expected_code_verifier",
        lambda s: s.client.magic_links.authenticate(s.link(code_challenge=CHALLENGE)),
    ),
    (
        "a_verifier_without_a_challenge",
        400,
        "pkce_did_not_expect_code_verifier",
        lambda s: s.client.magic_links.authenticate(s.link(), code_verifier=VERIFIER),
    ),
    (
        "a_malformed_verifier",
        400,
        "invalid_pkce_code_verifier",
        lambda s: s.client.magic_links.authenticate(s.link(code_challenge=CHALLENGE), code_verifier="short"),
    ),
    (
        "an_unknown_session",
        404,
        "session_not_found",
        lambda s: s.client.magic_links.authenticate(s.link(), session_token=NO_TOKEN),
    ),
    (
        "a_session_over_the_maximum",
        400,
        "invalid_session_duration_minutes",
        lambda s: s.client.magic_links.authenticate(s.link(), session_duration_minutes=527_041),
    ),
]


@pytest.mark.parametrize(
    ("status", "error_type", "act"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED_OPENINGS]
)
def test_opening_a_link_is_refused(story: Story, status: int, error_type: str, act: Act) -> None:
    with refused(status, error_type):
        act(story)

    assert [email.verified for user in story.client.users.search().results for email in user.emails] in ([], [False])
