"""What a team needs to run the app: logs, health checks, a setup check, and commands.

``views.py`` has ``/healthz``, ``/readyz``, ``/robots.txt`` and ``/.well-known/security.txt``; ``commands.py`` has
``flask doctor`` and ``flask unit link-customer``. Also versioned and compressed static files, sessions that end on all
replicas at once, and an HTTP reader that applies the time budget to every byte. Client addresses lose the port or the
brackets that some proxies write. ``debugger.py`` refuses Flask's debugger where others could reach it. It is first in
``EXTRAS``, so that the log covers the whole request.

Settings: ``LOG_LEVEL``, ``SECURITY_CONTACT``. ``deploy/`` needs it: the container's health check asks ``/healthz``, and
the server writes the log that is configured here.
"""

from __future__ import annotations

from flask import Flask

from . import addresses, commands, debugger, logs, readiness, replicas, static_files, strict_http, views


def init_app(app: Flask) -> None:
    """Add this extra to the app. Raises SettingsError."""
    debugger.refuse_debugger(app.extensions["settings"])
    app.before_request(addresses.clean_address)  # first, so that limits and the log see it
    app.register_blueprint(views.bp)
    logs.init_app(app)
    static_files.init_app(app)
    strict_http.init_app(app)
    readiness.init_app(app)
    views.init_app(app)
    replicas.init_app(app)
    commands.init_app(app)
