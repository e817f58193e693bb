"""Recent activity: what was paid with a card, or happened on the account.

With it go the panels on the card list and on a card's page. Delete this folder and its name in ``app.py``.
"""

from __future__ import annotations

from flask import Flask

from blueprints.htmx import fill_slot

from . import views


def init_app(app: Flask) -> None:
    """Add the views and fill the slots of the card pages."""
    app.register_blueprint(views.bp)
    fill_slot(app, "cards_panels", "activity/account_panel.html")
    fill_slot(app, "card_panels", "activity/card_panel.html")
