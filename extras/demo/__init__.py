"""All that only a demo needs: the story on the home page, and play money at the bank.

The story shows wherever this extra is installed. Play money (sample details in the application, a welcome payment,
test purchases, activation of physical cards, and customers whom the sandbox has forgotten) exists only with Unit's
sandbox or the emulator. Without this folder the home page has its own short text, and nothing else changes.
"""

from __future__ import annotations

from flask import Flask

from settings import Settings

from . import play_money, story


def init_app(app: Flask) -> None:
    """Add this extra to the app."""
    settings: Settings = app.extensions["settings"]
    story.init_app(app)
    if settings.unit_is_sandbox:
        play_money.init_app(app)
