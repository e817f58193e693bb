"""Whether the services that the app needs answer, for those who run it.

To copy: probes never multiply. Whatever the number of callers, one looks at the services at most every ten seconds, in
no visitor's name and without credentials; the others get what is known, and never wait for a service that hangs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from limits.errors import StorageError

from settings import Settings

from .http import ServiceDown, ServiceSession
from .limits import limiter

KEEP = 10.0  # seconds


@dataclass(frozen=True)
class _Known:
    """What was seen, and until when it is to be believed."""

    until: float = 0.0
    up: Mapping[str, bool] = field(default_factory=dict)


class Readiness:
    """The state of each service: up or not."""

    def __init__(self, settings: Settings, http: ServiceSession) -> None:
        self._looking = threading.Lock()
        self._known = _Known()
        self._probes: dict[str, Callable[[], object]] = {
            "stytch": lambda: http.get(settings.jwks_url),
            "unit": lambda: http.get(f"{settings.unit_api_url}/accounts"),  # without a token: a 401 is an answer
            "rate limits": _check_limits,
        }

    def services(self) -> Mapping[str, bool]:
        """Which services answered when somebody last looked, at most ten seconds ago; empty at the very start."""
        if self._known.until <= time.monotonic() and self._looking.acquire(blocking=False):
            try:
                up = {name: _answers(probe) for name, probe in self._probes.items()}
                self._known = _Known(time.monotonic() + KEEP, up)
            finally:
                self._looking.release()
        return self._known.up


def _check_limits() -> None:
    if not limiter.storage.check():
        raise ServiceDown("rate limits", "no answer")


def _answers(probe: Callable[[], object]) -> bool:
    try:
        probe()
    except (ServiceDown, StorageError):
        return False
    return True
