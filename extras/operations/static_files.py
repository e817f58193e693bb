"""Cache-busted URLs, SRI hashes and gzip for static files; and URLs that templates need on every page, built once.

To copy: only static files are compressed. A page that holds a secret next to what a user typed would leak the secret
through its compressed length (BREACH). Each file is compressed once, at the highest level.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
import time
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, has_request_context, request

from services.security import is_static

YEAR = 31_536_000  # seconds
COMPRESSED = {".css", ".js", ".svg", ".txt"}


def init_app(app: Flask) -> None:
    """Version the URLs of static files, of the app and of its blueprints; give templates ``integrity``."""
    files = StaticFiles(app)
    app.url_defaults(files.add_version)
    app.after_request(files.cache_and_compress)
    app.jinja_env.globals.update(integrity=files.integrity, url_for=files.url_for)


class StaticFiles:
    """The static files of an app and its blueprints."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._path = lru_cache(1_000)(self._find)
        self._url = lru_cache(1_000)(self._build)

    def integrity(self, filename: str, endpoint: str = "static") -> str:
        """Return the value of an ``integrity`` attribute (Subresource Integrity)."""
        file = self._path(endpoint, filename)
        return _digests(file, _changed_by(int(time.time()), file))[0]

    def url_for(self, endpoint: str, **values: Any) -> str:
        """Return a URL as Flask does; one of a static file or without values is built once, and if the file changes.

        Pages see a change within a second: a call of ``stat`` lets other threads run first, on a busy server.
        """
        filename = values.get("filename", "") if is_static(endpoint) else ""
        if len(values) > bool(filename) or endpoint.startswith(".") or not has_request_context():
            return self._app.url_for(endpoint, **values)
        changed = 0
        with suppress(OSError):  # there is no such file
            changed = _changed_by(int(time.time()), self._path(endpoint, filename)) if filename else 0
        return self._url(request.root_path, endpoint, filename, changed)

    def add_version(self, endpoint: str, values: dict[str, Any]) -> None:
        """Add a version that changes with the content to the URL of a static file."""
        if is_static(endpoint):
            with suppress(OSError):  # there is no such file
                values["v"] = self._version(endpoint, values["filename"])

    def cache_and_compress(self, response: Response) -> Response:
        """Let browsers keep a versioned file for a year; without the current version they ask each time."""
        endpoint = request.endpoint or ""
        if is_static(endpoint) and request.method in {"GET", "HEAD"} and response.status_code < 400:
            filename: str = (request.view_args or {})["filename"]
            if request.args.get("v") == self._version(endpoint, filename):
                response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
            if Path(filename).suffix in COMPRESSED:
                _compress(response, self._path(endpoint, filename))
        return response

    def _version(self, endpoint: str, filename: str) -> str:
        file = self._path(endpoint, filename)
        return _digests(file, _changed(file))[1]

    def _find(self, endpoint: str, filename: str) -> str:
        owner = endpoint.rpartition(".")[0]
        folder = (self._app.blueprints[owner] if owner else self._app).static_folder
        return str(Path(folder or "static", filename))

    def _build(self, _root: str, endpoint: str, filename: str, _changed: int) -> str:
        values: dict[str, Any] = {"filename": filename} if filename else {}
        return self._app.url_for(endpoint, **values)


def _compress(response: Response, file: str) -> None:
    """Send the compressed file to browsers that accept it; partial and empty responses stay as they are."""
    response.vary.add("Accept-Encoding")
    if response.status_code != 200 or not request.accept_encodings["gzip"]:
        return
    etag, _weak = response.get_etag()
    response.close()  # the file that was opened to be sent
    response.direct_passthrough = False
    response.set_data(_gzipped(file, _changed(file)))
    response.headers["Content-Encoding"] = "gzip"
    response.set_etag(etag or "", weak=True)  # the same file, but not the same bytes


def _changed(file: str) -> int:
    return os.stat(file).st_mtime_ns  # noqa: PTH116 - Path takes three times as long


@lru_cache(1_000)
def _changed_by(_second: int, file: str) -> int:
    return _changed(file)


@cache
def _digests(file: str, _changed: int) -> tuple[str, str]:
    """Return a file's digest for an ``integrity`` attribute, and a short one for its URL."""
    digest = hashlib.sha384(Path(file).read_bytes())
    return "sha384-" + base64.b64encode(digest.digest()).decode(), digest.hexdigest()[:12]


@cache
def _gzipped(file: str, _changed: int) -> bytes:
    return gzip.compress(Path(file).read_bytes(), 9, mtime=0)
