"""The app behind waitress, as it is hosted: ``python serve.py``, with ``HOST`` and ``PORT`` if need be.

Chosen by measurement (``bench/servers.py``): the only one that neither idle clients, half a head nor a dripping body
stop, even without a proxy in front. To copy: by itself waitress dies at once when it is told to end; here it takes no
more connections, answers all that has arrived, and then ends. And one thread writes what all others log: a thread that
writes lets go of the interpreter, and on a busy server waits behind all others before it goes on.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from http.client import HTTPConnection
from logging.handlers import QueueHandler, QueueListener
from queue import SimpleQueue
from urllib.parse import urlsplit

from flask import Flask
from waitress import wasyncore
from waitress.server import create_server

GRACE = 20.0  # seconds for what has arrived; more than a request may take
SETTLE = 0.5  # seconds in which the first bytes on a connection that was just taken must be here
OPTIONS = {
    "threads": 20,  # more than the calls in flight that two services which hang can hold
    "connection_limit": 2000,  # a slow client costs a connection, never a thread
    "asyncore_use_poll": True,  # select() ends at 1024 connections
    "channel_timeout": 30,  # seconds until an idle connection is closed
    "max_request_body_size": 64 * 1024,
    "max_request_header_size": 32 * 1024,
    "clear_untrusted_proxy_headers": False,  # ProxyFix alone decides, by TRUSTED_PROXIES
    "ident": None,
}


def main(app: Flask) -> None:
    """Serve until SIGTERM or SIGINT, and lose no request then."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it warns of every request that waits a moment
    written = _write_aside()
    stopping = threading.Event()
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT") or 8000)
    server = create_server(app, host=host, port=port, **OPTIONS)

    def stop(*_: object) -> None:
        stopping.set()
        server.pull_trigger()  # wakes the loop

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    while not stopping.is_set():
        _turn(server)
    _accept_what_waits(server)
    wasyncore.dispatcher.close(server)  # the listening socket only: connections that are open live on
    began = time.monotonic()
    while (waited := time.monotonic() - began) < SETTLE or (waited < GRACE and _is_busy(server)):
        _turn(server)
    server.task_dispatcher.shutdown()
    written.stop()  # when all that waits is written


def _write_aside() -> QueueListener:
    """Put a queue between the threads that log and the stream. A line is made where it is logged, with its request."""
    root, lines = logging.getLogger(), SimpleQueue[logging.LogRecord]()
    listener = QueueListener(lines, *root.handlers)
    aside = QueueHandler(lines)
    for stream in listener.handlers:
        aside.setFormatter(stream.formatter)
        stream.setFormatter(None)
    root.handlers[:] = [aside]
    listener.start()
    return listener


def _turn(server: wasyncore.dispatcher) -> None:
    wasyncore.loop(timeout=0.1, map=server._map, count=1, use_poll=True)


def _accept_what_waits(server: wasyncore.dispatcher) -> None:
    """Take the connections that the kernel has accepted already; closing the socket would reset them."""
    before = -1
    while before != len(server.active_channels):
        before = len(server.active_channels)
        server.handle_accept()


def _is_busy(server: wasyncore.dispatcher) -> bool:
    """Whether there is a connection on which a request has arrived, in part or whole, and is not answered yet."""
    channels = list(server.active_channels.values())
    return any(channel.requests or channel.request or channel.total_outbufs_len for channel in channels)


def check() -> None:
    """Ask the server in this container whether it is alive; ends with status 1 if not."""
    origin = os.environ.get("PUBLIC_URL") or "http://localhost:8000"
    connection = HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or 8000), timeout=2)
    connection.request("GET", "/healthz", headers={"Host": urlsplit(origin).netloc})
    sys.exit(connection.getresponse().status != 200)


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        check()
    from app import create_app  # not for a check: it would cost a second of a processor each time

    main(create_app())
