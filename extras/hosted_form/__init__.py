"""Open the account with Unit's own application form, on a page that Unit hosts.

Fills the slot ``application_alternatives``. Nothing else belongs to it. Unit docs: *Application Forms*.
"""

from __future__ import annotations

from flask import Flask

from blueprints.slots import fill_slot

from .views import bp


def init_app(app: Flask) -> None:
    """Offer the form beside our own."""
    app.register_blueprint(bp)
    fill_slot(app, "application_alternatives", "hosted_form/_offer.html")
