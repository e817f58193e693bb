"""The emulated Stytch Consumer API: links, passcodes, passwords, OAuth, sessions, TOTP, passkeys, wallets, users.

Not emulated: sending email and texts, and the other products, session
migration and exchange, roles with permissions, device fingerprints (``telemetry_id`` is ignored), a cap on
session durations, ``use_https``, the approval that embedded links need at Stytch. It accepts any ``project-test-`` id
with any secret, and no ``project-live-`` id.
Where Stytch's behavior is undocumented, a comment that begins with ``UNCONFIRMED`` states the choice made here.

It refuses what Stytch refuses. `errors` has each message, and how certain its status is.

Any call
    401  unauthorized_credentials               no credentials, a blank secret, a malformed or a live project id
    400  bad_request                            a body that is not a JSON object
    400  invalid_argument                       a field of the wrong type
    404  route_not_found                        an unknown path
    405  method_not_allowed                     a known path with another method
    429  too_many_requests                      a second email within a second, too many searches, a full tenant
    500  internal_server_error                  a bug in the emulator

Asking for a magic link
    400  invalid_email                          a malformed address
    404  email_not_found                        `send` to an address that no user has
    400  inactive_email                         an address at inactive.example, as if email to it bounced
    400  duplicate_email                        an address that belongs to another user
    400  too_many_user_selection_arguments      more than one argument that selects a user
    400  user_already_invited                   a second invitation while the first is valid
    400  no_match_for_provided_magic_link_url   a URL that is not registered
    400  no_login_redirect_urls_set             no login URL given, none registered
    400  no_default_login_redirect_url_set      no login URL given, several registered
    400  no_default_signup_redirect_url_set     no signup URL given, several registered
    400  invalid_login_magic_link_url           a malformed login URL
    400  invalid_signup_magic_link_url          a malformed signup URL
    400  invalid_invite_magic_link_url          a malformed invite URL
    400  no_invite_redirect_urls_set            no invite URL given, none registered
    400  no_default_invite_redirect_url_set     no invite URL given, several registered
    400  invalid_expiration                     an expiration outside the allowed range
    400  invalid_locale                         a language that Stytch does not support
    400  invalid_pkce_code_challenge            a malformed challenge

Opening a magic link
    400  invalid_token                          a malformed token
    404  magic_link_not_found                   a token that was never issued, or issued to another tenant
    401  unable_to_auth_magic_link              a used or expired link
    401  attribute_mismatch                     another IP address or browser than the request's
    400  pkce_mismatch                          a verifier that does not match the challenge
    400  pkce_expected_code_verifier            a challenge but no verifier
    400  pkce_did_not_expect_code_verifier      a verifier but no challenge
    400  invalid_pkce_code_verifier             a malformed verifier
    429  user_lock_limit_reached                any sign-in of a user locked after ten wrong codes

Sessions
    400  invalid_session_token                  a malformed session token
    404  session_not_found                      an unknown, revoked or expired session
    400  too_many_session_arguments             both a token and a JWT
    400  no_session_arguments                   neither a token nor a JWT
    400  no_session_revoke_arguments            no session to revoke
    400  too_many_session_revoke_arguments      more than one argument that selects a session
    400  invalid_session_id                     a malformed session id
    400  unable_to_parse_session_jwt            a malformed JWT, or one not signed by the project
    400  jwt_invalid_audience                   a JWT for another audience
    400  jwt_invalid_issuer                     a JWT from another issuer
    400  jwt_invalid_claims                     a valid JWT without a session
    400  invalid_session_duration_minutes       a session of less than 5 or more than 527040 minutes
    400  custom_claims_too_large                claims of more than 4 KB
    403  consumer_session_authorization_error   any authorization check, as there is no RBAC policy

TOTP
    400  active_totp_exists                     enrolling a second app
    400  pending_totp_exists                    enrolling while an enrollment is pending
    404  totps_not_found_for_user               a code for a user without a TOTP
    404  totp_not_found                         deleting an unknown TOTP
    400  invalid_totp_id                        deleting a malformed TOTP id
    400  invalid_totp_code                      anything but six digits
    401  unable_to_authenticate_totp            a wrong code
    400  totp_code_already_authenticated        a code that was already used, or an older one
    400  expired_totp                           a first code after the enrollment expired
    400  recovery_code_used_as_totp_code        a recovery code in place of a code
    400  totp_code_used_as_recovery_code        a code in place of a recovery code
    400  invalid_recovery_code                  a malformed recovery code
    401  unable_to_authenticate_recovery_code   a wrong or used recovery code
    404  recovery_codes_not_found               recovery codes of a user without a TOTP
    400  no_active_recovery_code_backed_factor  recovering before the enrollment is complete
    400  user_id_mismatch                       another user's session

One-time passcodes
    404  otp_code_not_found                     a wrong code, or an unknown method_id
    401  unable_to_auth_otp_code                a used or expired code
    400  invalid_code                           anything but six digits
    400  invalid_method_id                      a malformed email or phone id
    400  invalid_expiration_otp                 less than 1 or more than 10 minutes
    400  invalid_phone_number_country_code      a number outside the US and Canada, by its calling code
    400  downstream_carrier_error               +12025550109, as if its carrier refused
    400  unsubscribed_phone_number              +12025550104, as if its owner had texted STOP
    400  too_many_unverified_factors            adding to a user whose email address is not verified, also by a link

Passkeys and security keys
    400  invalid_public_key_credential          not JSON, or of another type
    400  invalid_public_key_credential_missing_id_field  no id
    400  invalid_public_key_credential_invalid_id  an id that is not base64url, or not rawId
    400  invalid_public_key_credential_missing_response_field  no response
    400  invalid_public_key_credential_missing_client_data_json_field  no client data
    400  invalid_public_key_credential_malformed_client_data_json  client data that is not JSON
    400  invalid_public_key_credential_missing_attestation_object_field  registering without an attestation
    400  invalid_public_key_credential_malformed_attestation_object  an attestation that can't be read
    400  invalid_public_key_credential_missing_authenticator_data_field  an assertion without its data
    400  invalid_public_key_credential_invalid_authenticator_data  data that can't be read
    400  invalid_public_key_credential_missing_signature_field  an assertion without a signature
    400  invalid_public_key_credential_invalid_signature  a signature that is not base64url
    400  invalid_domain                         a URL, an IP address, or no domain
    400  invalid_authenticator_type             neither platform nor cross-platform
    400  cannot_use_webauthn_with_pending_user  registering for a pending user
    400  no_pending_webauthn_registration       a challenge that is used, expired, another user's or unknown
    400  duplicate_webauthn_registration        a credential that is registered
    401  unable_to_register_webauthn_registration a foreign origin or rp id, or a wrong attestation
    400  no_active_webauthn_registrations       starting for a user who has none for the domain
    401  unable_to_auth_webauthn_registration   an assertion that is wrong, used, late, or another user's or origin's
    404  webauthn_registration_not_found        an unknown or deleted credential or registration
    400  invalid_webauthn_registration_id       a malformed registration id
    400  empty_webauthn_registration_name       renaming to nothing

Crypto wallets
    400  invalid_wallet_type                    neither ethereum nor solana
    400  invalid_crypto_wallet_address          an address that is not a text
    400  invalid_ethereum_address               not 0x and 40 hex digits
    400  invalid_solana_address                 not base58 of 32 bytes
    400  duplicate_wallet_address               starting for a user with another user's wallet
    400  signature_missing                      no signature
    400  invalid_signature                      neither hex, base58 nor base64
    400  signature_is_incorrect_size            not 65 bytes, or 64 for Solana
    401  unable_to_authenticate_crypto_wallet   a wrong signature, or a challenge that is used, expired or unknown
    400  crypto_wallet_type_incompatible_with_siwe  siwe_params for Solana
    400  invalid_siwe_domain                    a domain with more than host and port
    400  invalid_siwe_uri                       not a URI
    400  invalid_siwe_resource                  not a list of URIs
    400  invalid_siwe_chain_id                  not a positive number as text
    400  invalid_siwe_statement                 not ASCII, or with newlines
    400  invalid_siwe_message_request_id        characters that are not allowed
    400  siwe_message_expired                   signed too late
    400  siwe_message_not_valid_yet             signed before not_before
    400  invalid_crypto_wallet_id               a malformed wallet id
    404  crypto_wallet_not_found                an unknown or deleted wallet
    501  ethereum_needs_a_package               an Ethereum signature without the packages for it

OAuth
    400  oauth_token_not_found                  an unknown, used or expired token, or another project's
    400  no_match_for_provided_oauth_url        a URL that is not registered for its type
    400  invalid_login_oauth_url                a malformed login URL
    400  invalid_signup_oauth_url               a malformed signup URL
    404  public_token_not_found                 a start without the project's public token
    400  oauth_config_not_found                 an unknown provider
    400  oauth_invalid_callback_request         a state that is unknown, used or expired
    400  invalid_oauth_attach_token             an attach token that is unknown, used, expired or another provider's
    400  no_oauth_authorize_user_selector       attaching to nobody
    404  oauth_user_registration_not_found      deleting an unknown registration

Passwords
    400  weak_password                          a score of zxcvbn below 3
    400  breached_password                      a password of the list in `password_policy`
    400  no_user_password                       signing in as a user who has none
    400  reset_password                         a breached password, or one that is older than the proof of the address
    401  unable_to_auth_password_reset_token    a used, expired or unknown link of a reset
    400  session_too_old_to_reset_password      a session without a mailbox or password proof of five minutes
    400  no_password_reset_redirect_url         no URL given, none or several registered
    400  invalid_password_reset_redirect_url    a URL that is malformed or not registered
    400  password_already_exists                migrating to a user who has one
    400  invalid_hash_type                      a type that can't be migrated
    400  invalid_hash                           a hash or a configuration that does not fit its type
    400  invalid_bcrypt_hash                    no bcrypt hash, or no package to check one
    400  argon_2_key_length_mismatch            a hash of another length than it says
    404  password_not_found                     deleting an unknown password
    400  invalid_password_id                    deleting a malformed id

Users
    400  invalid_user_id                        a malformed user id
    404  user_not_found                         an unknown user
    400  invalid_create_user_request            creating a user without email and phone number
    400  invalid_phone_number                   a malformed phone number
    404  phone_number_not_found                 deleting an unknown phone number
    400  duplicate_phone_number                 a phone number that belongs to another user
    400  duplicate_user_external_id             an external id that another user has
    400  invalid_exchange_primary_factor_fields  exchanging for neither or both of email and phone number
    400  invalid_exchange_primary_factor_user   exchanging the factor of a user who has more than one
    400  invalid_biometric_registration_id      a malformed registration id
    404  biometric_registration_not_found       an unknown or deleted registration
    400  too_many_biometric_registrations_for_user  a seed with more than 25 of one user
    400  metadata_invalid_format                metadata that is not an object
    400  metadata_too_many_keys                 metadata of more than 20 keys
    400  metadata_too_large                     metadata of more than 4 KB
    400  cannot_delete_last_primary_factor      deleting a user's last email or phone number
"""

