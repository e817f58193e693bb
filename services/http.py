"""The one pooled ``requests.Session`` under both services, with the limits that ``requests`` does not set by itself.

To copy: time-outs on every call, one budget for the whole call including its retries, a cap on the body and on the
calls in flight, no redirects, nothing taken from the machine's environment, and one exception for "the service gave no
usable answer".
"""

from __future__ import annotations

import http.client
import io
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http.cookiejar import DefaultCookiePolicy
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import requests
import tenacity
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

if TYPE_CHECKING:
    import socket

    from _typeshed import WriteableBuffer

CONNECT_TIMEOUT = 3.05  # seconds; just above TCP's first retransmission
READ_TIMEOUT = 5.0  # seconds between two pieces of an answer
BUDGET = 10.0  # seconds for a call, retries included
REQUEST_BUDGET = 14.0  # seconds for all calls of one request; below the 15 after which htmx gives up
IN_FLIGHT = 8  # calls to one service at once: less than the server has threads, so that one that hangs is not all
TURN = 0.5  # seconds that a further call waits for its turn
PAUSE = (0.05, 0.25)  # seconds before a call is repeated, from and to
MAX_BODY = 1_000_000  # bytes

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)
_retry_after: ContextVar[int | None] = ContextVar("retry_after", default=None)  # Stytch's SDK keeps no headers
_Answer = TypeVar("_Answer")


class ServiceDown(Exception):
    """A service gave no usable answer: unreachable, too slow, 5xx, or not JSON. Nothing is known about the outcome.

    ``response`` is the unusable answer, if there was one; ``retry_after`` the seconds that it asked to wait, if it did.
    They are passed on, never slept.
    """

    def __init__(
        self, host: str, why: str, response: requests.Response | None = None, *, retry_after: int | None = None
    ) -> None:
        super().__init__(f"{host}: {why}")
        self.host, self.why, self.response = host, why, response
        self.retry_after = retry_after or _retry_after.get()


class ServiceSession(requests.Session):
    """A ``requests.Session`` that cannot hang, cannot be redirected and cannot be fed without end."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False  # a .netrc or a proxy variable must not replace our Authorization or route
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # all visitors share this session
        self._turns: dict[str, BoundedSemaphore] = {}
        for scheme in ("https://", "http://"):
            self.mount(scheme, _Adapter(pool_connections=4, pool_maxsize=32))

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send once, within the budget; raises ServiceDown unless a JSON answer below 500 came back whole."""
        host = urlsplit(request.url or "").netloc
        _retry_after.set(None)
        try:
            with _budget(), self._turn(host):
                limits = {
                    "timeout": (min(CONNECT_TIMEOUT, _time_left()), min(READ_TIMEOUT, _time_left())),
                    "allow_redirects": False,
                    "stream": True,
                }
                with super().send(request, **{**kwargs, **limits}) as response:
                    body = _read(response)
        except (OSError, HTTPError) as error:  # the exceptions of requests are OSErrors, those of urllib3 are not
            raise ServiceDown(host, type(error).__name__) from error
        response.raw = io.BytesIO(body)
        if re.fullmatch(r"[0-9]{1,5}", wait := response.headers.get("Retry-After", ""), re.ASCII):
            _retry_after.set(int(wait))
        if response.status_code == 408 or response.status_code >= 500:
            raise ServiceDown(host, f"status {response.status_code}", response)
        if 300 <= response.status_code < 400 or not _is_json(response):
            raise ServiceDown(host, f"status {response.status_code} without a JSON object", response)
        return response

    @contextmanager
    def _turn(self, host: str) -> Iterator[None]:
        """One of the few calls in flight to a host."""
        turns = self._turns.setdefault(host, BoundedSemaphore(IN_FLIGHT))
        if not turns.acquire(timeout=min(TURN, _time_left())):
            raise ServiceDown(host, "too many calls at once", retry_after=1)
        try:
            yield
        finally:
            turns.release()


def begin_request() -> None:
    """Let all calls from here on, in this thread, share the budget of one request; ``end_request`` ends that."""
    _deadline.set(time.monotonic() + REQUEST_BUDGET)


def end_request(_error: BaseException | None = None) -> None:
    """Give calls a budget of their own again."""
    _deadline.set(None)


def repeatable(call: Callable[[], _Answer]) -> _Answer:
    """Make a call that may safely happen twice (a read, or a write with an idempotency key), up to three times.

    Short random pauses, and all tries share one budget; a service that asks to wait is not asked again. Never use it
    for what can be spent once: a link, a code, an exchange. Raises what the last try raised.
    """
    with _budget():
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: isinstance(error, ServiceDown) and not error.retry_after),
            stop=tenacity.stop_after_attempt(3) | tenacity.stop_before_delay(BUDGET),
            wait=tenacity.wait_random(*PAUSE),
            reraise=True,
        )(call)


@contextmanager
def _budget() -> Iterator[None]:
    """Let the time of a call run, within what runs already."""
    end = time.monotonic() + BUDGET
    token = _deadline.set(min(_deadline.get() or end, end))
    try:
        yield
    finally:
        _deadline.reset(token)


def _time_left() -> float:
    """The seconds that the present call still has. Raises TimeoutError if there are none."""
    left = (_deadline.get() or 0) - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _read(response: requests.Response) -> bytes:
    """Read a body piece by piece, so that it can be cut off."""
    body = b""
    while piece := response.raw.read1(65_536, decode_content=True):
        body += piece
        if len(body) > MAX_BODY:
            raise requests.exceptions.ContentDecodingError("too large")
    return body


def _is_json(response: requests.Response) -> bool:
    try:
        return isinstance(response.json(), dict)
    except (ValueError, RecursionError):
        return False


class _Reader(io.RawIOBase):
    """What a socket receives before the deadline. Python's own reader starts its time-out anew with every byte."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock, self._file = sock, sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        self._sock.settimeout(min(READ_TIMEOUT, _time_left()))
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
