"""Signals for logs, the panel of calls and clean-up. The core works the same if nothing listens.

The sender is the Flask app, so that a listener hears one app only.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Literal, ParamSpec, TypeAlias, TypeVar

from blinker import Signal
from flask import current_app

Event: TypeAlias = Literal["login", "factor", "step-up", "exchange", "denial", "limit", "fault"]
P = ParamSpec("P")
R = TypeVar("R")

session_ended = Signal("session_id: drop what was cached for this session")
security_event = Signal("event, outcome, action, user_id: for the security log")
upstream_call = Signal("request, response, problem, milliseconds: one call to a service")
cache_hit = Signal("service, why, until: a call that was not needed")
step_up_confirmed = Signal("purpose: a right code was entered for this")
account_claimed = Signal("session, user: Stytch says `reset_sessions`; what was there before is to go")
account_opened = Signal("account: a customer's account, new or found, before they see it")


class Refusal(Exception):
    """A refusal of Stytch's or Unit's, which the security log names."""

    did_nothing = False  # whether it costs nothing of a limit


def send(signal: Signal, **values: Any) -> None:
    """Send a signal in the name of the running app, if there is one."""
    signal.send(current_app._get_current_object() if current_app else None, **values)  # type: ignore[attr-defined]


def log_security_event(event: Event, outcome: str, *, action: str | None = None, user_id: str | None = None) -> None:
    """Report a security event. Never pass a token, a code or an address."""
    send(security_event, event=event, outcome=outcome, action=action, user_id=user_id)


def logs_security_event(event: Event) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Report each call of a method: outcome ``ok``, or the reason why Stytch or Unit refused it."""

    def decorate(method: Callable[P, R]) -> Callable[P, R]:
        @wraps(method)
        def logged(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                result = method(*args, **kwargs)
            except Refusal as error:
                report(str(error) or type(error).__name__, *args)
                raise
            report("ok", result, *args)
            return result

        def report(outcome: str, *values: object) -> None:
            user_id = next((str(value.user_id) for value in values if hasattr(value, "user_id")), None)
            log_security_event(event, outcome, action=method.__name__.lstrip("_"), user_id=user_id)

        return logged

    return decorate
