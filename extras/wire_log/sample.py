"""A sample call for a page that has needed none yet: the exchange of a session JWT for a customer token."""

from __future__ import annotations

from datetime import UTC, datetime

from .recorder import Action, Call, packed
from .redaction import Redacted, Token

USER = "user-test-16d9ba61-97a1-4ba4-9720-b03761dc50c6"
PROJECT = "project-test-7b1f4c1e-3c36-4c0b-9f0a-2f1d7b0c9a55"
JWT = Redacted("‹eyJ… 1,024 characters›", "JWT_TOKEN")
CALL = Call(
    service="Unit",
    method="POST",
    url="https://api.s.unit.sh/customers/10001/token",
    headers={"Content-Type": "application/vnd.api+json"},
    credential="org",
    request={
        "data": {
            "type": "customerToken",
            "attributes": {"scope": "cards-write accounts", "jwtToken": JWT, "expiresIn": 600},
        }
    },
    status=201,
    packed_response=packed(
        {
            "data": {
                "type": "customerBearerToken",
                "attributes": {"token": "‹v2… 612 characters›", "expiresIn": 600},
            }
        }
    ),
    problem="",
    milliseconds=34,
    tokens=(
        Token(
            "jwtToken",
            {"alg": "RS256"},
            {"sub": USER, "iss": f"stytch.com/{PROJECT}", "aud": [PROJECT], "unit_customer_id": "10001"},
        ),
    ),
    made_by=(),
)
SAMPLE = Action("sample", datetime(2026, 1, 1, tzinfo=UTC), "GET", "/cards/list", "", (CALL,))
