"""Apps behind the server of ``deploy/serve.py`` whose answers say how long they took.

``python -m bench.measured app`` serves the app. ``empty`` serves a page of ``SIZE`` bytes from bare Flask. ``requests``
lists the cards at Unit with plain ``requests`` first, as ``UNIT_CUSTOMER_TOKEN``.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import requests
from flask import Flask, Response, render_template_string
from requests.adapters import HTTPAdapter

from app import create_app
from deploy import serve

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from .names import HttpSession  # not at run time: it imports the emulator, which takes memory

PAGE = "<!doctype html><title>{{ title }}</title><p>" + "x" * int(os.environ.get("SIZE", "0"))


class Upstream(threading.local):
    """Time and calls that this thread's request has spent upstream."""

    seconds = 0.0
    cpu = 0.0
    calls = 0


def measured_app() -> Flask:
    """Return the app, with its upstream calls timed and counted."""
    app, upstream = create_app(), Upstream()
    http: HttpSession = app.extensions["http"]
    send: Callable[..., Any] = http.send

    def timed(request: Any, **kwargs: Any) -> Any:
        began, cpu = time.perf_counter(), time.thread_time()
        try:
            return send(request, **kwargs)
        finally:
            upstream.seconds += time.perf_counter() - began
            upstream.cpu += time.thread_time() - cpu
            upstream.calls += 1

    http.send = timed  # type: ignore[method-assign]
    return _with_timing(app, upstream, http)


def empty() -> Flask:
    """Return a bare Flask app, with the same libraries in memory and one page."""
    app = Flask(__name__)

    @app.get("/")
    def page() -> str:
        return render_template_string(PAGE, title="Hello")

    return _with_timing(app, Upstream(), None)


def with_requests() -> Flask:
    """Return a bare Flask app that lists cards with plain ``requests``, with the calls that the app makes."""
    app, http = Flask(__name__), requests.Session()
    http.mount("http://", HTTPAdapter(pool_maxsize=serve.THREADS))  # the default of 10 reopens connections
    url = os.environ["UNIT_API_URL"]
    bearer = {"Authorization": f"Bearer {os.environ['UNIT_CUSTOMER_TOKEN']}"}

    @app.get("/")
    def page() -> str:
        cards, accounts = _data("/cards?sort=createdAt"), _data("/accounts?filter[type][0]=deposit")
        return render_template_string(PAGE, title=f"{len(cards)} cards, {len(accounts)} accounts")

    def _data(path: str) -> list[object]:
        answer = http.get(url + path, headers=bearer, timeout=5)
        answer.raise_for_status()
        found: list[object] = answer.json()["data"]
        return found

    return _with_timing(app, Upstream(), None)


def _with_timing(app: Flask, upstream: Upstream, http: HttpSession | None) -> Flask:
    """Add headers with the time that each answer took here, without upstream calls."""
    inner: WSGIApplication = app.wsgi_app

    def outer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        upstream.seconds, upstream.cpu, upstream.calls = 0.0, 0.0, 0
        began, cpu = time.perf_counter(), time.thread_time()
        response = Response.from_app(inner, environ, buffered=True)
        response.headers["X-Own-Time"] = f"{time.perf_counter() - began - upstream.seconds:.6f}"
        response.headers["X-Own-CPU"] = f"{time.thread_time() - cpu - upstream.cpu:.6f}"
        response.headers["X-Upstream-Calls"] = str(upstream.calls)
        response.headers["X-Upstream-Connections"] = str(_connections(http)) if http else "0"
        return response(environ, start_response)

    app.wsgi_app = outer  # type: ignore[method-assign]
    return app


def _connections(http: HttpSession) -> int:
    adapter: Any = http.get_adapter("http://localhost")
    pools = adapter.poolmanager.pools
    return sum(pools[key].num_connections for key in pools.keys())  # noqa: SIM118 - a container, not a dict


if __name__ == "__main__":
    serve.main({"app": measured_app, "empty": empty, "requests": with_requests}[sys.argv[1]]())
