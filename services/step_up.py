"""Step-up: when a second factor counts as fresh, and the guard that asks for a new one. Decided here and nowhere else.

To copy: a view names what the code is for. The guard asks Stytch before it refuses, and only raises:
``blueprints/step_up.py`` turns that into a dialog or a page.
"""

from collections.abc import Callable
from datetime import datetime

from flask import Flask, current_app, g

from .errors import StepUpRequired
from .guards import P, R, current_session, fresh_session, guard
from .methods import Method, has_second_factor, sign_in_methods, step_up_methods
from .session import Session


def proven_until(session: Session, *, stytch_only: bool = False, device: bool = False) -> datetime | None:
    """Return until when the second factor counts as fresh, or None; ``stytch_only``: by what Stytch knows of.

    ``device``: as for ``Session.proven_until``.
    """
    proofs = [session.proven_until(current_app.config["STEP_UP_MAX_AGE"], device=device)]
    if not stytch_only:
        proofs += [method.proven_until(session) for method in step_up_methods() if method.proven_until]
    return max((until for until in proofs if until), default=None)


def offered_methods(session: Session, *, stytch_only: bool = False) -> list[Method]:
    """Return the user's methods that prove what this session lacks: a second group, or a fresh phone or device.

    ``stytch_only``: as in StepUpRequired; the proof is then always a new one.
    """
    if not (stytch_only or has_second_factor(session)):
        return []
    found = [method for method in step_up_methods() if method.is_enrolled(session)]
    proven = {factor.group for factor in session.factors if factor.group}
    is_fresh = not stytch_only and session.proven_until(current_app.config["STEP_UP_MAX_AGE"], groups=1)
    lacking = set() if is_fresh else session.strong_groups(device=stytch_only)
    if len(proven) < 2 and not (proven and lacking and lacking.isdisjoint(proven)):  # else that is a second group
        lacking |= {"mailbox", "phone", "device"} - proven
    lacking = lacking or {"phone", "device"}  # proven in another tab
    return [each for each in found if each.group in lacking and not (stytch_only and each.proven_until)]


def step_up_required(
    purpose: str | Callable[[], str], *, stytch_only: bool = False
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Require a fresh second factor, as ``proven_until`` decides. Raises StepUpRequired, after asking Stytch.

    ``purpose`` completes "Enter a code to ..."; a function reads it from the request.
    """

    def check() -> None:
        words = purpose if isinstance(purpose, str) else purpose()
        g.step_up = StepUpRequired(words, stytch_only=stytch_only)
        options = {"stytch_only": stytch_only, "device": stytch_only}
        if not any(proven_until(load(), **options) for load in (current_session, fresh_session)):
            raise g.step_up

    return guard(check)


def check_methods(app: Flask) -> None:
    """Raise ValueError if a configured method does not exist, or a sign-in method has no second factor beside it."""
    with app.app_context():
        offered = {"SIGN_IN_METHODS": sign_in_methods(), "STEP_UP_METHODS": step_up_methods()}
    for setting, methods in offered.items():
        if unknown := set(app.config.get(setting) or ()) - {method.name for method in methods}:
            raise ValueError(f"{setting} names {min(unknown)}, which is not a method of this app.")
    for method in offered["SIGN_IN_METHODS"]:
        if all(second.group == method.group for second in offered["STEP_UP_METHODS"]):
            raise ValueError(f"STEP_UP_METHODS has no method of another group than {method.name}.")