from __future__ import annotations

from collections.abc import Set

from flask import Flask

from ..store import Store
from . import (
    biometric_records,
    debug,
    exchange,
    magic_link_emails,
    magic_links,
    oauth,
    otps,
    passkeys,
    password_resets,
    passwords,
    sessions,
    totps,
    users,
    wallets,
    wire,
)
from .errors import REFUSALS, StytchFault
from .keys import SECRET as TOKEN_SECRET
from .keys import partition, rotate_key
from .links import tenant_of as tenant_of_link
from .oauth_records import tenant_of as tenant_of_flow
from .redirects import TYPES as REDIRECT_TYPES
from .redirects import is_url
from .redirects import registered as registered_redirect_urls
from .totp_records import set_secret
from .visitor import Entry, Mail, Message, authenticator, link_in, mails, messages, newest_email, saved_recovery_codes
from .wire import is_project_id, public_token
from .wire import refusal_of as refusal

__all__ = [
    "REDIRECT_TYPES",
    "REFUSALS",
    "TOKEN_SECRET",
    "Entry",
    "Mail",
    "Message",
    "StytchFault",
    "add_biometric_registration",
    "authenticator",
    "create_app",
    "is_project_id",
    "is_url",
    "link_in",
    "mails",
    "messages",
    "newest_email",
    "partition",
    "public_token",
    "refusal",
    "registered_redirect_urls",
    "rotate_key",
    "saved_recovery_codes",
    "set_secret",
    "tenant_of_flow",
    "tenant_of_link",
]

add_biometric_registration = biometric_records.add


def create_app(
    store: Store,
    *,
    public_url: str | None = None,
    redirect_urls: Set[str] | None = None,
    app_hosts: frozenset[str] = frozenset(),
) -> Flask:
    """The emulated Stytch API as a Flask app.

    ``public_url`` is the base of links in emails, if browsers reach the app at another origin than API clients do.
    ``redirect_urls`` are those of the project, each for all types; the set may still grow. Without them, every
    https URL counts as registered, and every http URL on loopback or ``app_hosts``.
    """
    app = Flask(__name__, static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=wire.MAX_BODY, PROVIDE_AUTOMATIC_OPTIONS=False)
    app.url_map.merge_slashes = False
    app.extensions["emulated_stytch"] = wire.Service(store, public_url, redirect_urls, app_hosts)
    products = (
        magic_links,
        magic_link_emails,
        otps,
        oauth,
        passwords,
        password_resets,
        sessions,
        totps,
        passkeys,
        wallets,
        users,
        exchange,
        debug,
    )
    for product in products:
        app.register_blueprint(product.bp)
    wire.install_errors(app)
    return app
