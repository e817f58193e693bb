"""Users: create, update, search and delete."""

from __future__ import annotations

from typing import Any

import pytest

from .stytch_story import ADA, BOB, NO_USER, Act, Story, refused
from .unit_story import Snapshots

PHONE = "+15555550101"
EXTERNAL_ID = "crm|ada_1.x-y"
NO_EMAIL = "email-test-00000000-0000-4000-8000-000000000000"
NO_TOTP = "totp-test-00000000-0000-4000-8000-000000000000"


def test_a_created_user_has_the_given_fields(story: Story) -> None:
    answer = story.client.users.create(
        email=ADA,
        phone_number=PHONE,
        name={"first_name": "Ada", "last_name": "Vance"},
        trusted_metadata={"a": 1},
        untrusted_metadata={"b": 2},
        external_id=EXTERNAL_ID,
        roles=["teller"],
        create_user_as_pending=True,
    )

    user = answer.user
    assert (answer.status_code, answer.status, user.status) == (201, "pending", "pending")
    assert [(email.email_id, email.verified) for email in user.emails] == [(answer.email_id, False)]
    assert [(phone.phone_id, phone.phone_number) for phone in user.phone_numbers] == [(answer.phone_id, PHONE)]
    assert user.name is not None
    assert user.name.model_dump() == {"first_name": "Ada", "middle_name": "", "last_name": "Vance"}
    assert (user.trusted_metadata, user.untrusted_metadata, user.external_id) == ({"a": 1}, {"b": 2}, EXTERNAL_ID)
    assert user.roles == ["stytch_user", "teller"]


def test_the_id_of_a_missing_contact_is_empty(story: Story) -> None:
    assert story.client.users.create(email=ADA).phone_id == ""
    assert story.client.users.create(phone_number=PHONE).email_id == ""


def test_an_external_id_works_wherever_a_user_id_does(story: Story) -> None:
    user_id = story.client.users.create(email=ADA, external_id=EXTERNAL_ID).user_id

    assert story.client.users.get(EXTERNAL_ID).user_id == user_id
    assert story.client.totps.create(EXTERNAL_ID).user_id == user_id
    assert story.client.sessions.get(EXTERNAL_ID).sessions == []


def test_an_external_id_can_be_changed_and_removed(story: Story) -> None:
    user_id = story.client.users.create(email=ADA, external_id="old").user_id

    story.client.users.update(user_id, external_id="new")
    story.client.users.delete_external_id("new")

    assert story.client.users.get(user_id).external_id is None
    assert story.client.users.create(email=BOB, external_id="old").user.external_id == "old"
    with refused(404, "user_not_found"):
        story.client.users.get("new")


def test_an_update_changes_only_the_given_fields(story: Story) -> None:
    user_id = story.client.users.create(
        email=ADA, name={"first_name": "Ada", "last_name": "V"}, roles=["teller"]
    ).user_id

    answer = story.client.users.update(user_id, name={"last_name": "Vance"})

    assert answer.user.name is not None
    assert answer.user.name.model_dump() == {"first_name": "Ada", "middle_name": "", "last_name": "Vance"}
    assert answer.user.roles == ["stytch_user", "teller"]
    assert answer.emails == answer.user.emails


@pytest.mark.parametrize("kind", ["trusted_metadata", "untrusted_metadata"])
def test_metadata_merges_at_the_top_level_and_null_deletes(story: Story, kind: str) -> None:
    before: dict[str, Any] = {kind: {"keep": 1, "drop": 2, "deep": {"old": 1}}}
    user_id = story.client.users.create(email=ADA, **before).user_id
    change: dict[str, Any] = {kind: {"drop": None, "deep": {"new": 2}, "added": [3]}}

    answer = story.client.users.update(user_id, **change)

    assert getattr(answer.user, kind) == {"keep": 1, "deep": {"new": 2}, "added": [3]}


def test_a_refused_update_changes_nothing(story: Story) -> None:
    user_id = story.client.users.create(email=ADA).user_id

    with refused(400, "metadata_too_large"):
        story.client.users.update(user_id, external_id="new", trusted_metadata={"a": "x" * 4096})

    assert story.client.users.get(user_id).external_id is None


def test_a_deleted_user_loses_all_sessions_emails_and_external_ids(story: Story) -> None:
    ada = story.sign_in()
    token = story.link()
    story.client.users.update(ada.user_id, external_id=EXTERNAL_ID)

    story.client.users.delete(ada.user_id)

    with refused(404, "user_not_found"):
        story.client.users.get(ada.user_id)
    with refused(404, "session_not_found"):
        story.client.sessions.authenticate(session_token=ada.session_token)
    with refused(404, "magic_link_not_found"):
        story.client.magic_links.authenticate(token)
    assert story.client.users.create(email=ADA, external_id=EXTERNAL_ID).user_id != ada.user_id


