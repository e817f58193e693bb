"""Applies the controls to each request: its tenant's clock and pending faults.

The settings are in the store, so that all processes that share it follow them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from flask import Response
from werkzeug.datastructures import Authorization
from werkzeug.test import run_wsgi_app

from . import clock, stytch, unit
from .store import CONTROLS, Json, Store, Tenant

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFIX = "/control"
JWKS = "/v1/sessions/jwks/"
CLOCK, FAULT = "clock", "fault"
ALL_TENANTS = "*"
FAULTS = ("slow", "cut", "rate_limited", "error", "malformed")
GARBLED = b'{"data": [{"id": "1", "attri'


class ControlMiddleware:
    """WSGI middleware that shifts the clock and injects faults per tenant."""

    def __init__(self, application: WSGIApplication, store: Store) -> None:
        self._application = application
        self._store = store

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        tenant_id = _tenant_of(environ, self._store)
        with self._store.read(CONTROLS) as settings:
            seconds = sum(clock_offset(settings, scope) for scope in (ALL_TENANTS, tenant_id) if scope)
            fault = _matching_fault(settings, environ, tenant_id)
        if fault:
            with self._store.change(CONTROLS) as settings:
                fault = _matching_fault(settings, environ, tenant_id)  # another request may have used it up
                if fault:
                    _count_down(settings, fault)
        with clock.shifted(seconds):
            if fault:
                return _fail(self._application, fault, environ, start_response)
            return self._application(environ, start_response)


def _tenant_of(environ: WSGIEnvironment, store: Store) -> str | None:
    path = environ["PATH_INFO"]
    credentials = Authorization.from_header(environ.get("HTTP_AUTHORIZATION"))
    if path.startswith(f"{PREFIX}/tenants/"):
        found = path.split("/")[3]
    elif path.startswith(JWKS):  # a public path, without credentials
        found = path.removeprefix(JWKS)
    elif path.startswith("/application-form/"):
        found = unit.tenant_of_form(path.split("/")[2], store)
    elif credentials is None:
        found = None
    elif credentials.type == "basic":
        found = credentials.username
    else:
        found = unit.tenant_named_by(credentials.token or "", store)
    return found if found and stytch.is_project_id(found) else None


def clock_offset(settings: Tenant, scope: str) -> float:
    """Seconds by which the clock of a tenant, or of all tenants, is shifted."""
    known = settings.get(CLOCK, scope)
    return known["ahead"] if known else 0


def _matching_fault(settings: Tenant, environ: WSGIEnvironment, tenant_id: str | None) -> Json | None:
    """Find the oldest fault that applies to this request."""
    here = ((ALL_TENANTS, tenant_id), (ALL_TENANTS, environ["REQUEST_METHOD"]), environ["PATH_INFO"])
    faults = [] if here[2].startswith(f"{PREFIX}/") else settings.all(FAULT)
    return next(
        (f for f in faults if f["tenant"] in here[0] and f["method"] in here[1] and fnmatchcase(here[2], f["path"])),
        None,
    )


def _count_down(settings: Tenant, fault: Json) -> None:
    if fault["times"] > 1:
        settings.save(FAULT, fault["id"], {**fault, "times": fault["times"] - 1})
    else:
        settings.remove(FAULT, fault["id"])


def _fail(
    application: WSGIApplication, fault: Json, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """Answer with the fault. ``rate_limited`` and ``error`` skip the request itself."""
    if fault["fault"] in ("rate_limited", "error"):
        limited = fault["fault"] == "rate_limited"
        status = 429 if limited else 500
        at_stytch = environ["PATH_INFO"].startswith("/v1/")
        body = (stytch if at_stytch else unit).refusal(status)
        response = Response(json.dumps(body), status, content_type="application/json" if at_stytch else unit.MEDIA_TYPE)
        if limited:
            response.headers["Retry-After"] = str(fault["retry_after"])
        return response(environ, start_response)
    if fault["fault"] == "slow":
        time.sleep(fault["seconds"])
        return application(environ, start_response)
    chunks, status_line, headers = run_wsgi_app(application, environ, buffered=True)
    whole = b"".join(chunks)
    sent = whole[: len(whole) // 2] if fault["fault"] == "cut" else GARBLED
    headers["Content-Length"] = str(len(whole) if fault["fault"] == "cut" else len(sent))
    start_response(status_line, list(headers))
    return [sent]
