"""What only a demo needs: the story on the home page, and play money.

Play money exists only with Unit's sandbox or the emulator: sample details in the application, a welcome payment, test
purchases, and activation of physical cards. If the sandbox has deleted a customer, the user can apply again. Fills the
slots ``home_head``, ``home_pitch``, ``home_story``, ``application_help``, ``card_actions`` and ``card_panels``. Nothing
else belongs to it.
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
