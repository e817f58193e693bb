"""The log: one line per request, and one per security event.

To copy: JSON, UTC, and one id on every line of a request, in its ``X-Request-Id`` header and on its error page. A user
is a hash, a client a network. It leaves out query strings, headers, bodies and exception texts, which may hold tokens.
JSON escapes line ends, so no one can forge a line. A terminal gets the same record in a more readable form.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import logging
import re
import secrets
import sys
import time
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, g, has_request_context, request, request_started

from blueprints.slots import fill_slot
from services.guards import loaded_session
from services.security import is_static
from services.signals import security_event
from settings import Settings, SettingsError

FIELDS = ("action", "outcome", "method", "path", "status", "ms")  # of a record's extra fields
HIDDEN = {"time", "logger", "endpoint", "request_id", "client", "trace"}  # on a terminal
NAMED_BY_FIELDS = {"request", "security"}  # loggers whose message is the name of an event
REQUEST_ID = re.compile(r"[\w-]{8,64}", re.ASCII)
LEVELS = {"denial": logging.WARNING, "limit": logging.WARNING, "fault": logging.ERROR}

request_log = logging.getLogger("request")
security_log = logging.getLogger("security")


def init_app(app: Flask) -> None:
    """Log every request and security event, at ``LOG_LEVEL``. Raises SettingsError."""
    settings: Settings = app.extensions["settings"]
    level = _one_of(settings.given, "LOG_LEVEL", "INFO", {"DEBUG", "INFO", "WARNING", "ERROR"})
    handler = logging.StreamHandler()
    handler.setFormatter(Readable() if sys.stderr.isatty() else Lines())
    logging.basicConfig(level=level, handlers=[handler])
    for noisy in ("werkzeug", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.WARNING)  # their lines would show links' tokens
    logging.getLogger("werkzeug").addFilter(_quote_no_request)
    app.jinja_env.globals["request_id"] = request_id
    fill_slot(app, "error_reference", "operations/_reference.html")
    request_started.connect(begin_request, app)  # before any before_request, which may refuse
    app.after_request(end_request)
    security_event.connect(log_security_event, app)
    log_start(app, settings)


def log_start(app: Flask, settings: Settings) -> None:
    """Log the app's URL, and which services are real: never a credential."""
    for service in ("Stytch", "Unit"):
        app.logger.info("%s is %s", service, "emulated" if service.lower() in settings.emulated else "real")
    app.logger.info("Open %s", settings.public_url)


def begin_request(app: Flask) -> None:
    """Start the clock, and take over the request id of a trusted proxy."""
    g.began = time.monotonic()
    given = request.headers.get("X-Request-Id", "")
    if app.extensions["settings"].trusted_proxies and REQUEST_ID.fullmatch(given):
        g.request_id = given


def end_request(response: Response) -> Response:
    """Log the request, except for static files."""
    response.headers["X-Request-Id"] = request_id()
    if not is_static(request.endpoint):
        took = round((time.monotonic() - g.began) * 1000, 1)
        line = {"method": request.method, "path": _path(), "status": response.status_code, "ms": took}
        request_log.info("request", extra=line)
    return response


def log_security_event(_app: Flask, *, event: str, outcome: str, action: str | None, user_id: str | None) -> None:
    """Log a security event. Without a ``user_id`` it is about the user of this request, if there is one."""
    level = LEVELS.get(event, logging.INFO if outcome == "ok" else logging.WARNING)
    security_log.log(level, event, extra={"action": action, "outcome": outcome, "user": user_id})


def request_id() -> str:
    """Return the id of this request in the log."""
    if "request_id" not in g:
        g.request_id = secrets.token_hex(8)
    found: str = g.request_id
    return found


class Lines(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON."""
        return json.dumps(_entry(record))


class Readable(logging.Formatter):
    """The same for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record in one line, without the fields in ``HIDDEN``."""
        entry = _entry(record)
        shown = [value for name, value in entry.items() if name not in HIDDEN]
        line = " ".join(str(value).encode("unicode_escape").decode() for value in shown)
        return "\n  ".join([f"{entry['time'][11:19]} {line}", *entry.get("trace", [])])


def _entry(record: logging.LogRecord) -> dict[str, Any]:
    moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    entry: dict[str, Any] = {"time": moment, "level": record.levelname, "logger": record.name}
    entry["event" if record.name in NAMED_BY_FIELDS else "message"] = record.getMessage()
    entry |= {name: value for name in FIELDS if (value := getattr(record, name, None)) is not None}
    user = getattr(record, "user", None)
    if has_request_context() and "began" in g:  # not inside the emulator, which has requests of its own
        session = loaded_session()
        user = user or (session and session.user_id)
        entry |= {"endpoint": request.endpoint, "request_id": request_id(), "client": _network(request.remote_addr)}
    if user:
        entry["user"] = hashlib.sha256(user.encode()).hexdigest()[:16]
    if record.exc_info and record.exc_info[0]:
        entry["trace"] = [
            record.exc_info[0].__name__,
            *(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(record.exc_info[2])),
        ]
    return entry


def _quote_no_request(record: logging.LogRecord) -> bool:
    """Cut what Werkzeug's server quotes in parentheses of a malformed request: it may hold a link's token."""
    if isinstance(record.args, tuple):
        record.args = tuple(arg.partition(" (")[0] if isinstance(arg, str) else arg for arg in record.args)
    return True


def _path() -> str:
    """Return the path, with a token in it replaced."""
    token = (request.view_args or {}).get("token", "")
    path = request.path.replace(token, "[token]") if token else request.path
    return quote(path, safe="/[]")[:200]


@lru_cache(1_000)
def _network(address: str | None) -> str:
    """Return the client's network: enough to see where attacks come from, too little to identify a person."""
    try:
        version = ipaddress.ip_address(address or "").version
        return str(ipaddress.ip_network(f"{address}/{24 if version == 4 else 48}", strict=False))
    except ValueError:
        return "unknown"


def _one_of(given: Mapping[str, str], name: str, default: str, allowed: set[str]) -> str:
    """Return one of the allowed words, in upper case. Raises SettingsError."""
    value = given.get(name, default).upper()
    if value not in allowed:
        raise SettingsError(f"{name} must be one of {', '.join(sorted(allowed))}.")
    return value
