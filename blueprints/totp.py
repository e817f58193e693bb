"""Enrol an authenticator app: QR code, first code, recovery codes.

To copy: a first enrolment needs a sign-in link that was opened within ten minutes, or a recovery code; another one in
its place needs the present factor. The secret is shown once and kept nowhere; the first code is checked with the
session's token, so that the session that enrolled carries both factors and counts as stepped up.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import quote

from flask import Blueprint, Response, request, url_for
from flask import session as flask_session

from services.auth import LINK_LIFE, Enrolment, auth
from services.exchange import exchange
from services.factors import remove_authenticator
from services.guards import FACTOR_MAX_AGE, current_session, go_on_with, signed_in, stepped_up, writes
from services.limits import count_code, forgive_codes
from services.session import Session
from services.stytch_wire import Refused

from . import go, render
from .codes import refusal, typed_code

bp = Blueprint("totp", __name__)

ISSUER = "Stytch + Unit sample"


@bp.post("/totp")
@signed_in
@writes
def enrol() -> Response:
    """Show a new authenticator's QR code."""
    session = current_session()
    if session.enrolled:
        return go(url_for("home.index"))
    if not _may_enrol(session):
        return render("totp/too_late.html", "totp/_too_late.html", 403, is_step=True)
    return _show(session)


@bp.post("/totp/replace")
@signed_in
@writes
@stepped_up("replace your authenticator", max_age=FACTOR_MAX_AGE)
def replace() -> Response:
    """Remove the present authenticator, since Stytch allows one at a time, and show the QR code of a new one."""
    return _show(go_on_with(remove_authenticator(auth, exchange, current_session())))


@bp.post("/totp/confirm")
@signed_in
@writes
def confirm() -> Response:
    """Take the new authenticator's first code, and show the recovery codes, once."""
    session, begun = current_session(), flask_session.get("totp_id")
    if begun and request.form.get("totp_id", begun) != begun:
        return _over()  # another window has begun anew: no code of this one's key will ever be right
    if begun not in session.pending_totps:
        if begun and session.enrolled and session.proven_until(FACTOR_MAX_AGE):
            return _finished(session)  # the answer to this very code got lost
        if session.enrolled:
            return go(url_for("account.index"), say="Your authenticator is set up already.")
        return _over()
    try:
        code = typed_code(request.form)
        count_code(session.user_id)
        session = go_on_with(auth.authenticate_totp(session, code))
    except Refused as refused:
        if refused.reason == "expired_totp":
            return _over()
        return render("totp/confirm.html", "totp/_confirm.html", 422, error=refusal(refused.reason), totp_id=begun)
    return _finished(session)


def _finished(session: Session) -> Response:
    """The recovery codes; the window may forget the enrolment as soon as it has them."""
    codes = auth.recovery_codes(session)
    forgive_codes(session.user_id)
    flask_session.pop("totp_id")
    return render(
        "totp/codes.html",
        "totp/_codes.html",
        codes=codes,
        say="Your authenticator is set up. Save your recovery codes.",
        is_step=True,
    )


def _show(session: Session) -> Response:
    """Begin an enrolment; only this browser can finish it."""
    try:
        enrolment = auth.start_totp(session)
    except Refused:  # another window was faster
        return _over()
    flask_session["totp_id"] = enrolment.totp_id
    return render(
        "totp/enrol.html",
        "totp/_enrol.html",
        enrolment=enrolment,
        totp_id=enrolment.totp_id,
        key=" ".join(re.findall(".{1,4}", enrolment.secret)),
        otpauth=_otpauth(session, enrolment),
        say="Scan the code with your authenticator app.",
        is_step=True,
    )


def _over() -> Response:
    return render("totp/over.html", "totp/_over.html", 409, is_step=True)


def _may_enrol(session: Session) -> bool:
    """Whether somebody proved who they are just now: an old session in a stolen browser must not add a factor."""
    proofs = (session.last_used("email"), session.last_used("recovery_code"))
    return any(proof and datetime.now(UTC) - proof < LINK_LIFE for proof in proofs)


def _otpauth(session: Session, enrolment: Enrolment) -> str:
    """The key as authenticator apps on this same device take it (Google's *Key Uri Format*)."""
    return f"otpauth://totp/{quote(f'{ISSUER}:{session.email}')}?secret={enrolment.secret}&issuer={quote(ISSUER)}"
