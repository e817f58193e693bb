"""Our own files in the page: a URL that changes with the content, and the hash that the browser checks."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, request

YEAR = 31_536_000  # seconds


def add_static_files(app: Flask) -> None:
    """Give static URLs a version, let browsers keep those for a year, and templates the ``integrity`` function."""
    folder = Path(app.static_folder or "static")

    @cache
    def integrity(filename: str) -> str:
        """The value of an ``integrity`` attribute (Subresource Integrity)."""
        return "sha384-" + base64.b64encode(hashlib.sha384((folder / filename).read_bytes()).digest()).decode()

    def version(filename: str) -> str:
        return hashlib.sha256(integrity(filename).encode()).hexdigest()[:12]

    @app.url_defaults
    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and (folder / values["filename"]).is_file():
            values["v"] = version(values["filename"])

    @app.after_request
    def keep(response: Response) -> Response:
        """What is under a version never changes. Without it, or under an old one, browsers ask each time."""
        if request.endpoint == "static" and request.method in {"GET", "HEAD"} and response.status_code < 400:
            filename: str = (request.view_args or {})["filename"]
            if request.args.get("v") == version(filename):
                response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        return response

    app.jinja_env.globals["integrity"] = integrity
