"""Lost phone: a recovery code takes the lost authenticator away, and lets another one be added.

To copy: a recovery code is no step-up, it opens no cards; it leads to enrolling anew and to nothing else. Wrong ones
count together with wrong codes of the authenticator.
"""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for

from services.auth import auth
from services.exchange import exchange
from services.factors import remove_authenticator
from services.guards import current_session, fresh_session, signed_in, writes
from services.limits import count_code, forgive_codes
from services.stytch_wire import Refused

from . import go, render
from .codes import refusal, typed_recovery_code

bp = Blueprint("recovery", __name__)


@bp.get("/step-up/recover")
@signed_in
def page() -> Response:
    """Ask for a recovery code."""
    if not (current_session().enrolled or fresh_session().enrolled):
        return go(url_for("home.index"))
    return _form()


@bp.post("/step-up/recover")
@signed_in
@writes
def recover() -> Response:
    """Spend a recovery code. If Stytch fails after that, the next code does the rest."""
    session = current_session()
    if not session.enrolled:
        return go(url_for("home.index"))
    try:
        code = typed_recovery_code(request.form)
        count_code(session.user_id)
        session = auth.recover(session, code)
    except Refused as refused:
        return _form(422, refusal(refused.reason))
    forgive_codes(session.user_id)
    remove_authenticator(auth, exchange, session)
    return go(url_for("home.index"), say="The lost authenticator is removed. Add another one now.")


def _form(status: int = 200, error: str = "") -> Response:
    return render("step_up/recover.html", "step_up/_recover.html", status, error=error)
