"""A card's number and CVV, shown by Unit in a frame, and whether a PIN is set.

Fills the slots ``card_actions`` and ``card_notes``, and leaves the slot ``card_number`` open for a frame other than VGS
Show's. Setting: ``UNIT_VGS_VAULT``, the vault's id. Unit docs: *Displaying sensitive card data*.
"""

from __future__ import annotations

import re

from flask import Flask

from blueprints.slots import fill_slot
from settings import Settings, SettingsError

from . import proof
from .pin import pin_status
from .views import VGS, bp

SANDBOX_VAULT = "tntazhyknp1"


def init_app(app: Flask) -> None:
    """Add the page, the link to it, and the hint. Raises SettingsError."""
    settings: Settings = app.extensions["settings"]
    app.config["CARD_NUMBER_VAULT"] = vault(settings)
    app.config["CARD_NUMBER_ENVIRONMENT"] = "sandbox" if settings.unit_is_sandbox else "live"
    app.config.setdefault("CARD_NUMBER_SOURCES", VGS)
    app.jinja_env.globals["pin_status"] = pin_status
    app.register_blueprint(bp)
    proof.init_app(app)
    fill_slot(app, "card_actions", "reveal/_link.html")
    fill_slot(app, "card_notes", "reveal/_pin.html")


def vault(settings: Settings) -> str:
    """Return the id of Unit's vault at VGS. Raises SettingsError."""
    vault_id = settings.given.get("UNIT_VGS_VAULT", SANDBOX_VAULT)
    if not re.fullmatch(r"tnt[a-z0-9]{8}", vault_id):
        raise SettingsError(f"UNIT_VGS_VAULT must be the id of a vault, such as {SANDBOX_VAULT}.")
    if not settings.unit_is_sandbox and vault_id == SANDBOX_VAULT:
        raise SettingsError("UNIT_VGS_VAULT is missing: Unit's live API has a vault of its own for card numbers.")
    return vault_id
