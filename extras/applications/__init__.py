"""What the application asks and says beyond the classic form: Thread Bank's questions, and a place for consents.

With ``UNIT_BANK=thread``, the form asks the questions of Unit's *Applications V2*, in labels of ``choices.json``; with
``other``, or blank, the classic ones. Nothing in a request to Unit says which set it answers: the org's bank decides.

Fills the slot ``application_consents``: put the bank's disclosures and consents, in words that the bank approves, into
``templates/applications/_consents.html``. Setting: ``UNIT_BANK``, which ``flask doctor`` checks. Nothing else belongs
to it.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Flask

from blueprints.slots import fill_slot
from settings import SettingsError

from .checks import findings
from .form import ThreadForm


def init_app(app: Flask) -> None:
    """Choose the form of the org's bank. Raises SettingsError."""
    settings = app.extensions["settings"]
    app.register_blueprint(Blueprint("applications", __name__, template_folder="templates"))
    app.config["UNIT_IS_SANDBOX"] = settings.unit_is_sandbox
    fill_slot(app, "application_consents", "applications/_consents.html")
    app.extensions.setdefault("doctor_checks", []).append(("unit", findings))
    app.config["UNIT_BANK"] = "thread" if is_thread(settings.given) else "other"
    if app.config["UNIT_BANK"] == "thread":
        app.extensions["application_form"] = ThreadForm


def is_thread(given: Mapping[str, str]) -> bool:
    """Whether the org's bank is Thread Bank. Raises SettingsError."""
    bank = given.get("UNIT_BANK", "other").lower()
    if bank not in {"thread", "other"}:
        raise SettingsError("UNIT_BANK must be thread, or other.")
    return bank == "thread"
