"""OAuth: sign in with Google and twelve other providers, and add one to an account.

Methods ``google``, ``amazon``, ``apple``, ``bitbucket``, ``coinbase``, ``discord``, ``github``, ``gitlab``,
``facebook``, ``linkedin``, ``microsoft``, ``slack`` and ``twitch``; name them in ``SIGN_IN_METHODS``. Without that
setting, an emulated Stytch brings Google alone. ``STYTCH_PUBLIC_TOKEN`` is needed, and ``<PUBLIC_URL>/oauth/return``
must be registered at Stytch as a redirect URL for login and sign-up. A provider proves the mailbox only. Google One Tap
is left out: it needs Google's script. Fills the slot ``account_factors``, and adds to ``flask doctor``. Nothing else
belongs to it; the settings of methods must not name these any more. Stytch docs: *OAuth*.
"""

from __future__ import annotations

import re

from flask import Flask

from blueprints.slots import fill_slot
from settings import Settings, SettingsError

from . import providers
from .checks import findings
from .providers import TITLES, Project
from .views import bp

__all__ = ["Project", "add_providers", "init_app"]
UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def init_app(app: Flask) -> None:
    """Add the providers that the settings name. Raises SettingsError."""
    settings: Settings = app.extensions["settings"]
    named = [name for name in settings.sign_in_methods or () if name in TITLES]
    public = app.extensions.get("stytch_public")  # where the project is not of the settings
    token, stytch_url = public or (_public_token(settings, named), settings.stytch_api_url)
    if public and "STYTCH_PUBLIC_TOKEN" in settings.given:
        raise SettingsError("STYTCH_PROJECT_ID is missing: STYTCH_PUBLIC_TOKEN is set, which needs it.")
    if token and settings.sign_in_methods is None:
        named = ["google"]
    redirect_url = f"{settings.public_url}/oauth/return"
    app.extensions.setdefault("redirect_urls", set()).add(redirect_url)
    add_providers(app, named, Project(token, stytch_url, redirect_url))
    if named:
        app.extensions.setdefault("doctor_checks", []).append(("stytch", findings))


def add_providers(app: Flask, names: list[str], project: Project) -> None:
    """Add these providers, with the app's project at Stytch."""
    app.extensions["oauth"] = project
    app.register_blueprint(bp)
    app.extensions.setdefault("methods", {}).update({name: providers.row(name) for name in names})
    app.jinja_env.globals["oauth_titles"] = {f"oauth_{name}": title for name, title in TITLES.items()}
    app.jinja_env.globals["oauth_offered"] = providers.offered
    fill_slot(app, "account_factors", "oauth/_account.html")


def _public_token(settings: Settings, named: list[str]) -> str:
    """Return the public token of the settings, which must be of the project's environment. Raises SettingsError."""
    token = settings.given.get("STYTCH_PUBLIC_TOKEN", "")
    if not token and named:
        raise SettingsError(f"STYTCH_PUBLIC_TOKEN is missing: SIGN_IN_METHODS names {named[0]}, which needs it.")
    if token and not re.fullmatch(f"public-token-(test|live)-{UUID}", token):
        raise SettingsError("STYTCH_PUBLIC_TOKEN does not look like public-token-test-…: copy it from the dashboard.")
    if token and settings.is_live != token.startswith("public-token-live-"):
        raise SettingsError(
            "STYTCH_PUBLIC_TOKEN is of another environment (test or live) than STYTCH_PROJECT_ID: copy both again."
        )
    return token
