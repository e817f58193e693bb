"""Webhooks: Unit tells the app what has changed, so that open pages show it at once.

``POST /webhooks/unit`` checks the signature, and notes that there is news for a customer. The waiting page and the card
pages ask this app every few seconds; it asks Unit only if there is news. Pages show what Unit answers, never what an
event says, so events may come late, twice, or in any order. Unit docs: *Webhooks*.

News is kept in the store of rate limits. Processes without a shared store work too: the card pages learn of news when
their request reaches the process that Unit's delivery reached, and the waiting page asks Unit twice a minute anyway.

``flask unit create-webhook`` sets it up at Unit, ``flask doctor`` checks it. Fills the slots ``cards_panels`` and
``card_panels``. Setting: ``UNIT_WEBHOOK_TOKEN``; blank, no webhooks are received. Nothing else belongs to it, but
``deploy/nginx.conf`` lets this route receive larger bodies.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from flask import Flask

from blueprints.slots import fill_slot
from settings import SettingsError

from . import setup
from .polls import answer_application_polls
from .views import PATH, bp


def init_app(app: Flask) -> None:
    """Add the command and the checks and, if there is a token, the routes. Raises SettingsError."""
    settings = app.extensions["settings"]
    app.config["UNIT_WEBHOOK_URL"] = f"{settings.public_url}{PATH}"
    app.config["UNIT_WEBHOOK_TOKEN"] = webhook_token(settings.given) or app.config.get("UNIT_WEBHOOK_TOKEN", "")
    setup.init_app(app)
    if app.config["UNIT_WEBHOOK_TOKEN"]:
        app.register_blueprint(bp)
        answer_application_polls(app)
        fill_slot(app, "cards_panels", "webhooks/_poll.html")
        fill_slot(app, "card_panels", "webhooks/_poll.html")


def webhook_token(given: Mapping[str, str]) -> str:
    """Return the secret that Unit signs with, or an empty string. Raises SettingsError."""
    token = given.get("UNIT_WEBHOOK_TOKEN", "")
    if token and not re.fullmatch(r"[!-~]{32,255}", token):
        raise SettingsError("UNIT_WEBHOOK_TOKEN must be 32 to 255 ASCII characters, random, without blanks.")
    return token
