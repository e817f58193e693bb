"""What only a demo needs: the story, play money, and where both services are emulated, personas and play.

Play money exists only with Unit's sandbox or the emulator: sample details in the application, a welcome payment, test
purchases, and activation of physical cards. If the sandbox has deleted a customer, the user can apply again. Fills the
slots ``head``, ``banner``, ``home_head``, ``home_pitch``, ``home_story``, ``application_help``, ``document_help``,
``cards_panels``, ``card_actions`` and ``card_forms``. Setting: ``SOURCE_URL``. Nothing else belongs to it.
"""

from __future__ import annotations

import re

from flask import Flask

from settings import Settings, SettingsError

from . import play_money, progress, sample, story, visits


def init_app(app: Flask) -> None:
    """Add this extra to the app. Raises SettingsError."""
    settings: Settings = app.extensions["settings"]
    app.config["SOURCE_URL"] = source_url(settings)
    story.init_app(app)
    progress.init_app(app)
    if settings.unit_is_sandbox:
        play_money.init_app(app)
        sample.init_app(app)
    if "emulator" in app.extensions:
        visits.init_app(app)


def source_url(settings: Settings) -> str:
    """Return where the code can be read, or an empty string. Raises SettingsError."""
    url = settings.given.get("SOURCE_URL", "")
    if url and not re.fullmatch(r"https://[!-~]{1,300}", url):
        raise SettingsError("SOURCE_URL must be an https:// address.")
    return url
