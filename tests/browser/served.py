"""The app with a clock that any request may move, and without pauses: ``--app tests.browser.served``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import time_machine
from flask import Flask

import app
from services import http, magic_links

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def create_app() -> Flask:
    """Return the app, in a time that begins now; ``X-Test-Shift: 60`` moves it a minute ahead."""
    http.PAUSE, magic_links.LEAST_TIME = (0, 0), 0
    traveller = time_machine.travel(datetime.now(UTC), tick=True).start()
    made = app.create_app()
    answer = made.wsgi_app

    def moved(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if seconds := environ.get("HTTP_X_TEST_SHIFT"):
            traveller.shift(float(seconds))
        return answer(environ, start_response)

    made.wsgi_app = moved  # type: ignore[method-assign]
    return made
