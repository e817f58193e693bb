"""Every call that this app makes, in one plain sentence, with the page of the service's docs that describes it.

One table: a call that is missing here fails the tests. The sentence tells what a call that went well has done.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from services.wire_log import Call

STYTCH = "https://stytch.com/docs/api-reference/consumer/api/"
UNIT = "https://www.unit.co/docs/api/"


@dataclass(frozen=True)
class Words:
    """What a call did, and where its service describes it."""

    sentence: str
    docs: str


# A * stands for one id in the path.
TABLE: dict[str, tuple[tuple[str, str, str], ...]] = {
    "Stytch": (
        (
            "POST /v1/magic_links/email/login_or_create",
            "Stytch mailed a link that only this browser can use.",
            f"{STYTCH}magic-links/via-email/log-in-or-create-user",
        ),
        (
            "POST /v1/magic_links/authenticate",
            "Stytch took the link, once and for all, and started a session.",
            f"{STYTCH}magic-links/authenticate",
        ),
        (
            "POST /v1/sessions/authenticate",
            "Stytch confirmed the session and wrote a fresh JWT for it.",
            f"{STYTCH}sessions/authenticate-session",
        ),
        (
            "GET /v1/sessions/jwks/*",
            "Stytch showed its public keys; with one of them the JWT was verified here.",
            f"{STYTCH}sessions/get-jwks",
        ),
        ("GET /v1/sessions", "Stytch listed your open sessions.", f"{STYTCH}sessions/get-sessions"),
        (
            "POST /v1/sessions/revoke",
            "Stytch ended the session, for every device that holds it.",
            f"{STYTCH}sessions/revoke-session",
        ),
        (
            "POST /v1/totps",
            "Stytch made a secret for your authenticator, and the QR code that carries it.",
            f"{STYTCH}totp/create",
        ),
        (
            "POST /v1/totps/authenticate",
            "Stytch checked the code and added the authenticator to your session.",
            f"{STYTCH}totp/authenticate",
        ),
        ("POST /v1/totps/recovery_codes", "Stytch told your recovery codes.", f"{STYTCH}totp/get-recovery-codes"),
        (
            "POST /v1/totps/recover",
            "Stytch took a recovery code in place of the authenticator; it is used up.",
            f"{STYTCH}totp/recover",
        ),
        ("GET /v1/users/*", "Stytch told what it knows of you.", f"{STYTCH}users/get-user"),
        (
            "PUT /v1/users/*",
            "Stytch wrote who you are at the bank where only backends can write.",
            f"{STYTCH}users/update-user",
        ),
        ("DELETE /v1/users/totps/*", "Stytch forgot the authenticator.", f"{STYTCH}users/delete/delete-user-totp"),
    ),
    "Unit": (
        ("GET /applications", "Unit listed your applications, found by your Stytch user id.", f"{UNIT}applications/"),
        (
            "POST /applications",
            "Unit took the application; its jwtSubject is your Stytch user id.",
            f"{UNIT}applications/",
        ),
        ("POST /application-forms", "Unit made a form on a page of its own.", f"{UNIT}application-forms/"),
        ("GET /application-forms/*", "Unit renewed the link to its form.", f"{UNIT}application-forms/"),
        ("GET /accounts", "Unit listed the accounts.", f"{UNIT}accounts/deposit-accounts/apis/"),
        ("POST /accounts", "Unit opened a checking account.", f"{UNIT}accounts/deposit-accounts/apis/"),
        (
            "POST /customers/*/token",
            "Unit checked the proof and gave a token that acts as you, for minutes.",
            f"{UNIT}customer-api-tokens/",
        ),
        (
            "POST /customers/*/token/verification",
            "Unit texted a code to your phone.",
            f"{UNIT}customer-api-tokens/",
        ),
        ("GET /cards", "Unit listed your cards, and the account that they draw on.", f"{UNIT}cards/"),
        ("GET /cards/*", "Unit showed the card, and its account.", f"{UNIT}cards/"),
        ("POST /cards", "Unit made a card; the same key would give the same card.", f"{UNIT}cards/"),
        ("PATCH /cards/*", "Unit set the card’s limits.", f"{UNIT}cards/"),
        ("POST /cards/*/freeze", "Unit froze the card.", f"{UNIT}cards/"),
        ("POST /cards/*/unfreeze", "Unit unfroze the card.", f"{UNIT}cards/"),
        ("POST /cards/*/close", "Unit closed the card for good.", f"{UNIT}cards/"),
        ("POST /cards/*/report-lost", "Unit noted that the card is lost.", f"{UNIT}cards/"),
        ("POST /cards/*/report-stolen", "Unit noted that the card is stolen.", f"{UNIT}cards/"),
        ("POST /cards/*/replace", "Unit ordered the card anew.", f"{UNIT}cards/"),
        ("GET /cards/*/limits", "Unit told what the card may spend, and has spent.", f"{UNIT}cards/"),
        ("GET /cards/*/secure-data/pin/status", "Unit told whether the card has a PIN.", f"{UNIT}cards/"),
        ("GET /transactions", "Unit listed what was paid.", f"{UNIT}transactions/"),
        ("GET /authorizations", "Unit listed what is held, or was declined.", f"{UNIT}authorizations/"),
        ("POST /sandbox/payments", "Unit’s sandbox let play money arrive.", f"{UNIT}simulations"),
        ("POST /sandbox/cards/*/activate", "Unit’s sandbox switched the card on.", f"{UNIT}simulations"),
        ("POST /sandbox/purchases", "Unit’s sandbox charged the card.", f"{UNIT}simulations"),
        ("POST /sandbox/authorizations", "Unit’s sandbox held an amount on the card.", f"{UNIT}simulations"),
    ),
}
PATTERNS = [
    (service, re.compile(re.escape(call).replace(r"\*", "[^/]+")), Words(sentence, docs))
    for service, calls in TABLE.items()
    for call, sentence, docs in calls
]
CLAIMS = {
    "sub": "subject: the Stytch user. Unit lets in the customer whose jwtSubject it is",
    "iss": "issuer: which Stytch project signed this",
    "aud": "audience: for which project it is meant",
    "iat": "issued at",
    "nbf": "not valid before",
    "exp": "expires: five minutes after it was issued, whatever the session’s length",
    "kid": "which of the project’s public keys verifies it",
    "alg": "how it is signed; nothing but RS256 is accepted here",
    "unit_customer_id": "a claim of this app’s own: who the user is at Unit, copied from trusted metadata",
    "https://stytch.com/session": "Stytch’s session: its factors, and when each was last used; step-up decides on it",
}


def words_for(call: Call) -> Words | None:
    """The row of the table for a call."""
    said = f"{call.method} {call.path}"
    return next((words for service, row, words in PATTERNS if service == call.service and row.fullmatch(said)), None)


def told(call: Call) -> str:
    """What came of a call, in one sentence."""
    if call.status is None:
        return f"{call.service} gave no answer: {call.problem}."
    if call.problem:
        return f"{call.service} gave no usable answer: {call.problem}."
    if call.status >= 400:
        return f"{call.service} refused: {_refusal(call.response)}."
    words = words_for(call)
    return words.sentence if words else f"{call.service} answered."


def _refusal(answer: Any) -> str:
    """A service's own words for a refusal."""
    errors = answer.get("errors") if isinstance(answer, dict) else None
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else answer
    named = first if isinstance(first, dict) else {}
    found = (named.get(name) for name in ("error_type", "code", "title"))
    return str(next(filter(None, found), "it did not say why"))
