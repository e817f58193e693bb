"""A webhook receiver on loopback whose responses a test controls."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import SimpleQueue
from typing import Any


@dataclass
class Listener:
    """The requests received, and the responses to give; 200 by default."""

    url: str
    received: SimpleQueue[tuple[dict[str, str], bytes]] = field(default_factory=SimpleQueue)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    before_answer: Callable[[], None] = lambda: None

    def deliveries(self) -> list[tuple[dict[str, str], bytes]]:
        """Return and clear the requests received."""
        return [self.received.get() for _ in range(self.received.qsize())]


@contextmanager
def listening() -> Iterator[Listener]:
    """Serve on a free port until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            listener.received.put(({name.lower(): value for name, value in self.headers.items()}, body))
            listener.before_answer()
            status, headers = listener.answers.pop(0) if listener.answers else (200, {})
            self.send_response(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        do_GET = do_POST  # noqa: N815 - named by http.server; a followed redirect would be a GET

        def log_message(self, *_args: Any) -> None:
            """Log nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    listener = Listener(f"http://127.0.0.1:{server.server_port}/hooks")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
