"""What a team needs to run the app: logs, health checks, a set-up check, and commands.

``views.py`` has ``/healthz``, ``/readyz``, ``/robots.txt`` and ``/.well-known/security.txt``; ``commands.py`` has
``flask doctor`` and ``flask unit link-customer``. Beside them: versioned and compressed static files, and an HTTP
reader that holds the time budget for every byte. Settings: ``LOG_LEVEL`` and ``SECURITY_CONTACT``. It comes first in
``EXTRAS``, so that the log sees every request whole.
"""

from __future__ import annotations

from flask import Flask

from . import commands, logs, readiness, static_files, strict_http, views


def init_app(app: Flask) -> None:
    """Add this extra to the app. Raises SettingsError."""
    app.register_blueprint(views.bp)
    logs.init_app(app)
    static_files.init_app(app)
    strict_http.init_app(app)
    readiness.init_app(app)
    views.init_app(app)
    commands.init_app(app)
