"""The app's routes, read off its URL map, and what each of them answers."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.security import is_public

from .visitor import CSRF_TOKEN

HERE = "http://localhost:8000"
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
SIGNED = {("POST", "/webhooks/unit")}  # a signature opens it, in place of a session and a CSRF token
PLACEHOLDER = re.compile(r"<(?:any\('?([\w-]+)[^>]*|[^>]*)>")  # <int:card_id>, or <any(freeze,unfreeze):action>
HEADERS = {  # of every response
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"  # the policy begins so; extras add to it


def routes(app: Flask, methods: set[str], *, guarded: bool = False) -> list[tuple[str, str]]:
    """Return each method and path with one of these methods; if ``guarded``, only those that need a session."""
    with app.app_context():
        return [
            (method, PLACEHOLDER.sub(lambda name: name[1] or "1", rule.rule))
            for rule in app.url_map.iter_rules()
            for method in sorted((rule.methods or set()) & methods)
            if not (guarded and is_public(rule.endpoint))
        ]


def responses(client: FlaskClient, asked: list[tuple[str, str]], **request: Any) -> dict[tuple[str, str], TestResponse]:
    """Ask each of these the same way."""
    return {(method, path): client.open(path, method=method, buffered=True, **request) for method, path in asked}


def statuses(given: dict[tuple[str, str], TestResponse]) -> dict[tuple[str, str], int]:
    return {asked: response.status_code for asked, response in given.items()}


def csrf_token(client: FlaskClient) -> str:
    """Return the CSRF token of this browser."""
    found = CSRF_TOKEN.search(client.get("/").text)
    assert found
    return found[1]
