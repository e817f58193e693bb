"""Open the account on a page of the bank's own: Unit hosts the form, this app only links to it.

To copy: who the account will belong to is said server to server, never by the browser; coming back proves nothing, so
what became of the form is asked of Unit; and one person's form is the same one however often they ask.
"""

from __future__ import annotations

from flask import Blueprint, Response, current_app, make_response, url_for

from services.guards import current_session, signed_in, writes
from services.onboarding import has_applied, hosted_form
from services.unit import unit

from . import go, is_htmx, render

bp = Blueprint("hosted_form", __name__)


@bp.post("/customer/hosted")
@signed_in
@writes
def offer() -> Response:
    """A link to the bank's form, unless an application is under way already."""
    session = current_session()
    if session.customer_id:
        return go(url_for("cards.index"))
    form = hosted_form(unit, session, _way_back)
    if form is None:
        return go(url_for("customer.status"))
    return render("hosted_form/link.html", "hosted_form/_link.html", form=form, is_step=True)


@bp.get("/customer/hosted/return/<int:earlier>")
@signed_in
def come_back(earlier: int) -> Response:
    """Back from the bank: wait until it has the application, then go on as with our own form."""
    session = current_session()
    if session.customer_id or has_applied(unit, session, earlier):
        return go(url_for("customer.status"))
    if is_htmx():
        return make_response("", 204)  # no news: the page stays as it is, and the focus where it is
    return render("hosted_form/waiting.html", "hosted_form/_waiting.html", earlier=earlier)


def _way_back(earlier: int) -> str:
    """The URL that Unit sends the browser to; ``earlier`` is how many applications there were before this one."""
    path = url_for("hosted_form.come_back", earlier=earlier)
    return f"{current_app.extensions['settings'].public_url}{path}"
