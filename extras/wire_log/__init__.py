"""The panel of API calls: every call to Stytch and Unit behind a page, redacted, with the code that made it.

Setting: ``WIRE_LOG`` (on or off), on unless the Stytch project is live. If off, nothing is recorded or registered.
Fills the slots ``head``, ``body_class``, ``before_header`` and ``after_page``. Nothing else belongs to it.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask

from blueprints.slots import fill_slot

from .journal import Journal
from .recorder import Recorder
from .views import bp

OPEN = ("wire_log.source", "wire_log.journey", "wire_log.export", "wire_log.action", "wire_log.call")  # need no session


def init_app(app: Flask) -> None:
    """Record the calls of each request, and show them beside its page."""
    settings = app.extensions["settings"]
    if is_on(settings.given, is_live=settings.is_live):
        add_panel(app, stytch_url=settings.stytch_api_url, org_token=settings.unit_api_token)


def add_panel(app: Flask, *, stytch_url: str, org_token: str) -> None:
    """Add the panel to any app whose calls go through ``services/http.py``.

    ``stytch_url`` is the origin of Stytch's API; ``org_token`` tells the org's calls from a customer's.
    """
    recorder = Recorder(app, f"{stytch_url}/v1/", org_token)
    app.extensions |= {"wire_log": recorder, "wire_log_journal": Journal()}
    app.register_blueprint(bp)
    app.extensions.setdefault("public_endpoints", {"static"}).update(OPEN)
    fill_slot(app, "head", "wire_log/_head.html")
    fill_slot(app, "body_class", "wire_log/_body_class.html")
    fill_slot(app, "before_header", "wire_log/_skip.html")
    fill_slot(app, "after_page", "wire_log/_panel.html")


def is_on(given: Mapping[str, str], *, is_live: bool) -> bool:
    """Whether the settings ask for the panel. Raises SystemExit if the value is neither on nor off."""
    value = given.get("WIRE_LOG", "off" if is_live else "on").lower()
    if value not in {"on", "off"}:
        raise SystemExit("WIRE_LOG must be on or off.")
    return value == "on"
