"""Every refusal of the emulated Stytch, in one table.

Each row says whether Stytch's status and message were seen in the real service. Clients should rely only on the type
and on whether the status is 4xx or 5xx. When more becomes known, change the row here.
"""

from __future__ import annotations

from .oauth_refusals import OAUTH
from .passkey_refusals import PASSKEYS
from .password_refusals import PASSWORDS
from .refusal import Refusal
from .wallet_refusals import WALLETS


class StytchFault(Exception):
    """A refusal; writes made before it, such as a failed attempt, are kept."""

    def __init__(self, error_type: str) -> None:
        super().__init__(error_type)
        self.error_type = error_type
        self.refusal = REFUSALS[error_type]


# UNCONFIRMED: in "status guessed" rows, the status is inferred, and type and message are Stytch's. In "type only"
# rows, the message is the emulator's too. Guesses: 400 for bad input, 401 for a failed proof, 404 for unknown ids.
REFUSALS: dict[str, Refusal] = {
    # any call
    "unauthorized_credentials": Refusal(401, "Unauthorized credentials.", "seen"),
    "bad_request": Refusal(400, "The request body must be a JSON object.", "type only"),
    "invalid_argument": Refusal(400, "A field of the request has the wrong type.", "type only"),
    "route_not_found": Refusal(404, "This endpoint does not exist.", "type only"),
    "method_not_allowed": Refusal(405, "This endpoint does not support this HTTP method.", "type only"),
    "too_many_requests": Refusal(429, "Too many requests have been made.", "seen"),
    "internal_server_error": Refusal(
        500, "Oops, something seems to have gone wrong. If this issue persists, please reach out to support.", "seen"
    ),
    # magic links: asking for one
    "invalid_email": Refusal(400, "Email format is invalid.", "status guessed"),
    "email_not_found": Refusal(404, "Email could not be found.", "seen"),
    "inactive_email": Refusal(
        400,
        "The email address is marked as inactive. Please try another email address, or contact your admin if you "
        "think this is a mistake.",
        "status guessed",
    ),
    "duplicate_email": Refusal(
        400, "A user with the specified email already exists for this project.", "status guessed"
    ),
    "too_many_user_selection_arguments": Refusal(
        400, "Please include at most one of user_id, session_token and session_jwt.", "type only"
    ),
    "user_already_invited": Refusal(400, "The user has a pending invite already.", "type only"),
    "no_match_for_provided_magic_link_url": Refusal(
        400, "The magic_link_url in the request did not match any redirect URLs set for this project.", "status guessed"
    ),
    "no_login_redirect_urls_set": Refusal(400, "There are no login redirect URLs set.", "type only"),
    "no_default_login_redirect_url_set": Refusal(400, "There is no default login redirect URL set.", "type only"),
    "no_default_signup_redirect_url_set": Refusal(400, "There is no default signup redirect URL set.", "type only"),
    "invalid_login_magic_link_url": Refusal(400, "login_magic_link_url is not a URL.", "type only"),
    "invalid_signup_magic_link_url": Refusal(400, "signup_magic_link_url is not a URL.", "type only"),
    "invalid_invite_magic_link_url": Refusal(400, "invite_magic_link_url is not a URL.", "type only"),
    "no_invite_redirect_urls_set": Refusal(400, "There are no invite redirect URLs set.", "type only"),
    "no_default_invite_redirect_url_set": Refusal(400, "There is no default invite redirect URL set.", "type only"),
    "invalid_expiration": Refusal(400, "The expiration in minutes is outside the allowed range.", "type only"),
    "invalid_locale": Refusal(400, "locale is invalid.", "status guessed"),
    "invalid_pkce_code_challenge": Refusal(
        400, "code_challenge must be the base64url form of a SHA-256 hash.", "type only"
    ),
    # magic links: opening one
    "invalid_token": Refusal(400, "Token format is invalid.", "type only"),
    "magic_link_not_found": Refusal(
        404, "The magic link could not be authenticated, try sending another magic link to the user.", "seen"
    ),
    "unable_to_auth_magic_link": Refusal(
        401,
        "The magic link could not be authenticated because it was either already used or expired. Send another magic "
        "link to this user.",
        "seen",
    ),
    "attribute_mismatch": Refusal(
        401, "Unable to authenticate because attributes on request don't match stored attributes.", "seen"
    ),
    "pkce_mismatch": Refusal(
        400,
        "The submitted code_verifier does not match the code_challenge sent at the start of the flow.",
        "status guessed",
    ),
    "pkce_expected_code_verifier": Refusal(
        400,
        "This flow was started using a code_challenge but the authentication call is missing the corresponding "
        "code_verifier.",
        "status guessed",
    ),
    "pkce_did_not_expect_code_verifier": Refusal(
        400, "This flow was not started with a code_challenge, so there must be no code_verifier.", "type only"
    ),
    "invalid_pkce_code_verifier": Refusal(400, "code_verifier must have 43 to 128 characters.", "type only"),
    "user_lock_limit_reached": Refusal(
        429,
        "The user has been locked out due to too many failed authentication attempts. Please try again later.",
        "seen",
    ),
    # sessions
    "invalid_session_token": Refusal(400, "Session token format is invalid.", "seen"),
    "session_not_found": Refusal(404, "Session could not be found.", "seen"),
    "too_many_session_arguments": Refusal(
        400,
        "Please include at most one of session_token, session_jwt, or intermediate_session_token in an authenticate "
        "request, not multiple.",
        "status guessed",
    ),
    "no_session_arguments": Refusal(400, "Please include one of session_token and session_jwt.", "type only"),
    "no_session_revoke_arguments": Refusal(
        400, "Please include one of session_id, session_token and session_jwt.", "type only"
    ),
    "too_many_session_revoke_arguments": Refusal(
        400, "Please include only one of session_id, session_token and session_jwt.", "type only"
    ),
    "invalid_session_id": Refusal(400, "session_id format is invalid.", "type only"),
    "unable_to_parse_session_jwt": Refusal(400, "session_jwt is not a JWT that this project signed.", "type only"),
    "jwt_invalid_audience": Refusal(400, "session_jwt was issued for another project.", "type only"),
    "jwt_invalid_issuer": Refusal(400, "session_jwt was issued by another project.", "type only"),
    "jwt_invalid_claims": Refusal(400, "session_jwt does not name a session.", "type only"),
    "invalid_session_duration_minutes": Refusal(
        400, "session_duration_minutes is invalid, should be between 5 to 527040 minutes.", "status guessed"
    ),
    "custom_claims_too_large": Refusal(400, "The custom claims are larger than 4 KB.", "type only"),
    "consumer_session_authorization_error": Refusal(
        403, "The User is not authorized to perform the requested action on that resource.", "seen"
    ),
    # TOTP
    "active_totp_exists": Refusal(
        400,
        "Cannot create a new TOTP for the specified user since the user already has an active TOTP. Users may only "
        "have one active TOTP at a time.",
        "seen",
    ),
    "pending_totp_exists": Refusal(
        400, "The user has a pending TOTP; delete it or authenticate it first.", "type only"
    ),
    "totps_not_found_for_user": Refusal(404, "The user has no TOTP.", "type only"),
    "totp_not_found": Refusal(404, "TOTP could not be found.", "type only"),
    "invalid_totp_id": Refusal(400, "totp_id format is invalid.", "type only"),
    "invalid_totp_code": Refusal(400, "totp_code must be 6 digits.", "type only"),
    "unable_to_authenticate_totp": Refusal(401, "The TOTP code could not be authenticated.", "type only"),
    "totp_code_already_authenticated": Refusal(
        400,
        "This TOTP code has already been authenticated. Please attempt with the next generated code.",
        "status guessed",
    ),
    "expired_totp": Refusal(400, "The TOTP has expired; create a new one.", "type only"),
    "recovery_code_used_as_totp_code": Refusal(400, "totp_code is a recovery code.", "type only"),
    "totp_code_used_as_recovery_code": Refusal(400, "recovery_code is a TOTP code.", "type only"),
    "invalid_recovery_code": Refusal(400, "Recovery code format is invalid.", "type only"),
    "unable_to_authenticate_recovery_code": Refusal(
        401, "The recovery code is wrong or was already used.", "type only"
    ),
    "recovery_codes_not_found": Refusal(404, "The user has no recovery codes.", "type only"),
    "no_active_recovery_code_backed_factor": Refusal(400, "The user has no verified TOTP to recover.", "type only"),
    "user_id_mismatch": Refusal(400, "The session belongs to another user.", "type only"),
    # one-time passcodes
    "otp_code_not_found": Refusal(
        404,
        "The passcode was incorrect and could not be authenticated, encourage the user to try inputting the passcode "
        "again or send another passcode.",
        "seen",
    ),
    "unable_to_auth_otp_code": Refusal(
        401,
        "The passcode could not be authenticated because it was either already used or expired. Send another passcode "
        "to this user.",
        "seen",
    ),
    "invalid_code": Refusal(400, "Code format is invalid.", "status guessed"),
    "invalid_method_id": Refusal(400, "method_id format is invalid.", "status guessed"),
    "invalid_expiration_otp": Refusal(400, "The expiration must be from 1 to 10 minutes.", "type only"),
    "invalid_phone_number_country_code": Refusal(
        400, "The phone number's country code is invalid, unsupported, or disabled.", "status guessed"
    ),
    "unsubscribed_phone_number": Refusal(
        400,
        "User has unsubscribed. User must resubscribe by texting 'START' before messages can be sent.",
        "status guessed",
    ),
    "downstream_carrier_error": Refusal(400, "The carrier did not deliver the message.", "type only"),
    "too_many_unverified_factors": Refusal(
        400,
        "We were unable to create a new auth factor. This user already has too many unverified factors.",
        "status guessed",
    ),
    **PASSKEYS,
    **WALLETS,
    **OAUTH,
    **PASSWORDS,
    # users
    "invalid_user_id": Refusal(400, "user_id format is invalid.", "seen"),
    "user_not_found": Refusal(404, "User could not be found.", "seen"),
    "invalid_create_user_request": Refusal(400, "Please include an email or a phone_number.", "type only"),
    "invalid_phone_number": Refusal(
        400, "Phone number format is invalid. Ensure the phone number is in the E.164 format.", "status guessed"
    ),
    "phone_number_not_found": Refusal(404, "Phone Number could not be found.", "seen"),
    "duplicate_phone_number": Refusal(
        400, "A user with the specified phone number already exists for this project.", "status guessed"
    ),
    "duplicate_user_external_id": Refusal(
        400, "A user with the specified external_id already exists for this project.", "type only"
    ),
    "invalid_exchange_primary_factor_fields": Refusal(
        400, "Please include one of email_address and phone_number.", "type only"
    ),
    "invalid_exchange_primary_factor_user": Refusal(400, "The user does not have exactly one factor.", "type only"),
    "invalid_biometric_registration_id": Refusal(400, "biometric_registration_id format is invalid.", "type only"),
    "biometric_registration_not_found": Refusal(404, "Biometric registration could not be found.", "seen"),
    "too_many_biometric_registrations_for_user": Refusal(
        400,
        "The provided user_id has reached the maximum allowed mobile biometric registrations. The maximum is 25.",
        "status guessed",
    ),
    "metadata_invalid_format": Refusal(400, "Metadata must be a JSON object.", "type only"),
    "metadata_too_many_keys": Refusal(400, "Metadata may have at most 20 keys.", "type only"),
    "metadata_too_large": Refusal(400, "Metadata is larger than 4 KB.", "type only"),
    "cannot_delete_last_primary_factor": Refusal(
        400, "The last email or phone number of a user can't be deleted.", "type only"
    ),
}
