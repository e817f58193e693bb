"""Documents that the bank asks an applicant for: an upload page, straight through to Unit.

A file is held in memory while one request sends it on, and is kept nowhere: no disk, no log. What it is is decided by
its content. Fills the slot ``application_waiting``, and has the slot ``document_help``. Unit docs: *Application
Documents*.

With it go the lines of ``deploy/serve.py`` and ``deploy/nginx.conf`` that let this route receive large bodies.
"""

from __future__ import annotations

from flask import Flask

from .views import UPLOAD, bp


def init_app(app: Flask) -> None:
    """Add the page, and the link to it: before what else stands on the waiting page."""
    app.register_blueprint(bp)
    app.extensions.setdefault("upload_endpoints", set()).add(UPLOAD)
    app.extensions["slots"].setdefault("application_waiting", []).insert(0, "documents/_link.html")
