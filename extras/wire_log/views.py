"""The panel beside each page, and the pages behind it: details of a call, the code that made it, the whole journey.

To copy: new calls come back in the response that they belong to, one sentence each. What is long comes when it is
opened, from the browser's own journal (``journal.py``).
"""

from __future__ import annotations

import inspect
import re
import time
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

from flask import Blueprint, Response, abort, current_app, make_response, render_template, request
from markupsafe import Markup
from pygments.lexers import JsonLexer
from werkzeug.local import LocalProxy

from blueprints.htmx import is_htmx, render

from . import export as exports
from .call_descriptions import CLAIMS, docs_url, summary
from .curl import curl
from .journal import MAX_ACTIONS, Journal
from .recorder import Action, Call, Recorder
from .redaction import as_text
from .sample import SAMPLE
from .source import highlighted, source_of

bp = Blueprint(
    "wire_log", __name__, template_folder="templates", static_folder="static", static_url_path="/static/wire_log"
)
recorder = cast(Recorder, LocalProxy(lambda: current_app.extensions["wire_log"]))
journal = cast(Journal, LocalProxy(lambda: current_app.extensions["wire_log_journal"]))

SITE = re.compile(r"(?P<function>[\w.]{1,100}):(?P<line>[0-9]{1,5})", re.ASCII)
MAX_SITES = 12
OPEN_ACTIONS, OPEN_CALLS = 3, 12  # what a page lists at most; older actions are a line each until they are opened
YEAR_10000 = 253_402_300_800  # in seconds since the epoch
JSON, HINT = JsonLexer(), re.compile("‹[^›]*›")
FORMATS = {"json": (exports.as_json, "application/json"), "md": (exports.as_markdown, "text/markdown")}


class Shown(NamedTuple):
    """An action in the panel; ``is_open``: its calls are listed."""

    action: Action
    is_open: bool


@bp.before_app_request
def begin() -> None:
    """Start recording before any guard makes a call."""
    recorder.begin()


@bp.after_app_request
def attach(response: Response) -> Response:
    """Keep the calls of a request, and send those of a fragment back with it.

    A 204 carries none, so polling adds no entries. Refused requests set no cookie.
    """
    action, status = recorder.action(), response.status_code
    is_redirect = "HX-Redirect" in response.headers or 300 <= status < 400
    if action is None or status == 204 or not (is_redirect or response.mimetype == "text/html"):
        return response
    if is_htmx() and not is_redirect:
        actions = _with_earlier(action)
        arrived = render_template("wire_log/_arrived.html", action=action, count=_count(actions))
        response.set_data(response.get_data(as_text=True) + arrived)
    if action.calls:
        journal.add(response, action)
    return response


@bp.get("/calls")
def journey() -> Response:
    """List all calls that are kept of this browser."""
    return render("wire_log/journey.html", actions=journal.actions())


@bp.get("/calls.<any(json, md):kind>")
def export(kind: str) -> Response:
    """Download what the journey shows."""
    write, mimetype = FORMATS[kind]
    response = make_response(write(journal.actions()))
    response.mimetype = mimetype
    response.headers["Content-Disposition"] = f'attachment; filename="api-calls.{kind}"'
    return response


@bp.get("/calls/<action_id>")
def action(action_id: str) -> Response:
    """List the calls of an older action, in the panel or on a page of its own."""
    found = journal.find(action_id)
    return render("wire_log/action.html", 200 if found else 404, action=found)


@bp.get("/calls/<action_id>/<int:number>")
def call(action_id: str, number: int) -> Response:
    """Show request, response, JWTs and code of a call, in the panel or on a page of its own."""
    action = SAMPLE if action_id == SAMPLE.id else journal.find(action_id)
    found = action.calls[number] if action and number < len(action.calls) else None
    if found is None:
        return render("wire_log/call.html", 404, call=None)
    about = {"docs": docs_url(found), "curl": curl(found), "claims": CLAIMS}
    return render("wire_log/call.html", action=action, call=found, about=about)


@bp.get("/source/<view_name>")
def source(view_name: str) -> Response:
    """Show the code of a view, and of the functions through which its call went, as it runs now."""
    functions = recorder.functions
    view = inspect.unwrap(current_app.view_functions.get(view_name) or abort(404))
    name = f"{view.__module__}.{view.__qualname__}"
    if name not in functions:
        abort(404)
    lines = {name: 0}
    for given in request.args.getlist("via")[:MAX_SITES]:
        if (site := SITE.fullmatch(given)) and site["function"] in functions:
            lines[site["function"]] = int(site["line"])
    sources = [source_of(functions[function], current_app.root_path, line) for function, line in lines.items()]
    return render("wire_log/source.html", sources=sources, view_name=view_name)


@bp.app_template_global()
def wire_log_panel() -> dict[str, Any]:
    """Return what the panel of a whole page shows: this request's calls, and the ones before it."""
    actions = _with_earlier(recorder.action())
    listed = [sum(len(each.calls) for each in actions[:end]) for end in range(1, len(actions) + 1)]
    shown = [
        Shown(each, number < OPEN_ACTIONS and (number == 0 or listed[number] <= OPEN_CALLS))
        for number, each in enumerate(actions)
    ]
    return {"actions": shown, "count": _count(actions), "sample": SAMPLE}


@bp.app_template_global()
def call_sites(call: Call) -> list[str]:
    """Return the lines that a call went through, as ``source`` reads them."""
    return [f"{site.function}:{site.line}" for site in call.made_by]


bp.add_app_template_filter(summary, "call_summary")


@bp.app_template_filter("as_json")
def as_json(value: Any) -> Markup:
    """Return JSON, indented and highlighted, with redacted values marked."""
    shown = str(highlighted(as_text(value), JSON))
    return Markup(HINT.sub(r"<mark>\g<0></mark>", shown))  # noqa: S704 - Pygments has escaped it


@bp.app_template_filter("time_left")
def time_left(until: float) -> str:
    """Return ``4:12``, from now to a moment in seconds since the epoch."""
    left = max(0, int(until - time.time()))
    return f"{left // 60}:{left % 60:02}"


@bp.app_template_filter("claim_time")
def claim_time(claim: Any, name: str) -> datetime | None:
    """Return a JWT's time; None for any other claim."""
    if name not in {"exp", "iat", "nbf"} or not isinstance(claim, int) or not 0 <= claim < YEAR_10000:
        return None
    return datetime.fromtimestamp(claim, UTC)


@bp.app_template_filter("local_time")
def local_time(at: datetime) -> Markup:
    """Return a ``<time>`` in UTC, which ``static/local_time.js`` shows in the visitor's own zone."""
    words = f"{at:%b} {at.day}, {at.hour % 12 or 12}:{at:%M %p} UTC"
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(timespec="seconds"), words)


def _with_earlier(present: Action | None) -> tuple[Action, ...]:
    return (((present,) if present else ()) + journal.actions())[:MAX_ACTIONS]


def _count(actions: tuple[Action, ...]) -> str:
    calls = sum(len(action.calls) for action in actions)
    return f"· {calls}" if calls else ""
