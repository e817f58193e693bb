"""What is written down: one line per request, and per security event (``services/audit.py``).

To copy: JSON, UTC, and one id on every line of a request, in its answer's ``X-Request-Id`` and on its error page. A
user is a hash, a client a network; there is no query string, no header, no body, and of an exception no text, since any
of these may hold a token. JSON escapes line ends, so nobody can write a line of their own. A terminal gets the same
record in a form that reads better.
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
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, g, has_request_context, request

from services.guards import known_session
from settings import Settings

FIELDS = ("action", "outcome", "method", "path", "status", "ms")  # that a record may bring, and no others
HIDDEN = {"time", "logger", "endpoint", "request_id", "client", "trace"}  # on a screen
OWN_LINE = {"request", "security"}  # loggers whose records say all by their fields
REQUEST_ID = re.compile(r"[\w-]{8,64}", re.ASCII)

log = logging.getLogger("request")


def add_logs(app: Flask, settings: Settings) -> None:
    """Log every request, and give it an id: the one of the proxy in front, if there is one, or a new one."""
    handler = logging.StreamHandler()
    handler.setFormatter(Readable() if sys.stderr.isatty() else Lines())
    logging.basicConfig(level=settings.log_level, handlers=[handler])
    for noisy in ("werkzeug", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.WARNING)  # their lines would show links' tokens
    logging.getLogger("werkzeug").addFilter(_quote_no_request)
    app.jinja_env.globals["request_id"] = request_id

    @app.before_request
    def begin() -> None:
        g.began = time.monotonic()
        given = request.headers.get("X-Request-Id", "")
        if settings.trusted_proxies and REQUEST_ID.fullmatch(given):
            g.request_id = given

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-Id"] = request_id()
        if request.endpoint != "static":
            took = round((time.monotonic() - g.began) * 1000, 1)
            line = {"method": request.method, "path": _path(), "status": response.status_code, "ms": took}
            log.info("request", extra=line)
        return response


def log_start(app: Flask, settings: Settings) -> None:
    """Say where the app is, and which services are real: never a credential."""
    for service in ("Stytch", "Unit"):
        app.logger.info("%s is %s", service, "emulated" if service.lower() in settings.emulated else "real")
    app.logger.info("Open %s", settings.public_url)


def request_id() -> str:
    """The id under which this request is written down."""
    if "request_id" not in g:
        g.request_id = secrets.token_hex(8)
    given: str = g.request_id
    return given


class Lines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as it may be kept."""
        return json.dumps(_entry(record))


class Readable(logging.Formatter):
    """The same for a person who looks on."""

    def format(self, record: logging.LogRecord) -> str:
        """The record in one line, without what is of no use on a screen."""
        entry = _entry(record)
        shown = [value for name, value in entry.items() if name not in HIDDEN]
        line = " ".join(str(value).encode("unicode_escape").decode() for value in shown)
        return "\n  ".join([f"{entry['time'][11:19]} {line}", *entry.get("trace", [])])


def _entry(record: logging.LogRecord) -> dict[str, Any]:
    moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    entry: dict[str, Any] = {"time": moment, "level": record.levelname, "logger": record.name}
    entry["event" if record.name in OWN_LINE else "message"] = record.getMessage()
    entry |= {name: value for name in FIELDS if (value := getattr(record, name, None)) is not None}
    user = getattr(record, "user", None)
    if has_request_context() and "began" in g:  # not inside the emulator, which has requests of its own
        session = known_session()
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
    """Werkzeug's server quotes in brackets what it cannot read of a request, and that may hold a link's token."""
    if isinstance(record.args, tuple):
        record.args = tuple(arg.partition(" (")[0] if isinstance(arg, str) else arg for arg in record.args)
    return True


def _path() -> str:
    """The path, but for a part of it that is a token."""
    token = (request.view_args or {}).get("token", "")
    path = request.path.replace(token, "[token]") if token else request.path
    return quote(path, safe="/[]")[:200]


def _network(address: str | None) -> str:
    """Enough of an address to see where trouble comes from, too little to say who."""
    try:
        version = ipaddress.ip_address(address or "").version
        return str(ipaddress.ip_network(f"{address}/{24 if version == 4 else 48}", strict=False))
    except ValueError:
        return "unknown"
