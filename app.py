"""The application: settings, services, blueprints, and what holds on every answer."""

from __future__ import annotations

import logging
from pathlib import Path

from flask import Flask, Response, request
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from blueprints import cards, customer, errors, home, login, step_up, totp
from services.auth import Auth
from services.exchange import Exchange
from services.guards import current_session, require_same_origin
from services.http import ServiceSession
from services.limits import limiter
from services.unit import Unit
from settings import Settings, load
from static_files import add_static_files

OPEN = {"static", "home.index", "home.healthz", "login.send", "login.open_link", "login.spend_link"}
BODY_LIMIT = 64 * 1024  # bytes
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

csrf = CSRFProtect()


def create_app(settings: Settings | None = None) -> Flask:
    """The app for these settings, or for those of the environment. Raises SettingsError if they cannot work."""
    settings = settings or load()
    app = Flask(__name__, instance_path=str(Path(__file__).resolve().parent / "instance"))
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=BODY_LIMIT,
        MAX_FORM_PARTS=50,
        TRUSTED_HOSTS=[settings.public_url.partition("://")[2].partition(":")[0]],
        SESSION_COOKIE_NAME="__Host-forms" if settings.is_https else "forms",
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_CHECK_DEFAULT=False,  # checked below, after the session
        WTF_CSRF_TIME_LIMIT=None,  # as long as the cookie that it is tied to
        RATELIMIT_STORAGE_URI=settings.ratelimit_storage_uri,
    )
    logging.basicConfig(level=settings.log_level)
    app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
        app.wsgi_app, *(settings.trusted_proxies,) * 3, x_port=0, x_prefix=0
    )
    http = ServiceSession()
    auth, unit = Auth(settings, http), Unit(settings, http)
    app.extensions |= {
        "settings": settings,
        "auth": auth,
        "unit": unit,
        "exchange": Exchange(settings, http, auth, unit),
    }
    csrf.init_app(app)
    limiter.init_app(app)
    add_static_files(app)
    for module in (home, login, totp, step_up, customer, cards, errors):
        app.register_blueprint(module.bp)
    opened = set(OPEN)
    if settings.emulated:
        from emulator import mount  # the one place: without this folder the app runs against the real services

        opened |= mount(app, http, settings)

    @app.before_request
    def guard() -> None:
        """Every route wants a session unless it is listed; every unsafe request proves that it comes from our pages."""
        if request.endpoint and request.endpoint not in opened:
            current_session()
        require_same_origin()
        csrf.protect()

    @app.after_request
    def protect(response: Response) -> Response:
        """What holds on every answer, errors included."""
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
            response.vary.add("HX-Request")
        if settings.is_https:
            response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        return response

    for service in ("Stytch", "Unit"):
        app.logger.info("%s: %s", service, "emulated" if service.lower() in settings.emulated else "real")
    return app
