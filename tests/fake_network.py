"""A network between the app and its services that can fail, delay, alter or count calls."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from types import TracebackType
from typing import Any, Self, TypeAlias
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse

Forward: TypeAlias = Callable[[], requests.Response]  # lets the service answer
Behavior: TypeAlias = Callable[[requests.PreparedRequest, Forward], requests.Response]
Overheard: TypeAlias = list[tuple[requests.PreparedRequest, requests.Response]]  # requests and their answers


@dataclass(frozen=True)
class Fault:
    """A behavior: fails a call. ``acted``: after the service has done what it was asked."""

    status: int = 0
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    error: type[Exception] | None = None  # raised instead of an answer
    acted: bool = False
    file: type[BytesIO] = BytesIO  # holds the body

    def __call__(self, request: requests.PreparedRequest, forward: Forward) -> requests.Response:
        if self.acted:
            forward()
        if self.error:
            raise self.error
        return _response(request, self.status, self.file(self.body), self.headers)


REFUSED = Fault(error=requests.ConnectionError)
LOST = Fault(error=requests.ReadTimeout, acted=True)


def unit_refusal(status: int, code: str) -> Fault:
    """Return a refusal in Unit's format."""
    return Fault(status, json.dumps({"errors": [{"status": str(status), "code": code, "title": code}]}).encode())


def attributes_of(request: requests.PreparedRequest) -> dict[str, Any]:
    """Return the attributes that Unit was sent."""
    return dict(json.loads(request.body or b"")["data"]["attributes"])


def altered(change: Callable[[Any], Any]) -> Behavior:
    """Return a behavior that changes the JSON of an answer."""

    def alter(request: requests.PreparedRequest, forward: Forward) -> requests.Response:
        answer = forward()
        changed = change(json.loads(answer.raw.read(decode_content=True)))
        headers = {"Content-Type": answer.headers["Content-Type"]}
        return _response(request, answer.status_code, BytesIO(json.dumps(changed).encode()), headers)

    return alter


class FakeNetwork:
    """Stands before each adapter of a session while the ``with`` statement lasts."""

    def __init__(self, session: requests.Session) -> None:
        self._session, self._services = session, dict(session.adapters)
        self._pattern, self._times = "", 0.0
        self._behavior: Behavior = REFUSED
        self.met: list[str] = []  # the calls that the behavior applied to, as "GET /cards"

    def set(self, calls: str, behavior: Behavior = REFUSED, times: float = math.inf) -> None:
        """Apply a behavior to the next calls that match, a regular expression for "GET /cards", and to no others."""
        self._pattern, self._behavior, self._times = calls, behavior, times

    def clear(self) -> None:
        """Let every call through."""
        self._times = 0

    def send(self, request: requests.PreparedRequest, forward: Forward) -> requests.Response:
        call = f"{request.method} {urlsplit(str(request.url)).path}"
        if not self._times or not re.fullmatch(self._pattern, call):
            return forward()
        self._times -= 1
        self.met.append(call)
        return self._behavior(request, forward)

    def __enter__(self) -> Self:
        for prefix, service in self._services.items():
            self._session.adapters[prefix] = _Adapter(self, service)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.adapters.update(self._services)


class _Adapter(BaseAdapter):
    def __init__(self, network: FakeNetwork, service: BaseAdapter) -> None:
        super().__init__()
        self._network, self._service = network, service

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        return self._network.send(request, lambda: self._service.send(request, *args, **kwargs))

    def close(self) -> None:
        """The service's adapter is closed by its own session."""


def _response(
    request: requests.PreparedRequest, status: int, body: BytesIO, headers: dict[str, str]
) -> requests.Response:
    return HTTPAdapter().build_response(request, HTTPResponse(body, headers, status, preload_content=False))
