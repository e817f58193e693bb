"""Exceptions that cross a module's border. ``blueprints/errors.py`` and ``step_up.py`` turn them into responses."""

import re
from contextvars import ContextVar

from requests import Response

from .signals import Refusal

NOT_DONE = re.compile(r"ConnectionError|ConnectTimeout|status [45][0-9]{2}.*|too many calls at once|[a-z_]+", re.ASCII)
last_retry_after: ContextVar[int | None] = ContextVar("last_retry_after", default=None)
"""The seconds that the last answer asked to wait; kept by ``http.py``, since Stytch's SDK drops headers."""


class NotSignedIn(Refusal):
    """There is no session, or Stytch no longer knows it."""


class SecondFactorMissing(Exception):
    """The user has no step-up methods that would prove a second group."""


class SignInTooOld(Exception):
    """The sign-in was too long ago to add a first second factor."""


class NoCustomer(Exception):
    """The user is not a customer at Unit yet."""


class StepUpRequired(Exception):
    """The view needs a fresh second factor.

    ``purpose`` completes "Enter a code to ...". ``stytch_only``: at Stytch, and by the device if the user has one.
    """

    def __init__(self, purpose: str, *, stytch_only: bool = False) -> None:
        super().__init__(purpose)
        self.purpose, self.stytch_only = purpose, stytch_only


class CodeRejected(Refusal):
    """A link or a code was refused; views catch it. ``reason``: Stytch's ``error_type``, or a method's own name."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class LimitReached(Exception):
    """The user has to wait ``wait`` seconds. ``rule`` says why, in a sentence."""

    def __init__(self, wait: int, rule: str = "") -> None:
        super().__init__(wait)
        self.wait, self.rule = wait, rule

    @property
    def advice(self) -> str:
        """What to tell the user."""
        unit, length = ("hour", 3600) if self.wait > 5400 else ("minute", 60)
        count = -(-self.wait // length)
        return f"{self.rule} Wait {count} {unit}{'s' if count > 1 else ''}, then try again."


class ServiceUnavailable(Exception):
    """A service gave no usable answer: unreachable, too slow, 5xx, or not JSON. The outcome is unknown.

    ``response`` is the unusable answer, if any; ``retry_after`` the seconds that the service asked to wait, if it did.
    """

    def __init__(self, service: str, why: str, response: Response | None = None, wait: int | None = None) -> None:
        super().__init__(f"{service}: {why}")
        self.why, self.response, self.retry_after = why, response, wait or last_retry_after.get()

    @property
    def did_nothing(self) -> bool:
        """Whether the service could not be reached, or refused to serve. After a time-out it may have acted."""
        return bool(NOT_DONE.fullmatch(self.why)) and "aborted" not in str(self.__cause__)  # a connection that was lost
