"""Hand the calls before a redirect to the page that it leads to.

To copy: they wait in memory for seconds, under a random id in a cookie, for one page of one browser. With several
processes the next page may be served by another one, which then shows none.
"""

from __future__ import annotations

import re
import secrets
import time
from threading import Lock
from typing import Any

from cachetools import TTLCache
from flask import Response, current_app, request

from .recorder import Action

SIZE = 256  # browsers that follow a redirect
LIFE = 30  # seconds
MAX_ACTIONS = 8  # of a chain of redirects
KEY = re.compile(r"[\w-]{22}", re.ASCII)


class Handover:
    """The calls that wait for a page."""

    def __init__(self) -> None:
        self._waiting = TTLCache[str, tuple[Action, ...]](SIZE, ttl=LIFE, timer=time.time)
        self._lock = Lock()

    def waiting(self) -> tuple[Action, ...]:
        """Return what waits for this browser's next page."""
        with self._lock:
            return self._waiting.get(_key(), ())

    def keep(self, response: Response, actions: tuple[Action, ...]) -> None:
        """Keep these, and what is waiting already, for the page that the response leads to."""
        key = secrets.token_urlsafe(16)
        with self._lock:
            self._waiting[key] = (*actions, *self._waiting.pop(_key(), ()))[:MAX_ACTIONS]
        response.set_cookie(_cookie(), key, max_age=LIFE, **_cookie_flags())

    def drop(self, response: Response) -> None:
        """Forget what this page has shown."""
        with self._lock:
            self._waiting.pop(_key(), None)
        if _cookie() in request.cookies:
            response.delete_cookie(_cookie(), **_cookie_flags())


def _key() -> str:
    key = request.cookies.get(_cookie(), "")
    return key if KEY.fullmatch(key) else ""


def _cookie() -> str:
    return f"{current_app.config['SESSION_COOKIE_NAME']}-calls"  # with its prefix or port


def _cookie_flags() -> dict[str, Any]:
    return {"secure": current_app.config["SESSION_COOKIE_SECURE"], "httponly": True, "samesite": "Lax"}
