"""Sign in with a code, and add or remove a phone number or email address.

To copy: a code works only in the browser that asked for it; the answer says nothing about who has an account; and to
add or remove takes the proofs that ``require_factor_proof`` asks for, again when the code comes.
"""

from __future__ import annotations

import re

from flask import Blueprint, Response, abort, request, url_for

from blueprints.htmx import HOME, redirect_to, render
from blueprints.login import end_session, finish_sign_in
from services import guards, methods
from services.errors import CodeRejected, LimitReached, NotSignedIn
from services.factors import require_factor_proof

from . import codes, contacts
from .channels import CHANNELS, Channel, phones
from .rows import ROWS, channels_in_use

bp = Blueprint("passcodes", __name__, url_prefix="/codes", template_folder="templates")
CHANNEL = f"/<any({', '.join(CHANNELS)}):name>"
for row in ROWS.values():
    methods.register(bp, row)


@bp.app_context_processor
def inject_regions() -> dict[str, object]:
    """Give the forms the regions to which codes are sent."""
    return {"passcode_regions": phones.where}


@bp.post(CHANNEL)
@guards.public
def send(name: str) -> Response:
    """Send a code to sign in with."""
    channel = CHANNELS[name] if ROWS[name] in methods.sign_in_methods() else abort(404)
    try:
        codes.send_to_sign_in(channel, channel.address())
    except CodeRejected as rejected:
        return render("login/form.html", 422, passcode=channel, passcode_error=ROWS[name].message(rejected.reason))
    return _ask(channel, "sign_in", announce="Enter the code that we sent.")


@bp.post(f"{CHANNEL}/sign-in")
@guards.public
def sign_in(name: str) -> Response:
    """Exchange the code for a session."""
    channel, before = CHANNELS[name], guards.optional_session()
    try:
        session = codes.sign_in(channel, methods.six_digits(request.form, "malformed"))
    except CodeRejected as rejected:
        return _ask(channel, "sign_in", 422, error=ROWS[name].message(rejected.reason))
    except LimitReached as limit:
        return _ask(channel, "sign_in", 429, error=limit.advice, wait=limit.wait)
    return finish_sign_in(session, before)


@bp.post(f"{CHANNEL}/add")
@guards.revalidate_session
def add(name: str) -> Response:
    """Send a code to a number or address that the user adds."""
    channel = CHANNELS[name] if CHANNELS[name] in channels_in_use() else abort(404)
    require_factor_proof(f"add {contacts.NOUNS[channel.group]}")
    try:
        codes.send_to_add(channel, guards.current_session(), channel.address())
    except CodeRejected as rejected:
        error = ROWS[name].message(rejected.reason)
        return render("passcodes/add.html", 422, passcode=channel, passcode_error=error, next=_next())
    return _ask(channel, "confirm", announce="Enter the code that we sent.")


@bp.post(f"{CHANNEL}/confirm")
@guards.revalidate_session
def confirm(name: str) -> Response:
    """Check the code; the number or address is then the user's."""
    channel = CHANNELS[name]
    require_factor_proof(f"add {contacts.NOUNS[channel.group]}")
    try:
        ROWS[name].verify(guards.current_session(), request.form)
    except CodeRejected as rejected:
        return _ask(channel, "confirm", 422, error=ROWS[name].message(rejected.reason))
    except LimitReached as limit:
        return _ask(channel, "confirm", 429, error=limit.advice, wait=limit.wait)
    return redirect_to(_next(), announce=contacts.ADDED[channel.group])


@bp.post("/remove")
@guards.revalidate_session
def remove() -> Response:
    """Delete a number or address of the user's, and sign out their other devices."""
    contact = contacts.find(guards.current_session(), request.form.get("id", "")) or abort(404)
    require_factor_proof(f"remove {contacts.NOUNS[contact.group]}")
    try:
        contacts.remove(guards.current_session(), contact)
    except CodeRejected:
        return redirect_to(_next(), announce=contacts.LAST_ONE, category="notice")
    except NotSignedIn:  # this session had proved nothing else
        return end_session(contacts.REMOVED[contact.group])
    return redirect_to(_next(), announce=contacts.REMOVED[contact.group])


def _ask(
    channel: Channel, action: str, status: int = 200, *, error: str = "", announce: str = "", wait: int = 0
) -> Response:
    """Ask for the code. The number or address comes along, to send another code to."""
    response = render(
        "passcodes/code.html",
        status,
        announce=announce,
        is_step=True,
        channel=channel,
        action=url_for(f"passcodes.{action}", name=channel.name),
        again=url_for(f"passcodes.{'send' if action == 'sign_in' else 'add'}", name=channel.name),
        to=request.form.get(channel.to_name, ""),
        next=_next(),
        error=error,
    )
    if wait:
        response.headers["Retry-After"] = str(wait)
    return response


def _next() -> str:
    """Return the page that the form came from: a plain path, since to a browser ``//cards`` is a host."""
    path = request.form.get("next", "")
    return path if re.fullmatch("(/[a-z]+)+", path, re.ASCII) else HOME
