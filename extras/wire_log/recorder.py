"""Record the calls to Stytch and Unit while one request is served.

To copy: it listens to signals, so the code that makes calls does not depend on it. Each call is redacted before it is
kept in the request's own ``g``, where no other request can see it.
"""

from __future__ import annotations

import inspect
import json
import secrets
import traceback
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, TypeAlias
from urllib.parse import unquote_plus, urlsplit

import requests
from flask import Flask, g, request

from services.signals import cache_hit, upstream_call

from .redaction import Token, redacted, redacted_url, tokens_in
from .source import project_functions

PLUMBING = (f"{__package__}.", "services.http.", "services.signals.")  # between the code that calls and this listener
KEPT_HEADERS = ("Content-Type", "X-Accept-Version")


@dataclass(frozen=True)
class CallSite:
    """A line of this project through which a call went."""

    function: str  # with its module: services.magic_links.send_link
    line: int


@dataclass(frozen=True)
class Call:
    """One call. Nothing in it is secret."""

    service: str  # Stytch or Unit
    method: str
    url: str
    headers: dict[str, str]
    credential: str  # project, org, customer, or empty
    request: Any
    status: int | None  # None: no answer came
    packed_response: bytes  # as objects, those of a full journal would take 100 MB
    problem: str  # why the answer was not usable, or empty
    milliseconds: float
    tokens: tuple[Token, ...]
    made_by: tuple[CallSite, ...]  # outermost first

    @property
    def response(self) -> Any:
        """The body of the answer."""
        return json.loads(zlib.decompress(self.packed_response))

    @property
    def path(self) -> str:
        """The URL's path."""
        return urlsplit(self.url).path

    @property
    def target(self) -> str:
        """Path and query, decoded for people."""
        parts = urlsplit(self.url)
        return unquote_plus(parts.path + (f"?{parts.query}" if parts.query else ""))


@dataclass(frozen=True)
class CacheHit:
    """A call that was not needed, and until when, in seconds since the epoch."""

    service: str
    why: str
    until: float
    made_by: tuple[CallSite, ...]


Entry: TypeAlias = Call | CacheHit


@dataclass(frozen=True)
class Action:
    """One request of the browser, and the calls behind it."""

    id: str
    at: datetime
    method: str
    path: str
    endpoint: str
    entries: tuple[Entry, ...]  # newest first

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls that were made."""
        return tuple(entry for entry in self.entries if isinstance(entry, Call))

    @property
    def hits(self) -> tuple[CacheHit, ...]:
        """The calls that were not needed."""
        return tuple(entry for entry in self.entries if isinstance(entry, CacheHit))


class Recorder:
    """Listens to the signals of one app, and records what belongs to a request.

    Calls that the emulator itself makes belong to another app, so they are not recorded.
    """

    def __init__(self, app: Flask, stytch_url: str, org_token: str) -> None:
        self._app, self._stytch_url, self._org_token = app, stytch_url, org_token
        upstream_call.connect(self._record_call, sender=app)
        cache_hit.connect(self._record_cache_hit, sender=app)

    @cached_property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """The functions whose code may be shown; read at first use, when all views are registered."""
        return project_functions(self._app)

    def begin(self) -> None:
        """Start the list of this request. Nothing is recorded without one."""
        g.wire_log, g.wire_log_id = [], secrets.token_urlsafe(8)

    def action(self) -> Action | None:
        """Return this request with what was recorded for it, or None."""
        if not (entries := tuple(reversed(g.get("wire_log", ())))):
            return None
        now, endpoint = datetime.now(UTC), request.endpoint or ""
        return Action(g.wire_log_id, now, request.method, request.path, endpoint, entries)

    def _record_call(
        self,
        _app: object,
        *,
        request: requests.PreparedRequest,
        response: requests.Response | None,
        problem: str,
        milliseconds: float,
    ) -> None:
        url, authorization = request.url or "", str(request.headers.get("Authorization", ""))
        is_stytch = url.startswith(self._stytch_url)
        if "wire_log" not in g or not (is_stytch or authorization):  # to a third service, such as a CAPTCHA's
            return
        sent, received = _json(request.body), _json(response.content if response is not None else None)
        tokens = {repr(token): token for part in (sent, received) for token in tokens_in(part)}
        call = Call(
            service="Stytch" if is_stytch else "Unit",
            method=request.method or "",
            url=redacted_url(url),
            headers={name: request.headers[name] for name in KEPT_HEADERS if name in request.headers},
            credential=self._credential(authorization),
            request=redacted(sent),
            status=response.status_code if response is not None else None,
            packed_response=packed(redacted(received)),
            problem=problem,
            milliseconds=milliseconds,
            tokens=tuple(tokens.values()),
            made_by=self._call_sites(),
        )
        g.wire_log.append(call)

    def _record_cache_hit(self, _app: object, *, service: str, why: str, until: float) -> None:
        """Record it once per request and reason."""
        if "wire_log" not in g or any(isinstance(entry, CacheHit) and entry.why == why for entry in g.wire_log):
            return
        g.wire_log.append(CacheHit(service, why, until, self._call_sites()))

    def _credential(self, authorization: str) -> str:
        kind, _, value = authorization.partition(" ")
        if kind == "Bearer":
            return "org" if value == self._org_token else "customer"
        return "project" if kind == "Basic" else ""

    def _call_sites(self) -> tuple[CallSite, ...]:
        """Return this project's functions on the stack, outermost first, without the plumbing."""
        frames = traceback.walk_stack(inspect.currentframe())
        named = [(f"{frame.f_globals.get('__name__')}.{frame.f_code.co_qualname}", line) for frame, line in frames]
        return tuple(
            CallSite(name, line)
            for name, line in reversed(named)
            if name in self.functions and not name.startswith(PLUMBING)
        )


def packed(body: Any) -> bytes:
    """Return compressed JSON."""
    return zlib.compress(json.dumps(body).encode())


def _json(body: bytes | str | None) -> Any:
    try:
        return json.loads(body) if body else None
    except (ValueError, TypeError, RecursionError):  # TypeError: a file
        return f"{len(body or ''):,} bytes that are not JSON"
