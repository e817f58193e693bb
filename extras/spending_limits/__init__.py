"""Spending limits of a card, on a panel of the card's page.

Goes with it: nothing. Fills the slot ``card_panels``. Unit docs: *Cards*, *Limits*.
"""

from __future__ import annotations

from flask import Flask

from blueprints.htmx import fill_slot

from .views import bp


def init_app(app: Flask) -> None:
    """Add the panel."""
    app.register_blueprint(bp)
    fill_slot(app, "card_panels", "spending_limits/_panel.html")
