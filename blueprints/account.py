"""The account page: who am I, what this session has proven, and the sessions that I have.

To copy: whatever shows or changes what proves who somebody is wants the present factor itself, used within five
minutes; a mailbox, a texted code or a recovery code is not enough. ``@writes`` stands above the guard, so that it
decides on what Stytch says at this moment.
"""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, url_for

from services.auth import auth
from services.exchange import exchange
from services.factors import remove_authenticator
from services.guards import FACTOR_MAX_AGE, current_session, fresh_session, signed_in, stepped_up, writes

from . import go, render

bp = Blueprint("account", __name__)


@bp.get("/account")
@signed_in
def index() -> Response:
    """What Stytch knows of the visitor at this moment."""
    session = fresh_session()
    return render(
        "account/index.html",
        "account/_account.html",
        sessions=auth.open_sessions(session),
        texted=exchange.is_texted(session),
    )


@bp.post("/account/recovery-codes")
@signed_in
@writes
@stepped_up("see your recovery codes", max_age=FACTOR_MAX_AGE)
def show_codes() -> Response:
    """Show the recovery codes that are left. A POST, since it reveals."""
    codes = auth.recovery_codes(current_session())
    return render("account/codes.html", "account/_codes.html", codes=codes, say="Here are your recovery codes.")


@bp.post("/account/authenticator/remove")
@signed_in
@writes
@stepped_up("remove your authenticator", max_age=FACTOR_MAX_AGE)
def remove() -> Response:
    """Delete the authenticator at Stytch. Whoever holds the mailbox may add another one then."""
    remove_authenticator(auth, exchange, current_session())
    return go(url_for("home.index"), say="Your authenticator is removed, and your other sessions are signed out.")


@bp.app_template_filter("minutes_from_now")
def minutes_from_now(moment: datetime) -> str:
    """How far a moment is away, as people say it: ``a moment ago``, ``5 minutes ago``, ``in 55 minutes``."""
    minutes = round((moment - datetime.now(UTC)).total_seconds() / 60)
    if minutes == 0:
        return "a moment ago"
    count = f"{abs(minutes)} minute{'s' if abs(minutes) > 1 else ''}"
    return f"in {count}" if minutes > 0 else f"{count} ago"
