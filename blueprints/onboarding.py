"""Open an account at Unit: an application whose ``jwtSubject`` is the Stytch user id.

To copy: the person's details are validated here and kept nowhere; Unit's decision is asked for, never stored; and the
user's metadata at Stytch is written last, so that after a crash in between the next visit continues where it stopped.
"""

from flask import Blueprint, Response, current_app, make_response, request, url_for

from services import guards
from services.factors import require_factor_proof
from services.onboarding import apply, current_application, finish_onboarding
from services.session import Session
from services.stytch_client import stytch_client
from services.unit_client import UnitError, org_client
from services.unit_models import Application

from .application_form import application_form
from .htmx import HOME, is_htmx, redirect_to, render

bp = Blueprint("onboarding", __name__)


@bp.get("/customer")
@guards.second_factor_required
def index() -> Response:
    """Show the form, or where the application stands."""
    session = guards.current_session()
    if session.customer_id:
        return redirect_to(url_for("cards.index"))
    application = current_application(org_client, session)
    if application is None or (request.args.get("again") and application.is_refused):
        form = application_form(formdata=None, data=current_app.config.get("SAMPLE_APPLICANT"))
        return render("onboarding/form.html", form=form)
    return render("onboarding/status.html", application=application)


@bp.post("/customer")
@guards.second_factor_required
@guards.revalidate_session
def open_account() -> Response:
    """Apply at the bank, in the name of the Stytch user. The phone becomes a factor, so it takes the user's factors."""
    session, form = guards.current_session(), application_form(request.form)
    if session.customer_id:
        return redirect_to(url_for("cards.index"))
    if "mailbox" not in session.held:
        return redirect_to(HOME)
    require_factor_proof("open your account")
    if not form.validate():
        return render("onboarding/form.html", 422, form=form, is_step=True)
    try:
        person = form.person() | {"email": session.email, "ip": request.remote_addr or ""}
        application = apply(org_client, session, person)
    except UnitError as error:
        if not form.attach_error(error.pointer):
            raise
        return render("onboarding/form.html", 422, form=form, is_step=True)
    return _show(session, application)


@bp.post("/customer/status")
@guards.second_factor_required
def check() -> Response:
    """Continue once the bank approved: a POST, since that writes. A waiting page polls this, and stays until news."""
    session = guards.current_session()
    application = current_application(org_client, session)
    if application is None or not (application.customer_id or is_htmx()):
        return redirect_to(url_for("onboarding.index"))
    return _show(session, application, shown=request.form.get("shown"))


def _show(session: Session, application: Application, shown: str | None = None) -> Response:
    """If the bank approved, open the account and continue to the cards; else show where the application stands."""
    if application.customer_id:
        session = guards.fresh_session()  # what follows writes
    session = finish_onboarding(stytch_client, org_client, session, application)
    if session.customer_id:
        return redirect_to(url_for("cards.index"), announce="Your bank account is open. Now get a card for it.")
    if is_htmx() and application.status == shown:
        return make_response("", 204)
    return render("onboarding/status.html", application=application, is_step=True)
