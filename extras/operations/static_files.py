"""Cache-busted URLs, SRI hashes and gzip for static files.

To copy: only static files are compressed. A page that holds a secret next to what a user typed would leak the secret
through its compressed length (BREACH). Each file is compressed once, at the highest level.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, request

from services.security import is_static

YEAR = 31_536_000  # seconds
COMPRESSED = {".css", ".js", ".svg", ".txt"}


def init_app(app: Flask) -> None:
    """Version the URLs of static files, of the app and of its blueprints; give templates ``integrity``."""
    app.url_defaults(add_version)
    app.after_request(cache_and_compress)
    app.jinja_env.globals["integrity"] = integrity


def integrity(filename: str, endpoint: str = "static") -> str:
    """Return the value of an ``integrity`` attribute (Subresource Integrity)."""
    return _digests(_path(endpoint, filename))[0]


def add_version(endpoint: str, values: dict[str, Any]) -> None:
    """Add a version that changes with the content to the URL of a static file."""
    if is_static(endpoint):
        with suppress(OSError):  # there is no such file
            values["v"] = _version(endpoint, values["filename"])


def cache_and_compress(response: Response) -> Response:
    """Let browsers keep a versioned file for a year; without the current version they ask each time."""
    endpoint = request.endpoint or ""
    if is_static(endpoint) and request.method in {"GET", "HEAD"} and response.status_code < 400:
        filename: str = (request.view_args or {})["filename"]
        if request.args.get("v") == _version(endpoint, filename):
            response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        if Path(filename).suffix in COMPRESSED:
            _compress(response, _path(endpoint, filename))
    return response


def _path(endpoint: str, filename: str) -> str:
    owner = endpoint.rpartition(".")[0]
    folder = current_app.blueprints[owner].static_folder if owner else current_app.static_folder
    return os.path.join(folder or "static", filename)  # noqa: PTH118 - ten times a page; Path takes three times as long


def _version(endpoint: str, filename: str) -> str:
    return _digests(_path(endpoint, filename))[1]


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


def _digests(file: str) -> tuple[str, str]:
    """Return a file's digest for an ``integrity`` attribute, and a short one for its URL."""
    return _digests_of(file, _changed(file))


def _changed(file: str) -> int:
    return os.stat(file).st_mtime_ns  # noqa: PTH116 - as above


@cache
def _digests_of(file: str, _changed: int) -> tuple[str, str]:
    digest = hashlib.sha384(Path(file).read_bytes())
    return "sha384-" + base64.b64encode(digest.digest()).decode(), digest.hexdigest()[:12]


@cache
def _gzipped(file: str, _changed: int) -> bytes:
    return gzip.compress(Path(file).read_bytes(), 9, mtime=0)
