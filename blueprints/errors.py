"""Error handlers: what guards and services raise becomes a response here, or in ``step_up.py`` for a second factor.

To copy: a lost session never takes htmx away from the page, where something may be typed, but shows a notice that
opens the sign-in in a new tab; an outage is a response with a way to try again, not a crash and not a sign-out; and no
one sees a trace or a service's own text.
"""

import re
from urllib.parse import quote, unquote, urlsplit

import pydantic
from flask import Blueprint, Response, current_app, g, make_response, render_template, request, url_for
from flask import session as flask_session
from flask_wtf.csrf import CSRFError
from limits.errors import StorageError
from stytch.core.response_base import StytchError
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.routing import RequestRedirect

from services import guards
from services.errors import LimitReached, NoCustomer, NotSignedIn, ServiceUnavailable
from services.security import require_our_token
from services.signals import Event, log_security_event
from services.unit_client import UnitError

from .htmx import HOME, is_htmx, redirect_to
from .step_up import NOT_REPEATED, OWN, lazy_target_id

bp = Blueprint("errors", __name__)
NEVER_KEPT = f"csrf_token|ssn|passport|code|recovery_code|{OWN}.*|{NOT_REPEATED}"  # of a lost session
SIGN_IN_AGAIN = "You’re not signed in, or your session has ended. Sign in to continue."
UNCONFIRMED = "Your request may have gone through. Check before you try again."
MESSAGES = {
    400: ("That request was not valid", "Nothing was changed. Go back, reload that page and try again."),
    401: ("Your session has ended", "Sign in again in another tab, then try again."),
    403: ("You can’t do that from here", "Nothing was changed. Open the page in this app and try again from there."),
    404: ("Page not found", "The page may have moved, or you don’t have access. Start at the home page."),
    405: ("You can’t do that here", "Nothing was changed. Start again from the home page."),
    413: ("Request too large", "Nothing was saved. Send less, then try again."),
    429: ("Too many requests", "Nothing was changed. Wait a minute, then try again."),
    500: ("Something went wrong on our side", "The error was logged. Check the current state, then try again."),
    502: ("The bank did not accept that", "Nothing was changed at the bank. Check the current state, then try again."),
    503: ("A service did not answer", "Nothing was lost. Try again in a moment."),
}
EVENTS: dict[int, Event] = {400: "denial", 403: "denial", 413: "limit", 429: "limit", 500: "fault"}


@bp.app_errorhandler(NotSignedIn)
def not_signed_in(_error: NotSignedIn) -> Response:
    """Ask to sign in, then return to the page. What was typed stays on the page, or is carried to be sent again."""
    log_security_event("denial", "not signed in")
    if is_htmx() or _submitted_form(NEVER_KEPT):
        return respond(401, again=True)
    path = safe_next_path(request.path) if request.method == "GET" else None
    if path and path != url_for("step_up.page"):
        flask_session["next"] = path
    response = redirect_to(HOME, announce="" if "_flashes" in flask_session else SIGN_IN_AGAIN, category="notice")
    guards.delete_cookie(response)
    return response


@bp.app_errorhandler(NoCustomer)
def no_customer(_error: NoCustomer) -> Response:
    """Send the user to open an account first."""
    log_security_event("denial", "no customer")
    return redirect_to(url_for("onboarding.index"))


@bp.app_errorhandler(ServiceUnavailable)
@bp.app_errorhandler(StytchError)
@bp.app_errorhandler(pydantic.ValidationError)
@bp.app_errorhandler(StorageError)
def service_unavailable(error: Exception) -> Response:
    """Say that a service gave no usable answer, offer to try again, and keep what was typed."""
    if not isinstance(error, ServiceUnavailable):
        error = ServiceUnavailable("rate limits" if isinstance(error, StorageError) else "Stytch", type(error).__name__)
    log_security_event("fault", str(error))
    may_be_done = request.method == "POST" and not g.get("is_checking")
    return respond(503, "", UNCONFIRMED if may_be_done else "", again=True, retry_after=error.retry_after)


@bp.app_errorhandler(UnitError)
def unit_error(error: UnitError) -> Response:
    """Handle a refusal of Unit's that no view expected; someone else's and unknown look alike."""
    is_absent = error.status == 404
    log_security_event("denial" if is_absent else "fault", f"{error} {error.pointer}")
    return respond(404 if is_absent else 502, again=not is_absent)


@bp.app_errorhandler(LimitReached)
def limit_reached(error: LimitReached) -> Response:
    """Say what the limit is, and how long to wait."""
    return respond(429, "You’ve reached a limit", error.advice, retry_after=error.wait)


@bp.app_errorhandler(CSRFError)
def csrf_error(_error: CSRFError) -> Response:
    """Refuse a form that belongs to an earlier visit, or to another site."""
    log_security_event("denial", "CSRF token")
    where = "Reload it" if is_htmx() else "Go back, reload that page"
    return respond(400, "This page is from an earlier visit", f"Nothing was changed. {where}, then try again.")


@bp.app_errorhandler(HTTPException)
def http_error(error: HTTPException) -> Response:
    """Handle everything else that has a status."""
    status = error.code or 500
    if status == 404:
        guards.optional_session()  # so that the page shows the user as signed in
    if event := EVENTS.get(status):
        log_security_event(event, type(error).__name__)
    if isinstance(error, SecurityError):  # another host: no page can be built for it
        text = f"This app is at {current_app.config['PUBLIC_URL']}"
        return make_response(text, 400, {"Content-Type": "text/plain; charset=utf-8"})
    response = respond(status if status in MESSAGES else 400 if status < 500 else 500)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def respond(
    status: int, title: str = "", text: str = "", *, again: bool = False, retry_after: int | None = None
) -> Response:
    """Return an error page, or for htmx a notice that leaves the page and all that was typed as it is.

    The words are those of the status, unless given. ``again`` offers to send the same request once more; what htmx
    could not load always offers it in its own place. ``retry_after`` is in seconds.
    """
    default_title, default_text = MESSAGES[status]
    words = {"status": status, "title": title or default_title, "text": text or default_text}
    headers = {"Retry-After": str(retry_after)} if retry_after else {}
    if is_htmx():
        body = render_template("_notice.html", **words, place=lazy_target_id())
        return make_response(body, status, headers | {"HX-Reswap": "none"})
    is_lost = status == 401  # then a step-up form is replaced by the form that it carries
    words["action"] = safe_next_path(request.form.get(f"{OWN}form", ""), "POST") if is_lost else None
    words["kept"] = _submitted_form(NEVER_KEPT if is_lost else f"csrf_token|{NOT_REPEATED}") if again else None
    return make_response(render_template("error.html", **words, again=again), status, headers)


def safe_next_path(url: str, method: str = "GET") -> str | None:
    """Return the path of a URL if this app answers it; scheme, host and query are ignored."""
    try:
        path = unquote(urlsplit(url).path)
        current_app.url_map.bind("").match(path, method=method)
    except (HTTPException, RequestRedirect, ValueError):
        return None
    return quote(path) if re.match("/(?!/)", path) else None  # to a browser "//cards" is a host


def _submitted_form(left_out: str) -> list[tuple[str, str]] | None:
    """Return the names and values of the form that was sent, but for some names, if one of our pages sent it."""
    if request.method != "POST":
        return None
    try:
        require_our_token()  # an error may come before this check
    except HTTPException:
        return None
    return [field for field in request.form.items(multi=True) if not re.fullmatch(left_out, field[0])]
