"""Apply on Unit's own page: Unit hosts the form, and this app only links to it.

To copy: the server, never the browser, sets whom the account will belong to; coming back proves nothing, so Unit is
asked whether it has the application; and asking again returns the same form.
"""

from __future__ import annotations

from flask import Blueprint, Response, current_app, make_response, request, url_for
from limits import parse

from blueprints.application_form import application_form
from blueprints.htmx import HOME, is_htmx, redirect_to, render
from services.factors import require_factor_proof
from services.guards import (
    current_session,
    login_required,
    revalidate_session,
    second_factor_required,
)
from services.rate_limits import counted
from services.unit_client import org_client
from services.unit_models import Json

from .forms import has_applied, hosted_form

bp = Blueprint("hosted_form", __name__, template_folder="templates")
PER_DAY = parse("10/day")


@bp.post("/customer/hosted")
@second_factor_required
@revalidate_session
def offer() -> Response:
    """Show a link to the bank's form, unless an application is open already."""
    session = current_session()
    if session.customer_id:
        return redirect_to(url_for("cards.index"))
    if "mailbox" not in session.held:
        return redirect_to(HOME)
    require_factor_proof("open your account")  # the form's phone becomes a factor
    with counted("hosted form", session.user_id, PER_DAY, rule="You can ask for the bank’s form ten times a day."):
        form = hosted_form(org_client, session, _return_url, _typed())
    if form is None:
        return redirect_to(url_for("onboarding.index"))
    return render("hosted_form/link.html", form=form, is_step=True)


@bp.get("/customer/hosted/return/<digits:earlier>")
@login_required
def come_back(earlier: str) -> Response:
    """Wait until the bank has the application, then continue as after our own form."""
    session = current_session()
    if session.customer_id or has_applied(org_client, session, int(earlier)):
        return redirect_to(url_for("onboarding.index"))
    if is_htmx():
        return make_response("", 204)  # no news: the page and its focus stay
    return render("hosted_form/waiting.html", earlier=earlier)


def _typed() -> Json:
    """Return what was typed into our form, as far as it is valid."""
    typed = application_form(request.form)
    typed.validate()
    return typed.person()


def _return_url(earlier: int) -> str:
    """Return the URL to which Unit sends the browser back."""
    return f"{current_app.config['PUBLIC_URL']}{url_for('hosted_form.come_back', earlier=earlier)}"
