"""What was said to Stytch and Unit while one request was served: the panel beside the page shows it.

To copy: one hook under everything that calls; what is kept is redacted before it is kept; it lives in the request's
own ``g``, so that nobody else's calls can get in; and who made a call is read from the stack, so it cannot go stale.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from types import FrameType
from typing import Any, TypeAlias
from urllib.parse import unquote_plus, urlsplit

import requests
from flask import g, has_request_context

from settings import Settings

from .http import ServiceDown, ServiceSession
from .redaction import Token, redacted, redacted_url, tokens_in

OURS = ("blueprints.", "services.")
PLUMBING = frozenset(f"services.{name}" for name in ("cache", "http", "stytch_wire", "unit_wire", "wire_log"))
KEPT_HEADERS = ("Content-Type", "X-Accept-Version")


@dataclass(frozen=True)
class Place:
    """A line of ours through which a call went."""

    function: str  # with its module: services.auth.Auth.session
    line: int


@dataclass(frozen=True)
class Call:
    """One call, as it went; nothing in it is secret."""

    service: str
    method: str
    url: str
    headers: dict[str, str]
    credential: str  # project, org, customer, or nothing
    request: Any
    status: int | None  # None: no answer came
    response: Any
    problem: str  # why the answer was not usable, if it was not
    milliseconds: float
    tokens: tuple[Token, ...]
    made_by: tuple[Place, ...]  # outermost first

    @property
    def path(self) -> str:
        """The path, for the table of words."""
        return urlsplit(self.url).path

    @property
    def target(self) -> str:
        """Path and query as people read them."""
        parts = urlsplit(self.url)
        return unquote_plus(parts.path + (f"?{parts.query}" if parts.query else ""))


@dataclass(frozen=True)
class Spared:
    """A call that was not needed, and until when, in seconds since the epoch."""

    service: str
    why: str
    until: float
    made_by: tuple[Place, ...]


Entry: TypeAlias = Call | Spared


def begin() -> None:
    """Open the log of this request. Without it nothing is recorded."""
    g.wire_log = []


def entries() -> list[Entry]:
    """What has been recorded so far, oldest first."""
    kept: list[Entry] = g.get("wire_log", [])
    return kept


def spared(service: str, why: str, until: float) -> None:
    """Record that a cache spared a call; once is enough."""
    if not has_request_context() or "wire_log" not in g:
        return
    if not any(isinstance(entry, Spared) and entry.why == why for entry in g.wire_log):
        g.wire_log.append(Spared(service, why, until, _made_by()))


class RecordedSession(ServiceSession):
    """A ServiceSession that records each call of a request whose log is open, with or without an answer."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """As ServiceSession; what an emulated service asks to answer it has another ``g``, and is not recorded."""
        log: list[Entry] | None = g.get("wire_log") if has_request_context() else None
        if log is None:
            return super().send(request, **kwargs)
        began, made_by = time.perf_counter(), _made_by()
        response, problem = None, ""
        try:
            response = super().send(request, **kwargs)
        except ServiceDown as down:
            response, problem = down.response, down.why
            raise
        else:
            return response
        finally:
            took = (time.perf_counter() - began) * 1_000
            log.append(self._call(request, response, problem, took, made_by))

    def _call(
        self,
        request: requests.PreparedRequest,
        response: requests.Response | None,
        problem: str,
        milliseconds: float,
        made_by: tuple[Place, ...],
    ) -> Call:
        url = request.url or ""
        sent, received = _json(request.body), _json(response.content if response is not None else None)
        tokens = {repr(token): token for part in (sent, received) for token in tokens_in(part)}
        return Call(
            service="Stytch" if url.startswith(self._settings.stytch_api_url) else "Unit",
            method=request.method or "",
            url=redacted_url(url),
            headers={name: request.headers[name] for name in KEPT_HEADERS if name in request.headers},
            credential=self._credential(str(request.headers.get("Authorization", ""))),
            request=redacted(sent),
            status=response.status_code if response is not None else None,
            response=redacted(received),
            problem=problem,
            milliseconds=milliseconds,
            tokens=tuple(tokens.values()),
            made_by=made_by,
        )

    def _credential(self, authorization: str) -> str:
        kind, _, value = authorization.partition(" ")
        if kind == "Basic":
            return "project"
        if kind == "Bearer":
            return "org" if value == self._settings.unit_api_token else "customer"
        return ""


def _json(body: bytes | str | None) -> Any:
    try:
        return json.loads(body) if body else None
    except (ValueError, RecursionError):
        return f"{len(body or ''):,} characters that are not JSON"


def _made_by() -> tuple[Place, ...]:
    """Our own functions on the stack, outermost first, without the plumbing and the guards' wrappers."""
    places: list[Place] = []
    frame: FrameType | None = sys._getframe(1)
    while frame:
        module, name = frame.f_globals.get("__name__", ""), frame.f_code.co_qualname
        if module.startswith(OURS) and module not in PLUMBING and "<" not in name:
            places.append(Place(f"{module}.{name}", frame.f_lineno))
        frame = frame.f_back
    return tuple(reversed(places))
