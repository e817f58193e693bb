"""The one place where what guards and services raise becomes an answer.

To copy: a lost session sends htmx away with ``HX-Redirect`` (a login page never lands inside a card); an upstream fault
is an answer with a way on, not a crash and not a sign-out; and nobody ever sees a trace or an upstream's text.
"""

from __future__ import annotations

from typing import Any

import pydantic
from flask import Blueprint, Response, current_app, make_response, request, url_for
from flask import session as flask_session
from flask_wtf.csrf import CSRFError
from limits.errors import StorageError
from stytch.core.response_base import StytchError
from werkzeug.exceptions import HTTPException, SecurityError

from services.audit import Event, note
from services.exchange import NoCustomer
from services.guards import delete_cookie, session_if_any
from services.http import ServiceDown
from services.limits import TooManyCodes
from services.session import NotSignedIn
from services.unit_wire import UnitError

from . import SIGN_IN_AGAIN, go, is_htmx, notice, own_path
from .codes import too_many
from .statuses import TEXTS, UNCONFIRMED

bp = Blueprint("errors", __name__)

EVENT_OF: dict[int, Event] = {400: "denial", 403: "denial", 413: "limit", 429: "limit", 500: "fault"}


@bp.app_errorhandler(NotSignedIn)
def not_signed_in(_error: NotSignedIn) -> Response:
    """Sign in first, then come back to the page."""
    note("denial", "not signed in")
    back = request.headers.get("HX-Current-URL", "") if is_htmx() else request.path
    is_page = is_htmx() or request.method == "GET"
    if is_page and (path := own_path(back)) and path != url_for("step_up.page"):
        flask_session["next"] = path
    response = go(url_for("home.index"), say="" if "_flashes" in flask_session else SIGN_IN_AGAIN)
    if is_htmx():
        response.status_code = 401
    delete_cookie(response)
    return response


@bp.app_errorhandler(NoCustomer)
def no_customer(_error: NoCustomer) -> Response:
    """Become a customer first."""
    note("denial", "no customer")
    return go(url_for("customer.index"))


@bp.app_errorhandler(ServiceDown)
@bp.app_errorhandler(StytchError)
@bp.app_errorhandler(pydantic.ValidationError)
@bp.app_errorhandler(StorageError)
def service_down(error: Exception) -> Response:
    """A service gave no usable answer: say so, offer to ask again, and keep what was typed."""
    name = "rate limits" if isinstance(error, StorageError) else "Stytch"
    down = error if isinstance(error, ServiceDown) else ServiceDown(name, type(error).__name__)
    note("fault", str(down))
    text = UNCONFIRMED if request.method == "POST" else ""
    return answer(503, text=text, again=True, retry_after=down.retry_after)


@bp.app_errorhandler(UnitError)
def unit_refused(error: UnitError) -> Response:
    """Unit refused something that no view expected; somebody else's and unknown look alike."""
    is_absent = error.status == 404
    note("denial" if is_absent else "fault", f"{error} {error.pointer}")
    return answer(404 if is_absent else 502, again=not is_absent)


@bp.app_errorhandler(TooManyCodes)
def too_many_codes(error: TooManyCodes) -> Response:
    """Too many wrong codes: say how long to wait."""
    return answer(429, "Too many wrong codes", too_many(error.wait), retry_after=error.wait)


@bp.app_errorhandler(CSRFError)
def csrf(_error: CSRFError) -> Response:
    """The form belongs to an earlier visit, or to another site."""
    note("denial", "CSRF token")
    where = "Reload it" if is_htmx() else "Go back, reload that page"
    return answer(400, "This page is from an earlier visit", f"Nothing was changed. {where}, then try again.")


@bp.app_errorhandler(HTTPException)
def http_error(error: HTTPException) -> Response:
    """Whatever else has a status."""
    status = error.code or 500
    if status == 404:
        session_if_any()  # a wrong address signs nobody out
    if event := EVENT_OF.get(status):
        note(event, type(error).__name__)
    if isinstance(error, SecurityError):  # a host that is not ours: no page can be built for it
        home = current_app.extensions["settings"].public_url
        return make_response(f"This app is at {home}", 400, {"Content-Type": "text/plain; charset=utf-8"})
    response = answer(status if status in TEXTS else 400 if status < 500 else 500)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def answer(status: int, title: str = "", text: str = "", **context: Any) -> Response:
    """The words for a status, or others."""
    default_title, default_text = TEXTS[status]
    return notice(status, title or default_title, text or default_text, **context)
