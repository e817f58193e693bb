"""Pages that show a tenant: its records, what wrote them, its requests, and buttons for the controls.

For people on the emulator's machine. ``ControlAccess.check_page`` says whom they answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from . import clock, faults, state_forms, stytch, tables
from .control_access import ControlAccess
from .control_input import ALL_TENANTS
from .control_middleware import PAGES, clock_offset
from .ledger import requests, writers
from .ledger_controls import wanted
from .ledger_store import LedgerStore
from .lifetimes import CONTROLS
from .redaction import redacted_text
from .state_kinds import KINDS, SECTION_OF, SECTIONS, attributes, cells
from .store import Json, Tenant

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

FAULTS = ("error", "rate_limited", "slow", "cut", "malformed")


def off() -> Blueprint:
    """The pages while the controls are off: how to turn them on."""
    bp = Blueprint("state", __name__, url_prefix=PAGES)

    @bp.get("/", defaults={"path": ""})
    @bp.get("/<path:path>")
    def show_off(path: str) -> tuple[str, int]:  # noqa: ARG001 - named by the route
        """Say how to turn the pages on."""
        return render_template("state/off.html"), 404

    return bp


def blueprint(store: LedgerStore, access: ControlAccess, application: Callable[[], WSGIApplication]) -> Blueprint:
    """The pages. ``application`` returns the whole emulator, for the requests of the buttons."""
    bp = Blueprint("state", __name__, url_prefix=PAGES)

    @bp.before_request
    def check_access() -> None:
        access.check_page(request)
        project_id = (request.view_args or {}).get("project_id", "")
        if project_id and not stytch.is_project_id(project_id):
            abort(404, "A project id is project-test- and a lowercase UUID.")
        if request.method == "POST":
            state_forms.check_form(request, store, project_id)

    @bp.after_request
    def name_origin(response: Response) -> Response:
        response.headers["Referrer-Policy"] = "same-origin"  # with no-referrer, forms would not name their origin
        return response

    @bp.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        page = render_template("state/refused.html", problem=error.description)
        answer = make_response(page, error.code or 500)
        answer.headers.extend((name, value) for name, value in error.get_headers() if name == "WWW-Authenticate")
        return answer

    @bp.app_template_global()
    def form_token(project_id: str) -> str:
        return state_forms.form_token(store, project_id)

    @bp.context_processor
    def constants() -> Json:
        return {"sections": SECTIONS, "kinds": KINDS, "section_of": SECTION_OF}

    _add_lists(bp, store)
    _add_ledger(bp, store)

    @bp.post("/<project_id>/actions/<any({}):name>".format(",".join(state_forms.ACTIONS)))
    def act(project_id: str, name: str) -> Response:
        """Send the request of a button, and go back to the page that showed it."""
        try:
            state_forms.run(name, project_id, request.form, application())
        except state_forms.ActionRefused as problem:
            abort(400, str(problem))
        kind, record = request.form.get("kind", ""), request.form.get("record", "")
        where = {"project_id": project_id, "kind": kind, "record_id": record}
        page = "state.show_record" if kind in KINDS and record else "state.overview"
        kept = where if page == "state.show_record" else {"project_id": project_id}
        return make_response(redirect(url_for(page, _external=False, done=name, **kept), 303))

    return bp


def _add_lists(bp: Blueprint, store: LedgerStore) -> None:
    @bp.get("/")
    def choose() -> Response | str:
        """List the tenants used last, or open the one asked for."""
        project_id = request.args.get("project", "").strip()
        if project_id:
            return make_response(redirect(url_for("state.overview", project_id=project_id), 303))
        return render_template("state/choose.html", tenants=store.recent_tenants("project-test-"))

    @bp.get("/<project_id>/")
    def overview(project_id: str) -> str:
        """Show how much there is of each kind, and the controls."""
        with store.read(project_id) as tenant:
            counts = {kind: len(found) for kind, found in _records(tenant).items()}
        with store.read(CONTROLS) as settings:
            ahead = sum(clock_offset(settings, scope) for scope in (ALL_TENANTS, project_id))
            failing = [each for each in settings.all(faults.FAULT) if each["tenant"] in (ALL_TENANTS, project_id)]
        shown = {"counts": counts, "ahead": ahead, "failing": failing, "now": clock.now()}
        choices = {"fault_kinds": FAULTS, "units": state_forms.UNITS}
        return _page("overview", project_id, **shown, **choices, requests=len(store.ledger(project_id, "request")))

    @bp.get("/<project_id>/<any({}):section>/".format(",".join(SECTIONS)))
    def show_section(project_id: str, section: str) -> str:
        """List the records of some kinds, newest first."""
        with store.read(project_id) as tenant:
            found = _records(tenant)
        rows = {
            kind: [(each, cells(kind, record)) for each, record in reversed(found.get(kind, []))]
            for kind in SECTIONS[section].kinds
        }
        return _page("section", project_id, section=section, rows=rows)

    @bp.get("/<project_id>/records/<any({}):kind>/<record_id>".format(",".join(KINDS)))
    def show_record(project_id: str, kind: str, record_id: str) -> str:
        """Show a record's attributes, and the requests that wrote it."""
        with store.read(project_id) as tenant:
            record = tenant.get(kind, record_id)
        history = writers(store, project_id, kind, record_id)
        if record is None and not history:
            abort(404, "There is no such record. It may have been deleted.")
        actions = KINDS[kind].actions if record and _may_act(kind, record) else {}
        shown = {"attributes": attributes(record or {}), "is_deleted": record is None, "actions": actions}
        return _page("record", project_id, kind=kind, record_id=record_id, history=history, **shown)


def _add_ledger(bp: Blueprint, store: LedgerStore) -> None:
    @bp.get("/<project_id>/requests/")
    def list_requests(project_id: str) -> str:
        """List the matching requests, newest first."""
        found = requests(store, project_id, wanted())
        return _page("requests", project_id, entries=list(reversed(found)))

    @bp.get("/<project_id>/requests/<int:number>")
    def show_request(project_id: str, number: int) -> str:
        """Show what was sent and answered, what changed, and the webhooks."""
        entry = next(iter(requests(store, project_id, wanted(), number - 1)), None)
        if entry is None or entry["number"] != number:
            abort(404, "There is no such request. The ledger keeps a tenant's newest ones.")
        bodies = {name: _text(entry[name]) for name in ("request", "answer")}
        return _page("request", project_id, entry=entry, bodies=bodies)


def _page(name: str, project_id: str, **context: Any) -> str:
    action = state_forms.ACTIONS.get(request.args.get("done", ""))
    return render_template(f"state/{name}.html", project_id=project_id, done=action and action.done, **context)


def _records(tenant: Tenant) -> dict[str, list[tuple[str, Json]]]:
    """The records with their ids, oldest first, by kind."""
    found: dict[str, list[tuple[str, Json]]] = {}
    for kind, record_id, body in map(tuple, tenant.execute(tables.COPY_RECORDS, {"tenant_": tenant.id})):
        found.setdefault(kind, []).append((record_id, json.loads(body)))
    return found


def _may_act(kind: str, record: Json) -> bool:
    """Whether the bank can still decide; events can always be sent again."""
    return kind != "application" or record["attributes"]["status"] in ("AwaitingDocuments", "PendingReview")


def _text(body: object) -> str:
    return redacted_text(body) if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)
