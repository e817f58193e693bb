"""A CAPTCHA in front of what sends email or text messages to people who are not signed in.

Settings: ``CAPTCHA_PROVIDER`` (recaptcha, hcaptcha or turnstile), ``CAPTCHA_SITE_KEY`` and ``CAPTCHA_SECRET_KEY``;
blank, there is none. It guards ``login.send``, and each endpoint that an extra adds to
``app.extensions["sends_messages"]``; their forms have the slot ``before_sending``, which this fills, with ``scripts``
and ``head``. Nothing else belongs to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask

from blueprints.slots import fill_slot
from services.guards import guard
from settings import Settings, SettingsError

from .check import Captcha, findings, open_policy, require_person
from .providers import PROVIDERS

NAMES = ("CAPTCHA_PROVIDER", "CAPTCHA_SITE_KEY", "CAPTCHA_SECRET_KEY")


def init_app(app: Flask) -> None:
    """Guard the endpoints that send messages, those of extras before this one too. Raises SettingsError."""
    settings: Settings = app.extensions["settings"]
    if captcha := configured(settings):
        app.extensions["captcha"] = captcha
        app.extensions.setdefault("doctor_checks", []).append(("", findings))
        app.jinja_env.globals |= {"captcha": captcha, "open_policy": open_policy}
        app.register_blueprint(
            Blueprint(
                "captcha",
                __name__,
                template_folder="templates",
                static_folder="static",
                static_url_path="/static/captcha",
            )
        )
        fill_slot(app, "before_sending", "captcha/_widget.html")
        fill_slot(app, "head", "captcha/_head.html")
        fill_slot(app, "scripts", "captcha/_script.html")
        for endpoint in {"login.send"} | app.extensions.get("sends_messages", set()):
            view: Callable[..., Any] = app.view_functions[endpoint]
            app.view_functions[endpoint] = guard(require_person)(view)


def configured(settings: Settings) -> Captcha | None:
    """Return the CAPTCHA of the settings, if there is one. Raises SettingsError."""
    name, site_key, secret_key = (settings.given.get(each, "") for each in NAMES)
    if not (name or site_key or secret_key):
        return None
    if not (name and site_key and secret_key):
        raise SettingsError(f"{', '.join(NAMES)} belong together: set all three, or none.")
    if name not in PROVIDERS:
        raise SettingsError(f"CAPTCHA_PROVIDER must be {', '.join(PROVIDERS)}, or blank.")
    host = urlsplit(settings.public_url).hostname if settings.is_https else None
    return Captcha(PROVIDERS[name], site_key, secret_key, host)
