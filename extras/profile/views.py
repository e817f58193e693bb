"""Change a name, add an email address by a link, remove a mobile device, delete the account.

To copy: everything here takes the proofs that ``require_factor_proof`` asks for, again when the link comes; and what
can't be undone says what it does and wants a typed word.
"""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, render_template, request

from blueprints.htmx import redirect_to, render
from blueprints.login import INVALID, SignInForm, end_session
from services import guards
from services.errors import CodeRejected, NotSignedIn
from services.factors import require_factor_proof
from services.magic_links import LINKS_PER_CLIENT
from services.rate_limits import limited

from . import links, people

bp = Blueprint("profile", __name__, url_prefix="/profile", template_folder="templates")
ACCOUNT = "/account"
MESSAGES = {
    "too_many_unverified_factors": "Confirm your own email address first: sign out, and sign in with an email link.",
    "invalid_email_domain": "We can’t send email to that domain. Use another address.",
    "duplicate_email_for_user": "You already added this address.",
}
ADDED = "Your email address is added."
NOT_AT_BANK = " The bank keeps the one that it has: see Contact details at the bank."
REMOVED = "The mobile device is removed, and you’re signed out on all other devices."
DELETED = "Your account is deleted, and you’re signed out on all devices."


@bp.post("/name")
@guards.revalidate_session
def change_name() -> Response:
    """Change the name, which invitations show."""
    require_factor_proof("change your name")
    parts = {part: " ".join(request.form.get(part, "").split()) for part in people.NAME_PARTS}
    try:
        people.change_name(guards.current_session(), parts)
    except CodeRejected:
        return render("profile/name.html", 422, name=parts, name_error="Use at most 60 letters for each part.")
    return redirect_to(ACCOUNT, announce="Your name is changed.")


@bp.post("/email")
@guards.revalidate_session
def add_email() -> Response:
    """Send a link to an address that the user adds."""
    require_factor_proof("add an email address")
    form = SignInForm(request.form)
    try:
        if not form.validate():
            raise CodeRejected("invalid_email")
        links.send_link(guards.current_session(), form.address)
    except (CodeRejected, UnicodeError) as rejected:
        error = MESSAGES.get(str(rejected), INVALID)
        return render("profile/email.html", 422, email=form.email.data, email_error=error)
    return render("profile/sent.html", email=form.email.data, announce="Check your email.")


@bp.get("/email/confirm")
@guards.public
def open_link() -> Response:
    """Show the button that uses the link, in the browser and the session that asked for it."""
    token = request.args.get("token", "")
    if not (token and links.waiting(guards.optional_session())):
        return _problem("pkce_mismatch" if token else "malformed")
    response = make_response(render_template("profile/open.html", token=token))
    response.headers["Referrer-Policy"] = "strict-origin"  # the URL holds the token
    return response


@bp.post("/email/confirm")
@guards.revalidate_session
@limited(LINKS_PER_CLIENT)
def confirm_email() -> Response:
    """Use the link: the address is then the user's."""
    require_factor_proof("add an email address")
    try:
        guards.set_current_session(links.confirm(guards.current_session(), request.form.get("token", "")))
    except CodeRejected as rejected:
        return _problem(rejected.reason)
    return redirect_to(ACCOUNT, announce=ADDED + (NOT_AT_BANK if guards.current_session().customer_id else ""))


@bp.post("/biometrics/remove")
@guards.revalidate_session
def remove_biometric() -> Response:
    """Delete the registration of a mobile device."""
    require_factor_proof("remove a mobile device")
    try:
        people.remove_biometric(guards.current_session(), request.form.get("id", ""))
    except CodeRejected:
        abort(404)
    except NotSignedIn:  # this session had proved nothing else
        return end_session(REMOVED)
    return redirect_to(ACCOUNT, announce=REMOVED)


@bp.post("/delete")
@guards.revalidate_session
def delete() -> Response:
    """Delete the user at Stytch. The bank account stays, since it is the customer's."""
    if request.form.get("confirm", "").strip().casefold() != "delete":
        return render("profile/delete.html", 422, delete_error="Type the word delete to confirm.")
    require_factor_proof("delete your account")
    people.delete_user(guards.current_session())
    return end_session(DELETED)


def _problem(reason: str) -> Response:
    response = make_response(render_template("profile/problem.html", reason=reason), 400)
    response.headers["Referrer-Policy"] = "strict-origin"  # the URL may hold a link that still works
    return response
