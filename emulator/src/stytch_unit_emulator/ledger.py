"""The request ledger: what each tenant's callers sent, what they got, and what that changed.

Entries are redacted before they are stored. Requests that name no project are not recorded: those without credentials.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from werkzeug.datastructures import Headers
from werkzeug.http import parse_options_header
from werkzeug.wsgi import ClosingIterator

from . import clock, strict_json
from .control_middleware import APPLIED, PAGES, PREFIX, Applied
from .ledger_store import Changes, Entry, LedgerStore, collecting
from .redaction import hint, redacted, redacted_text
from .store import Json
from .unit import Attempt, Delivery

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MAX_READ = 64 * 1024  # bytes of a request or an answer; of larger ones only the size is stored
MAX_KEPT = 16 * 1024  # characters of either, as JSON
BOOKKEEPING = frozenset(  # kinds of records that a service does not show
    ("user_email", "user_phone_number", "user_external_id", "rate_limit", "idempotency_key")
)
FORM = "/application-form/"  # its token follows
OWN_PATHS = ("/", "/inbox", "/healthz", "/emulator.css", PREFIX, PAGES)


@dataclass(frozen=True)
class Wanted:
    """The entries to find. ``*`` in the path matches any characters; a status may be a class such as ``4xx``."""

    path: str = "*"
    method: str = ""
    status: str = ""

    def matches(self, entry: Json) -> bool:
        """Whether an entry is one of them."""
        status = str(entry["status"])
        return (
            fnmatchcase(entry["path"], self.path)
            and self.method in ("", entry["method"])
            and self.status in ("", status, f"{status[0]}xx")
        )


@dataclass(frozen=True)
class Answer:
    """The status line, headers and body of a response."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


class LedgerMiddleware:
    """WSGI middleware around the controls that records the requests of known tenants."""

    def __init__(self, application: WSGIApplication, store: LedgerStore) -> None:
        self._application = application
        self._store = store

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, and record it before the caller gets the answer."""
        path = environ["PATH_INFO"]
        if path in OWN_PATHS or path.startswith((f"{PREFIX}/", f"{PAGES}/")):
            return self._application(environ, start_response)
        sent, began = _read(environ), time.perf_counter()
        with collecting() as changes:
            answer = _run(self._application, environ)
        milliseconds = round((time.perf_counter() - began) * 1000, 1)
        applied: Applied = environ[APPLIED]
        if applied.tenant_id:
            body = partial(_request, environ, sent, answer, changes, clock.now(), milliseconds)
            self._store.append(Entry(applied.tenant_id, "request", body))
        start_response(answer.status, answer.headers)
        return [answer.body]


def record_attempt(store: LedgerStore, tenant_id: str, delivery: Delivery, attempt: Attempt) -> None:
    """Record one attempt to deliver events to a webhook."""
    entry: Json = {
        "webhook_id": delivery.webhook_id,
        "url": redacted_text(delivery.url),
        "events": delivery.event_ids,
        "status": attempt.status,
        "milliseconds": attempt.milliseconds,
        "real_time": clock.milliseconds(clock.now()),
    }
    store.append(Entry(tenant_id, "attempt", lambda: entry))


def is_status(text: str) -> bool:
    """Whether the text is a status, or a class of them such as ``4xx``."""
    return re.fullmatch("[1-5]([0-9]{2}|xx)", text, re.ASCII) is not None


def requests(store: LedgerStore, tenant_id: str, wanted: Wanted, after: int = 0) -> list[Json]:
    """The matching requests after that number, oldest first, with the attempts to send their events."""
    found = [entry for entry in store.ledger(tenant_id, "request", after) if wanted.matches(entry)]
    attempts = store.ledger(tenant_id, "attempt", after) if found else []
    return [entry | {"webhooks": _attempts_of(entry, attempts)} for entry in found]


def writers(store: LedgerStore, tenant_id: str, kind: str, record_id: str) -> list[Json]:
    """The requests that wrote a record, newest first, each with its ``change``."""
    return [
        entry | {"change": changed["change"]}
        for entry in reversed(store.ledger(tenant_id, "request"))
        for changed in entry["changed"]
        if (changed["kind"], changed["id"]) == (kind, record_id)
    ]


def _attempts_of(entry: Json, attempts: list[Json]) -> list[Json]:
    events = {changed["id"] for changed in entry["changed"] if changed["kind"] == "event"}
    return [attempt for attempt in attempts if not events.isdisjoint(attempt["events"])]


def _run(application: WSGIApplication, environ: WSGIEnvironment) -> Answer:
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Callable[[bytes], object]:
        started.append((status, headers))
        return lambda _data: None  # no part of the emulator writes so

    with closing(ClosingIterator(application(environ, start_response))) as chunks:
        body = b"".join(chunks)
    return Answer(*started[-1], body)


def _request(
    environ: WSGIEnvironment, sent: bytes | None, answer: Answer, changes: Changes, now: datetime, milliseconds: float
) -> Json:
    path, applied = environ["PATH_INFO"], environ[APPLIED]
    return {
        "service": "stytch" if path.startswith("/v1/") else "unit",
        "method": environ["REQUEST_METHOD"],
        "path": f"{FORM}{hint(path.removeprefix(FORM))}" if path.startswith(FORM) else redacted_text(path),
        "query": redacted(dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))),
        "status": int(answer.status[:3]),
        "milliseconds": milliseconds,
        "tenant_time": clock.milliseconds(now + timedelta(seconds=applied.seconds)),
        "real_time": clock.milliseconds(now),
        "fault": _named(applied.fault),
        "request": _shown(sent, environ.get("CONTENT_TYPE", "")),
        "answer": _shown(answer.body, Headers(answer.headers).get("Content-Type", "")),
        "changed": [
            {"kind": kind, "id": record_id, "change": change}
            for (kind, record_id), change in changes.items()
            if kind not in BOOKKEEPING
        ],
    }


def _named(fault: Json | None) -> str | None:
    """What a fault does, as it was asked for."""
    return None if fault is None else str(next(filter(None, map(fault.get, ("fault", "error_type", "code", "status")))))


def _read(environ: WSGIEnvironment) -> bytes | None:
    """Read the request's body and put it back. None for one that is large or of unknown size."""
    length = environ.get("CONTENT_LENGTH") or ("" if "HTTP_TRANSFER_ENCODING" in environ else "0")
    if not (length.isascii() and length.isdigit()) or int(length) > MAX_READ:
        return None
    body = bytes(environ["wsgi.input"].read(int(length)))
    environ["wsgi.input"] = BytesIO(body)
    return body


def _shown(body: bytes | None, content_type: str) -> object:
    """JSON without secrets; of anything else, its type and size."""
    if body == b"":
        return None
    media_type = redacted_text(parse_options_header(content_type)[0]) or "an unknown type"
    if body is None or len(body) > MAX_READ:
        return f"‹large body of {media_type}›"
    try:
        shown = redacted(strict_json.parse(body))
    except ValueError:
        return f"‹{len(body):,} bytes of {media_type}, not JSON›"
    return shown if len(strict_json.dump(shown)) <= MAX_KEPT else f"‹{len(body):,} bytes of JSON›"
