"""Every fragment in every state side by side, for work on how pages look. Only in Flask's debug mode.

Nothing goes with this folder. It knows other extras by the names of their templates only: what is not installed is left
out.
"""

from __future__ import annotations

from flask import Flask

from .views import bp


def init_app(app: Flask) -> None:
    """Add the pages while debugging."""
    if app.debug:
        app.register_blueprint(bp)
