"""Our own files in the page: a URL that changes with the content, and the hash that the browser checks."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask

YEAR = 31_536_000  # seconds


def add_static_files(app: Flask) -> None:
    """Give static URLs a version, let browsers keep them for a year, and templates the ``integrity`` function."""
    folder = Path(app.static_folder or "static")
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = YEAR

    @cache
    def integrity(filename: str) -> str:
        """The value of an ``integrity`` attribute (Subresource Integrity)."""
        return "sha384-" + base64.b64encode(hashlib.sha384((folder / filename).read_bytes()).digest()).decode()

    @app.url_defaults
    def version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and (folder / values["filename"]).is_file():
            values["v"] = hashlib.sha256(integrity(values["filename"]).encode()).hexdigest()[:12]

    app.jinja_env.globals["integrity"] = integrity
