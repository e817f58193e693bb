"""An HTTP reader that applies a call's time budget to every byte.

``services/http.py`` checks the time between pieces of a body. Python's own reader restarts its timeout with every byte
of a status line, a header or a chunk size, so a server that sends them slowly could hold a thread for hours.
"""

from __future__ import annotations

import http.client
import io
from typing import TYPE_CHECKING, Any

import requests
from flask import Flask
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from services.http import READ_TIMEOUT, time_left

if TYPE_CHECKING:
    import socket

    from _typeshed import WriteableBuffer


def init_app(app: Flask) -> None:
    """Use it for the app's calls to both services."""
    mount(app.extensions["http"])


def mount(session: requests.Session) -> None:
    """Use it for all of a session's calls that have no adapter of their own."""
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter(pool_connections=4, pool_maxsize=32))


class _Reader(io.RawIOBase):
    """What a socket receives before the deadline."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock, self._file = sock, sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        self._sock.settimeout(min(READ_TIMEOUT, time_left()))
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_Reader(sock))


class _Connection(HTTPConnection):
    response_class = _Response


class _SecureConnection(HTTPSConnection):
    response_class = _Response


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
