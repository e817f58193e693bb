"""Security events: what somebody proved, or was refused, as log records of one vocabulary.

To copy: the method that does it is decorated, so that no view can forget to say it. A record holds the event, what was
done, its outcome and the user's id (which ``logs.py`` hashes); never a token, a code or an address. OWASP: *Logging*.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Literal, ParamSpec, TypeAlias, TypeVar

from .session import NotSignedIn, Session
from .stytch_wire import Refused
from .unit_wire import UnitError

Event: TypeAlias = Literal["login", "factor", "step-up", "exchange", "denial", "limit", "fault"]
P = ParamSpec("P")
R = TypeVar("R")
LEVELS = {"denial": logging.WARNING, "limit": logging.WARNING, "fault": logging.ERROR}

log = logging.getLogger("security")


def note(event: Event, outcome: str, *, action: str | None = None, user_id: str | None = None) -> None:
    """Write one event down. Without a ``user_id`` it is about the user of this request, if there is one."""
    level = LEVELS.get(event, logging.INFO if outcome == "ok" else logging.WARNING)
    log.log(level, event, extra={"action": action, "outcome": outcome, "user": user_id})


def audited(event: Event) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Note each call of a method as this event: ``ok``, or the reason why Stytch or Unit refused it."""

    def decorate(method: Callable[P, R]) -> Callable[P, R]:
        @wraps(method)
        def noted(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                result = method(*args, **kwargs)
            except (Refused, UnitError, NotSignedIn) as refused:
                note(
                    event,
                    str(refused) or type(refused).__name__,
                    action=method.__name__.lstrip("_"),
                    user_id=_user(args),
                )
                raise
            note(event, "ok", action=method.__name__.lstrip("_"), user_id=_user((result, *args)))
            return result

        return noted

    return decorate


def _user(things: tuple[object, ...]) -> str | None:
    return next((thing.user_id for thing in things if isinstance(thing, Session)), None)
