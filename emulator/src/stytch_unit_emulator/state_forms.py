"""The buttons of the state pages. Each sends one request to the control API or to Unit, as a test would.

Only a form of this origin with the tenant's token is accepted, so that no other page can press them.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flask import Request
from werkzeug.exceptions import Forbidden
from werkzeug.test import Client

from . import unit
from .control_middleware import PREFIX
from .lifetimes import CONTROLS
from .store import Json, Store

FORM_KEY = "form_key"  # in the partition of the controls, so that every process knows it
UNITS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}
LOCAL: Any = {"REMOTE_ADDR": "127.0.0.1"}


class ActionRefused(Exception):
    """The action was refused; the message says why."""


@dataclass(frozen=True)
class Action:
    """The request that a button sends, and what the page says after it."""

    done: str
    method: str
    path: str  # with {tenant}, the base of its controls, or {record}
    body: Callable[[Mapping[str, str]], Json] | None = None


def _move(form: Mapping[str, str]) -> Json:
    return {"seconds": _number(form, "amount") * UNITS.get(form.get("unit", ""), 1)}


def _fail(form: Mapping[str, str]) -> Json:
    return {"path": form.get("path", ""), "fault": form.get("fault", ""), "times": _number(form, "times")}


def _number(form: Mapping[str, str], name: str) -> float:
    try:
        return float(form.get(name, ""))
    except ValueError:
        raise ActionRefused(f"{name} must be a number.") from None


ACTIONS = {
    "clock": Action("The clock was moved.", "POST", "{tenant}/clock", _move),
    "real_time": Action("The clock shows the real time.", "DELETE", "{tenant}/clock"),
    "fail": Action("The next calls will fail.", "POST", "{tenant}/faults", _fail),
    "reset": Action("The tenant was reset.", "DELETE", "{tenant}"),
    "approve": Action("The application was approved.", "POST", "/sandbox/applications/{record}/approve"),
    "deny": Action("The application was denied.", "POST", "/sandbox/applications/{record}/deny"),
    "replay": Action("The event was queued for all webhooks.", "POST", "/events/{record}"),
}


def run(name: str, project_id: str, form: Mapping[str, str], application: Any) -> None:
    """Send an action's request for a tenant. Raises ActionRefused."""
    action = ACTIONS[name]
    record = quote(form.get("record", ""), safe="")
    path = action.path.format(tenant=f"{PREFIX}/tenants/{project_id}", record=record)
    is_units = not path.startswith(PREFIX)
    answer = Client(application).open(
        path,
        method=action.method,
        json=action.body(form) if action.body else None,
        headers={"Authorization": f"Bearer {unit.ORG_TOKEN}{project_id}"} if is_units else {},
        environ_base=LOCAL,
    )
    if answer.status_code >= 400:
        body = answer.get_json(force=True)
        raise ActionRefused(body["error"] if "error" in body else unit_problem(body))


def unit_problem(body: Json) -> str:
    """The first problem in an error of Unit's."""
    problem = body["errors"][0]
    return f"{problem.get('detail', problem['title'])}."


def form_token(store: Store, project_id: str) -> str:
    """The token of a tenant's forms."""
    with store.read(CONTROLS) as settings:
        known = settings.get(FORM_KEY, FORM_KEY)
    if known is None:
        with store.change(CONTROLS) as settings:
            known = settings.get(FORM_KEY, FORM_KEY)  # another request may have made it
            known = known or settings.add(FORM_KEY, FORM_KEY, {"key": secrets.token_hex(32)})
    return hmac.digest(str(known["key"]).encode(), project_id.encode(), "sha256").hex()


def check_form(request: Request, store: Store, project_id: str) -> None:
    """Raise Forbidden unless the form has the tenant's token."""
    sent = request.form.get("form_token", "")
    if not hmac.compare_digest(sent.encode(), form_token(store, project_id).encode()):
        raise Forbidden("This form is no longer valid. Go back, reload the page and try again.")
