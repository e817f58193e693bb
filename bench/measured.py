"""Two apps behind the server of ``serve.py``: ours, which tells how it spent its time, and the least that Flask can do.

``python -m bench.measured ours``, or ``empty``, which answers with a page of ``SIZE`` bytes.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, render_template_string

from app import create_app
from deploy import serve
from services.http import ServiceSession

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Upstream(threading.local):
    """What the present thread's request has spent on calls to the services."""

    seconds = 0.0
    cpu = 0.0
    calls = 0


def ours() -> Flask:
    """Our app; each answer also says how many calls upstream it took, and how many connections were opened so far."""
    app, upstream = create_app(), Upstream()
    http: ServiceSession = app.extensions["http"]
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
    return telling(app, upstream, http)


def empty() -> Flask:
    """An app with the same libraries in memory, and one page of a given size."""
    app = Flask(__name__)
    words = "<!doctype html><title>{{ title }}</title><p>" + "x" * int(os.environ.get("SIZE", "0"))

    @app.get("/")
    def page() -> str:
        return render_template_string(words, title="Hello")

    return telling(app, Upstream(), None)


def telling(app: Flask, upstream: Upstream, http: ServiceSession | None) -> Flask:
    """Let each answer say how long it took here, without the calls upstream: by the clock, and of the processor."""
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


def _connections(http: ServiceSession) -> int:
    adapter: Any = http.get_adapter("http://localhost")
    pools = adapter.poolmanager.pools
    return sum(pools[key].num_connections for key in pools.keys())  # noqa: SIM118 - a container, not a dict


if __name__ == "__main__":
    serve.main({"ours": ours, "empty": empty}[sys.argv[1]]())
