"""The pooled ``requests.Session`` under both services, with the limits that ``requests`` does not set.

To copy: time-outs on every call, one time budget for a call and its retries, a cap on the body and on calls in flight,
no redirects, no settings from the environment, and one exception for "no usable answer".
"""

import io
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http.cookiejar import DefaultCookiePolicy
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import urlsplit

import requests
import tenacity
from flask import Flask
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from .errors import ServiceUnavailable, last_retry_after
from .signals import send, upstream_call

CONNECT_TIMEOUT = 3.05  # seconds; just above TCP's first retransmission
READ_TIMEOUT = 5.0  # seconds between two pieces of an answer
BUDGET = 10.0  # seconds for a call, retries included
REQUEST_BUDGET = 14.0  # seconds for all calls of one request; below the 15 after which htmx gives up
IN_FLIGHT = 8  # calls to one service at once; fewer than the server has threads, so a hanging service cannot take all
TURN = 0.5  # seconds that a further call waits for a free slot
PAUSE = (0.05, 0.25)  # seconds before a retry, from and to
MAX_BODY = 1_000_000  # bytes
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


class HttpSession(requests.Session):
    """A ``requests.Session`` that cannot hang, follow redirects, or read without end."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False  # a .netrc or proxy variable must not replace our Authorization or route
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # all visitors share this session
        self._in_flight: dict[str, BoundedSemaphore] = {}
        for scheme in ("https://", "http://"):
            self.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=32))

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send, and repeat if there was no usable answer and repeating is safe, all within one budget.

        Raises ServiceUnavailable unless a whole JSON answer below 500 came back.
        """
        with _budget():
            if not is_repeatable(request):
                return self._announced(request, **kwargs)
            return tenacity.Retrying(
                retry=tenacity.retry_if_exception(lambda e: isinstance(e, ServiceUnavailable) and not e.retry_after),
                stop=tenacity.stop_after_attempt(3) | tenacity.stop_before_delay(BUDGET),
                wait=tenacity.wait_random(*PAUSE),
                reraise=True,
            )(self._announced, request, **kwargs)

    def _announced(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        began, response, problem = time.perf_counter(), None, ""
        try:
            response = self._checked(request, **kwargs)
            return response
        except ServiceUnavailable as error:
            response, problem = error.response, error.why
            raise
        finally:
            took = (time.perf_counter() - began) * 1_000
            send(upstream_call, request=request, response=response, problem=problem, milliseconds=took)

    def _checked(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        host = urlsplit(request.url or "").netloc
        last_retry_after.set(None)
        try:
            with self._slot(host):
                limits = {
                    "timeout": (min(CONNECT_TIMEOUT, time_left()), min(READ_TIMEOUT, time_left())),
                    "allow_redirects": False,
                    "stream": True,
                }
                with super().send(request, **{**kwargs, **limits}) as response:
                    body = _read(response)
        except (OSError, HTTPError) as error:  # exceptions of requests are OSErrors, those of urllib3 are not
            raise ServiceUnavailable(host, type(error).__name__) from error
        response.raw = io.BytesIO(body)
        if re.fullmatch(r"[0-9]{1,5}", wait := response.headers.get("Retry-After", ""), re.ASCII):
            last_retry_after.set(int(wait))
        status = response.status_code
        if status == 408 or status >= 500:
            raise ServiceUnavailable(host, f"status {status}", response)
        if 300 <= status < 400 or not _is_json(response):
            raise ServiceUnavailable(host, f"status {status} without a JSON object", response)
        return response

    @contextmanager
    def _slot(self, host: str) -> Iterator[None]:
        in_flight = self._in_flight.setdefault(host, BoundedSemaphore(IN_FLIGHT))
        if not in_flight.acquire(timeout=min(TURN, time_left())):
            raise ServiceUnavailable(host, "too many calls at once", wait=1)
        try:
            yield
        finally:
            in_flight.release()


def limit_requests(app: Flask) -> None:
    """Give all calls of one request to the app a common time budget."""

    @app.before_request
    def begin() -> None:
        _deadline.set(time.monotonic() + REQUEST_BUDGET)
        last_retry_after.set(None)  # of an earlier request in this thread

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        _deadline.set(None)


def is_repeatable(request: requests.PreparedRequest) -> bool:
    """Whether sending twice does no more than sending once: idempotent methods (RFC 9110), and Unit's keyed writes."""
    body = request.body.encode() if isinstance(request.body, str) else request.body
    return request.method in IDEMPOTENT or (isinstance(body, bytes) and b'"idempotencyKey"' in body)


def time_left() -> float:
    """The seconds that the present call still has. Raises TimeoutError if there are none."""
    left = (_deadline.get() or 0) - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


@contextmanager
def _budget() -> Iterator[None]:
    """Start the budget of a call, inside any budget that already runs."""
    end = time.monotonic() + BUDGET
    token = _deadline.set(min(_deadline.get() or end, end))
    try:
        yield
    finally:
        _deadline.reset(token)


def _read(response: requests.Response) -> bytes:
    """Read the body in pieces, so that size and time stay limited."""
    body = b""
    while piece := response.raw.read1(65_536, decode_content=True):
        body += piece
        if len(body) > MAX_BODY:
            raise requests.exceptions.ContentDecodingError("too large")
        time_left()
    return body


def _is_json(response: requests.Response) -> bool:
    try:
        return isinstance(response.json(), dict)
    except (ValueError, RecursionError):
        return False
