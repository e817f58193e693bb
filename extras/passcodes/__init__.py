"""Codes by SMS, WhatsApp and email: sign in, step up, and add a phone number or an email address.

Methods ``sms_code``, ``whatsapp_code`` and ``email_code``; name them in ``SIGN_IN_METHODS`` and ``STEP_UP_METHODS``.
``SMS_REGIONS`` (US CA) are the regions to which codes are sent, and ``SMS_PER_HOUR`` (100) is how many SMS and WhatsApp
messages in all: what a message costs makes both necessary. ``STYTCH_CODE_MINUTES`` is for how many minutes a code works
(5 on a phone, 10 by email). Fills the slots ``account_factors`` and ``add_factor``, and has ``account_emails``. With it
goes ``phonenumberslite`` in ``pyproject.toml``; the settings of methods must not name these any more. Stytch docs:
*One-time passcodes*.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from limits import parse
from phonenumbers import SUPPORTED_REGIONS

from blueprints.slots import fill_slot
from settings import Settings, SettingsError, names, whole

from . import pending, rows
from .channels import Phones
from .views import bp

__all__ = ["Phones", "add_codes", "init_app"]


def init_app(app: Flask) -> None:
    """Add the methods, with the app's settings. Raises SettingsError."""
    settings: Settings = app.extensions["settings"]
    regions = names(settings.given, "SMS_REGIONS") or ("US", "CA")
    if unknown := set(regions) - SUPPORTED_REGIONS:
        raise SettingsError(f"SMS_REGIONS names {min(unknown)}, which is not a region such as US or CA.")
    per_hour = whole(settings.given, "SMS_PER_HOUR", 100, 1, 1_000_000)
    is_set = "STYTCH_CODE_MINUTES" in settings.given
    life = timedelta(minutes=whole(settings.given, "STYTCH_CODE_MINUTES", 1, 1, 10)) if is_set else None
    phones = Phones(regions, parse(f"{per_hour}/hour"), not settings.is_live, life)
    add_codes(app, phones)


def add_codes(app: Flask, phones: Phones) -> None:
    """Add the methods, with codes for these phones."""
    app.extensions["passcodes"] = phones
    app.jinja_env.globals |= {"passcode_sent_to": pending.sent_to, "passcode_channels": rows.channels_in_use}
    app.extensions.setdefault("sends_messages", set()).add("passcodes.send")
    app.register_blueprint(bp)
    fill_slot(app, "account_factors", "passcodes/_account.html")
    fill_slot(app, "add_factor", "passcodes/_offer.html")
