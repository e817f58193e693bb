"""Shared by all endpoints: calls, response and error envelopes, ids."""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass
from functools import cached_property
from uuid import uuid4

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from .. import fixed_ids, strict_json
from ..store import Json, Store, Tenant, TenantFull
from . import keys
from .errors import StytchFault

UUID4 = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
MAX_BODY = 1024 * 1024  # bytes
PUBLIC_TOKEN = "public-token-test-"  # noqa: S105 -- how it starts
ERROR_URL = "https://stytch.com/docs/api/errors/{status}#{error_type}"


@dataclass(frozen=True)
class Service:
    """The configuration of one emulated Stytch."""

    store: Store
    public_url: str | None
    redirect_urls: Set[str] | None
    app_hosts: frozenset[str]

    @property
    def origin(self) -> str:
        """The origin for browsers: the configured one, or else the request's."""
        return (self.public_url or request.host_url).rstrip("/")


@dataclass(frozen=True)
class Call:
    """One authenticated request: tenant, project id and JSON body."""

    tenant: Tenant
    project_id: str
    body: Json

    @cached_property
    def project(self) -> Tenant:
        """The project's partition, with its signing keys."""
        project = self.tenant.partition(keys.partition(self.project_id))
        keys.ensure(project)
        return project

    @property
    def published_keys(self) -> list[Json]:
        """The project's public keys, which this does not create."""
        return keys.published(self.tenant.partition(keys.partition(self.project_id)))

    @property
    def public_token(self) -> str:
        """The project's public token: here, with the same UUID as the project's id."""
        return public_token(self.project_id)


def public_token(project_id: str) -> str:
    """The public token of a project."""
    return f"{PUBLIC_TOKEN}{project_id[-36:]}"


def service() -> Service:
    """The service of the current request."""
    found: Service = current_app.extensions["emulated_stytch"]
    return found


def new_id(kind: str) -> str:
    """A new id in Stytch's format."""
    return fixed_ids.take(kind) or f"{kind}-test-{uuid4()}"


def envelope(answer: Json) -> Response:
    """Build a response; status 200 unless ``answer`` has a ``status_code``."""
    whole = {"status_code": 200, "request_id": new_id("request-id"), **answer}
    return Response(strict_json.dump(whole), whole["status_code"], mimetype="application/json")


def is_project_id(text: str) -> bool:
    """Whether the text is a test project's id. Live ids are never accepted."""
    return re.fullmatch(f"project-test-{UUID4}", text) is not None


def install_errors(app: Flask) -> None:
    """Return every failure in Stytch's error envelope."""
    app.register_error_handler(StytchFault, lambda fault: _refuse(fault))
    app.register_error_handler(TenantFull, _refuse_full)
    app.register_error_handler(HTTPException, _refuse_http)


def refusal_of(status: int, error_type: str | None = None) -> Json:
    """The body of an error with this status: of a given type, or of one that any call may get."""
    error_type = error_type or ("too_many_requests" if status == 429 else "internal_server_error")
    return _body(StytchFault(error_type)) | {
        "status_code": status,
        "error_url": ERROR_URL.format(status=status, error_type=error_type),
    }


def _refuse(fault: StytchFault) -> Response:
    return envelope(_body(fault))


def _refuse_full(full: TenantFull) -> Response:
    """Name the limit that was reached, as waiting does not help."""
    body = _body(StytchFault("too_many_requests"))
    return envelope(body | {"error_message": f"{body['error_message']} In this emulated project, {full}."})


def _body(fault: StytchFault) -> Json:
    status, message, _certainty = fault.refusal
    return {
        "status_code": status,
        "request_id": new_id("request-id"),
        "error_type": fault.error_type,
        "error_message": message,
        "error_url": ERROR_URL.format(status=status, error_type=fault.error_type),
    }


def _refuse_unknown(error_type: str) -> Response:
    """Say that the operation is not emulated, as Stytch may well have it."""
    body = _body(StytchFault(error_type))
    why = f"This emulator does not have {request.method} {request.path}; its docs/coverage.md lists what it has."
    return envelope(body | {"error_message": f"{body['error_message']} {why}"})


def _refuse_http(error: HTTPException) -> Response:
    if isinstance(error, NotFound):
        return _refuse_unknown("route_not_found")
    if isinstance(error, MethodNotAllowed):
        return _refuse_unknown("method_not_allowed")
    return _refuse(StytchFault("bad_request" if (error.code or 500) < 500 else "internal_server_error"))
