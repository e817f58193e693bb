"""Control API for tests: clock, faults, key rotation, reset, seed and emails.

Exists only where the emulator is started with controls. ``control_access`` says whom it answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any
from uuid import uuid4

from flask import Blueprint, Response, abort, jsonify, request
from werkzeug.exceptions import HTTPException

from . import clock, seeding, strict_json, stytch
from .control_access import ControlAccess
from .control_middleware import ALL_TENANTS, CLOCK, FAULT, FAULTS, PREFIX, clock_offset
from .store import CONTROLS, Json, Store, TenantFull

MAX_BYTES = 1024 * 1024  # of a seed
MAX_KEPT = 500  # clocks, and faults; those of deleted tenants would pile up otherwise
MAX_SHIFT = 10 * 365 * 86_400.0  # seconds, in either direction


def blueprint(store: Store, seed_tenant: Callable[[Json, str], Json], access: ControlAccess) -> Blueprint:
    """The control API. Answers JSON; a refusal is ``{"error": "what to do"}``."""
    bp = Blueprint("controls", __name__, url_prefix=PREFIX)

    @bp.before_request
    def check_access() -> None:
        access.check(request)

    @bp.errorhandler(HTTPException)
    def refused(error: HTTPException) -> tuple[Json, int, dict[str, str]]:
        return refusal(error)

    @bp.errorhandler(TenantFull)
    def full(error: TenantFull) -> tuple[Json, int]:
        return {"error": f"In this tenant, {error}."}, 429

    @bp.post("/clock", defaults={"project_id": ALL_TENANTS})
    @bp.post("/tenants/<project_id>/clock")
    def move_clock(project_id: str) -> Json:
        """Move the clock of one tenant, or of all tenants, by some seconds."""
        seconds = _number(_body(), "seconds", -MAX_SHIFT, MAX_SHIFT)
        with store.change(CONTROLS) as settings:
            total = max(-MAX_SHIFT, min(MAX_SHIFT, clock_offset(settings, _scope(project_id)) + seconds))
            settings.remove(CLOCK, project_id)  # re-added, so that the last one moved is the newest
            settings.add(CLOCK, project_id, {"ahead": total})
            settings.keep_newest(CLOCK, MAX_KEPT)
        return {"ahead": total}

    @bp.delete("/clock", defaults={"project_id": ALL_TENANTS})
    @bp.delete("/tenants/<project_id>/clock")
    def reset_clock(project_id: str) -> Json:
        """Return to the real time."""
        with store.change(CONTROLS) as settings:
            settings.remove(CLOCK, _scope(project_id))
        return {"ahead": 0}

    @bp.post("/faults", defaults={"project_id": ALL_TENANTS})
    @bp.post("/tenants/<project_id>/faults")
    def add_fault(project_id: str) -> tuple[Json, int]:
        """Make the next responses of a path fail."""
        fault = {"tenant": _scope(project_id), **_fault(_body()), "id": str(uuid4())}
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

    @bp.post("/tenants/<project_id>/keys")
    def rotate(project_id: str) -> tuple[Json, int]:
        """Sign with a new key from now on; older keys stay published."""
        with store.change(stytch.partition(_scope(project_id))) as project:
            return {"kid": stytch.rotate_key(project)}, 201

    @bp.delete("/tenants/<project_id>")
    def reset(project_id: str) -> Json:
        """Delete a tenant's data, clock and faults, but keep its signing keys."""
        store.forget(_scope(project_id))
        with store.change(CONTROLS) as settings:
            settings.remove(CLOCK, project_id)
            for fault in settings.all(FAULT):
                if fault["tenant"] == project_id:
                    settings.remove(FAULT, fault["id"])
        return {}

    @bp.post("/tenants/<project_id>/seed")
    def seed(project_id: str) -> tuple[Json, int]:
        """Create users, customers, accounts, cards and activity from a description."""
        try:
            return seed_tenant(_body(), _scope(project_id)), 201
        except seeding.BadSeed as bad:
            abort(400, str(bad))

    @bp.get("/tenants/<project_id>/mails")
    def mails(project_id: str) -> Response:
        """List the tenant's emails, newest first."""
        with store.read(_scope(project_id)) as tenant:
            return jsonify([_mail(mail) for mail in stytch.mails(tenant)])

    return bp


def refusal(error: HTTPException, problem: str | None = None) -> tuple[Json, int, dict[str, str]]:
    """Answer a refused control request."""
    headers = {"WWW-Authenticate": "Bearer"} if error.code == 401 else {}
    return {"error": problem or error.description or error.name}, error.code or 500, headers


def _mail(mail: stytch.Mail) -> Json:
    times = {"sent_at": clock.seconds(mail.sent_at), "expires": clock.seconds(mail.expires)}
    return {**asdict(mail), **times, "token": mail.token}


def _scope(project_id: str) -> str:
    if project_id != ALL_TENANTS and not stytch.is_project_id(project_id):
        abort(400, "Name a tenant by its project id: project-test- and a lowercase UUID.")
    return project_id


def _body() -> Json:
    try:
        body = strict_json.parse(request.get_data()) if request.is_json else None
    except ValueError:
        body = None
    if not isinstance(body, dict):
        abort(400, "Send a JSON object, with Content-Type: application/json.")
    return body


def _number(body: Mapping[str, Any], name: str, least: float, most: float, default: float | None = None) -> float:
    value = body.get(name, default)
    if not isinstance(value, int | float) or isinstance(value, bool):
        abort(400, f"{name} must be a number.")
    if not least <= value <= most:
        abort(400, f"{name} must be from {least:g} to {most:g}.")
    return value


def _count(body: Mapping[str, Any], name: str, least: int, most: int) -> int:
    value = _number(body, name, least, most, 1)
    if value != int(value):
        abort(400, f"{name} must be a whole number.")
    return int(value)


def _fault(body: Json) -> Json:
    """Validate a fault: what fails, where and how often."""
    kind, path, method = body.get("fault"), body.get("path"), body.get("method", ALL_TENANTS)
    if kind not in FAULTS:
        abort(400, f"fault must be one of {', '.join(FAULTS)}.")
    if not isinstance(path, str) or not path.startswith("/") or len(path) > 200:
        abort(400, "path must be a path such as /v1/totps/authenticate; * matches any characters.")
    if not isinstance(method, str) or len(method) > 10:
        abort(400, "method must be the name of an HTTP method.")
    return {
        "fault": kind,
        "path": path,
        "method": method.upper(),
        "times": _count(body, "times", 1, 1000),
        "seconds": _number(body, "seconds", 0, 60, 1),
        "retry_after": _count(body, "retry_after", 0, 86_400),
    }
