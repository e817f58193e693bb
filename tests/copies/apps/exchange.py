"""An empty app with the exchange: a verified Stytch session JWT in, the customer's cards out."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from flask import Flask, request

from services.exchange import CARDS_WRITE_SCOPE, Exchange, Proof
from services.http import HttpSession
from services.unit_client import OrgClient, UnitError

PROJECT, STYTCH_URL = os.environ["STYTCH_PROJECT_ID"], os.environ["STYTCH_API_URL"]

app = Flask(__name__)
exchange = Exchange(OrgClient(HttpSession(), os.environ["UNIT_API_URL"], os.environ["UNIT_API_TOKEN"]))
keys = jwt.PyJWKClient(f"{STYTCH_URL}/v1/sessions/jwks/{PROJECT}")


def proof() -> Proof:
    """Return what Unit is shown. Your own guard has to require a fresh second factor first."""
    session_jwt = request.headers["Authorization"].removeprefix("Bearer ")
    claims: dict[str, Any] = jwt.decode(
        session_jwt,
        keys.get_signing_key_from_jwt(session_jwt),
        algorithms=["RS256"],
        audience=PROJECT,
        issuer=[f"stytch.com/{PROJECT}", STYTCH_URL],
        leeway=30,
    )
    session_id = claims["https://stytch.com/session"]["id"]
    until = datetime.now(UTC) + timedelta(minutes=10)
    return Proof(session_id, claims["sub"], request.args["customer"], session_jwt, until)


@app.get("/cards")
def cards() -> dict[str, list[str]]:
    """List the customer's cards."""
    shown = proof()
    # For this scope Unit verifies whose JWT it is. For reading alone it may not: then the id must not come from a URL.
    found = exchange.customer(shown.session_id, lambda: shown, CARDS_WRITE_SCOPE).cards()
    return {"cards": [card.last4 for card in found]}


@app.errorhandler(UnitError)
def refused(error: UnitError) -> tuple[str, int]:
    """Pass on that Unit refused."""
    return error.code, 403
