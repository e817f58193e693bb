"""Whether the services that the app needs answer.

To copy: many health checks cause few calls. One caller probes the services at most every ten seconds, without
credentials; the others get the last result, and never wait for a service that hangs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from flask import Flask
from limits.errors import StorageError
from limits.storage import Storage

from services.errors import ServiceUnavailable
from services.http import HttpSession

KEEP = 10.0  # seconds


def init_app(app: Flask) -> None:
    """Let ``/readyz`` ask this app's services."""
    app.extensions["readiness"] = Readiness(app, app.extensions["http"])


@dataclass(frozen=True)
class _Result:
    """The last result, and until when it counts."""

    until: float = 0.0
    up: Mapping[str, bool] = field(default_factory=dict)


class Readiness:
    """The state of each service: up or down."""

    def __init__(self, app: Flask, http: HttpSession) -> None:
        settings = app.extensions["settings"]
        self._probing = threading.Lock()
        self._last = _Result()
        self._probes: dict[str, Callable[[], object]] = {
            "stytch": lambda: http.get(settings.jwks_url),
            "unit": lambda: http.get(f"{settings.unit_api_url}/accounts"),  # without a token: a 401 is an answer
            "rate limits": lambda: _check_limits(app.extensions["rate_limits"]),
        }

    def services(self) -> Mapping[str, bool]:
        """Return which services answered within the last ten seconds; empty until the first result is there."""
        if self._last.until <= time.monotonic() and self._probing.acquire(blocking=False):
            try:
                up = {name: _answers(probe) for name, probe in self._probes.items()}
                self._last = _Result(time.monotonic() + KEEP, up)
            finally:
                self._probing.release()
        return self._last.up


def _check_limits(store: Storage) -> None:
    if not store.check():
        raise ServiceUnavailable("rate limits", "no answer")


def _answers(probe: Callable[[], object]) -> bool:
    try:
        probe()
    except (ServiceUnavailable, StorageError):
        return False
    return True
