"""Somebody else's server, which gets Unit's webhooks: on loopback, in a thread, and with answers of the test's."""

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
    """What was sent to the server, oldest first, and how it will answer; with 200 if nothing is said."""

    url: str
    got: SimpleQueue[tuple[dict[str, str], bytes]] = field(default_factory=SimpleQueue)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    before_answer: Callable[[], None] = lambda: None

    def letters(self) -> list[tuple[dict[str, str], bytes]]:
        """Take what has arrived."""
        return [self.got.get() for _ in range(self.got.qsize())]


@contextmanager
def listening() -> Iterator[Listener]:
    """Serve on a free port until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            listener.got.put(({name.lower(): value for name, value in self.headers.items()}, body))
            listener.before_answer()
            status, headers = listener.answers.pop(0) if listener.answers else (200, {})
            self.send_response(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        do_GET = do_POST  # noqa: N815 - its name is the protocol's; who follows a redirect comes with it

        def log_message(self, *_args: Any) -> None:
            """Say nothing."""

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
