"""Deliveries as Unit sends them, and what an open page asks for by itself."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any, Literal

import pytest
from flask import Flask
from limits.errors import StorageError
from werkzeug.test import TestResponse

from .visitor import Page, Visitor

HASHES = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}


def event(kind: str, *, customer: str = "", user: str = "", **attributes: str) -> dict[str, Any]:
    """Return an event in Unit's format."""
    links = {"customer": {"data": {"type": "individualCustomer", "id": customer}}} if customer else {}
    tags = {"tags": {"stytch_user_id": user}} if user else {}
    stamped = {"createdAt": "2026-06-01T12:00:00.000Z", **tags, **attributes}
    return {"id": "46306092", "type": kind, "attributes": stamped, "relationships": links}


def body_of(events: Sequence[Any]) -> bytes:
    return json.dumps({"data": events}, separators=(",", ":"), ensure_ascii=False).encode()


def digest(token: str, body: bytes, name: Literal["sha1", "sha256"] = "sha1") -> bytes:
    return hmac.new(token.encode(), body, HASHES[name]).digest()


def token_of(app: Flask) -> str:
    return str(app.config["UNIT_WEBHOOK_TOKEN"])


def send(app: Flask, body: bytes, signature: str | None = None, **headers: str) -> TestResponse:
    """Deliver a body, rightly signed unless a signature is given."""
    given = base64.b64encode(digest(token_of(app), body)).decode() if signature is None else signature
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return app.test_client().post("/webhooks/unit", data=body, headers={"x-unit-signature": given} | named)


def deliver(app: Flask, *events: Any) -> int:
    """Deliver events, rightly signed; return the status."""
    return send(app, body_of(events), Content_Type="application/vnd.api+json; charset=utf-8").status_code


def poll(visitor: Visitor) -> Page:
    """Ask for news as the visitor's page does every five seconds; a page without news stays."""
    page, place = visitor.page, visitor.page.one("#news")
    assert place.attrs["hx-trigger"] == "every 5s"
    answer = visitor.get(str(place.attrs["hx-get"]), htmx=True)
    if answer.status == 204:
        visitor.page = page
    return answer


def deliver_due(app: Flask) -> None:
    """Let the emulated Unit deliver the events that wait."""
    app.extensions["emulator_dispatcher"].deliver_due()


def take_store_down(app: Flask, patch: pytest.MonkeyPatch) -> None:
    """Let the store of rate limits fail in what keeps news; the rest goes on."""

    def fail(*_args: object, **_kwargs: object) -> None:
        raise StorageError(ConnectionError())

    for method in ("get_expiry", "incr", "clear"):
        patch.setattr(app.extensions["rate_limits"], method, fail)
