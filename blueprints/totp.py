"""Enroll an authenticator app (QR code, first code, recovery codes), and replace a lost one with a recovery code.

To copy: a first enrollment needs a sign-in link opened within ten minutes, or a recovery code; a replacement needs the
current factor. The first code is checked with the session's own token, so that this session carries both factors. A
recovery code opens nothing; it only leads to a new authenticator.
"""

import re
from urllib.parse import quote

from flask import Blueprint, Response, request
from flask import session as flask_session

from services import factors, guards, methods
from services.errors import CodeRejected, SignInTooOld
from services.methods import compact
from services.rate_limits import counted_code
from services.session import Session

from .htmx import HOME, redirect_to, render

bp = Blueprint("totp", __name__)
ISSUER = "Stytch + Unit sample"
MESSAGES = {
    "invalid_totp_code": "Enter the six digits your authenticator shows.",
    "unable_to_authenticate_totp": "That code is wrong. Enter the one your authenticator shows now.",
    "totp_code_already_authenticated": "That code was already used. Wait for the next one, then enter it.",
    "user_lock_limit_reached": "Too many wrong codes. You’re locked out for up to an hour. Try again later.",
    "recovery_code_used_as_totp_code": "That is a recovery code. Enter the six digits your authenticator shows.",
    "invalid_recovery_code": "Enter a recovery code: three groups of four letters and digits.",
    "unable_to_authenticate_recovery_code": "That recovery code is wrong or was already used. Enter another one.",
    "totp_code_used_as_recovery_code": "That is a code from an authenticator. Enter one of your recovery codes.",
}


def verify(session: Session, form: methods.Form) -> None:
    """Add the authenticator's proof to the session. Raises CodeRejected, LimitReached."""
    code = methods.six_digits(form, "invalid_totp_code")
    with counted_code(session.user_id):
        guards.set_current_session(factors.authenticate_totp(session, code))


METHOD = methods.Method(
    name="totp",
    title="your authenticator",
    group="device",
    step_up="totp/_step_up.html",
    is_enrolled=lambda session: session.enrolled,
    verify=verify,
    messages=MESSAGES,
)
methods.register(bp, METHOD)


@bp.post("/totp")
@guards.revalidate_session
def enroll() -> Response:
    """Show a new authenticator's QR code."""
    session = guards.current_session()
    if session.enrolled:
        return redirect_to(HOME)
    factors.require_factor_proof("add an authenticator")
    return _show_qr_code(session)


@bp.app_errorhandler(SignInTooOld)
def too_late(_error: SignInTooOld) -> Response:
    """Ask for a new sign-in: an old session in a stolen browser must not add a factor."""
    return render("totp/too_late.html", 403, is_step=True)


@bp.post("/totp/replace")
@guards.second_factor_required
def replace() -> Response:
    """Remove the current authenticator, since Stytch allows one, and show the QR code of a new one."""
    factors.require_factor_proof("replace your authenticator")
    return _show_qr_code(guards.set_current_session(factors.remove_totp(guards.current_session())))


@bp.post("/totp/confirm")
@guards.login_required
@guards.revalidate_session
def confirm() -> Response:
    """Check the new authenticator's first code, and show the recovery codes, once."""
    session, started = guards.current_session(), flask_session.get("totp_id")
    if started and request.form.get("totp_id", started) != started:
        return _start_again()  # enrollment was restarted in another window: codes for this secret can no longer succeed
    if started not in session.pending_totps:
        if started and session.enrolled and session.proven_until(factors.FACTOR_MAX_AGE):
            return _finish(session)  # the response to this code was lost
        return (
            redirect_to(HOME, announce="Your authenticator is already set up.") if session.enrolled else _start_again()
        )
    try:
        verify(session, request.form)
    except CodeRejected as rejected:
        if rejected.reason == "expired_totp":
            return _start_again()
        return render("totp/confirm.html", 422, error=METHOD.message(rejected.reason), totp_id=started)
    return _finish(guards.current_session())


@bp.get("/step-up/recover")
@guards.second_factor_required
def recovery_page() -> Response:
    """Ask for a recovery code."""
    return render("totp/recover.html")


@bp.post("/step-up/recover")
@guards.revalidate_session
@guards.second_factor_required
def recover() -> Response:
    """Use up a recovery code and remove the lost authenticator. If Stytch fails in between, the next code works."""
    session = guards.current_session()
    try:
        code = _recovery_code(request.form.get("recovery_code", ""))
        with counted_code(session.user_id):
            session = factors.recover_totp(session, code)
    except CodeRejected as rejected:
        return render("totp/recover.html", 422, error=METHOD.message(rejected.reason))
    factors.remove_totp(session)
    return redirect_to(HOME, announce="Your lost authenticator is removed. Now add a new one.")


def _show_qr_code(session: Session) -> Response:
    """Start an enrollment; only this browser can finish it."""
    try:
        enrollment = factors.start_totp(session)
    except CodeRejected:  # another window was faster
        return _start_again()
    flask_session["totp_id"] = enrollment.totp_id
    label, issuer = quote(f"{ISSUER}:{session.email}"), quote(ISSUER)
    return render(
        "totp/enroll.html",
        enrollment=enrollment,
        totp_id=enrollment.totp_id,
        key=" ".join(re.findall(".{1,4}", enrollment.secret)),
        otpauth=f"otpauth://totp/{label}?secret={enrollment.secret}&issuer={issuer}",  # Google's *Key Uri Format*
        announce="Scan the code with your authenticator app.",
        is_step=True,
    )


def _finish(session: Session) -> Response:
    """Show the recovery codes. Forget the enrollment only after Stytch has returned them: a retry needs it."""
    codes = factors.recovery_codes(session)
    flask_session.pop("totp_id")
    announce = "Your authenticator is set up. Save your recovery codes."
    return render("totp/codes.html", codes=codes, announce=announce)


def _start_again() -> Response:
    return render("totp/start_again.html", 409, is_step=True)


def _recovery_code(text: str) -> str:
    """Return a recovery code as Stytch writes it, whatever its blanks, hyphens and case. Raises CodeRejected."""
    code = compact(text)
    if re.fullmatch(r"[0-9]{6}", code, re.ASCII):
        raise CodeRejected("totp_code_used_as_recovery_code")
    if not re.fullmatch(r"[A-Za-z0-9]{12}", code, re.ASCII):
        raise CodeRejected("invalid_recovery_code")
    return "-".join(re.findall(".{4}", code.lower()))
