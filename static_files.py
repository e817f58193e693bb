"""Our own files in the page: a URL that changes with the content, the hash that the browser checks, and a small answer.

To copy: only static files are compressed. A page that holds a secret beside what somebody typed gives the secret away
by its compressed length (BREACH). Each file is compressed once, as well as gzip can.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, request

YEAR = 31_536_000  # seconds
COMPRESSED = {".css", ".js", ".svg", ".txt"}


def add_static_files(app: Flask) -> None:
    """Give static URLs a version, let browsers keep those for a year, and templates the ``integrity`` function."""
    folder = Path(app.static_folder or "static")

    def integrity(filename: str) -> str:
        """The value of an ``integrity`` attribute (Subresource Integrity)."""
        return digests(filename)[0]

    def version(filename: str) -> str:
        return digests(filename)[1]

    def digests(filename: str) -> tuple[str, str]:
        file = folder / filename
        return _digests(file, file.stat().st_mtime_ns)

    @app.url_defaults
    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            with suppress(OSError):  # there is no such file
                values["v"] = version(values["filename"])

    @app.after_request
    def keep(response: Response) -> Response:
        """What is under a version never changes. Without it, or under an old one, browsers ask each time."""
        if request.endpoint == "static" and request.method in {"GET", "HEAD"} and response.status_code < 400:
            filename: str = (request.view_args or {})["filename"]
            if request.args.get("v") == version(filename):
                response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
            if Path(filename).suffix in COMPRESSED:
                _compress(response, folder / filename)
        return response

    app.jinja_env.globals["integrity"] = integrity


def _compress(response: Response, file: Path) -> None:
    """Answer with the file's compressed form to browsers that take it; what has no or only a part of a body stays."""
    response.vary.add("Accept-Encoding")
    if response.status_code != 200 or not request.accept_encodings["gzip"]:
        return
    etag, _weak = response.get_etag()
    response.close()  # the file that was opened to be sent
    response.direct_passthrough = False
    response.set_data(_gzipped(file, file.stat().st_mtime_ns))
    response.headers["Content-Encoding"] = "gzip"
    response.set_etag(etag or "", weak=True)  # the same file, though not the same bytes


@cache
def _digests(file: Path, _changed: int) -> tuple[str, str]:
    """A file's digest for an ``integrity`` attribute, and a short one for its URL."""
    digest = hashlib.sha384(file.read_bytes())
    return "sha384-" + base64.b64encode(digest.digest()).decode(), digest.hexdigest()[:12]


@cache
def _gzipped(file: Path, _changed: int) -> bytes:
    return gzip.compress(file.read_bytes(), 9, mtime=0)
