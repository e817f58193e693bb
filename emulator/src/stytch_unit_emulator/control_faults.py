"""Control of faults: which calls fail, how, how often and how many times."""

from __future__ import annotations

from http import HTTPStatus
from uuid import uuid4

from flask import Blueprint, Response, abort, jsonify

from . import stytch, unit
from .control_input import ALL_TENANTS, body, count, nearest, number, tenant
from .faults import AT_STYTCH, FAULT, KINDS, STATUSES, Operations
from .lifetimes import CONTROLS
from .store import Json, Store

MAX_KEPT = 500  # faults; those of deleted tenants would pile up otherwise
WAYS = ("fault", "error_type", "code", "status")
MEMBERS = (*WAYS, "path", "method", "operation", "times", "every", "seconds", "retry_after")


def add_routes(bp: Blueprint, store: Store, operations: Operations) -> None:
    """Add the operations on faults to the control API."""

    @bp.post("/faults", defaults={"project_id": ALL_TENANTS})
    @bp.post("/tenants/<project_id>/faults")
    def add_fault(project_id: str) -> tuple[Json, int]:
        """Make the next calls of a path or an operation fail."""
        given = body(*MEMBERS)
        where, how = _where(given, operations), _how(given)
        _check_service(where, how, operations)
        fault = {"id": str(uuid4()), "tenant": tenant(project_id), **where, **how, **_how_often(given)}
        with store.change(CONTROLS) as settings:
            settings.add(FAULT, fault["id"], fault)
            settings.keep_newest(FAULT, MAX_KEPT)
        return fault, 201

    @bp.get("/faults")
    def list_faults() -> Response:
        """List the faults that are still pending."""
        with store.read(CONTROLS) as settings:
            return jsonify(settings.all(FAULT))

    @bp.delete("/faults")
    def clear_faults() -> Json:
        """Remove all faults."""
        with store.change(CONTROLS) as settings:
            for fault in settings.all(FAULT):
                settings.remove(FAULT, fault["id"])
        return {}


def _where(given: Json, operations: Operations) -> Json:
    """Read which calls fail: those of a path and method, or of an operation."""
    path, operation, method = given.get("path"), given.get("operation"), given.get("method", ALL_TENANTS)
    if (path is None) == (operation is None):
        abort(400, "Give either path or operation.")
    if operation is not None and operation not in operations.names:
        abort(400, f"operation must be one of the services': {nearest(str(operation), operations.names)}.")
    if operation is not None and "method" in given:
        abort(400, "method goes with path, not with operation.")
    if path is not None and (not isinstance(path, str) or not path.startswith("/") or len(path) > 200):
        abort(400, "path must be a path such as /v1/totps/authenticate; * matches any characters.")
    if not isinstance(method, str) or len(method) > 10:
        abort(400, "method must be the name of an HTTP method.")
    return {"path": path, "operation": operation, "method": method.upper()}


def _how(given: Json) -> Json:
    """Read how they fail: a kind of fault, or a service's error type or code, or a status."""
    ways = [way for way in WAYS if given.get(way) is not None]
    if not ways or len(set(ways) - {"status"}) > 1:
        abort(400, f"Give one of {', '.join(WAYS)}; status may come with error_type or code.")
    kind, error_type, code = given.get("fault"), given.get("error_type"), given.get("code")
    if kind is not None and (kind not in KINDS or "status" in ways):
        abort(400, f"fault must be one of {', '.join(KINDS)}, and comes without status.")
    if error_type is not None and error_type not in stytch.REFUSALS:
        abort(400, f"error_type must be one of Stytch's: {nearest(str(error_type), stytch.REFUSALS)}.")
    if code is not None and code not in unit.REFUSALS:
        abort(400, f"code must be one of Unit's: {nearest(str(code), unit.REFUSALS)}.")
    status = _status(given, alone=ways == ["status"]) or STATUSES.get(str(kind))
    if error_type:
        status = status or stytch.REFUSALS[error_type].status
    if code:
        status = status or unit.REFUSALS[code][0]
    return {"fault": kind, "error_type": error_type, "code": code, "status": status}


def _status(given: Json, *, alone: bool) -> int | None:
    if given.get("status") is None:
        return None
    status = count(given, "status", 400, 599)
    if status not in set(HTTPStatus):
        abort(400, "status must be one of HTTP's.")
    if alone and status != HTTPStatus.TOO_MANY_REQUESTS and status < HTTPStatus.INTERNAL_SERVER_ERROR:
        abort(400, "A status below 500, other than 429, needs error_type or code.")
    return status


def _check_service(where: Json, how: Json, operations: Operations) -> None:
    """Refuse a service's error at the other service, where it would never happen."""
    path, operation = where["path"] or "", where["operation"]
    at_stytch = operations.is_stytchs(operation) if operation else path.startswith(AT_STYTCH)
    at_both = path.startswith("/*")
    if how["error_type"] and not (at_stytch or at_both):
        abort(400, "error_type is for Stytch's calls; for Unit's, give code.")
    if how["code"] and at_stytch:
        abort(400, "code is for Unit's calls; for Stytch's, give error_type.")


def _how_often(given: Json) -> Json:
    return {
        "times": count(given, "times", 1, 1000),
        "every": count(given, "every", 1, 1000),
        "seen": 0,
        "seconds": number(given, "seconds", 0, 60, 1),
        "retry_after": count(given, "retry_after", 0, 86_400),
    }
