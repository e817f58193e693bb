"""Invite someone, revoke an invitation, and accept one.

To copy: opening the link uses nothing up; the button does. Whoever is signed in already is told before they change
accounts. The page shows the inviter's name only if this app has signed it.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for
from flask import session as flask_session

from blueprints.htmx import redirect_to, render
from blueprints.login import INVALID, SignInForm, finish_sign_in
from services import guards
from services.errors import CodeRejected, LimitReached
from services.factors import require_factor_proof
from services.magic_links import LINKS_PER_CLIENT
from services.rate_limits import limited
from services.session import Session
from services.stytch_client import stytch_client

from . import invites

bp = Blueprint("invitations", __name__, url_prefix="/invitations", template_folder="templates")
SENT = "If {} has no account yet, an invitation is on its way."


@bp.get("")
@guards.second_factor_required
def index() -> Response:
    """Show the form, and the user's open invitations."""
    return _page()


@bp.post("")
@guards.revalidate_session
@guards.second_factor_required
def send() -> Response:
    """Invite an address."""
    require_factor_proof("invite someone")  # what the user has, not what a link for support has proved
    form, session = SignInForm(request.form), guards.current_session()
    if not form.validate():
        return _page(422, form=form)
    try:
        invites.send(session, form.address, _name(session))
    except (CodeRejected, UnicodeError):
        form.email.errors = [INVALID]
        return _page(422, form=form)
    except LimitReached as limit:
        form.email.errors = [limit.advice]
        return _page(429, form=form)
    return redirect_to(url_for("invitations.index"), announce=SENT.format(form.address))


@bp.post("/revoke")
@guards.revalidate_session
@guards.second_factor_required
def revoke() -> Response:
    """Make the link of an invitation useless."""
    try:
        invites.revoke(guards.current_session(), request.form.get("user_id", ""))
    except CodeRejected:
        announce = "This invitation was already accepted or revoked."
        return redirect_to(url_for("invitations.index"), announce=announce, category="notice")
    return redirect_to(url_for("invitations.index"), announce="The invitation is revoked. Its link no longer works.")


@bp.get("/accept")
@guards.public
def open_link() -> Response:
    """Show the button that uses the link. Nothing is used up here: GET changes nothing."""
    token, signed = request.args.get("token", ""), request.args.get("by", "")
    if not token:
        return _problem("magic_link_not_found")
    other = guards.optional_session()
    by, invited = invites.named_in(signed)
    page = render_template("invitations/open.html", token=token, by=by, invited=invited, signed=signed, other=other)
    response = make_response(page)
    response.headers["Referrer-Policy"] = "strict-origin"  # the URL holds the token
    return response


@bp.post("/accept")
@guards.public
@limited(LINKS_PER_CLIENT)
def accept() -> Response:
    """Exchange the link for a session."""
    before = guards.optional_session()  # asked for first: nothing may fail once the link is used up
    try:
        _by, invited = invites.named_in(request.form.get("by", ""))
        session = invites.accept(request.form.get("token", ""), str(flask_session.get("csrf_token", "")), invited)
    except CodeRejected as rejected:
        return _problem(rejected.reason)
    return finish_sign_in(session, before)


def _page(status: int = 200, **context: Any) -> Response:
    found = invites.open_invitations(guards.current_session().user_id)
    return render("invitations/index.html", status, invitations=found, **context)


def _problem(reason: str) -> Response:
    guards.optional_session()  # so that the page shows who is signed in
    response = make_response(render_template("invitations/problem.html", reason=reason), 400)
    response.headers["Referrer-Policy"] = "strict-origin"
    return response


def _name(session: Session) -> str:
    """Return what the invited person sees of the inviter: their address or number, which is proved, with their name."""
    name, proved = stytch_client.sdk.users.get(session.user_id).name, session.email or session.phone
    parts = (name.first_name, name.last_name) if name else ()
    called = " ".join(filter(None, parts))[:100]
    return f"{proved} ({called})" if called else proved
