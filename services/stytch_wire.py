"""How Stytch is spoken to: its SDK over our session, and what its refusals mean.

To copy: a refusal that is about the visitor is ``Refused``, for a view to explain; one that is about us (credentials,
set-up, too many calls) is ``ServiceDown``, since the visitor can do nothing about it. Stytch docs: *Errors*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import jwt
import stytch
from stytch.core.response_base import StytchError

from settings import Settings

from .http import ServiceDown, ServiceSession, repeatable
from .session import KeySet, NotSignedIn

NO_SESSION = frozenset({"session_not_found", "invalid_session_token"})
OUR_FAULT = frozenset({"unauthorized_credentials", "too_many_requests", "use_https"})


class Refused(Exception):
    """A link or a code was not accepted; ``reason`` is Stytch's error_type, or a word of ours beside those."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Client(stytch.Client):
    """The SDK's client, with its key set fetched through our session."""

    def __init__(self, settings: Settings, http: ServiceSession) -> None:
        self._key_set = KeySet(settings.jwks_url, http)
        super().__init__(
            settings.stytch_project_id,
            settings.stytch_secret,
            environment=settings.stytch_api_url,
            suppress_warnings=True,
            sync_session=http,
        )

    def get_jwks_client(self, project_id: str) -> jwt.PyJWKClient:  # noqa: ARG002 - the key set's URL names the project
        """The project's public keys."""
        return self._key_set


def reason_of(error: StytchError) -> str:
    """Stytch's error_type, if the refusal is about the visitor; raises ServiceDown if it is about us."""
    reason = error.details.error_type or "unknown"
    if reason in OUR_FAULT or reason == "unknown" or "_url" in reason or error.details.status_code == 403:
        raise ServiceDown("Stytch", reason) from error
    return str(reason)


@contextmanager
def refusals() -> Iterator[None]:
    """Let what Stytch refuses inside be raised as Refused, or as NotSignedIn if the session itself is over."""
    try:
        yield
    except StytchError as error:
        reason = reason_of(error)
        raise (NotSignedIn if reason in NO_SESSION else Refused(reason)) from error


def unless_gone(gone: str, delete: Callable[[], object]) -> None:
    """Delete something at Stytch. What is gone already, as when the first answer got lost, is deleted too."""
    try:
        repeatable(delete)
    except StytchError as error:
        if reason_of(error) != gone:
            raise


def minutes(duration: timedelta) -> int:
    """Whole minutes, as Stytch counts life times."""
    return int(duration.total_seconds() // 60)
