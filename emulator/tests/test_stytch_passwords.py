"""Passwords: signing in, the policy, resets, migrated hashes, and that none is shown."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from stytch_unit_emulator.pytest_plugin import EmulatedProject
from stytch_unit_emulator.redaction import redacted

from .conftest import STYTCH_URL
from .over_http import client_of
from .password_acts import BREACHED, GOOD, OTHER
from .stytch_story import ADA, BOB, NO_TOKEN, Story, refused

VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
PAGES = "http://localhost:8000/emulator/"
SALT = b"sixteen byte sal"


def token_in(link: str) -> str:
    return link.rpartition("token=")[2]


def created(story: Story, password: str = GOOD) -> Any:
    return story.client.passwords.create(ADA, password, session_duration_minutes=60)


def methods(session: Any) -> list[str]:
    return [each.delivery_method.value for each in session.authentication_factors]


def test_a_password_signs_in_and_proves_no_address(story: Story) -> None:
    new = created(story)

    signed_in = story.client.passwords.authenticate(ADA, GOOD, session_duration_minutes=60)

    assert (signed_in.user_id, methods(signed_in.session)) == (new.user_id, ["knowledge"])
    assert signed_in.user.password
    assert signed_in.user.password.requires_reset is False
    assert (signed_in.user.status, signed_in.user.emails[0].verified) == ("active", False)


def test_a_password_joins_a_session(story: Story) -> None:
    ada = story.sign_in()
    story.client.passwords.sessions.reset(GOOD, session_token=ada.session_token)

    proven = story.client.passwords.authenticate(
        ADA, GOOD, session_token=ada.session_token, session_duration_minutes=60
    )

    assert (proven.session_token, methods(proven.session)) == (ada.session_token, ["email", "knowledge"])


def test_ten_wrong_passwords_lock_the_user_for_an_hour(story: Story) -> None:
    created(story)
    for _ in range(10):
        with refused(401, "unauthorized_credentials"):
            story.client.passwords.authenticate(ADA, OTHER)

    with refused(429, "user_lock_limit_reached"):
        story.client.passwords.authenticate(ADA, GOOD)
    story.wait(minutes=60)
    assert story.client.passwords.authenticate(ADA, GOOD).user_id


def test_a_known_address_gets_no_second_user(story: Story) -> None:
    story.sign_in()

    with refused(400, "duplicate_email"):
        story.client.passwords.create(ADA.upper(), GOOD)


@pytest.mark.parametrize(
    ("password", "score"), [("", 0), ("P@ssword123", 1), ("EntropyIsInformation", 3), (GOOD * 10, 4), ("пароль", 1)]
)
def test_zxcvbn_rates_a_password_of_any_length(story: Story, password: str, score: int) -> None:
    rated = story.client.passwords.strength_check(password)

    assert (rated.score, rated.valid_password, rated.strength_policy) == (score, score >= 3, "zxcvbn")
    assert rated.feedback
    assert bool(rated.feedback.suggestions) == (score < 3)


def test_the_address_counts_against_a_password_for_its_own_user_only(story: Story) -> None:
    own = story.client.passwords.strength_check("quillian.vanderhoek", "quillian.vanderhoek@example.com")

    assert own.score < story.client.passwords.strength_check("quillian.vanderhoek").score


def test_a_breached_password_is_valid_only_where_no_address_is_given(story: Story) -> None:
    found = [story.client.passwords.strength_check(BREACHED, email) for email in (None, ADA)]

    assert [(each.score, each.breached_password, each.valid_password) for each in found] == [
        (4, True, True),
        (4, True, False),
    ]


@pytest.mark.parametrize("way", ["link", "code"])
def test_the_first_proof_of_the_address_makes_the_password_need_a_reset(story: Story, way: str) -> None:
    created(story)
    if way == "link":
        proven: Any = story.client.magic_links.authenticate(story.link())
    else:
        sent = story.client.otps.email.send(ADA)
        proven = story.client.otps.authenticate(sent.email_id, story.sent_code())

    assert (proven.reset_sessions, proven.user.password.requires_reset) == (True, True)
    with refused(400, "reset_password"):
        story.client.passwords.authenticate(ADA, GOOD)
    with refused(401, "unauthorized_credentials"):
        story.client.passwords.authenticate(ADA, OTHER)


def test_a_password_that_was_set_after_that_proof_needs_none(story: Story) -> None:
    ada = story.sign_in()
    story.client.passwords.sessions.reset(GOOD, session_token=ada.session_token)

    assert story.sign_in().reset_sessions is False
    assert story.client.passwords.authenticate(ADA, GOOD).user_id == ada.user_id


@pytest.mark.parametrize("factor", ["link", "password"])
def test_a_session_sets_a_password_within_five_minutes_of_a_proof(story: Story, factor: str) -> None:
    ada, other = story.sign_in(), story.sign_in()
    if factor == "password":
        story.client.passwords.sessions.reset(OTHER, session_token=ada.session_token)
        story.wait(minutes=10)
        story.client.passwords.authenticate(ADA, OTHER, session_token=ada.session_token, session_duration_minutes=60)
    story.wait(298)

    kept = story.client.passwords.sessions.reset(GOOD, session_token=ada.session_token, session_duration_minutes=60)

    assert kept.session_token == ada.session_token
    with refused(404, "session_not_found"):
        story.client.sessions.authenticate(other.session_token)
    story.wait(301)
    with refused(400, "session_too_old_to_reset_password"):
        story.client.passwords.sessions.reset(OTHER, session_token=ada.session_token)


def test_a_session_reset_needs_a_session(story: Story) -> None:
    with refused(400, "no_session_arguments"):
        story.client.passwords.sessions.reset(GOOD)
    with refused(404, "session_not_found"):
        story.client.passwords.sessions.reset(GOOD, session_token=NO_TOKEN)


def test_the_old_password_changes_it_and_ends_all_sessions(story: Story) -> None:
    old = created(story)
    with refused(401, "unauthorized_credentials"):
        story.client.passwords.existing_password.reset(ADA, OTHER, OTHER)

    new = story.client.passwords.existing_password.reset(
        ADA, GOOD, OTHER, session_token=old.session_token, session_duration_minutes=60
    )

    assert new.session_token != old.session_token
    with refused(404, "session_not_found"):
        story.client.sessions.authenticate(old.session_token)
    with refused(401, "unauthorized_credentials"):
        story.client.passwords.authenticate(ADA, GOOD)


def test_a_reset_mail_sets_a_password_once_in_the_browser_that_asked(story: Story) -> None:
    ada = story.sign_in()
    story.client.passwords.email.reset_start(ADA, code_challenge=CHALLENGE)
    token = token_in(story.mails()[0].link)
    reset = story.client.passwords.email.reset

    with refused(400, "pkce_expected_code_verifier"):
        reset(token, GOOD)
    with refused(400, "weak_password"):
        reset(token, "sesame7", code_verifier=VERIFIER)
    done = reset(token, GOOD, code_verifier=VERIFIER, session_token=ada.session_token, session_duration_minutes=60)

    assert methods(done.session) == ["knowledge"]
    assert done.session_token != ada.session_token
    with refused(404, "session_not_found"):
        story.client.sessions.authenticate(ada.session_token)
    with refused(401, "unable_to_auth_password_reset_token"):
        reset(token, OTHER, code_verifier=VERIFIER)


def test_the_mails_second_link_signs_in_without_a_password(story: Story) -> None:
    created(story)
    story.client.passwords.email.reset_start(ADA)
    mail = story.mails()[0]

    leads_to = [
        story.http.get(link.replace(PAGES, STYTCH_URL), allow_redirects=False)
        .headers["Location"]
        .partition("?")[2]
        .partition("&")[0]
        for link in (mail.link, mail.login_link)
    ]

    assert [each.partition("&")[0] for each in leads_to] == [
        "stytch_token_type=reset_password",
        "stytch_token_type=login",
    ]
    with refused(404, "magic_link_not_found"):
        story.client.magic_links.authenticate(token_in(mail.link))
    with refused(401, "unable_to_auth_password_reset_token"):
        story.client.passwords.email.reset(token_in(mail.login_link), GOOD)
    assert story.client.magic_links.authenticate(token_in(mail.login_link)).user.emails[0].verified


@pytest.mark.parametrize(("minutes", "life"), [(None, 30), (5, 5)])
def test_a_reset_link_expires(story: Story, minutes: int | None, life: int) -> None:
    created(story)
    story.client.passwords.email.reset_start(ADA, reset_password_expiration_minutes=minutes)
    story.wait(minutes=life)

    with refused(401, "unable_to_auth_password_reset_token"):
        story.client.passwords.email.reset(token_in(story.mails()[0].link), OTHER)


def test_no_reset_mail_for_an_unknown_address_and_one_a_second(story: Story) -> None:
    created(story)
    with refused(404, "email_not_found"):
        story.client.passwords.email.reset_start(BOB)
    story.client.passwords.email.reset_start(ADA)

    with refused(429, "too_many_requests"):
        story.client.passwords.email.reset_start(ADA)


def test_a_deleted_password_is_gone_from_sessions(story: Story) -> None:
    ada = story.sign_in()
    reset = story.client.passwords.sessions.reset(GOOD, session_token=ada.session_token, session_duration_minutes=60)
    only = story.client.passwords.authenticate(ADA, GOOD, session_duration_minutes=60)
    assert reset.user.password

    deleted = story.client.users.delete_password(reset.user.password.password_id)

    assert deleted.user.password is None
    assert methods(story.client.sessions.authenticate(ada.session_token).session) == ["email"]
    with refused(404, "session_not_found"):
        story.client.sessions.authenticate(only.session_token)
    with refused(400, "no_user_password"):
        story.client.passwords.authenticate(ADA, GOOD)


def argon_2id() -> dict[str, Any]:
    key = Argon2id(salt=SALT, length=32, iterations=1, lanes=1, memory_cost=64).derive(GOOD.encode())
    config = {"salt": SALT.decode(), "iteration_amount": 1, "memory": 64, "threads": 1, "key_length": 32}
    return {"hash": key.hex(), "argon_2_config": config}


def encoded_argon_2id() -> dict[str, Any]:
    key = bytes.fromhex(argon_2id()["hash"])
    parts = (base64.b64encode(each).decode().rstrip("=") for each in (SALT, key))
    return {"hash": f"$argon2id$v=19$m=64,t=1,p=1${'$'.join(parts)}"}


def keyed(key: bytes, **config: object) -> tuple[str, dict[str, object]]:
    salt = base64.b64encode(SALT).decode()
    return base64.b64encode(key).decode(), {"salt": salt, "key_length": len(key), **config}


def scrypt() -> dict[str, Any]:
    key = hashlib.scrypt(GOOD.encode(), salt=SALT, n=16, r=1, p=1, dklen=32)
    text, config = keyed(key, n_parameter=16, r_parameter=1, p_parameter=1)
    return {"hash": text, "scrypt_config": config}


def pbkdf_2() -> dict[str, Any]:
    key = hashlib.pbkdf2_hmac("sha256", GOOD.encode(), SALT, 10, 32)
    text, config = keyed(key, iteration_amount=10, algorithm="sha256")
    return {"hash": text, "pbkdf_2_config": config}


def salted(name: str) -> dict[str, str]:
    return {"hash": hashlib.new(name, f"a{GOOD}b".encode()).hexdigest()}


SALTS = {"prepend_salt": "a", "append_salt": "b"}


@pytest.mark.parametrize(
    ("hash_type", "given"),
    [
        ("md_5", {**salted("md5"), "md_5_config": SALTS}),
        ("sha_1", {**salted("sha1"), "sha_1_config": SALTS}),
        ("sha_512", {**salted("sha512"), "sha_512_config": SALTS}),
        ("scrypt", scrypt()),
        ("pbkdf_2", pbkdf_2()),
        ("argon_2id", argon_2id()),
        ("argon_2id", encoded_argon_2id()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_migrated_hash_signs_in(story: Story, hash_type: str, given: dict[str, Any]) -> None:
    migrated = story.client.passwords.migrate(ADA, hash_type=hash_type, set_email_verified=True, **given)

    assert (migrated.user_created, migrated.user.emails[0].verified) == (True, True)
    with refused(401, "unauthorized_credentials"):
        story.client.passwords.authenticate(ADA, OTHER)
    assert story.client.passwords.authenticate(ADA, GOOD).user_id == migrated.user_id


def test_a_migrated_hash_of_phpass_signs_in(story: Story) -> None:
    """The pair is the test vector of phpass itself."""
    story.client.passwords.migrate(ADA, "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0", "phpass")

    with refused(401, "unauthorized_credentials"):
        story.client.passwords.authenticate(ADA, GOOD)
    assert story.client.passwords.authenticate(ADA, "test12345").user_id


def test_the_sandbox_address_takes_any_password(story: Story) -> None:
    for call in (story.client.passwords.create, story.client.passwords.authenticate):
        assert call("sandbox@stytch.com", "x", session_duration_minutes=60).session_token
    assert story.client.passwords.email.reset_start("sandbox@stytch.com").user_id


def test_no_record_request_or_page_shows_a_password(emulated_project: EmulatedProject) -> None:
    client = client_of(emulated_project)
    client.passwords.create(ADA, GOOD)
    client.passwords.existing_password.reset(ADA, GOOD, OTHER)

    found = emulated_project.requests(path="/v1/passwords*")

    assert [each["request"].get("password") for each in found] == ["‹password›", None]
    assert found[1]["request"] == {"email": ADA, "existing_password": "‹password›", "new_password": "‹password›"}
    assert not [word for word in (GOOD, OTHER) if word in str(found)]
    assert redacted({"password": {"password_id": "p", "hash": {"type": "own", "hash": "scrypt:x"}}}) == {
        "password": {"password_id": "p", "hash": {"type": "own", "hash": "‹password›"}}
    }
