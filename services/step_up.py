"""Step-up: when a second factor counts as fresh, and the guard that asks for a new one. Decided here and nowhere else.

To copy: a view names what the code is for. The guard asks Stytch before it refuses, and only raises:
``blueprints/step_up.py`` turns that into a dialog or a page.
"""

from collections.abc import Callable
from datetime import datetime

from flask import current_app, g

from .errors import StepUpRequired
from .guards import P, R, current_session, fresh_session, guard
from .methods import step_up_methods
from .session import Session


def proven_until(session: Session, *, stytch_only: bool = False) -> datetime | None:
    """Return until when the second factor counts as fresh, or None; ``stytch_only``: by what Stytch knows of."""
    proofs = [session.proven_until(current_app.config["STEP_UP_MAX_AGE"])]
    if not stytch_only:
        proofs += [method.proven_until(session) for method in step_up_methods() if method.proven_until]
    return max((until for until in proofs if until), default=None)


def step_up_required(
    purpose: str | Callable[[], str], *, stytch_only: bool = False
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Require a fresh second factor, as ``proven_until`` decides. Raises StepUpRequired, after asking Stytch.

    ``purpose`` completes "Enter a code to ..."; a function reads it from the request.
    """

    def check() -> None:
        words = purpose if isinstance(purpose, str) else purpose()
        g.step_up = StepUpRequired(words, stytch_only=stytch_only)
        if not any(proven_until(load(), stytch_only=stytch_only) for load in (current_session, fresh_session)):
            raise g.step_up

    return guard(check)
