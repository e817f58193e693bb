"""One sentence for each API call of this app, and the page of the service's docs about it.

The sentence says what a successful call did. A call that is missing here fails the tests.
"""

from __future__ import annotations

import re
from typing import Any

from .recorder import Call

DOCS = {"Stytch": "https://stytch.com/docs/api-reference/consumer/api/", "Unit": "https://www.unit.co/docs/api/"}
TABLE: dict[str, dict[str, dict[str, str]]] = {  # by service and page of its docs; a * stands for one id in the path
    "Stytch": {
        "magic-links/via-email/log-in-or-create-user": {
            "POST /v1/magic_links/email/login_or_create": "Stytch emailed a link that only this browser can use."
        },
        "magic-links/via-email/send": {
            "POST /v1/magic_links/email/send": "Stytch emailed a link to prove this address."
        },
        "magic-links/via-email/invite": {"POST /v1/magic_links/email/invite": "Stytch emailed the invitation."},
        "magic-links/via-email/revoke-invite": {
            "POST /v1/magic_links/email/revoke_invite": "Stytch revoked the invitation."
        },
        "magic-links/authenticate": {
            "POST /v1/magic_links/authenticate": "Stytch accepted the link, once, and started a session."
        },
        "one-time-passcodes/via-sms/log-in-or-create-user": {
            "POST /v1/otps/sms/login_or_create": "Stytch texted a code to sign in with."
        },
        "one-time-passcodes/via-sms/send": {"POST /v1/otps/sms/send": "Stytch texted a code."},
        "one-time-passcodes/via-whatsapp/log-in-or-create-user": {
            "POST /v1/otps/whatsapp/login_or_create": "Stytch sent a code by WhatsApp to sign in with."
        },
        "one-time-passcodes/via-whatsapp/send": {"POST /v1/otps/whatsapp/send": "Stytch sent a code by WhatsApp."},
        "one-time-passcodes/via-email/log-in-or-create-user": {
            "POST /v1/otps/email/login_or_create": "Stytch emailed a code to sign in with."
        },
        "one-time-passcodes/via-email/send": {"POST /v1/otps/email/send": "Stytch emailed a code."},
        "one-time-passcodes/authenticate": {
            "POST /v1/otps/authenticate": "Stytch accepted the code, once, and added its proof to a session."
        },
        "sessions/authenticate-session": {
            "POST /v1/sessions/authenticate": "Stytch confirmed the session and issued a new JWT for it."
        },
        "sessions/get-jwks": {
            "GET /v1/sessions/jwks/*": "Stytch returned its public keys, which verify the JWT in this app."
        },
        "sessions/get-sessions": {"GET /v1/sessions": "Stytch listed your active sessions."},
        "sessions/revoke-session": {"POST /v1/sessions/revoke": "Stytch revoked the session."},
        "totp/create": {"POST /v1/totps": "Stytch created a secret for your authenticator, and its QR code."},
        "totp/authenticate": {
            "POST /v1/totps/authenticate": "Stytch checked the code and added the authenticator to your session."
        },
        "totp/get-recovery-codes": {"POST /v1/totps/recovery_codes": "Stytch returned your recovery codes."},
        "totp/recover": {"POST /v1/totps/recover": "Stytch accepted a recovery code, which can’t be used again."},
        "oauth/attach": {"POST /v1/oauth/attach": "Stytch issued a token that adds a provider to you, once."},
        "oauth/authenticate": {
            "POST /v1/oauth/authenticate": "Stytch accepted the provider’s answer, once, and added it to a session."
        },
        "passkeys-webauthn/register/start": {
            "POST /v1/webauthn/register/start": "Stytch returned a challenge for a new passkey on this device."
        },
        "passkeys-webauthn/register/register": {
            "POST /v1/webauthn/register": "Stytch verified the new passkey and added it to you and your session."
        },
        "passkeys-webauthn/authenticate/start": {
            "POST /v1/webauthn/authenticate/start": "Stytch returned a challenge for your device to sign."
        },
        "passkeys-webauthn/authenticate/authenticate": {
            "POST /v1/webauthn/authenticate": "Stytch verified the passkey’s signature and added it to your session."
        },
        "passkeys-webauthn/update": {"PUT /v1/webauthn/*": "Stytch renamed the passkey."},
        "passkeys-webauthn/list-credentials": {
            "GET /v1/webauthn/credentials/*/*": "Stytch listed your passkeys for this site."
        },
        "passwords/authenticate": {
            "POST /v1/passwords/authenticate": "Stytch checked the password and started a session."
        },
        "passwords/strength-check": {"POST /v1/passwords/strength_check": "Stytch rated the password."},
        "passwords/email/password-reset-start": {
            "POST /v1/passwords/email/reset/start": "Stytch emailed links to set a password, or to sign in without."
        },
        "passwords/email/password-reset": {
            "POST /v1/passwords/email/reset": "Stytch accepted the link, once, and set the password."
        },
        "passwords/existing-password/password-reset": {
            "POST /v1/passwords/existing_password/reset": "Stytch checked the old password and set the new one."
        },
        "passwords/session/password-reset": {
            "POST /v1/passwords/session/reset": "Stytch set the password, as this session proved the email address."
        },
        "users/get-user": {"GET /v1/users/*": "Stytch returned your user record."},
        "users/update-user": {
            "PUT /v1/users/*": "Stytch changed the user: the name, or metadata that only a backend can write."
        },
        "users/search-users": {"POST /v1/users/search": "Stytch listed the users who have not accepted yet."},
        "users/delete/delete-user": {"DELETE /v1/users/*": "Stytch deleted your user record."},
        "users/delete/delete-user-biometric-registration": {
            "DELETE /v1/users/biometric_registrations/*": "Stytch deleted the mobile device."
        },
        "users/delete/delete-user-email": {"DELETE /v1/users/emails/*": "Stytch deleted the email address."},
        "users/delete/delete-user-phone-number": {
            "DELETE /v1/users/phone_numbers/*": "Stytch deleted the phone number."
        },
        "users/delete/delete-user-webauthn-registration": {
            "DELETE /v1/users/webauthn_registrations/*": "Stytch deleted the passkey."
        },
        "users/delete/delete-user-oauth-registration": {
            "DELETE /v1/users/oauth/*": "Stytch deleted the account at the provider."
        },
        "users/delete/delete-user-password": {"DELETE /v1/users/passwords/*": "Stytch deleted the password."},
        "users/delete/delete-user-totp": {"DELETE /v1/users/totps/*": "Stytch deleted the authenticator."},
    },
    "Unit": {
        "applications/": {
            "GET /applications": "Unit listed your applications, found by your Stytch user id.",
            "POST /applications": "Unit received the application; its jwtSubject is your Stytch user id.",
        },
        "application-documents/": {
            "GET /applications/*/documents": "Unit listed the documents that it asks for.",
            "PUT /applications/*/documents/*": "Unit received a file for a document.",
            "PUT /applications/*/documents/*/back": "Unit received the back of a document.",
        },
        "application-forms/": {
            "POST /application-forms": "Unit created an application form on a page of its own.",
            "GET /application-forms/*": "Unit renewed the link to its application form.",
        },
        "accounts/deposit-accounts/apis/": {
            "GET /accounts": "Unit listed the accounts.",
            "POST /accounts": "Unit opened a checking account.",
        },
        "customer-api-tokens/": {
            "POST /customers/*/token": "Unit verified the proof and issued a customer token that lasts minutes.",
            "POST /customers/*/token/verification": "Unit texted a code to your phone.",
        },
        "customers/": {
            "GET /customers/*": "Unit returned the customer record.",
            "PATCH /customers/*": "Unit changed the customer’s contact details.",
        },
        "cards/": {
            "GET /cards": "Unit listed your cards and their account.",
            "GET /cards/*": "Unit returned the card and its account.",
            "POST /cards": "Unit issued a card; the same idempotency key returns the same card.",
            "PATCH /cards/*": "Unit set the card’s limits.",
            "POST /cards/*/freeze": "Unit froze the card.",
            "POST /cards/*/unfreeze": "Unit unfroze the card.",
            "POST /cards/*/close": "Unit closed the card permanently.",
            "POST /cards/*/report-lost": "Unit marked the card as lost.",
            "POST /cards/*/report-stolen": "Unit marked the card as stolen.",
            "POST /cards/*/replace": "Unit ordered a replacement card.",
            "GET /cards/*/limits": "Unit returned the card’s limits and what it has spent.",
            "GET /cards/*/secure-data/pin/status": "Unit said whether the card has a PIN.",
        },
        "transactions/": {"GET /transactions": "Unit listed the transactions."},
        "authorizations/": {"GET /authorizations": "Unit listed held and declined payments."},
        "simulations": {
            "POST /sandbox/payments": "Unit’s sandbox deposited play money.",
            "POST /sandbox/cards/*/activate": "Unit’s sandbox activated the card.",
            "POST /sandbox/purchases": "Unit’s sandbox charged the card.",
            "POST /sandbox/authorizations": "Unit’s sandbox held an amount on the card.",
        },
    },
}
ROWS = [
    (service, re.compile(re.escape(call).replace(r"\*", "[^/]+")), sentence, f"{DOCS[service]}{page}")
    for service, pages in TABLE.items()
    for page, calls in pages.items()
    for call, sentence in calls.items()
]
CLAIMS = {
    "sub": "subject: the Stytch user. Unit accepts the JWT for the customer whose jwtSubject it is",
    "iss": "issuer: the Stytch project that signed this",
    "aud": "audience: the project it is meant for",
    "iat": "issued at",
    "nbf": "not valid before",
    "exp": "expires: five minutes after it was issued, however long the session lasts",
    "kid": "which of the project’s public keys verifies it",
    "alg": "how it is signed; this app accepts RS256 only",
    "unit_customer_id": "a custom claim of this app: the user’s customer id at Unit, copied from trusted metadata",
    "https://stytch.com/session": "Stytch’s session: its factors and when each was last used; step-up decides on it",
}


def docs_url(call: Call) -> str | None:
    """Return the page of the service's documentation about a call."""
    return _row(call)[1]


def summary(call: Call) -> str:
    """Return the outcome of a call in one sentence."""
    if call.status is None:
        return f"{call.service} gave no answer: {call.problem}."
    if call.problem:
        return f"{call.service} gave no usable answer: {call.problem}."
    if call.status >= 400:
        return f"{call.service} refused: {_reason(call.response)}."
    return _row(call)[0]


def _row(call: Call) -> tuple[str, str | None]:
    line = f"{call.method} {call.path}"
    for service, pattern, sentence, docs in ROWS:
        if service == call.service and pattern.fullmatch(line):
            return sentence, docs
    return f"{call.service} answered.", None


def _reason(answer: Any) -> str:
    """Return a service's own word for a refusal."""
    errors = answer.get("errors") if isinstance(answer, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else answer
    named = first if isinstance(first, dict) else {}
    return str(next(filter(None, map(named.get, ("error_type", "code", "title"))), "no reason given"))[:200]
