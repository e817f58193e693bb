"""TOTP: enrollment, codes, recovery codes and the lock."""

from __future__ import annotations

import base64
import re
import time

import pytest
import segno

from stytch_unit_emulator.stytch import authenticator

from .stytch_story import ADA, BOB, NO_TOKEN, NO_USER, Act, Story, refused, run_concurrently

PNG = b"\x89PNG\r\n\x1a\n"


def user_of(story: Story, email: str = ADA) -> str:
    """A user without a TOTP."""
    return story.sign_in(email).user_id


def only_user(story: Story) -> str:
    """The tenant's only user."""
    (user,) = story.client.users.search().results
    return user.user_id


def test_an_enrollment_returns_a_secret_a_qr_code_and_ten_recovery_codes(story: Story) -> None:
    user_id = user_of(story)

    totp = story.client.totps.create(user_id)

    scheme, _, image = totp.qr_code.partition(",")
    assert re.fullmatch("[A-Z2-7]{32}", totp.secret)
    assert scheme == "data:image/png;base64"
    assert base64.b64decode(image, validate=True).startswith(PNG)
    assert len(set(totp.recovery_codes)) == 10
    assert all(re.fullmatch("[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}", code) for code in totp.recovery_codes)
    assert [(mine.totp_id, mine.verified) for mine in totp.user.totps] == [(totp.totp_id, False)]


def test_the_qr_code_names_the_issuer_and_the_account(story: Story) -> None:
    totp = story.client.totps.create(user_of(story))

    uri = f"otpauth://totp/Stytch%20emulator:ada%40example.com?secret={totp.secret}&issuer=Stytch%20emulator"
    assert totp.qr_code == segno.make(uri, error="m", micro=False, mask=3).png_data_uri(scale=5)


def test_the_first_code_verifies_the_totp(story: Story) -> None:
    user_id = user_of(story)
    totp = story.client.totps.create(user_id)

    answer = story.client.totps.authenticate(user_id, story.code(totp.secret))

    assert (answer.user_id, answer.totp_id) == (user_id, totp.totp_id)
    assert [(mine.totp_id, mine.verified) for mine in answer.user.totps] == [(totp.totp_id, True)]


def test_a_code_with_the_sessions_token_adds_a_factor_to_that_session(story: Story) -> None:
    ada = story.sign_in()
    totp = story.client.totps.create(ada.user_id)

    answer = story.client.totps.authenticate(
        ada.user_id, story.code(totp.secret), session_token=ada.session_token, session_duration_minutes=30
    )

    assert answer.session is not None
    assert answer.session_token == ada.session_token
    assert answer.session.expires_at is not None
    assert answer.session.expires_at.timestamp() == time.time() + 30 * 60
    assert [(factor.type.value, factor.delivery_method.value) for factor in answer.session.authentication_factors] == [
        ("magic_link", "email"),
        ("totp", "authenticator_app"),
    ]


def test_a_code_without_a_session_starts_one_with_a_single_factor(story: Story) -> None:
    ada = story.sign_in()
    totp = story.client.totps.create(ada.user_id)

    answer = story.client.totps.authenticate(ada.user_id, story.code(totp.secret), session_duration_minutes=30)

    assert answer.session is not None
    assert answer.session_token != ada.session_token
    assert [factor.type.value for factor in answer.session.authentication_factors] == ["totp"]


def test_a_session_without_a_duration_does_not_change(story: Story) -> None:
    ada = story.sign_in()
    totp = story.client.totps.create(ada.user_id)

    answer = story.client.totps.authenticate(ada.user_id, story.code(totp.secret), session_token=ada.session_token)

    session = story.client.sessions.authenticate(session_token=ada.session_token).session
    assert (answer.session, answer.session_token, answer.session_jwt) == (None, "", "")
    assert [factor.type.value for factor in session.authentication_factors] == ["magic_link"]


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_code_one_step_off_is_accepted(story: Story, steps: int) -> None:
    user_id = user_of(story)
    totp = story.client.totps.create(user_id)

    assert story.client.totps.authenticate(user_id, story.code(totp.secret, steps)).status_code == 200


@pytest.mark.parametrize("steps", [-2, 2])
def test_a_code_two_steps_off_is_refused(story: Story, steps: int) -> None:
    user_id = user_of(story)
    totp = story.client.totps.create(user_id)

    with refused(401, "unable_to_authenticate_totp"):
        story.client.totps.authenticate(user_id, story.code(totp.secret, steps))


@pytest.mark.parametrize("older", [0, -1, -2])
def test_an_accepted_code_and_earlier_codes_cannot_be_reused(story: Story, older: int) -> None:
    user_id = user_of(story)
    totp = story.client.totps.create(user_id)
    now, code = story.code(totp.secret, 1), story.code(totp.secret, 1 + older)
    story.client.totps.authenticate(user_id, now)

    with refused(400, "totp_code_already_authenticated"):
        story.client.totps.authenticate(user_id, code)


