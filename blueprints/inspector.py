"""The panel beside each page: the calls to Stytch and Unit behind what just happened, and the code that made them.

To copy: what was said comes back with the very answer that it belongs to, so there is nothing to store and nothing to
leak. Only across a redirect is it kept, for seconds, under a random id that is good for one page of one browser.
"""

from __future__ import annotations

import inspect
import re
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, abort, current_app, g, render_template, request
from markupsafe import Markup
from pygments.lexers import JsonLexer

from services import wire_log
from services.cache import Cache
from services.guards import current_session
from services.redaction import as_text
from services.session import NotSignedIn

from . import is_htmx, render
from .curl import curl
from .source import coloured, our_functions, source_of
from .wire_words import CLAIMS, told, words_for

bp = Blueprint("inspector", __name__)

MOST_ACTIONS = 8  # across redirects: a chain of them that is never followed must not grow
KEPT_FOR = 30  # seconds: from a redirect to the page that it leads to
NOT_SHOWN = {"static", "home.healthz", "home.readyz", "inspector.source"}
KEY = re.compile(r"[\w-]{22}", re.ASCII)
PLACE = re.compile(r"(?P<function>[\w.]{1,100}):(?P<line>[0-9]{1,5})", re.ASCII)
MOST_PLACES = 12
END_OF_TIME = 253_402_300_800  # the year 10,000, in seconds since the epoch
JSON, CUT = JsonLexer(), re.compile("‹[^›]*›")


@dataclass(frozen=True)
class Action:
    """One request of the browser, and what the app said to whom because of it."""

    method: str
    path: str
    endpoint: str
    entries: tuple[wire_log.Entry, ...]


@dataclass(frozen=True)
class _Kept:
    actions: tuple[Action, ...]
    until: float


def _kept() -> Cache[_Kept]:
    cache: Cache[_Kept] = current_app.extensions["wire_log"]
    return cache


@bp.record_once
def set_up(state: Any) -> None:
    """What the app holds for the panel: calls on their way across a redirect, and the functions that may be shown."""
    state.app.extensions["wire_log"] = Cache[_Kept](expires_at=lambda kept: kept.until, size=256)
    state.app.extensions["our_functions"] = our_functions()


@bp.before_app_request
def begin() -> None:
    """Open the log, before any guard calls anybody."""
    if request.endpoint and request.endpoint not in NOT_SHOWN and not request.endpoint.startswith("emulator"):
        wire_log.begin()


@bp.after_app_request
def carry(response: Response) -> Response:
    """Send the calls back with a fragment, or keep them for the page that a redirect leads to.

    What has no body (204, to a page that waits and looks again) brings none: there is no news.
    """
    actions = _present()
    if "HX-Redirect" in response.headers or 300 <= response.status_code < 400:
        if actions:
            _keep(response, (*actions, *_take())[:MOST_ACTIONS])
    elif g.get("wire_log_taken"):
        response.delete_cookie(_cookie(), **_cookie_flags())
    elif actions and is_htmx() and response.mimetype == "text/html" and response.status_code != 204:
        response.set_data(response.get_data(as_text=True) + render_template("inspector/_arrive.html", actions=actions))
    return response


@bp.get("/source/<view_name>")
def source(view_name: str) -> Response:
    """The view's code, then that of the functions of ours through which a call went, from what runs now."""
    with suppress(NotSignedIn):
        current_session()  # only for the page's frame: the code is no secret
    ours = current_app.extensions["our_functions"]
    view = inspect.unwrap(current_app.view_functions.get(view_name, abort))
    name = f"{view.__module__}.{view.__qualname__}"
    if name not in ours:
        abort(404)
    places = {name: 0}
    for given in request.args.getlist("via")[:MOST_PLACES]:
        if (place := PLACE.fullmatch(given)) and place["function"] in ours:
            places[place["function"]] = int(place["line"])
    sources = [source_of(ours[function], line) for function, line in places.items()]
    return render("inspector/source.html", "inspector/_source.html", sources=sources, view_name=view_name)


@bp.app_context_processor
def panel() -> dict[str, Any]:
    """What the layout shows beside the page: it asks last, when all calls are made."""
    return {"wire_log": lambda: (*_present(), *_take())}


@bp.app_template_global()
def call_words(call: wire_log.Call) -> dict[str, Any]:
    """All that an entry says of a call."""
    words = words_for(call)
    return {"told": told(call), "docs": words.docs if words else None, "curl": curl(call), "claims": CLAIMS}


@bp.app_template_global()
def via(entry: wire_log.Entry) -> list[str]:
    """The places that a call went through, as ``source`` takes them."""
    return [f"{place.function}:{place.line}" for place in entry.made_by]


@bp.app_template_filter("as_json")
def as_json(value: Any) -> Markup:
    """JSON, indented, in colours, with what was cut marked."""
    shown = str(coloured(as_text(value), JSON))
    return Markup(CUT.sub(r"<mark>\g<0></mark>", shown))  # noqa: S704 - it was markup before


@bp.app_template_filter("time_left")
def time_left(until: float) -> str:
    """``4:12``, from now to a moment in seconds since the epoch."""
    left = max(0, int(until - time.time()))
    return f"{left // 60}:{left % 60:02}"


@bp.app_template_filter("in_words")
def in_words(claim: Any, name: str) -> str:
    """What a time in a JWT means to people."""
    if name not in {"exp", "iat", "nbf"} or not isinstance(claim, int) or not 0 <= claim < END_OF_TIME:
        return ""
    at = datetime.fromtimestamp(claim, UTC).strftime("%H:%M:%S UTC")
    return f"{at}, {time_left(claim)} from now" if claim > time.time() else at


def _present() -> tuple[Action, ...]:
    entries = tuple(reversed(wire_log.entries()))
    return (Action(request.method, request.path, request.endpoint or "", entries),) if entries else ()


def _keep(response: Response, actions: tuple[Action, ...]) -> None:
    key = secrets.token_urlsafe(16)
    _kept().put(key, _Kept(actions, time.time() + KEPT_FOR))
    response.set_cookie(_cookie(), key, max_age=KEPT_FOR, **_cookie_flags())


def _take() -> tuple[Action, ...]:
    """What was kept for this browser; whoever takes it has it alone."""
    key = request.cookies.get(_cookie(), "")
    if not KEY.fullmatch(key) or g.get("wire_log_taken"):
        return ()
    g.wire_log_taken = True
    kept = _kept().get(key)
    _kept().drop(key)
    return kept.actions if kept else ()


def _cookie() -> str:
    return "__Host-calls" if current_app.extensions["settings"].is_https else "calls"


def _cookie_flags() -> dict[str, Any]:
    return {"secure": current_app.extensions["settings"].is_https, "httponly": True, "samesite": "Lax"}
