"""Serve the app with waitress: ``python -m deploy.serve``.

Run it from the repository root; ``HOST`` and ``PORT`` are optional. SIGTERM and SIGINT stop it without losing a
request: waitress alone exits at once. ``bench/servers.py`` is the measurement that waitress was chosen by.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
import time
from http.client import HTTPConnection
from logging.handlers import QueueHandler, QueueListener
from queue import SimpleQueue
from select import select
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

from waitress import create_server, wasyncore
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask

from deploy.large_bodies import Parser

if TYPE_CHECKING:
    from flask import Flask

GRACE = 20.0  # seconds to answer requests that have begun to arrive; longer than any request takes
SETTLE = 0.5  # seconds for a new connection to send its first bytes
THREADS = 20  # more than the upstream calls that two hanging services can hold
OPTIONS = {
    "threads": THREADS,
    "connection_limit": 2000,  # a slow client holds a connection, never a thread
    "channel_timeout": 30,  # seconds until an idle connection is closed
    "max_request_body_size": 256 * 1024,  # above the app's own limit, whose page says more
    "inbuf_overflow": 32 * 1024 * 1024,  # so that no body is ever written to a file
    "max_request_header_size": 32 * 1024,
    "clear_untrusted_proxy_headers": False,  # ProxyFix decides, using TRUSTED_PROXIES
    "ident": None,
}

Sockets: TypeAlias = dict[int, wasyncore.dispatcher]  # by file descriptor


def main(app: Flask) -> None:
    """Serve the app until SIGTERM or SIGINT, then answer what has arrived."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it warns about every request that waits
    log_writer = _log_in_one_thread()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    TcpWSGIServer.channel_class = _Channel
    sockets: Sockets = {}
    host, port = os.environ.get("HOST") or "127.0.0.1", int(os.environ.get("PORT") or 8000)
    with _Listener.bound(host, port) as listener:
        create_server(app, map=sockets, sockets=[listener], **OPTIONS)
        while not stopping.is_set():
            _handle_events(sockets)
        _accept_pending(sockets, listener)
        del sockets[listener.fileno()]
    _drain(sockets)
    log_writer.stop()  # returns when the queue is written


class _SafeErrorTask(ErrorTask):  # type: ignore[misc]
    """What waitress answers itself, such as 400 or 431, with the headers of every response."""

    def execute(self) -> None:
        """Answer."""
        from services.security import HEADERS  # not needed by --check

        self.response_headers.extend([*HEADERS.items(), ("Cache-Control", "no-store")])
        super().execute()


class _Channel(HTTPChannel):  # type: ignore[misc]
    """What waitress keeps of a connection."""

    error_task_class = _SafeErrorTask

    def parser_class(self, adj: Any) -> Parser:
        """Return what reads the next request."""
        return Parser(adj, self.server.application, self.addr[0])

    def handle_close(self) -> None:
        """Close the connection. An unfinished request is let go at once: an idle thread may keep this in memory."""
        if self.request:
            Parser.large.discard(self.request)
            self.request.close()
        super().handle_close()


class _Connection(socket.socket):
    """A client's connection that knows whether it has received bytes without an answer."""

    unanswered = False

    def recv(self, *args: Any) -> bytes:
        data = super().recv(*args)
        self.unanswered |= bool(data)
        return data

    def send(self, *args: Any) -> int:
        sent = super().send(*args)
        self.unanswered = False
        return sent


class _Listener(socket.socket):
    """A listening socket whose connections are ``_Connection``."""

    @classmethod
    def bound(cls, host: str, port: int) -> _Listener:
        """Listen on a host and port."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return cls(fileno=socket.create_server((host, port), family=family).detach())

    def accept(self) -> tuple[socket.socket, Any]:
        connection, address = super().accept()
        return _Connection(fileno=connection.detach()), address


def _log_in_one_thread() -> QueueListener:
    """Have one thread write all log lines; a request's thread only formats them.

    Writing releases the GIL, and getting it back takes a turn on a busy server.
    """
    root, records = logging.getLogger(), SimpleQueue[logging.LogRecord]()
    writer = QueueListener(records, *root.handlers)
    queue = QueueHandler(records)
    for handler in writer.handlers:
        queue.setFormatter(handler.formatter)
        handler.setFormatter(None)
    root.handlers[:] = [queue]
    writer.start()
    return writer


def _handle_events(sockets: Sockets) -> None:
    wasyncore.loop(timeout=0.1, map=sockets, count=1, use_poll=True)  # select() ends at 1024 connections


def _accept_pending(sockets: Sockets, listener: socket.socket) -> None:
    """Accept what the kernel has queued; closing the listener would reset it."""
    give_up = time.monotonic() + SETTLE
    while time.monotonic() < give_up and select([listener], [], [], 0)[0]:
        _handle_events(sockets)


def _drain(sockets: Sockets) -> None:
    """Answer each request that has begun to arrive, for at most ``GRACE`` seconds."""
    began = time.monotonic()
    while (waited := time.monotonic() - began) < SETTLE or (waited < GRACE and _is_busy(sockets)):
        _handle_events(sockets)


def _is_busy(sockets: Sockets) -> bool:
    """Whether a request is arriving, being handled or being answered.

    waitress stops reading from a connection while its request is handled.
    """
    clients = [each for each in list(sockets.values()) if isinstance(each.socket, _Connection)]
    return any(each.socket.unanswered or each.writable() or not each.readable() for each in clients)


def check() -> None:
    """Exit with status 1 unless the server in this container answers."""
    origin = os.environ.get("PUBLIC_URL") or "http://localhost:8000"
    connection = HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or 8000), timeout=2)
    connection.request("GET", "/healthz", headers={"Host": urlsplit(origin).netloc})
    sys.exit(connection.getresponse().status != 200)


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        check()
    from app import create_app  # not needed by --check, which runs every ten seconds

    main(create_app())
