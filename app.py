"""The application: settings, services, blueprints, and what holds on every answer."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from access import add_access
from blueprints import (
    account,
    card,
    cards,
    commands,
    customer,
    doctor,
    errors,
    gallery,
    home,
    hosted_form,
    inspector,
    login,
    recovery,
    reveal,
    step_up,
    totp,
    well_known,
)
from headers import add_headers
from logs import add_logs, log_start
from services import limits
from services.auth import Auth
from services.exchange import Exchange
from services.http import ServiceSession
from services.readiness import Readiness
from services.unit import Unit
from services.wire_log import RecordedSession
from settings import Settings, SettingsError, load
from static_files import add_static_files

BLUEPRINTS = (
    *(home, login, totp, step_up, recovery, account),  # at Stytch
    *(customer, hosted_form, cards, card, reveal),  # at Unit
    *(errors, commands, doctor, well_known),
)


def create_app(settings: Settings | None = None) -> Flask:
    """The app for these settings, or for those of the environment. Raises SettingsError if they cannot work."""
    settings = settings or load()
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=64 * 1024,  # bytes
        TRUSTED_HOSTS=[settings.public_url.partition("://")[2].partition(":")[0]],
        SESSION_COOKIE_NAME="__Host-forms" if settings.is_https else "forms",
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_CHECK_DEFAULT=False,  # checked below, after the session
        WTF_CSRF_TIME_LIMIT=None,  # as long as the cookie that it is tied to
    )
    add_logs(app, settings)
    app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
        app.wsgi_app, *(settings.trusted_proxies,) * 3, x_port=0, x_prefix=0
    )
    http = RecordedSession(settings) if settings.wire_log else ServiceSession()
    auth, unit = Auth(settings, http), Unit(settings, http)
    app.extensions |= {
        "settings": settings,
        "http": http,
        "auth": auth,
        "unit": unit,
        "exchange": Exchange(settings, http, auth, unit),
        "readiness": Readiness(settings, http),
    }
    limits.start(app, settings.ratelimit_storage_uri)
    add_static_files(app)
    add_headers(app, is_https=settings.is_https)
    for module in BLUEPRINTS:
        app.register_blueprint(module.bp)
    if settings.wire_log:
        app.register_blueprint(inspector.bp)
    if app.debug:
        app.register_blueprint(gallery.bp)
    emulated = _mount_emulator(app, http, settings) if settings.emulated else set()
    add_access(app, also_open=emulated)
    log_start(app, settings)
    return app


def _mount_emulator(app: Flask, http: ServiceSession, settings: Settings) -> set[str]:
    """The one place that knows of it: without that folder the app runs against the real services."""
    try:
        from emulator import mount
    except ModuleNotFoundError as error:
        if error.name != "emulator":
            raise
        raise SettingsError("STYTCH_PROJECT_ID and UNIT_API_TOKEN are needed: there is no emulator here.") from error
    return mount(app, http, settings)
