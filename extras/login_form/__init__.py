"""The login form's options at Stytch, as settings: what Stytch's own login form takes as its configuration.

``STYTCH_SESSION_MINUTES`` (60), ``STYTCH_LINK_MINUTES`` (10), ``STYTCH_LOCALE`` of emails and texts,
``STYTCH_CREATE_USER_AS_PENDING`` (off), and email templates: ``STYTCH_LINK_LOGIN_TEMPLATE``,
``STYTCH_LINK_SIGNUP_TEMPLATE``, ``STYTCH_CODE_LOGIN_TEMPLATE``, ``STYTCH_CODE_SIGNUP_TEMPLATE``. ``docs/login-form.md``
has each option of Stytch's form, each of its events and each class of error, with what stands for it here. Without this
folder the defaults hold. Nothing else belongs to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Flask, request

from settings import Settings, SettingsError, whole

EMAIL_LOCALES = ("en", "es", "fr", "pt-br")
LOCALES = (*EMAIL_LOCALES, *"it de-DE zh-Hans ca-ES ja ru nl pl tr fa vi cs".split())  # the others only by text
LINKS, INVITE = "magic_links.email", "magic_links.email.invite"
CODES = ("otps.sms", "otps.whatsapp", "otps.email")
SENDS = ("login_or_create", "send")


def init_app(app: Flask) -> None:
    """Give the Stytch client its options. Raises SettingsError."""
    settings: Settings = app.extensions["settings"]
    client, given = app.extensions["stytch"], settings.given
    client.session_life = timedelta(minutes=whole(given, "STYTCH_SESSION_MINUTES", 60, 5, 24 * 60))
    client.link_life = timedelta(minutes=whole(given, "STYTCH_LINK_MINUTES", 10, 5, 60))
    arguments = _arguments(given)
    client.more = lambda method: telemetry() if method == "new_session" else arguments.get(method, {})


def telemetry() -> dict[str, str]:
    """Return Stytch's fingerprint of the browser, if the form has it in a field ``telemetry_id``; Stytch judges it."""
    found = request.form.get("telemetry_id", "")
    return {"telemetry_id": found} if re.fullmatch(r"[\w-]{1,64}", found, re.ASCII) else {}


def _arguments(given: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return further arguments of the SDK's methods that send a link or a code."""
    locale, is_pending = _locale(given), _switch(given, "STYTCH_CREATE_USER_AS_PENDING")
    found: dict[str, dict[str, Any]] = {INVITE: {"locale": locale} if locale in EMAIL_LOCALES else {}}
    for product in (LINKS, *CODES):
        is_email = product.endswith("email")
        shared = _templates(given, "LINK" if product == LINKS else "CODE") if is_email else {}
        if locale and (locale in EMAIL_LOCALES or not is_email):
            shared["locale"] = locale
        found |= {f"{product}.{send}": dict(shared) for send in SENDS}
        if is_pending:
            found[f"{product}.login_or_create"]["create_user_as_pending"] = True
    return found


def _templates(given: Mapping[str, str], kind: str) -> dict[str, Any]:
    """Return the ids of the email templates of links or codes."""
    found = {}
    for use in ("login", "signup"):
        name = f"STYTCH_{kind}_{use.upper()}_TEMPLATE"
        if value := given.get(name):
            found[f"{use}_template_id"] = template_id(name, value)
    return found


def template_id(name: str, value: str) -> str:
    """Return the id of an email template. Raises SettingsError."""
    if not re.fullmatch(r"[\w-]{1,100}", value, re.ASCII):
        raise SettingsError(f"{name} must be the id of an email template, as Stytch's dashboard shows it.")
    return value


def _locale(given: Mapping[str, str]) -> str:
    locale = given.get("STYTCH_LOCALE", "")
    if locale and locale not in LOCALES:
        raise SettingsError(f"STYTCH_LOCALE must be one of {', '.join(LOCALES)}.")
    return locale


def _switch(given: Mapping[str, str], name: str) -> bool:
    if (value := given.get(name, "off")) not in {"on", "off"}:
        raise SettingsError(f"{name} must be on or off.")
    return value == "on"
