"""The application: settings, services, the five steps, and the extras.

To leave an extra out, remove its name from ``EXTRAS`` and delete its folder.
"""

import sys
from importlib import import_module

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from blueprints import cards, errors, home, login, onboarding, slots, step_up, totp
from services import guards, http, rate_limits, resets, security
from services.exchange import Exchange
from services.step_up import check_methods
from services.stytch_client import StytchClient
from services.unit_client import OrgClient
from settings import Settings, SettingsError, load

EXTRAS: tuple[str, ...] = (
    "operations",
    "wire_log",
    "brand",
    "login_form",
    "account",
    "activity",
    "passkeys",
    "oauth",
    "passcodes",
    "passwords",
    "invitations",
    "profile",
    "unit_sms",
    "applications",
    "documents",
    "hosted_form",
    "spending_limits",
    "reveal",
    "demo",
    "daily_limits",
    "webhooks",
    "wallets",
    "captcha",
    "unit_components",
    "gallery",
)


def create_app(settings: Settings | None = None) -> Flask:
    """Return the app for these settings, or for those of the environment. Raises SettingsError."""
    settings = settings or load()
    app = Flask(__name__)
    configure(app, settings)
    session = http.HttpSession()
    unit = OrgClient(session, settings.unit_api_url, settings.unit_api_token)
    stytch = StytchClient(session, settings.stytch_project_id, settings.stytch_secret, settings.stytch_api_url)
    stytch.init_app(app)
    app.extensions |= {"settings": settings, "http": session, "unit": unit, "exchange": Exchange(unit)}
    app.extensions["public_endpoints"] = {"static"}  # besides the views that are marked ``@public``
    http.limit_requests(app)
    resets.init_app(app)
    slots.init_app(app)
    for module in (home, login, totp, onboarding, step_up, cards, errors):
        app.register_blueprint(module.bp)
    if settings.emulated:
        mount_emulator(app, settings)
    for name in EXTRAS:
        import_module(f"extras.{name}").init_app(app)
    security.init_app(app)  # last, so that its checks run after what extras prepare for a request
    try:
        rate_limits.init_app(app, settings.ratelimit_storage_uri)
        check_methods(app)
    except ValueError as error:
        raise SettingsError(str(error)) from error
    return app


def configure(app: Flask, settings: Settings) -> None:
    """Set what Flask and the core read from the app's config."""
    app.config.update(
        SECRET_KEY=settings.secret_key,
        PUBLIC_URL=settings.public_url,
        STEP_UP_MAX_AGE=settings.step_up_max_age,
        SIGN_IN_METHODS=settings.sign_in_methods,
        STEP_UP_METHODS=settings.step_up_methods,
        MAX_CONTENT_LENGTH=64 * 1024,  # bytes
        TRUSTED_HOSTS=[settings.public_url.partition("://")[2].partition(":")[0]],
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,  # as long as the cookie that it is tied to
    )
    app.config["SESSION_COOKIE_NAME"] = guards.cookie_name("forms", app.config)
    proxies = settings.trusted_proxies
    app.wsgi_app = ProxyFix(app.wsgi_app, proxies, proxies, proxies, 0, 0)  # type: ignore[method-assign]


def mount_emulator(app: Flask, settings: Settings) -> None:
    """Let the emulator answer the calls of our HTTP session. Nothing else in the core imports it."""
    if (source := f"{app.root_path}/emulator/src") not in sys.path:  # so that it needs no installing
        sys.path.append(source)
    try:
        from stytch_unit_emulator import mount
    except ModuleNotFoundError as error:
        if error.name != "stytch_unit_emulator":
            raise
        raise SettingsError("STYTCH_PROJECT_ID and UNIT_API_TOKEN are needed: there is no emulator here.") from error
    app.extensions["public_endpoints"] |= mount(app, app.extensions["http"], settings)
