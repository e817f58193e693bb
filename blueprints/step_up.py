"""Step-up: the dialog that asks for a fresh code, and resumes what it interrupted.

To copy: the guard raises, this module turns that into a dialog (htmx) or a page, names what the code is for, and after
the right code the interrupted request goes on by itself, once: htmx repeats it from the element that made it, and
a plain browser re-sends its own form (307).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask import session as flask_session

from services.auth import Refused, auth
from services.guards import StepUpRequired, current_session, fresh_session, signed_in
from services.limits import count_code, forgive_codes

from . import go, is_htmx, own_path, render
from .codes import refusal, typed_code

bp = Blueprint("step_up", __name__)

ELEMENT = re.compile(r"(?:[a-z]+#)?(?P<id>[a-z][a-z0-9-]{0,60})", re.ASCII)
OURS = {"csrf_token", "code", "source", "resume"}  # fields of the dialog itself


@bp.app_errorhandler(StepUpRequired)
def ask(required: StepUpRequired) -> Response:
    """Ask for a code in place of what was asked for, keeping all that is needed to go on with it."""
    if not fresh_session().enrolled:
        return go(url_for("home.index"))
    flask_session["step_up"] = required.purpose
    if is_htmx():
        return _dialog(required.purpose)
    if request.method == "GET":
        flask_session["step_up_next"] = request.path
        return go(url_for("step_up.page"))
    return _page(required.purpose, resume=request.path, status=403)


@bp.get("/step-up")
@signed_in
def page() -> Response:
    """Ask for a code on a page of its own."""
    return _page(_purpose())


@bp.post("/step-up")
@signed_in
def confirm() -> Response:
    """Check the code, and go on with what it was for."""
    session = current_session()
    resume = own_path(request.form.get("resume", ""), "POST")
    try:
        code = typed_code(request.form)
        count_code(session.user_id)
        auth.authenticate_totp(session, code)
    except Refused as refused:
        return _page(_purpose(), resume=resume, status=422, error=refusal(refused.reason))
    forgive_codes(session.user_id)
    if is_htmx():
        return _resume_element()
    if resume:
        return make_response(redirect(resume, 307))
    return go(flask_session.pop("step_up_next", None) or url_for("home.index"))


def _dialog(purpose: str) -> Response:
    """The dialog, for the element that asked; what it was to load says meanwhile that it waits for a code."""
    source, target = _element("HX-Source"), _element("HX-Target")
    waiting = target if request.method == "GET" else ""
    body = render_template("step_up/_dialog.html", purpose=purpose, source=source, waiting=waiting, url=request.path)
    return make_response(body, 403, {"HX-Retarget": "#dialogs", "HX-Reswap": "innerHTML"})


def _resume_element() -> Response:
    """Close the dialog, and let the element that was interrupted repeat its request."""
    event = {"stepup-done": {"target": f"#{_id(request.form.get('source', '')) or 'main'}"}}
    response = make_response(render_template("_say.html", say="Thank you. Going on."))
    response.headers["HX-Trigger"] = json.dumps(event)
    return response


def _page(purpose: str, *, resume: str | None = None, status: int = 200, error: str = "") -> Response:
    return render(
        "step_up/page.html",
        "step_up/_form.html",
        status,
        purpose=purpose,
        source=_id(request.form.get("source", "")),
        resume=resume,
        kept=_kept(request.form) if resume else {},
        error=error,
    )


def _purpose() -> str:
    return str(flask_session.get("step_up") or "go on")


def _kept(form: Mapping[str, str]) -> dict[str, str]:
    """The fields of the interrupted form."""
    return {name: value for name, value in form.items() if name not in OURS}


def _element(header: str) -> str:
    return _id(request.headers.get(header, ""))


def _id(text: str) -> str:
    """An element id out of ``tag#id``, or nothing: only plain ids may become selectors."""
    match = ELEMENT.fullmatch(text)
    return match["id"] if match else ""
