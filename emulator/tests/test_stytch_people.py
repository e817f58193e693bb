"""Users' rarer changes: exchanging the only factor, biometric registrations, and adding to an unverified user."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stytch_unit_emulator.stytch import add_biometric_registration
from stytch_unit_emulator.transport import current_tenant

from .over_http import client_of
from .stytch_story import ADA, BOB, NO_USER, Act, Story, refused

if TYPE_CHECKING:
    from stytch_unit_emulator.pytest_plugin import EmulatedProject

PHONE = "+15555550101"
NO_REGISTRATION = "biometric-registration-test-00000000-0000-4000-8000-000000000000"
INVITE_URL = "https://app.example/invitations/accept?by={}"


@pytest.mark.parametrize("new", [{"email_address": BOB}, {"phone_number": PHONE}], ids=["email", "phone"])
def test_the_only_factor_is_exchanged_for_an_unverified_one(story: Story, new: dict[str, str]) -> None:
    ada = story.sign_in()

    answer = story.client.users.exchange_primary_factor(ada.user_id, **new)

    emails = [(each.email, each.verified) for each in answer.user.emails]
    phones = [(each.phone_number, each.verified) for each in answer.user.phone_numbers]
    assert [*emails, *phones] == [(contact, False) for contact in new.values()]
    assert story.client.magic_links.email.login_or_create(ADA).user_created
    with refused(404, "session_not_found"):
        story.client.sessions.authenticate(session_token=ada.session_token)


EXCHANGES: list[tuple[str, int, str, Act]] = [
    (
        "neither",
        400,
        "invalid_exchange_primary_factor_fields",
        lambda s: s.client.users.exchange_primary_factor(s.sign_in().user_id),
    ),
    (
        "both",
        400,
        "invalid_exchange_primary_factor_fields",
        lambda s: s.client.users.exchange_primary_factor(s.sign_in().user_id, BOB, PHONE),
    ),
    (
        "malformed",
        400,
        "invalid_email",
        lambda s: s.client.users.exchange_primary_factor(s.sign_in().user_id, "bob"),
    ),
    ("unknown_user", 404, "user_not_found", lambda s: s.client.users.exchange_primary_factor(NO_USER, BOB)),
]


@pytest.mark.parametrize(("status", "error_type", "act"), [pytest.param(*row[1:], id=row[0]) for row in EXCHANGES])
def test_an_exchange_is_refused(story: Story, status: int, error_type: str, act: Act) -> None:
    with refused(status, error_type):
        act(story)


def test_a_factor_is_not_exchanged_for_one_of_another_user(story: Story) -> None:
    user_id = story.client.users.create(email=ADA).user_id
    story.client.users.create(email=BOB)

    with refused(400, "duplicate_email"):
        story.client.users.exchange_primary_factor(user_id, BOB)


@pytest.mark.parametrize("second", ["phone", "totp"])
def test_a_user_with_two_factors_exchanges_none(story: Story, second: str) -> None:
    user_id = story.client.users.create(email=ADA, phone_number=PHONE if second == "phone" else None).user_id
    if second == "totp":
        story.client.totps.create(user_id)

    with refused(400, "invalid_exchange_primary_factor_user"):
        story.client.users.exchange_primary_factor(user_id, BOB)


def test_a_seeded_biometric_registration_is_listed_proves_a_factor_and_is_deleted(
    emulated_project: EmulatedProject,
) -> None:
    client = client_of(emulated_project)
    made = emulated_project.seed({"users": [{"email": ADA, "biometric_registrations": [{}, {}]}]})["users"][0]
    first, second = made["biometric_registrations"]
    session = emulated_project.session(ADA, factors=[{"type": "signature_challenge"}])
    before = client.sessions.authenticate(session_token=session["session_token"])

    user = client.users.delete_biometric_registration(first).user

    assert before.session.authentication_factors[0].delivery_method.value == "biometric"
    assert [each.biometric_registration_id for each in before.user.biometric_registrations] == [first, second]
    assert [each.biometric_registration_id for each in user.biometric_registrations] == [second]
    with refused(404, "session_not_found"):
        client.sessions.authenticate(session_token=session["session_token"])
    with refused(404, "biometric_registration_not_found"):
        client.users.delete_biometric_registration(first)


@pytest.mark.parametrize(
    ("registrations", "problem"),
    [
        ([{}] * 26, "too_many_biometric_registrations_for_user"),
        ([{"verified": True}], "there is no member 'verified'"),
        ({}, "must be a list of objects"),
    ],
    ids=["too_many", "unknown_member", "no_list"],
)
def test_a_seed_with_wrong_registrations_creates_nothing(
    emulated_project: EmulatedProject, registrations: object, problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        emulated_project.seed({"users": [{"email": ADA, "biometric_registrations": registrations}]})

    assert client_of(emulated_project).users.search().results == []


def test_a_deleted_user_leaves_no_registration(story: Story) -> None:
    user_id = story.client.users.create(email=ADA).user_id
    with story.store.change(current_tenant.get()) as tenant:
        add_biometric_registration(tenant, user_id)

    story.client.users.delete(user_id)

    with story.store.read(current_tenant.get()) as tenant:
        assert tenant.all("biometric_registration") == []


@pytest.mark.parametrize(
    ("registration_id", "status", "error_type"),
    [
        (NO_REGISTRATION, 404, "biometric_registration_not_found"),
        ("biometric-1", 400, "invalid_biometric_registration_id"),
    ],
    ids=["unknown", "malformed"],
)
def test_a_registration_that_is_not_there_is_not_deleted(
    story: Story, registration_id: str, status: int, error_type: str
) -> None:
    with refused(status, error_type):
        story.client.users.delete_biometric_registration(registration_id)


def test_no_link_adds_an_address_to_a_user_whose_own_is_not_verified(story: Story) -> None:
    user_id = story.client.users.create(email=ADA).user_id

    with refused(400, "too_many_unverified_factors"):
        story.client.magic_links.email.send(BOB, user_id=user_id)

    assert len(story.client.users.get(user_id).emails) == 1


@pytest.mark.parametrize(
    ("urls", "error_type"),
    [
        (frozenset[str](), "no_invite_redirect_urls_set"),
        ({"https://a.example", INVITE_URL}, "no_default_invite_redirect_url_set"),
    ],
    ids=["none", "several"],
)
def test_an_invitation_needs_a_url(story: Story, urls: frozenset[str], error_type: str) -> None:
    client = story.client_with(frozenset(urls))

    with refused(400, error_type):
        client.magic_links.email.invite(ADA)
    with refused(400, "invalid_invite_magic_link_url"):
        client.magic_links.email.invite(ADA, invite_magic_link_url="nowhere")

    assert story.client.users.search().results == []


@pytest.mark.parametrize(
    "url",
    [
        INVITE_URL.replace("{}", ""),
        INVITE_URL.replace("{}", "x&next=y"),
        INVITE_URL.replace("{}", "x#y"),
        INVITE_URL[:-6],
    ],
)
def test_a_registered_placeholder_stands_for_one_value(story: Story, url: str) -> None:
    client = story.client_with(frozenset({INVITE_URL}))

    client.magic_links.email.invite(ADA, invite_magic_link_url=INVITE_URL.replace("{}", "Ada%20Vance.x-_1"))

    with refused(400, "no_match_for_provided_magic_link_url"):
        client.magic_links.email.invite(BOB, invite_magic_link_url=url)