def test_a_deleted_totp_can_be_replaced_and_leaves_the_sessions(story: Story) -> None:
    ada = story.sign_in()
    totp = story.client.totps.create(ada.user_id)
    story.client.totps.authenticate(
        ada.user_id, story.code(totp.secret), session_token=ada.session_token, session_duration_minutes=60
    )

    answer = story.client.users.delete_totp(totp.totp_id)

    session = story.client.sessions.authenticate(session_token=ada.session_token).session
    assert answer.user.totps == []
    assert [factor.type.value for factor in session.authentication_factors] == ["magic_link"]
    assert story.client.totps.create(ada.user_id).totp_id != totp.totp_id


def test_a_session_with_only_the_deleted_totp_ends(story: Story) -> None:
    user_id = story.sign_in().user_id
    totp = story.client.totps.create(user_id)
    alone = story.client.totps.authenticate(user_id, story.code(totp.secret), session_duration_minutes=60)

    story.client.users.delete_totp(totp.totp_id)

    with refused(404, "session_not_found"):
        story.client.sessions.authenticate(session_token=alone.session_token)


def test_a_pending_enrollment_can_be_deleted(story: Story) -> None:
    user_id = story.sign_in().user_id
    first = story.client.totps.create(user_id)

    story.client.users.delete_totp(first.totp_id)

    assert story.client.totps.create(user_id).totp_id != first.totp_id


def test_an_email_can_be_deleted_if_there_is_another(story: Story) -> None:
    user = story.client.users.create(email=ADA, phone_number=PHONE)

    answer = story.client.users.delete_email(user.email_id)

    assert answer.user.emails == []
    assert story.client.magic_links.email.login_or_create(ADA).user_created
    with refused(400, "cannot_delete_last_primary_factor"):
        story.client.users.delete_phone_number(user.phone_id)


def test_a_phone_number_can_be_deleted_if_there_is_an_email(story: Story) -> None:
    user = story.client.users.create(email=ADA, phone_number=PHONE)

    assert story.client.users.delete_phone_number(user.phone_id).user.phone_numbers == []
    assert story.client.users.create(phone_number=PHONE).status_code == 201


@pytest.fixture
def people(story: Story, snapshots: Snapshots) -> Story:
    """Ada, signed in and enrolled, and Bob, created an hour later."""
    snapshots.restore_or_run("people", lambda: _come(story))
    return story


def _come(story: Story) -> None:
    ada = story.sign_in(ADA)
    story.client.users.update(ada.user_id, name={"first_name": "Ada", "last_name": "Vance"})
    story.enroll(ada.user_id)
    story.wait(minutes=60)
    story.client.users.create(email=BOB, phone_number=PHONE, create_user_as_pending=True)


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("status", ["active"], [ADA]),
        ("status", ["active", "pending"], [ADA, BOB]),
        ("email_address", [BOB], [BOB]),
        ("email_address", ["Bob@Example.COM"], [BOB]),
        ("email_address_fuzzy", "BOB@", [BOB]),
        ("email_verified", True, [ADA]),
        ("email_verified", False, [BOB]),
        ("phone_number", [PHONE], [BOB]),
        ("phone_number_fuzzy", "5550101", [BOB]),
        ("phone_verified", False, [BOB]),
        ("full_name_fuzzy", "ada v", [ADA]),
        ("totp_verified", True, [ADA]),
        ("created_at_greater_than", "2026-06-01T12:30:00Z", [BOB]),
        ("created_at_less_than", "2026-06-01T12:30:00Z", [ADA]),
        ("created_at_between", {"greater_than": "2026-06-01T11:00:00Z", "less_than": "2026-06-01T12:30:00Z"}, [ADA]),
        ("user_id", [NO_USER], []),
        ("email_id", [NO_EMAIL], []),
        ("phone_id", ["phone-number-test-1"], []),
        ("totp_id", [NO_TOTP], []),
        ("oauth_provider", ["Google"], []),
        ("webauthn_registration_id", ["webauthn-registration-test-1"], []),
        ("webauthn_registration_verified", True, []),
        ("crypto_wallet_id", ["crypto-wallet-test-1"], []),
        ("crypto_wallet_address", ["0x0"], []),
        ("crypto_wallet_verified", False, []),
        ("password_exists", True, []),
        ("password_exists", False, [ADA, BOB]),
    ],
)
def test_a_search_filter_matches(people: Story, name: str, value: object, found: list[str]) -> None:
    operand = {"filter_name": name, "filter_value": value}

    answer = people.client.users.search(query={"operator": "AND", "operands": [operand]})

    assert [user.emails[0].email for user in answer.results] == found
    assert answer.results_metadata.total == len(found)


@pytest.mark.parametrize(("operator", "found"), [("AND", []), ("OR", [ADA, BOB])])
def test_search_filters_are_combined(people: Story, operator: str, found: list[str]) -> None:
    operands = [
        {"filter_name": "email_address", "filter_value": [ADA]},
        {"filter_name": "status", "filter_value": ["pending"]},
    ]

    answer = people.client.users.search(query={"operator": operator, "operands": operands})

    assert [user.emails[0].email for user in answer.results] == found


