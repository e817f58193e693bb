"""One-time passcodes by SMS, WhatsApp and email."""

from __future__ import annotations

import pytest

from .stytch_story import ADA, BOB, Story, refused, run_concurrently, visitor

PHONE, OTHER_PHONE = "+12025550143", "+12025550144"
SANDBOX_PHONE = "+10000000000"


def wrong(code: str) -> str:
    return "000000" if code != "000000" else "111111"


def text(story: Story, number: str = PHONE, **options: str) -> tuple[str, str]:
    """Have a code sent by SMS; returns the phone id and the code, a second later."""
    phone_id = story.client.otps.sms.login_or_create(number, **options).phone_id  # type: ignore[arg-type]
    story.wait(1)
    return phone_id, story.sent_code()


@pytest.mark.parametrize("channel", ["sms", "whatsapp", "email"])
def test_a_code_signs_in_a_new_user_and_verifies_where_it_was_sent(story: Story, channel: str) -> None:
    product = getattr(story.client.otps, channel)

    sent = product.login_or_create(ADA if channel == "email" else PHONE)
    method_id = sent.email_id if channel == "email" else sent.phone_id
    signed_in = story.client.otps.authenticate(method_id, story.sent_code(), session_duration_minutes=60)

    assert signed_in.session
    (factor,) = signed_in.session.authentication_factors
    verified = [each.verified for each in signed_in.user.emails] + [
        each.verified for each in signed_in.user.phone_numbers
    ]
    assert sent.user_created
    assert (signed_in.user_id, signed_in.method_id, signed_in.reset_sessions) == (sent.user_id, method_id, False)
    assert (factor.type.value, factor.delivery_method.value, verified) == ("otp", channel, [True])
    shown = factor.email_factor.email_id if factor.email_factor else factor.phone_number_factor.phone_id  # type: ignore[union-attr]
    assert shown == method_id


def test_a_known_number_is_the_same_user_on_both_channels(story: Story) -> None:
    first = story.client.otps.sms.login_or_create(PHONE)
    story.wait(1)
    second = story.client.otps.whatsapp.login_or_create(PHONE)

    assert (second.user_id, second.phone_id, second.user_created) == (first.user_id, first.phone_id, False)


def test_a_new_code_voids_the_one_before(story: Story) -> None:
    phone_id, first = text(story)
    _, second = text(story)

    assert first != second
    with refused(404, "otp_code_not_found"):
        story.client.otps.authenticate(phone_id, first)
    assert story.client.otps.authenticate(phone_id, second).user_id


@pytest.mark.parametrize(("minutes", "life"), [(None, 2), (10, 10)])
def test_a_code_expires(story: Story, minutes: int | None, life: int) -> None:
    sent = story.client.otps.sms.login_or_create(PHONE, expiration_minutes=minutes)
    code = story.sent_code()
    story.wait(minutes=life)

    with refused(401, "unable_to_auth_otp_code"):
        story.client.otps.authenticate(sent.phone_id, code)


def test_a_code_pressed_four_times_at_once_signs_in_once(story: Story) -> None:
    phone_id, code = text(story)

    assert run_concurrently(lambda: story.client.otps.authenticate(phone_id, code)) == [200, 401, 401, 401]


def test_the_code_of_another_number_is_wrong(story: Story) -> None:
    _, code = text(story)
    other_id, other = text(story, OTHER_PHONE)

    assert code != other
    with refused(404, "otp_code_not_found"):
        story.client.otps.authenticate(other_id, code)


def test_ten_wrong_codes_lock_the_user_whatever_is_sent_meanwhile(story: Story) -> None:
    for _ in range(2):
        phone_id, code = text(story)
        for _ in range(5):
            with refused(404, "otp_code_not_found"):
                story.client.otps.authenticate(phone_id, wrong(code))

    with refused(429, "user_lock_limit_reached"):
        story.client.otps.authenticate(phone_id, code)


def test_send_finds_known_users_only(story: Story) -> None:
    with refused(404, "phone_number_not_found"):
        story.client.otps.sms.send(PHONE)
    with refused(404, "email_not_found"):
        story.client.otps.email.send(ADA)

    user_id = story.client.users.create(email=ADA, phone_number=PHONE).user_id
    story.wait(1)
    assert story.client.otps.whatsapp.send(PHONE).user_id == user_id
    assert story.client.otps.email.send(ADA).user_id == user_id


def test_a_number_is_added_to_the_sessions_user_and_proves_a_second_factor(story: Story) -> None:
    ada = story.sign_in()

    sent = story.client.otps.sms.send(PHONE, session_token=ada.session_token)
    proven = story.client.otps.authenticate(
        sent.phone_id, story.sent_code(), session_token=ada.session_token, session_duration_minutes=60
    )

    assert (sent.user_id, proven.session_token) == (ada.user_id, ada.session_token)
    assert proven.session
    assert [each.delivery_method.value for each in proven.session.authentication_factors] == ["email", "sms"]
    story.wait(minutes=5)
    assert [phone.phone_number for phone in story.client.users.get(ada.user_id).phone_numbers] == [PHONE]


