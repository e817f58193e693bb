"""The one pooled ``requests.Session`` under both services, with the limits that ``requests`` does not set by itself.

To copy: time-outs on every call, one budget for the whole call including its retries, a cap on the body, no
redirects, nothing taken from the machine's environment, and one exception for "the service gave no usable answer".
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import ContextVar
from io import BytesIO
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
import tenacity
from requests.adapters import HTTPAdapter

CONNECT_TIMEOUT = 3.05  # seconds; just above TCP's first retransmission
READ_TIMEOUT = 5.0  # seconds between two pieces of an answer
BUDGET = 10.0  # seconds for a call, retries included
MAX_BODY = 1_000_000  # bytes

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)
_Answer = TypeVar("_Answer")


class ServiceDown(Exception):
    """A service gave no usable answer: unreachable, too slow, 5xx, or not JSON. Nothing is known about the outcome."""

    def __init__(self, host: str, why: str) -> None:
        super().__init__(f"{host}: {why}")
        self.host = host


class ServiceSession(requests.Session):
    """A ``requests.Session`` that cannot hang, cannot be redirected and cannot be fed without end."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False  # a .netrc or a proxy variable must not replace our Authorization or route
        for scheme in ("https://", "http://"):
            self.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=32))

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send once, within the budget; raises ServiceDown unless a JSON answer below 500 came back whole."""
        host = urlsplit(request.url or "").netloc
        deadline = _deadline.get() or time.monotonic() + BUDGET
        left = deadline - time.monotonic()
        if left <= 0:
            raise ServiceDown(host, "out of time")
        limits = {
            "timeout": (min(CONNECT_TIMEOUT, left), min(READ_TIMEOUT, left)),
            "allow_redirects": False,
            "stream": True,
        }
        try:
            response = super().send(request, **{**kwargs, **limits})
            with response:
                body = _read(response, deadline)
        except (requests.RequestException, OSError) as error:
            raise ServiceDown(host, type(error).__name__) from error
        response.raw = BytesIO(body)
        if response.status_code == 408 or response.status_code >= 500:
            raise ServiceDown(host, f"status {response.status_code}")
        if 300 <= response.status_code < 400 or not _is_json(response):
            raise ServiceDown(host, f"status {response.status_code} without a JSON object")
        return response


def repeatable(call: Callable[[], _Answer]) -> _Answer:
    """Make a call that may safely happen twice (a read, or a write with an idempotency key), up to three times.

    Short random pauses, and all tries share one budget. Never use it for what can be spent once: a link, a code,
    an exchange. Raises what the last try raised.
    """
    token = _deadline.set(time.monotonic() + BUDGET)
    try:
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(ServiceDown),
            stop=tenacity.stop_after_attempt(3) | tenacity.stop_before_delay(BUDGET),
            wait=tenacity.wait_random(0.05, 0.25),
            reraise=True,
        )(call)
    finally:
        _deadline.reset(token)


def _read(response: requests.Response, deadline: float) -> bytes:
    """Read a body piece by piece, since a server that drips would otherwise never meet a time-out."""
    body = b""
    while piece := response.raw.read1(65_536, decode_content=True):
        body += piece
        if len(body) > MAX_BODY:
            raise requests.exceptions.ContentDecodingError("too large")
        if time.monotonic() > deadline:
            raise requests.exceptions.ReadTimeout("too slow")
    return body


def _is_json(response: requests.Response) -> bool:
    try:
        return isinstance(response.json(), dict)
    except ValueError:
        return False
