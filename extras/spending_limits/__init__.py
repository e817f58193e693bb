"""Spending limits of a card, on a panel of the card's page.

Fills the slot ``card_forms``. Nothing else belongs to it. Unit docs: *Get card limits*, *Update card*.
"""

from __future__ import annotations

from flask import Flask

from blueprints.slots import fill_slot

from .views import bp


def init_app(app: Flask) -> None:
    """Add the panel."""
    app.register_blueprint(bp)
    fill_slot(app, "card_forms", "spending_limits/_panel.html")
