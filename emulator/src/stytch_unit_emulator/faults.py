"""Failures that tests ask for: which call fails, and how it is answered."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from flask import Flask, Response
from werkzeug.exceptions import HTTPException
from werkzeug.test import run_wsgi_app

from . import stytch, unit
from .control_input import ALL_TENANTS
from .store import Json, Tenant

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FAULT = "fault"
KINDS = ("slow", "cut", "rate_limited", "error", "malformed")
STATUSES = {"rate_limited": 429, "error": 500}  # of the kinds that skip the request itself
AT_STYTCH = "/v1/"
GARBLED = b'{"data": [{"id": "1", "attri'


class Operations:
    """The operations of both services, named like their views, such as ``users.create`` and ``cards.create_card``."""

    def __init__(self, stytch_app: Flask, unit_app: Flask) -> None:
        self._stytch, self._unit = stytch_app.url_map, unit_app.url_map
        self.names = frozenset(rule.endpoint for urls in (self._stytch, self._unit) for rule in urls.iter_rules())

    def is_stytchs(self, name: str) -> bool:
        """Whether the operation is Stytch's."""
        return name in {rule.endpoint for rule in self._stytch.iter_rules()}

    def called_by(self, environ: WSGIEnvironment) -> str | None:
        """The operation that a request calls, or None."""
        urls = self._stytch if environ["PATH_INFO"].startswith(AT_STYTCH) else self._unit
        try:
            return str(urls.bind("").match(environ["PATH_INFO"], environ["REQUEST_METHOD"])[0])
        except HTTPException:
            return None


def matching(settings: Tenant, environ: WSGIEnvironment, tenant_id: str | None, operations: Operations) -> Json | None:
    """The oldest fault that covers this request, or None. Browsers' preflights never fail."""
    if environ["REQUEST_METHOD"] == "OPTIONS":
        return None
    own = [fault for fault in settings.all(FAULT) if fault["tenant"] in (ALL_TENANTS, tenant_id)]
    return next((fault for fault in own if _covers(fault, environ, operations)), None)


def _covers(fault: Json, environ: WSGIEnvironment, operations: Operations) -> bool:
    path, at_stytch = environ["PATH_INFO"], environ["PATH_INFO"].startswith(AT_STYTCH)
    if (fault["error_type"] and not at_stytch) or (fault["code"] and at_stytch):
        return False
    if fault["operation"]:
        return operations.called_by(environ) == str(fault["operation"])
    return fault["method"] in (ALL_TENANTS, environ["REQUEST_METHOD"]) and fnmatchcase(path, fault["path"])


def count_call(settings: Tenant, fault: Json) -> bool:
    """Count a call that the fault covers; returns whether it fails. A fault is deleted after its last failure."""
    seen = fault["seen"] + 1
    fails: bool = seen % fault["every"] == 0
    if fails and fault["times"] == 1:
        settings.remove(FAULT, fault["id"])
    else:
        settings.save(FAULT, fault["id"], {**fault, "seen": seen, "times": fault["times"] - fails})
    return fails


def answer(
    application: WSGIApplication, fault: Json, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """Answer a request with the fault. ``slow``, ``cut`` and ``malformed`` run the request, the others skip it."""
    if fault["status"]:
        return _refusal(fault, at_stytch=environ["PATH_INFO"].startswith(AT_STYTCH))(environ, start_response)
    if fault["fault"] == "slow":
        time.sleep(fault["seconds"])
        return application(environ, start_response)
    chunks, status_line, headers = run_wsgi_app(application, environ, buffered=True)
    whole = b"".join(chunks)
    sent = whole[: len(whole) // 2] if fault["fault"] == "cut" else GARBLED
    headers["Content-Length"] = str(len(whole) if fault["fault"] == "cut" else len(sent))
    start_response(status_line, list(headers))
    return [sent]


def _refusal(fault: Json, *, at_stytch: bool) -> Response:
    status = fault["status"]
    body = stytch.refusal(status, fault["error_type"]) if at_stytch else unit.refusal(status, fault["code"])
    response = Response(json.dumps(body), status, content_type="application/json" if at_stytch else unit.MEDIA_TYPE)
    if status == 429:
        response.headers["Retry-After"] = str(fault["retry_after"])
    return response
