"""Every password call and refusal, for the contract tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from .stytch_story import ADA, NO_TOKEN

if TYPE_CHECKING:
    from .test_stytch_contract import Caller

Act: TypeAlias = "Callable[[Caller], Any]"
GOOD, OTHER = "violet-otter-plays-harp", "seven quiet lanterns drift"
BREACHED = "correct horse battery staple"
MD5: dict[str, Any] = {"hash": "a" * 32, "hash_type": "md_5"}
ARGON: dict[str, Any] = {"salt": "saltsalt", "iteration_amount": 1, "memory": 64, "threads": 1, "key_length": 32}


def created(caller: Caller) -> Any:
    """A new user with a password, signed in."""
    return caller.client.passwords.create(ADA, GOOD, session_duration_minutes=60)


def mailed(caller: Caller) -> str:
    """The token of a reset mail."""
    created(caller)
    caller.client.passwords.email.reset_start(ADA)
    return str(caller.project.mails()[0]["token"])


def signed_in(caller: Caller, seconds: float = 0) -> Any:
    """Set a password by a session, some time after its last proof."""
    token = caller.sign_in().session_token
    caller.project.age(seconds, kinds=["factors"])
    return caller.client.passwords.sessions.reset(GOOD, session_token=token, session_duration_minutes=60)


def breached_later(caller: Caller) -> Any:
    """Sign in with a password that was set before it was breached."""
    hashed: dict[str, Any] = {"hash": "5f4dcc3b5aa765d61d8327deb882cf99", "hash_type": "md_5"}  # of "password"
    caller.client.passwords.migrate(ADA, **hashed)
    return caller.client.passwords.authenticate(ADA, "password")


def without_password(caller: Caller) -> Any:
    caller.user()
    return caller.client.passwords.authenticate(ADA, GOOD)


CALLS: dict[str, Act] = {
    "passwords.create": created,
    "passwords.authenticate": lambda c: (
        created(c),
        c.client.passwords.authenticate(ADA, GOOD, session_duration_minutes=60),
    )[1],
    "passwords.authenticate, without a session": lambda c: (created(c), c.client.passwords.authenticate(ADA, GOOD))[1],
    "passwords.strength_check": lambda c: c.client.passwords.strength_check("password1", ADA),
    "passwords.migrate": lambda c: c.client.passwords.migrate(ADA, **MD5),
    "passwords.email.reset_start": lambda c: (created(c), c.client.passwords.email.reset_start(ADA))[1],
    "passwords.email.reset": lambda c: c.client.passwords.email.reset(mailed(c), OTHER, session_duration_minutes=60),
    "passwords.existing_password.reset": lambda c: (
        created(c),
        c.client.passwords.existing_password.reset(ADA, GOOD, OTHER, session_duration_minutes=60),
    )[1],
    "passwords.sessions.reset": signed_in,
    "users.delete_password": lambda c: c.client.users.delete_password(created(c).user.password.password_id),
}

REFUSED: dict[str, Act] = {
    "weak_password": lambda c: c.client.passwords.create(ADA, "sesame7"),
    "breached_password": lambda c: c.client.passwords.create(ADA, BREACHED),
    "no_user_password": without_password,
    "reset_password": breached_later,
    "unable_to_auth_password_reset_token": lambda c: c.client.passwords.email.reset(NO_TOKEN, GOOD),
    "session_too_old_to_reset_password": lambda c: signed_in(c, 301),
    "no_password_reset_redirect_url": lambda c: c.with_registered().passwords.email.reset_start(ADA),
    "invalid_password_reset_redirect_url": lambda c: c.client.passwords.email.reset_start(
        ADA, reset_password_redirect_url="http://app.example/reset"
    ),
    "password_already_exists": lambda c: (created(c), c.client.passwords.migrate(ADA, **MD5)),
    "invalid_hash_type": lambda c: c.client.passwords.migrate(ADA, "a", "rot_13"),
    "invalid_hash": lambda c: c.client.passwords.migrate(ADA, "abc", "sha_1"),
    "invalid_bcrypt_hash": lambda c: c.client.passwords.migrate(ADA, "$2b$03$short", "bcrypt"),
    "argon_2_key_length_mismatch": lambda c: c.client.passwords.migrate(
        ADA, "ab" * 16, "argon_2id", argon_2_config=ARGON
    ),
    "password_not_found": lambda c: c.client.users.delete_password(
        "password-test-00000000-0000-4000-8000-000000000000"
    ),
    "invalid_password_id": lambda c: c.client.users.delete_password("password-1"),
}