def test_of_concurrent_requests_one_uses_the_code(story: Story) -> None:
    user_id = user_of(story)
    code = story.code(story.client.totps.create(user_id).secret)

    assert run_concurrently(lambda: story.client.totps.authenticate(user_id, code)) == [200, 400, 400, 400]


def test_the_code_after_an_accepted_one_works(story: Story) -> None:
    user_id = user_of(story)
    totp = story.client.totps.create(user_id)
    story.client.totps.authenticate(user_id, story.code(totp.secret))

    assert story.client.totps.authenticate(user_id, story.code(totp.secret, 1)).status_code == 200


def test_a_code_counts_for_its_user_only(story: Story) -> None:
    ada, bob = user_of(story, ADA), user_of(story, BOB)
    secret = story.client.totps.create(ada).secret
    story.client.totps.create(bob)

    with refused(401, "unable_to_authenticate_totp"):
        story.client.totps.authenticate(bob, story.code(secret))


def test_a_pending_enrollment_expires(story: Story) -> None:
    user_id = user_of(story)
    totp = story.client.totps.create(user_id, expiration_minutes=5)

    story.wait(minutes=5)

    with refused(400, "expired_totp"):
        story.client.totps.authenticate(user_id, story.code(totp.secret))


@pytest.mark.usefixtures("long_lived_tenants")
def test_a_completed_enrollment_does_not_expire(story: Story) -> None:
    user_id = user_of(story)
    totp = story.enroll(user_id)

    story.wait(minutes=2 * 1440)

    assert story.client.totps.authenticate(user_id, story.code(totp.secret)).status_code == 200


def test_an_expired_enrollment_can_be_replaced(story: Story) -> None:
    user_id = user_of(story)
    story.client.totps.create(user_id, expiration_minutes=5)
    story.wait(minutes=5)

    second = story.client.totps.create(user_id)

    assert [totp.totp_id for totp in second.user.totps] == [second.totp_id]


def test_a_recovery_code_works_once_and_is_removed_from_the_list(story: Story) -> None:
    user_id = user_of(story)
    totp = story.enroll(user_id)
    code = totp.recovery_codes[3]

    story.client.totps.recover(user_id, code)

    (left,) = story.client.totps.recovery_codes(user_id).totps
    assert left.recovery_codes == [other for other in totp.recovery_codes if other != code]
    with refused(401, "unable_to_authenticate_recovery_code"):
        story.client.totps.recover(user_id, code)


def test_a_recovery_code_is_a_factor_of_its_own_kind(story: Story) -> None:
    ada = story.sign_in()
    totp = story.enroll(ada.user_id)

    answer = story.client.totps.recover(
        ada.user_id, totp.recovery_codes[0], session_token=ada.session_token, session_duration_minutes=30
    )

    assert answer.session is not None
    factor = answer.session.authentication_factors[1]
    assert (answer.totp_id, answer.session_token) == (totp.totp_id, ada.session_token)
    assert (factor.type.value, factor.delivery_method.value) == ("recovery_codes", "recovery_code")
    assert factor.recovery_code_factor is not None


def guess(story: Story, user_id: str, secret: str, times: int) -> None:
    """Send that many wrong codes."""
    for _ in range(times):
        with refused(401, "unable_to_authenticate_totp"):
            story.client.totps.authenticate(user_id, story.wrong_code(secret))


def test_ten_wrong_codes_lock_the_user_for_an_hour(story: Story) -> None:
    user_id = user_of(story)
    totp = story.enroll(user_id)

    guess(story, user_id, totp.secret, 10)

    locked = story.client.users.get(user_id)
    assert locked.is_locked
    assert locked.lock_created_at is not None
    assert locked.lock_expires_at is not None
    assert (locked.lock_expires_at - locked.lock_created_at).total_seconds() == 3600
    with refused(429, "user_lock_limit_reached"):
        story.client.totps.authenticate(user_id, story.code(totp.secret))
    story.wait(minutes=60)
    assert not story.client.users.get(user_id).is_locked
    assert story.client.totps.authenticate(user_id, story.code(totp.secret)).status_code == 200


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda s: s.client.totps.recover(only_user(s), "aaaa-aaaa-aaaa"), id="a_recovery_code"),
        pytest.param(lambda s: s.client.magic_links.authenticate(s.link()), id="a_link"),
    ],
)
def test_the_lock_applies_to_every_sign_in_method(story: Story, act: Act) -> None:
    user_id = user_of(story)
    totp = story.enroll(user_id)
    guess(story, user_id, totp.secret, 10)

    with refused(429, "user_lock_limit_reached"):
        act(story)


def test_a_locked_users_link_stays_unused(story: Story) -> None:
    user_id = user_of(story)
    totp = story.enroll(user_id)
    guess(story, user_id, totp.secret, 10)
    token = story.link(login_expiration_minutes=90)
    with refused(429, "user_lock_limit_reached"):
        story.client.magic_links.authenticate(token)

    story.wait(minutes=60)

    assert story.client.magic_links.authenticate(token).status_code == 200


