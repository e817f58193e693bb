"""The same pages with Unit's own components: cards, one card with its activity, and activation of a physical card.

Settings: ``UNIT_COMPONENTS_URL`` and ``UNIT_COMPONENTS_INTEGRITY``, the script with its version and its checksum;
blank, these pages don't exist. Where Unit is emulated, the emulator has stand-ins. Fills the slots ``cards_panels`` and
``card_forms``, and ``card_actions`` for a card that waits to be activated. Nothing else belongs to it.

What changes: Unit's script runs in the page, and a customer token is in the browser, where each script of the page can
read it, and where Unit's script keeps it in local storage. So this page alone admits that script, by its checksum; the
token only reads, of cards this one, and the customer's own record; and it ends with the step-up. It is deleted when
the page is left, and at sign-out (``Clear-Site-Data``).
"""

from __future__ import annotations

from flask import Flask

from blueprints.slots import fill_slot

from . import setup
from .views import bp


def init_app(app: Flask) -> None:
    """Add the check of the setup and, if there is a script, the pages. Raises SettingsError."""
    app.extensions["unit_components"] = script = setup.configured(app)
    app.extensions.setdefault("doctor_checks", []).append(("unit", setup.findings))
    if script:
        app.register_blueprint(bp)
        app.jinja_env.globals["components_script"] = script
        fill_slot(app, "cards_panels", "unit_components/_link.html")
        fill_slot(app, "card_forms", "unit_components/_link.html")
        if "play_money" not in app.blueprints:  # which activates without the card's details
            fill_slot(app, "card_actions", "unit_components/_activate.html")
