"""Step-up: when a second factor counts as fresh, and the guard that asks for a new one. Decided here and nowhere else.

To copy: a view names what the code is for. The guard asks Stytch before it refuses, and only raises:
``blueprints/step_up.py`` turns that into a dialog or a page.
"""

from collections.abc import Callable
from datetime import datetime

from flask import current_app, g

from .errors import SecondFactorMissing, StepUpRequired
from .guards import P, R, current_session, fresh_session, guard
from .methods import Method, enrolled_methods, has_second_factor, step_up_methods
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
    found = [method for method in enrolled_methods(session) if not (stytch_only and method.proven_until)]
    proven = {factor.group for factor in session.factors if factor.group}
    is_fresh = not stytch_only and session.proven_until(current_app.config["STEP_UP_MAX_AGE"], groups=1)
    lacking = set() if is_fresh else session.strong_groups(device=stytch_only)
    if len(proven) < 2 and not (proven and lacking and lacking.isdisjoint(proven)):  # else that is a second group
        lacking |= {"mailbox", "phone", "device"} - proven
    lacking = lacking or {"phone", "device"}  # proven in another tab
    return [method for method in found if method.group in lacking]


def step_up_required(
    purpose: str | Callable[[], str], *, stytch_only: bool = False
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Require a fresh second factor, as ``proven_until`` decides. Raises StepUpRequired, after asking Stytch.

    ``purpose`` completes "Enter a code to ..."; a function reads it from the request.
    """

    def check() -> None:
        words = purpose if isinstance(purpose, str) else purpose()
        g.step_up = StepUpRequired(words, stytch_only=stytch_only)
        for load in (current_session, fresh_session):
            if proven_until(load(), stytch_only=stytch_only, device=stytch_only):
                return
        raise g.step_up if has_second_factor(current_session()) else SecondFactorMissing

    return guard(check)
