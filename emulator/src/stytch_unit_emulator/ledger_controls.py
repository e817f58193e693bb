"""Control of the request ledger: list a tenant's requests, or wait for one."""

from __future__ import annotations

import time

from flask import Blueprint, Response, abort, jsonify, request

from .control_access import ControlAccess
from .control_input import tenant
from .control_middleware import PREFIX
from .controls import answer_programs
from .ledger import Wanted, is_status, requests
from .ledger_store import LedgerStore
from .store import Json

MAX_WAIT = 20.0  # seconds
DEFAULT_WAIT = 5.0
_POLL = 0.05  # seconds


def blueprint(store: LedgerStore, access: ControlAccess) -> Blueprint:
    """The operations on the ledger, for those who may use the control API."""
    bp = Blueprint("ledger_controls", __name__, url_prefix=f"{PREFIX}/tenants/<project_id>/requests")
    answer_programs(bp, access)

    @bp.get("")
    def list_requests(project_id: str) -> Response:
        """List the matching requests, oldest first."""
        return jsonify(requests(store, tenant(project_id), wanted(), _after()))

    @bp.get("/wait")
    def wait(project_id: str) -> Json:
        """Return the first matching request with a number above ``after``, once there is one."""
        seconds = _number("seconds", DEFAULT_WAIT, MAX_WAIT)
        which, after = wanted(), _after()
        polls = round(seconds / _POLL)  # counted, as a test may have stopped the clock
        while not (found := requests(store, tenant(project_id), which, after)):
            if polls == 0:
                abort(404, f"No such request came within {seconds:g} seconds.")
            polls -= 1
            time.sleep(_POLL)
        return found[0]

    return bp


def wanted() -> Wanted:
    """Read which requests the query asks for."""
    status = request.args.get("status", "")
    if status and not is_status(status):
        abort(400, "status must be a status such as 404, or a class such as 4xx.")
    return Wanted(request.args.get("path") or "*", request.args.get("method", "").upper(), status)


def _after() -> int:
    return int(_number("after", 0, 2**63 - 1025))  # the highest that the database and a double can both hold


def _number(name: str, default: float, most: float) -> float:
    text = request.args.get(name, "")
    try:
        value = float(text) if text else default
    except ValueError:
        value = -1
    if not 0 <= value <= most:
        abort(400, f"{name} must be a number from 0 to {most:g}.")
    return value
