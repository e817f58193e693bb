"""The refusals of OAuth: part of the table in `errors`."""

from __future__ import annotations

from .refusal import Refusal

# UNCONFIRMED: every status but that of "oauth_token_not_found" and "no_match_for_provided_oauth_url".
OAUTH: dict[str, Refusal] = {
    "oauth_token_not_found": Refusal(400, "OAuth token could not be found.", "status guessed"),
    "no_match_for_provided_oauth_url": Refusal(
        400,
        "The oauth redirect url in the request did not match any redirect URLs set for this project. Please visit "
        "https://stytch.com/dashboard/redirect-urls to update the redirect URLs for this project. For more information "
        "on why this validation is necessary please visit https://stytch.com/docs/api/url-validation",
        "seen",
    ),
    "invalid_login_oauth_url": Refusal(400, "login_redirect_url is not a URL.", "type only"),
    "invalid_signup_oauth_url": Refusal(400, "signup_redirect_url is not a URL.", "type only"),
    "public_token_not_found": Refusal(404, "Public token could not be found.", "type only"),
    "oauth_config_not_found": Refusal(400, "The OAuth config was not found.", "type only"),
    "oauth_invalid_callback_request": Refusal(
        400,
        "The OAuth callback request is invalid. Please reach out to the application developer for support.",
        "status guessed",
    ),
    "invalid_oauth_attach_token": Refusal(400, "oauth_attach_token is unknown, used or expired.", "type only"),
    "no_oauth_authorize_user_selector": Refusal(
        400, "Please include one of user_id, session_token and session_jwt.", "type only"
    ),
    "oauth_user_registration_not_found": Refusal(404, "OAuth user registration could not be found.", "type only"),
}
