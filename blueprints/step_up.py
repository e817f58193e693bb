"""Step-up: the dialog that asks for a fresh code, and resumes what it interrupted.

To copy: the guard raises, this module turns that into a dialog (htmx) or a page, names what the code is for, and after
the right code the interrupted request goes on by itself, once: htmx repeats it from the element that made it, and
a plain browser re-sends its own form (307). What the code is for travels with the dialog, signed for this session, so
that two tabs never mix and no link can put other words into it. A code of the authenticator and one that the bank texts
differ in who checks them, and in nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, url_for
from itsdangerous import BadSignature, URLSafeSerializer

from services.audit import note
from services.auth import auth
from services.exchange import exchange
from services.guards import (
    StepUpRequired,
    current_session,
    customer_required,
    fresh_session,
    go_on_with,
    signed_in,
    writes,
)
from services.limits import TooManyCodes, count_code, forgive_codes, may_send_text
from services.session import Session
from services.stytch_wire import Refused

from . import element_id, go, is_htmx, place_to_load, render
from .codes import refusal, too_many, typed_code

bp = Blueprint("step_up", __name__)

OURS = {"csrf_token", "code", "source", "intent"}  # fields of the dialog itself
AUTHENTICATOR, TEXT = "step_up/_form.html", "step_up/_text.html"


@dataclass(frozen=True)
class Intent:
    """What a code is for, and what a plain browser goes on with: a page of ours, or its own form again."""

    purpose: str = "go on"
    by_text: bool = True
    page: str = ""
    form: str = ""

    def signed(self) -> str:
        """As a field of the dialog."""
        return _signer().dumps(asdict(self))


@bp.app_errorhandler(StepUpRequired)
def ask(required: StepUpRequired) -> Response:
    """Ask for a code in place of what was asked for, keeping all that is needed to go on with it."""
    if not current_session().enrolled:  # the guard has asked Stytch: here, nobody could say that it is down
        return go(url_for("home.index"))
    note("denial", "step-up required")
    intent = Intent(required.purpose, required.by_text)
    if is_htmx():
        return _dialog(intent)
    if request.method == "GET":
        return go(url_for("step_up.page", intent=replace(intent, page=request.full_path.rstrip("?")).signed()))
    return _page(AUTHENTICATOR, 403, intent=replace(intent, form=request.path))


@bp.get("/step-up")
@signed_in
def page() -> Response:
    """Ask for a code on a page of its own."""
    if not (current_session().enrolled or fresh_session().enrolled):
        return go(url_for("home.index"))
    return _page(AUTHENTICATOR)


@bp.post("/step-up")
@signed_in
def confirm() -> Response:
    """Check the authenticator's code, and go on with what it was for."""
    if not (current_session().enrolled or fresh_session().enrolled):
        return go(url_for("home.index"))  # a first code belongs to the set-up that began it
    return _confirm(
        *(AUTHENTICATOR, "invalid_totp_code", "code"),
        lambda session, code: go_on_with(auth.authenticate_totp(session, code)),
    )


@bp.post("/step-up/authenticator")
@signed_in
def use_authenticator() -> Response:
    """Back from the texted code to the authenticator's, with the interrupted form."""
    return page()


@bp.post("/step-up/text")
@customer_required
@writes
def send_text() -> Response:
    """Let the bank text a code to the customer's phone, and ask for that one."""
    session = current_session()
    if not session.enrolled:
        return go(url_for("home.index"))
    if not may_send_text(session.user_id):
        error = "Those were three texts in ten minutes. Enter the code of the newest one, or wait for a while."
        return _page(TEXT, 429, error=error)
    exchange.send_text(session)
    return _page(TEXT, say="The bank has sent you a text.")


@bp.post("/step-up/text/confirm")
@customer_required
@writes
def confirm_text() -> Response:
    """Let the bank check the texted code, and go on with what it was for."""
    if not current_session().enrolled:
        return go(url_for("home.index"))
    return _confirm(TEXT, "text_malformed", "texted", exchange.take_text)


def _confirm(form: str, malformed: str, kind: str, check: Callable[[Session, str], object]) -> Response:
    """Check the code of a form, and go on: htmx from its element, a plain browser with its form, or to its page.

    ``kind``: who guesses at texted codes says nothing about the authenticator's, and the other way round.
    """
    session = current_session()
    try:
        code = typed_code(request.form, malformed)
        count_code(session.user_id, kind)
        check(session, code)
    except Refused as refused:
        return _page(form, 422, error=refusal(refused.reason))
    except TooManyCodes as many:
        return _page(form, 429, error=f"Too many wrong codes. {too_many(many.wait)}")
    forgive_codes(session.user_id, kind)
    if is_htmx() and request.form.get("source"):
        return _resume_element()
    intent = _intent()
    if intent.form:
        return make_response(redirect(intent.form, 307))
    return go(intent.page or url_for("home.index"))


def _dialog(intent: Intent) -> Response:
    """The dialog, for the element that asked; what it was to load says meanwhile that it waits for a code."""
    body = render_template(
        "step_up/_dialog.html",
        source=element_id(request.headers.get("HX-Source", "")),
        place=place_to_load(),
        url=request.full_path.rstrip("?"),
        **_words(intent),
    )
    return make_response(body, 403, {"HX-Retarget": "#dialogs", "HX-Reswap": "innerHTML"})


def _resume_element() -> Response:
    """Close the dialog, and let the element that was interrupted repeat its request."""
    event = {"stepup-done": {"target": f"#{element_id(request.form.get('source', '')) or 'main'}"}}
    response = make_response(render_template("_step.html") + render_template("_say.html", say="Thank you. Going on."))
    response.headers["HX-Trigger"] = json.dumps(event)
    return response


def _page(form: str, status: int = 200, *, intent: Intent | None = None, error: str = "", say: str = "") -> Response:
    intent = intent or _intent()
    return render(
        "step_up/page.html",
        form,
        status,
        say=say,
        form=form,
        source=element_id(request.values.get("source", "")),
        kept=_kept(request.form) if intent.form else {},
        error=error,
        **_words(intent),
    )


def _words(intent: Intent) -> dict[str, Any]:
    """What the code is for, and whether a texted one would do."""
    return {
        "intent": intent,
        "by_text": intent.by_text and current_session().customer_id,
        "sandbox": current_app.extensions["settings"].unit_is_sandbox,
    }


def _intent() -> Intent:
    """What the dialog that was sent back is for; words that are not ours, or of another session, are dropped."""
    try:
        return Intent(**_signer().loads(request.values.get("intent", "")))
    except (BadSignature, TypeError):  # the latter: signed by another version of this app
        return Intent()


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt=f"step-up {current_session().session_id}")


def _kept(form: Mapping[str, str]) -> dict[str, str]:
    """The fields of the interrupted form."""
    return {name: value for name, value in form.items() if name not in OURS}
