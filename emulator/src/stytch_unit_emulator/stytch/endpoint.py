"""Turns an HTTP request into an authenticated call on one tenant.

One request is one transaction. A refusal commits what was written before it, so that wrong codes stay counted. Any
other exception rolls the request back.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeAlias

from flask import Response, request

from .. import strict_json
from ..store import Json
from ..transport import TENANT
from . import sandbox
from .errors import StytchFault
from .wire import Call, envelope, is_project_id, service

View: TypeAlias = Callable[..., Json]


def authenticated(view: View) -> Callable[..., Response]:
    """Check the project's credentials and run the view in a transaction."""

    @wraps(view)
    def served(**path: str) -> Response:
        project_id = _authorized_project()
        body = _json_body()
        fault: StytchFault | None = None
        with service().store.change(request.environ.get(TENANT) or project_id) as tenant:
            try:
                call = Call(tenant, project_id, body)
                answer = sandbox.answer(call, request.path) or view(call, **path)
            except StytchFault as refused:
                fault = refused
        if fault:
            raise fault
        return envelope(answer)

    return served


def _authorized_project() -> str:
    credentials = request.authorization
    project_id = (credentials and credentials.username) or ""
    secret = (credentials and credentials.password) or ""
    if not is_project_id(project_id) or not secret.strip():
        raise StytchFault("unauthorized_credentials")
    return project_id


def _json_body() -> Json:
    raw = request.get_data()
    if not raw:
        return {}
    try:
        body = strict_json.parse(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise StytchFault("bad_request")
    return body
