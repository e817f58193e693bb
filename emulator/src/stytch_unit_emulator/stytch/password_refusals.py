"""The refusals of password calls; see `errors` for how certain they are."""

from __future__ import annotations

from .refusal import Refusal

# UNCONFIRMED: every status, and the messages of the rows "type only".
PASSWORDS: dict[str, Refusal] = {
    "reset_password": Refusal(400, "user must reset their password", "status guessed"),
    "weak_password": Refusal(400, "password doesn't meet our strength requirements.", "status guessed"),
    "breached_password": Refusal(400, "password appears in a list of breached passwords.", "status guessed"),
    "no_user_password": Refusal(400, "user doesn't have an associated password.", "status guessed"),
    "password_already_exists": Refusal(400, "The user has a password already.", "type only"),
    "unable_to_auth_password_reset_token": Refusal(
        401, "The password reset link was already used, has expired or does not exist.", "type only"
    ),
    "session_too_old_to_reset_password": Refusal(
        400,
        "The provided session cannot be used to reset a password. It does not have an authentication_factor that was "
        "authenticated within the last 5 minutes. Please prompt the user to authenticate again before retrying the "
        "endpoint.",
        "status guessed",
    ),
    "no_password_reset_redirect_url": Refusal(400, "There is no default password reset redirect URL set.", "type only"),
    "invalid_password_reset_redirect_url": Refusal(
        400, "reset_password_redirect_url is not a URL that is registered for password resets.", "type only"
    ),
    "invalid_hash_type": Refusal(400, "hash_type is not a type of hash that can be migrated.", "type only"),
    "invalid_hash": Refusal(400, "The hash or its configuration does not fit hash_type.", "type only"),
    "invalid_bcrypt_hash": Refusal(
        400, "The hash is not a bcrypt hash, or this emulator runs without the package bcrypt.", "type only"
    ),
    "argon_2_key_length_mismatch": Refusal(
        400, "The key_length value doesn't match the length of the provided hash.", "status guessed"
    ),
    "password_not_found": Refusal(404, "Password could not be found.", "type only"),
    "invalid_password_id": Refusal(400, "password_id format is invalid.", "type only"),
}
