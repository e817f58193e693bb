"""Open the account at Unit: an application that carries ``jwtSubject`` = the Stytch user id.

To copy: the person's details are checked here and forgotten at once; Unit's decision is looked up, never kept; and the
user's metadata at Stytch is written last, so that a crash in between heals by itself at the next visit.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, make_response, render_template, request, url_for

from services.auth import auth
from services.guards import current_session, fresh_session, signed_in, writes
from services.onboarding import apply, current_application, settle
from services.session import Session
from services.unit import unit
from services.unit_objects import Application
from services.unit_wire import UnitError

from . import go, is_htmx, render
from .application_form import MADE_UP, ApplicationForm

bp = Blueprint("customer", __name__)


@bp.get("/customer")
@signed_in
def index() -> Response:
    """The form, or what the bank says about the one that was sent."""
    session = current_session()
    if session.customer_id:
        return go(url_for("cards.index"))
    application = current_application(unit, session)
    if application is None or (request.args.get("again") and application.is_final):
        return Response(render_template("customer/index.html", form=_blank_form(), sandbox=_is_sandbox()))
    return _show(session, application)


@bp.post("/customer")
@signed_in
@writes
def open_account() -> Response:
    """Apply at the bank, in the name of the Stytch user."""
    session, form = current_session(), ApplicationForm(request.form)
    if session.customer_id:
        return go(url_for("cards.index"))
    if not form.validate():
        return _form_again(form)
    person = form.person(session.email, request.remote_addr or "")
    try:
        application = apply(unit, session, person)
    except UnitError as error:
        if not form.blame(error.pointer):
            raise
        return _form_again(form)
    return _show(session, application)


@bp.get("/customer/status")
@signed_in
def status() -> Response:
    """What the bank says now; a page that waits asks this until there is a decision, and stays as it is until then."""
    session = current_session()
    application = current_application(unit, session)
    if application is None:
        return go(url_for("customer.index"))
    return _show(session, application, shown=request.args.get("shown"))


def _show(session: Session, application: Application, shown: str | None = None) -> Response:
    """Go on to the cards if the bank approved, or say honestly where the application stands."""
    if application.customer_id:
        session = fresh_session()  # what follows writes
    session = settle(auth, unit, session, application, sandbox=_is_sandbox())
    if session.customer_id:
        return go(url_for("cards.index"), say="Your account is open. Now get a card for it.")
    if is_htmx() and application.status == shown:
        return make_response("", 204)
    return render("customer/status.html", "customer/_status.html", application=application, is_step=True)


def _form_again(form: ApplicationForm) -> Response:
    return render("customer/index.html", "customer/_form.html", 422, form=form, sandbox=_is_sandbox(), is_step=True)


def _blank_form() -> ApplicationForm:
    made_up: dict[str, Any] = MADE_UP if _is_sandbox() else {}
    return ApplicationForm(formdata=None, data=made_up)


def _is_sandbox() -> bool:
    return bool(current_app.extensions["settings"].unit_is_sandbox)
