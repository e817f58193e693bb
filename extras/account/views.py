"""The account page: who the user is, what proves it and when it last did, and their open sessions.

To copy: showing or changing a factor needs proofs of the factors that the user has, the second one within five minutes.
"""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime
from threading import Lock

from cachetools import TTLCache
from flask import Blueprint, Response, request, url_for
from limits import parse

from blueprints.htmx import HOME, redirect_to, render
from blueprints.login import end_session
from services.errors import NotSignedIn
from services.factors import recovery_codes, remove_totp, require_factor_proof
from services.guards import (
    current_session,
    fresh_session,
    login_required,
    public,
    revalidate_session,
    second_factor_required,
    sign_in_token,
)
from services.methods import step_up_methods
from services.rate_limits import counted
from services.stytch_client import stytch_client

from .sessions import end_other, last_used, open_sessions

signed_out = TTLCache[str, bool](10_000, 60, timer=time.time)  # in the last minute, by the token's hash
lock = Lock()
bp = Blueprint("account", __name__, template_folder="templates")
PER_DAY = parse("20/day")  # sign-outs everywhere; each one ends sessions on other devices


@bp.get("/account")
@login_required
def index() -> Response:
    """Show what Stytch knows about the user now."""
    session = fresh_session()
    others = [method for method in step_up_methods() if method.proven_until and method.proven_until(session)]
    sessions = open_sessions(stytch_client, session)
    user = stytch_client.sdk.users.get(session.user_id)
    return render(
        "account/index.html", sessions=sessions, last_used=last_used(sessions), user=user, other_proofs=others
    )


@bp.post("/account/recovery-codes")
@second_factor_required
def show_codes() -> Response:
    """Show the unused recovery codes. A POST, since it reveals them."""
    require_factor_proof("see your recovery codes")
    codes = recovery_codes(current_session())
    return render("account/codes.html", codes=codes, announce="Here are your recovery codes.")


@bp.post("/account/authenticator/remove")
@second_factor_required
def remove() -> Response:
    """Delete the authenticator; a new sign-in link is enough to add another one."""
    require_factor_proof("remove your authenticator")
    remove_totp(current_session())
    return redirect_to(HOME, announce="Your authenticator is removed, and you’re signed out on all other devices.")


@bp.post("/logout/everywhere")
@public
def sign_out_everywhere() -> Response:
    """Revoke all of the user's sessions, this one last, so that a failure can be retried.

    Asks for no proof: who fears a thief must be able to act at once, and all that is lost is time. The second press
    within a minute ends where the first did.
    """
    key = hashlib.sha256((sign_in_token() or "").encode()).hexdigest()
    rule = "You can sign out everywhere 20 times a day."
    try:
        with counted("sign-out everywhere", current_session().user_id, PER_DAY, rule=rule):
            stytch_client.sign_out_others(current_session())
    except NotSignedIn:
        with lock:
            is_second_press = key in signed_out
        if not is_second_press:
            raise
    with lock:
        signed_out[key] = True
    return end_session("You’re signed out everywhere.")


@bp.post("/account/sessions/end")
@revalidate_session
def end_other_session() -> Response:
    """Revoke one session by its id. Asks for no proof, as signing out everywhere does not."""
    session, session_id = current_session(), request.form.get("session_id", "")
    if session_id == session.session_id:
        return end_session("You’re signed out.")
    with counted("sign-out of a session", session.user_id, PER_DAY, rule="You can sign out 20 sessions a day."):
        is_own = end_other(stytch_client, session, session_id)
    announce = "That session is signed out." if is_own else "That session has already ended."
    return redirect_to(url_for("account.index"), announce=announce, category="message" if is_own else "notice")


@bp.app_template_filter("minutes_from_now")
def minutes_from_now(moment: datetime) -> str:
    """Return how far away a moment is: ``just now``, ``5 minutes ago``, ``in 1 minute``."""
    minutes = round((moment - datetime.now(UTC)).total_seconds() / 60)
    if minutes == 0:
        return "just now"
    count = f"{abs(minutes)} minute{'s' if abs(minutes) > 1 else ''}"
    return f"in {count}" if minutes > 0 else f"{count} ago"
