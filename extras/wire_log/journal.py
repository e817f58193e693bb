"""Keep the newest calls of each browser, for the panel, for details on demand and for the export.

To copy: they are redacted before they come here, and wait in memory under a random key in a signed cookie. A browser
sees them only with the sign-in cookie that it had when they were made, so the next user of it does not. Several
processes each keep their own.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock
from typing import Any

from cachetools import TTLCache
from flask import Response, current_app, request
from itsdangerous import BadSignature, Signer

from .recorder import Action

BROWSERS = 200
LIFE = 30 * 60  # seconds without a call
MAX_ACTIONS = 20  # of one browser


@dataclass(frozen=True)
class _Kept:
    owner: str  # the hash of a sign-in cookie, or empty: made before the sign-in
    actions: tuple[Action, ...]  # newest first


class Journal:
    """The newest actions of each browser."""

    def __init__(self) -> None:
        self._kept = TTLCache[str, _Kept](BROWSERS, ttl=LIFE, timer=time.time)
        self._lock = Lock()

    def actions(self) -> tuple[Action, ...]:
        """Return this browser's actions, newest first."""
        with self._lock:
            return self._mine(_key())

    def find(self, action_id: str) -> Action | None:
        """Return one of this browser's actions."""
        return next((action for action in self.actions() if action.id == action_id), None)

    def add(self, response: Response, action: Action) -> None:
        """Keep an action. A refusal sets no cookie, so it is kept only for a browser that has one."""
        key, owner = _key(), _owner()
        if not key and response.status_code >= 400:
            return
        changes_user = any(
            cookie.startswith(f"{_sign_in_cookie()}=") for cookie in response.headers.getlist("Set-Cookie")
        )
        if not key:
            key = secrets.token_urlsafe(16)
            response.set_cookie(_cookie(), _signer().sign(key).decode(), **_cookie_flags())
        with self._lock:
            earlier = () if changes_user and owner else self._mine(key)
            self._kept[key] = _Kept("" if changes_user else owner, (action, *earlier)[:MAX_ACTIONS])

    def _mine(self, key: str) -> tuple[Action, ...]:
        kept = self._kept.get(key)
        return kept.actions if kept and kept.owner in {"", _owner()} else ()


def _key() -> str:
    try:
        return _signer().unsign(request.cookies.get(_cookie(), "")).decode()
    except BadSignature:
        return ""


def _owner() -> str:
    value = request.cookies.get(_sign_in_cookie(), "")
    return sha256(value.encode()).hexdigest() if value else ""


def _signer() -> Signer:
    return Signer(str(current_app.secret_key), salt="wire log")


def _cookie() -> str:
    return f"{current_app.config['SESSION_COOKIE_NAME']}-calls"  # with its prefix or port


def _sign_in_cookie() -> str:
    return str(current_app.config["SESSION_COOKIE_NAME"]).replace("forms", "stytch_session")  # the same prefix or port


def _cookie_flags() -> dict[str, Any]:
    return {"secure": current_app.config["SESSION_COOKIE_SECURE"], "httponly": True, "samesite": "Lax"}
