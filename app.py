"""The application: settings, services, blueprints, and what holds on every answer."""

from __future__ import annotations

from flask import Flask, abort, request
from flask_wtf import CSRFProtect
from werkzeug.exceptions import SecurityError
from werkzeug.middleware.proxy_fix import ProxyFix

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
from services.guards import current_session, require_same_origin
from services.http import ServiceSession, begin_request, end_request
from services.readiness import Readiness
from services.unit import Unit
from services.wire_log import RecordedSession
from settings import Settings, load
from static_files import add_static_files

BLUEPRINTS = (
    *(home, login, totp, step_up, recovery, account),  # at Stytch
    *(customer, hosted_form, cards, card, reveal),  # at Unit
    *(errors, commands, doctor, well_known),
)
OPEN = {
    *("static", "home.index", "home.healthz", "home.readyz", "inspector.source"),
    *(
        "login.send",
        "login.open_link",
        "login.spend_link",
        "login.sign_out",
        "well_known.robots",
        "well_known.security",
    ),
}

csrf = CSRFProtect()


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
    csrf.init_app(app)
    limits.start(app, settings.ratelimit_storage_uri)
    add_static_files(app)
    add_headers(app, is_https=settings.is_https)
    for module in BLUEPRINTS:
        app.register_blueprint(module.bp)
    if settings.wire_log:
        app.register_blueprint(inspector.bp)
    opened = set(OPEN)
    if app.debug:
        app.register_blueprint(gallery.bp)
        opened |= {"gallery.index", "gallery.show"}
    if settings.emulated:
        from emulator import mount  # the one place: without this folder the app runs against the real services

        opened |= mount(app, http, settings)

    app.before_request(begin_request)
    app.teardown_request(end_request)

    @app.before_request
    def guard() -> None:
        """Every route wants a session unless it is listed; every unsafe request proves that it comes from our pages."""
        if isinstance(request.routing_exception, SecurityError):  # a host that is not ours: no page can be built for it
            raise request.routing_exception
        require_same_origin()  # first: another site's request comes without the cookie, and must not delete it
        if request.endpoint and request.endpoint not in opened:
            current_session()
        if request.mimetype == "multipart/form-data":
            abort(400)  # no form here sends files
        csrf.protect()

    log_start(app, settings)
    return app
