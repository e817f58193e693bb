"""``/gallery``: every fragment in every state, for design work. Only in Flask's debug mode.

It refers to other extras by template name only, and leaves out what is not installed. Nothing else belongs to it.
"""

from __future__ import annotations

from flask import Flask

from .views import bp


def init_app(app: Flask) -> None:
    """Add the pages while debugging."""
    if app.debug:
        app.register_blueprint(bp)
