"""CORS: which requests Unit answers to a script on a web page. Customer tokens may be used there, org tokens may not.

UNCONFIRMED: everything but that customer tokens work in browsers: the origins, headers and the refusal of org tokens,
without which any page could use the emulator's guessable ones.
"""

from __future__ import annotations

from flask import Flask, Response, request

from . import jsonapi
from .bearers import ORG_TOKEN
from .errors import UnitFault

ALLOWED = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, X-Accept-Version",
    "Access-Control-Max-Age": "600",  # seconds
}


def install(app: Flask) -> None:
    """Answer preflights, and let pages read responses to customer tokens."""
    app.before_request(_answer_browser)
    app.after_request(_allow_reading)


def _answer_browser() -> Response | None:
    if "Origin" not in request.headers:
        return None
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        return Response(status=204, headers=ALLOWED)
    if _has_org_token():
        fault = UnitFault("forbidden", "An org token must not be used on a web page")
        return jsonapi.encode(fault.document(), fault.status)
    return None


def _allow_reading(response: Response) -> Response:
    if "Origin" in request.headers and not _has_org_token():
        response.headers["Access-Control-Allow-Origin"] = "*"  # safe: browsers add no credentials by themselves
    return response


def _has_org_token() -> bool:
    given = request.authorization
    return given is not None and (given.token or "").startswith(ORG_TOKEN)
