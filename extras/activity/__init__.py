"""Recent activity: transactions and card authorizations, of one card or the account.

Fills the slots ``cards_panels`` and ``card_panels``. Nothing else belongs to it.
"""

from __future__ import annotations

from flask import Flask

from blueprints.slots import fill_slot

from . import views


def init_app(app: Flask) -> None:
    """Add the views and fill the slots of the card pages."""
    app.register_blueprint(views.bp)
    fill_slot(app, "cards_panels", "activity/account_panel.html")
    fill_slot(app, "card_panels", "activity/card_panel.html")