def test_wrong_codes_and_wrong_recovery_codes_are_counted_together(story: Story) -> None:
    user_id = user_of(story)
    totp = story.enroll(user_id)
    guess(story, user_id, totp.secret, 9)

    with refused(401, "unable_to_authenticate_recovery_code"):
        story.client.totps.recover(user_id, "aaaa-aaaa-aaaa")

    assert story.client.users.get(user_id).is_locked


def test_a_correct_code_resets_the_failure_count(story: Story) -> None:
    user_id = user_of(story)
    totp = story.enroll(user_id)
    guess(story, user_id, totp.secret, 9)

    story.client.totps.authenticate(user_id, story.code(totp.secret))
    guess(story, user_id, totp.secret, 9)

    assert not story.client.users.get(user_id).is_locked


def test_the_lock_applies_to_one_user(story: Story) -> None:
    ada, bob = user_of(story, ADA), user_of(story, BOB)
    totp = story.enroll(ada)

    guess(story, ada, totp.secret, 10)

    assert not story.client.users.get(bob).is_locked
    assert story.sign_in(BOB).status_code == 200


def test_the_phone_shows_the_current_code_and_whether_it_was_used(story: Story) -> None:
    user_id = user_of(story)
    totp = story.client.totps.create(user_id)

    with story.store.read("nobody") as tenant:
        (pending,) = authenticator(tenant)
    story.client.totps.authenticate(user_id, pending.code)
    story.wait(9)
    with story.store.read("nobody") as tenant:
        (proven,) = authenticator(tenant)
    story.wait(20)
    with story.store.read("nobody") as tenant:
        (fresh,) = authenticator(tenant)

    assert (pending.label, pending.issuer) == (ADA, "Stytch emulator")
    assert (pending.verified, pending.used, pending.seconds_left) == (False, False, 29)
    assert (proven.verified, proven.used, proven.seconds_left) == (True, True, 20)
    assert (fresh.used, fresh.seconds_left, fresh.code) == (False, 30, story.code(totp.secret))


REFUSED: list[tuple[str, int, str, Act]] = [
    ("a_malformed_user_id", 400, "invalid_user_id", lambda s: s.client.totps.create("user-live-1")),
    ("an_unknown_user", 404, "user_not_found", lambda s: s.client.totps.create(NO_USER)),
    (
        "a_pending_user",
        404,
        "user_not_found",
        lambda s: s.client.totps.create(
            s.client.magic_links.email.login_or_create(ADA, create_user_as_pending=True).user_id
        ),
    ),
    (
        "an_enrollment_for_4_minutes",
        400,
        "invalid_expiration",
        lambda s: s.client.totps.create(user_of(s), expiration_minutes=4),
    ),
    (
        "an_enrollment_for_over_a_day",
        400,
        "invalid_expiration",
        lambda s: s.client.totps.create(user_of(s), expiration_minutes=1441),
    ),
    ("arabic_digits", 400, "invalid_totp_code", lambda s: s.client.totps.authenticate(user_of(s), "١٢٣٤٥٦")),
    ("digits_and_a_newline", 400, "invalid_totp_code", lambda s: s.client.totps.authenticate(user_of(s), "123456\n")),
    (
        "a_number",
        400,
        "invalid_totp_code",
        lambda s: s.client.totps.authenticate(user_of(s), 123456),  # type: ignore[arg-type]
    ),
    (
        "an_unknown_session",
        404,
        "session_not_found",
        lambda s: s.client.totps.authenticate(user_of(s), "123456", session_token=NO_TOKEN),
    ),
]


@pytest.mark.parametrize(("status", "error_type", "act"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED])
def test_totp_is_refused(story: Story, status: int, error_type: str, act: Act) -> None:
    with refused(status, error_type):
        act(story)


def test_recovering_before_the_enrollment_is_complete_is_refused(story: Story) -> None:
    user_id = user_of(story)
    totp = story.client.totps.create(user_id)

    with refused(400, "no_active_recovery_code_backed_factor"):
        story.client.totps.recover(user_id, totp.recovery_codes[0])


def test_a_malformed_request_does_not_use_up_the_code(story: Story) -> None:
    user_id = user_of(story)
    totp = story.enroll(user_id)
    code = story.code(totp.secret)
    body = {"user_id": user_id, "totp_code": code, "session_duration_minutes": 60, "attributes": "none"}

    refusal = story.post("/v1/totps/authenticate", body).json()

    assert refusal["error_type"] == "invalid_argument"
    assert story.client.totps.authenticate(user_id, code).status_code == 200


def test_an_unknown_session_does_not_use_up_the_code(story: Story) -> None:
    user_id = user_of(story)
    totp = story.enroll(user_id)
    with refused(404, "session_not_found"):
        story.client.totps.authenticate(user_id, story.code(totp.secret), session_token=NO_TOKEN)

    assert story.client.totps.authenticate(user_id, story.code(totp.secret)).status_code == 200
