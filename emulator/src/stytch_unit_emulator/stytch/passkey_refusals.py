"""The refusals of WebAuthn calls; see `errors` for how certain they are."""

from __future__ import annotations

from .refusal import Refusal

# UNCONFIRMED: every status but that of "invalid_public_key_credential", and every message but that one.
PASSKEYS: dict[str, Refusal] = {
    "invalid_public_key_credential": Refusal(
        400,
        "Invalid public key credential. Please confirm you're passing a correctly formatted public key credential.",
        "seen",
    ),
    "invalid_public_key_credential_missing_id_field": Refusal(400, "The credential has no id.", "type only"),
    "invalid_public_key_credential_invalid_id": Refusal(
        400, "The credential's id and rawId must be the same base64url text.", "type only"
    ),
    "invalid_public_key_credential_missing_response_field": Refusal(
        400, "The credential has no response.", "type only"
    ),
    "invalid_public_key_credential_missing_client_data_json_field": Refusal(
        400, "The credential has no response.clientDataJSON.", "type only"
    ),
    "invalid_public_key_credential_malformed_client_data_json": Refusal(
        400, "response.clientDataJSON is not base64url of JSON with a challenge and an origin.", "type only"
    ),
    "invalid_public_key_credential_missing_attestation_object_field": Refusal(
        400, "The credential has no response.attestationObject.", "type only"
    ),
    "invalid_public_key_credential_malformed_attestation_object": Refusal(
        400, "response.attestationObject is not base64url of an attestation object.", "type only"
    ),
    "invalid_public_key_credential_missing_authenticator_data_field": Refusal(
        400, "The credential has no response.authenticatorData.", "type only"
    ),
    "invalid_public_key_credential_invalid_authenticator_data": Refusal(
        400, "response.authenticatorData is not base64url of authenticator data.", "type only"
    ),
    "invalid_public_key_credential_missing_signature_field": Refusal(
        400, "The credential has no response.signature.", "type only"
    ),
    "invalid_public_key_credential_invalid_signature": Refusal(
        400, "response.signature is not base64url.", "type only"
    ),
    "invalid_domain": Refusal(400, "domain must be a host name, such as example.com or localhost.", "type only"),
    "invalid_authenticator_type": Refusal(400, "authenticator_type must be platform or cross-platform.", "type only"),
    "cannot_use_webauthn_with_pending_user": Refusal(400, "The user is pending.", "type only"),
    "no_pending_webauthn_registration": Refusal(
        400, "The user has no pending registration with this challenge; start a new one.", "type only"
    ),
    "duplicate_webauthn_registration": Refusal(400, "This credential is already registered.", "type only"),
    "unable_to_register_webauthn_registration": Refusal(401, "The credential could not be registered.", "type only"),
    "no_active_webauthn_registrations": Refusal(
        400, "The user has no WebAuthn registration for this domain.", "type only"
    ),
    "unable_to_auth_webauthn_registration": Refusal(401, "The credential could not be authenticated.", "type only"),
    "webauthn_registration_not_found": Refusal(404, "WebAuthn registration could not be found.", "type only"),
    "invalid_webauthn_registration_id": Refusal(400, "webauthn_registration_id format is invalid.", "type only"),
    "empty_webauthn_registration_name": Refusal(400, "name must not be empty.", "type only"),
}