def test_search_results_are_paged(people: Story) -> None:
    first = people.client.users.search(limit=1)
    second = people.client.users.search(limit=1, cursor=first.results_metadata.next_cursor)

    assert [user.emails[0].email for user in (*first.results, *second.results)] == [ADA, BOB]
    assert (first.results_metadata.total, second.results_metadata.next_cursor) == (2, None)


def test_searches_are_limited_to_150_per_minute(story: Story) -> None:
    for _ in range(150):
        story.client.users.search()

    with refused(429, "too_many_requests"):
        story.client.users.search()
    story.wait(minutes=1)

    assert story.client.users.search().status_code == 200


def search(story: Story, **operand: object) -> object:
    """Search with one operand."""
    return story.client.users.search(query={"operator": "AND", "operands": [operand]})


REFUSED: list[tuple[str, int, str, Act]] = [
    ("a_user_without_contacts", 400, "invalid_create_user_request", lambda s: s.client.users.create()),
    ("a_malformed_address", 400, "invalid_email", lambda s: s.client.users.create(email="ada")),
    ("a_national_number", 400, "invalid_phone_number", lambda s: s.client.users.create(phone_number="5555550101")),
    ("roles_that_are_not_a_list", 400, "invalid_argument", lambda s: s.client.users.create(email=ADA, roles="x")),  # type: ignore[arg-type]
    ("a_name_of_numbers", 400, "invalid_argument", lambda s: s.client.users.create(email=ADA, name={"first_name": 1})),
    (
        "a_flag_that_is_not_a_boolean",
        400,
        "invalid_argument",
        lambda s: s.client.users.create(email=ADA, create_user_as_pending="no"),  # type: ignore[arg-type]
    ),
    (
        "an_external_id_like_a_user_id",
        400,
        "invalid_argument",
        lambda s: s.client.users.create(email=ADA, external_id=NO_USER),
    ),
    (
        "an_external_id_with_a_slash",
        400,
        "invalid_argument",
        lambda s: s.client.users.create(email=ADA, external_id="a/b"),
    ),
    (
        "metadata_that_is_not_an_object",
        400,
        "metadata_invalid_format",
        lambda s: s.client.users.create(email=ADA, trusted_metadata=[1]),  # type: ignore[arg-type]
    ),
    (
        "metadata_of_21_keys",
        400,
        "metadata_too_many_keys",
        lambda s: s.client.users.create(email=ADA, untrusted_metadata={str(n): n for n in range(21)}),
    ),
    (
        "metadata_of_over_4_kb",
        400,
        "metadata_too_large",
        lambda s: s.client.users.create(email=ADA, trusted_metadata={"a": "é" * 2048}),
    ),
    ("an_unknown_external_id", 404, "user_not_found", lambda s: s.client.users.update("crm-1")),
    ("deleting_an_unknown_user", 404, "user_not_found", lambda s: s.client.users.delete(NO_USER)),
    ("deleting_an_unknown_email", 404, "email_not_found", lambda s: s.client.users.delete_email(NO_EMAIL)),
    ("an_unknown_filter", 400, "invalid_argument", lambda s: search(s, filter_name="shoe_size", filter_value=["9"])),
    (
        "a_string_for_a_list_filter",
        400,
        "invalid_argument",
        lambda s: search(s, filter_name="status", filter_value="active"),
    ),
    (
        "a_string_for_a_boolean_filter",
        400,
        "invalid_argument",
        lambda s: search(s, filter_name="email_verified", filter_value="true"),
    ),
    (
        "a_word_for_a_time_filter",
        400,
        "invalid_argument",
        lambda s: search(s, filter_name="created_at_less_than", filter_value="yesterday"),
    ),
    ("a_malformed_cursor", 400, "invalid_argument", lambda s: s.client.users.search(cursor="next")),
]


@pytest.mark.parametrize(("status", "error_type", "act"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED])
def test_a_user_request_is_refused(story: Story, status: int, error_type: str, act: Act) -> None:
    with refused(status, error_type):
        act(story)

    assert story.client.users.search().results == []


@pytest.mark.parametrize(
    ("field", "value", "error_type"),
    [
        ("email", ADA.upper(), "duplicate_email"),
        ("phone_number", PHONE, "duplicate_phone_number"),
        ("external_id", EXTERNAL_ID, "duplicate_user_external_id"),
    ],
)
def test_contacts_and_external_ids_are_unique(story: Story, field: str, value: str, error_type: str) -> None:
    story.client.users.create(email=ADA, phone_number=PHONE, external_id=EXTERNAL_ID)
    fields: dict[str, Any] = {"email": BOB, field: value}

    with refused(400, error_type):
        story.client.users.create(**fields)

    assert story.client.users.search().results_metadata.total == 1


def test_the_last_email_cannot_be_deleted(story: Story) -> None:
    user = story.client.users.create(email=ADA)

    with refused(400, "cannot_delete_last_primary_factor"):
        story.client.users.delete_email(user.email_id)

    assert story.client.users.get(user.user_id).emails[0].email == ADA
