"""The panel beside each page, and the page that shows the code behind a call.

To copy: calls come back in the response that they belong to, so nothing is stored and nothing can leak. They are kept
only across a redirect (``handover.py``).
"""

from __future__ import annotations

import inspect
import re
import time
from datetime import UTC, datetime
from typing import Any, cast

from flask import Blueprint, Response, abort, current_app, g, render_template, request
from markupsafe import Markup
from pygments.lexers import JsonLexer
from werkzeug.local import LocalProxy

from blueprints.htmx import is_htmx, render

from .call_descriptions import CLAIMS, docs_url, summary
from .curl import curl
from .handover import Handover
from .recorder import Action, Call, Entry, Recorder
from .redaction import as_text
from .source import highlighted, source_of

bp = Blueprint(
    "wire_log", __name__, template_folder="templates", static_folder="static", static_url_path="/static/wire_log"
)
recorder = cast(Recorder, LocalProxy(lambda: current_app.extensions["wire_log"]))
handover = cast(Handover, LocalProxy(lambda: current_app.extensions["wire_log_handover"]))

SITE = re.compile(r"(?P<function>[\w.]{1,100}):(?P<line>[0-9]{1,5})", re.ASCII)
MAX_SITES = 12
YEAR_10000 = 253_402_300_800  # in seconds since the epoch
JSON, HINT = JsonLexer(), re.compile("‹[^›]*›")


@bp.before_app_request
def begin() -> None:
    """Start recording before any guard makes a call."""
    recorder.begin()


@bp.after_app_request
def attach(response: Response) -> Response:
    """Send the calls back with a fragment, or keep them for the page that a redirect leads to.

    A 204 carries none, so polling adds no entries. Refused requests change no cookie.
    """
    actions, status = _present(), response.status_code
    if "HX-Redirect" in response.headers or 300 <= status < 400:
        if actions and status < 400:
            handover.keep(response, actions)
    elif "wire_log_shown" in g and status < 400:
        handover.drop(response)
    elif actions and is_htmx() and response.mimetype == "text/html" and status != 204:
        response.set_data(response.get_data(as_text=True) + render_template("wire_log/_arrived.html", actions=actions))
    return response


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
def recorded_actions() -> tuple[Action, ...]:
    """Return what a whole page shows: its own calls, and those before the redirect that led to it."""
    g.wire_log_shown = True
    return (*_present(), *handover.waiting())


@bp.app_template_global()
def describe_call(call: Call) -> dict[str, Any]:
    """Return what an entry says about a call."""
    return {"summary": summary(call), "docs": docs_url(call), "curl": curl(call), "claims": CLAIMS}


@bp.app_template_global()
def call_sites(entry: Entry) -> list[str]:
    """Return the lines that a call went through, as ``source`` reads them."""
    return [f"{site.function}:{site.line}" for site in entry.made_by]


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
def claim_time(claim: Any, name: str) -> str:
    """Return a JWT's time in words; empty for any other claim."""
    if name not in {"exp", "iat", "nbf"} or not isinstance(claim, int) or not 0 <= claim < YEAR_10000:
        return ""
    at = datetime.fromtimestamp(claim, UTC).strftime("%H:%M:%S UTC")
    return f"{at}, {time_left(claim)} from now" if claim > time.time() else at


def _present() -> tuple[Action, ...]:
    entries = recorder.entries()
    return (Action(request.method, request.path, request.endpoint or "", entries),) if entries else ()