def test_an_added_number_that_is_not_proved_in_five_minutes_is_removed(story: Story) -> None:
    ada = story.sign_in()
    story.client.otps.sms.send(PHONE, session_token=ada.session_token)
    assert not story.client.users.get(ada.user_id).phone_numbers[0].verified
    story.wait(minutes=4)
    sent = story.client.otps.sms.send(PHONE, session_token=ada.session_token, expiration_minutes=10)
    code = story.sent_code()
    story.wait(minutes=4)
    assert len(story.client.users.get(ada.user_id).phone_numbers) == 1

    story.wait(minutes=1)

    assert story.client.users.get(ada.user_id).phone_numbers == []
    with refused(404, "otp_code_not_found"):
        story.client.otps.authenticate(sent.phone_id, code)
    assert story.client.otps.sms.login_or_create(PHONE).user_id != ada.user_id


def test_another_users_number_cannot_be_added(story: Story) -> None:
    bob = story.client.users.create(phone_number=PHONE)
    ada = story.sign_in()

    with refused(400, "duplicate_phone_number"):
        story.client.otps.sms.send(PHONE, session_token=ada.session_token)

    assert [phone.phone_id for phone in story.client.users.get(bob.user_id).phone_numbers] == [bob.phone_id]


@pytest.mark.parametrize("channel", ["sms", "email"])
def test_nothing_is_added_to_a_user_whose_address_is_not_verified(story: Story, channel: str) -> None:
    user_id = story.client.users.create(email=ADA).user_id

    with refused(400, "too_many_unverified_factors"):
        getattr(story.client.otps, channel).send(BOB if channel == "email" else PHONE, user_id=user_id)


def test_another_users_session_gets_no_factor(story: Story) -> None:
    ada = story.sign_in()
    phone_id, code = text(story)

    bob = story.client.otps.authenticate(phone_id, code, session_token=ada.session_token, session_duration_minutes=60)

    assert bob.user_id != ada.user_id
    assert bob.session_token != ada.session_token
    factors = story.client.sessions.authenticate(ada.session_token).session.authentication_factors
    assert [factor.delivery_method.value for factor in factors] == ["email"]


def test_one_code_a_second(story: Story) -> None:
    story.client.otps.sms.login_or_create(PHONE)

    with refused(429, "too_many_requests"):
        story.client.otps.whatsapp.login_or_create(PHONE)


def test_a_code_is_of_its_tenant(story: Story) -> None:
    phone_id, code = text(story)

    with visitor("another"), refused(404, "otp_code_not_found"):
        story.client.otps.authenticate(phone_id, code)


@pytest.mark.parametrize("kind", ["phone_number", "email"])
def test_a_deleted_number_or_address_is_gone_from_sessions_and_its_code_is_void(story: Story, kind: str) -> None:
    ada = story.sign_in()
    sent = story.client.otps.sms.send(PHONE, session_token=ada.session_token)
    proven = story.client.otps.authenticate(
        sent.phone_id, story.sent_code(), session_token=ada.session_token, session_duration_minutes=60
    )
    story.wait(1)
    email_id = story.client.otps.email.send(ADA).email_id
    deleted = sent.phone_id if kind == "phone_number" else email_id
    (story.client.users.delete_phone_number if kind == "phone_number" else story.client.users.delete_email)(deleted)

    session = story.client.sessions.authenticate(proven.session_token).session
    assert [each.delivery_method.value for each in session.authentication_factors] == [
        "email" if kind == "phone_number" else "sms"
    ]
    if kind == "email":
        with refused(404, "otp_code_not_found"):
            story.client.otps.authenticate(email_id, story.sent_code())


@pytest.mark.parametrize("channel", ["sms", "whatsapp", "email"])
def test_the_sandbox_values_work_repeatedly_and_send_nothing(story: Story, channel: str) -> None:
    product = getattr(story.client.otps, channel)
    to = "sandbox@stytch.com" if channel == "email" else SANDBOX_PHONE

    sent = [product.login_or_create(to), product.send(to)]
    method_id = sent[0].email_id if channel == "email" else sent[0].phone_id
    signed_in = story.client.otps.authenticate(method_id, "000000", session_duration_minutes=60)

    assert [answer.user_id for answer in sent] == [signed_in.user_id] * 2
    assert signed_in.session_token
    with refused(404, "otp_code_not_found"):
        story.client.otps.authenticate(method_id, "000001")
    with pytest.raises(IndexError):
        story.sent_code()
