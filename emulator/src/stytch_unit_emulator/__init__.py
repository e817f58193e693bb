"""Emulators of Stytch and Unit, for the demo and for tests.

They use the vendors' paths and wire formats, sign real JWTs, and refuse what the vendors refuse. They send no email and
move no money. Delete this package and the app needs real credentials.

The command ``stytch-unit-emulator`` serves both on one origin, for any SDK over HTTP; so do ``create_app()`` as an app
and ``running()`` on a free port.
``attach()`` mounts both on a ``requests.Session`` in this process. ``mount()`` does so for the host app.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Set
from typing import Protocol

import requests
from flask import Flask

from . import application_page, components, provider_page, stytch, unit, views
from .control_access import ControlAccess
from .server import create_app, org_token, running
from .store import Json, Store
from .transport import WSGIAdapter, current_tenant
from .visitor_controls import VisitorControls

__version__ = "0.1.0"
__all__ = ["ControlAccess", "Store", "attach", "create_app", "mount", "org_token", "running"]


class HostSettings(Protocol):
    """The settings that the emulator reads from its host app."""

    @property
    def emulated(self) -> frozenset[str]: ...
    @property
    def emulator_database_url(self) -> str: ...
    @property
    def given(self) -> Mapping[str, str]: ...
    @property
    def is_https(self) -> bool: ...
    @property
    def jwks_url(self) -> str: ...
    @property
    def login_url(self) -> str: ...
    @property
    def public_url(self) -> str: ...
    @property
    def stytch_api_url(self) -> str: ...
    @property
    def stytch_project_id(self) -> str: ...
    @property
    def unit_api_url(self) -> str: ...


def mount(app: Flask, session: requests.Session, settings: HostSettings) -> set[str]:
    """Answer the app's API calls in this process, and add the emulator's pages.

    Returns the endpoints of those pages, which need no sign-in.
    """
    store = Store(settings.emulator_database_url)
    dispatcher = unit.WebhookDispatcher(store, adapters={settings.public_url: WSGIAdapter(app)})
    app.extensions["emulator_dispatcher"] = dispatcher
    app.config["CARD_NUMBER_SOURCES"] = {"frame-src": "'self'"}
    if "stytch" in settings.emulated:
        token = stytch.public_token(settings.stytch_project_id)
        app.extensions["stytch_public"] = (token, f"{settings.public_url}/emulator")  # for browsers
    if "unit" in settings.emulated:
        app.config["UNIT_WEBHOOK_TOKEN"] = _secret_of(app)
        app.config["UNIT_COMPONENTS_STAND_IN"] = components.SCRIPT
    app.extensions.setdefault("redirect_urls", set()).add(settings.login_url)  # extras add theirs
    stytch_app, unit_app = attach(
        session,
        store,
        project_id=settings.stytch_project_id,
        public_url=f"{settings.public_url}/emulator",
        redirect_urls=app.extensions["redirect_urls"],
        stytch_url=settings.stytch_api_url if "stytch" in settings.emulated else None,
        unit_url=settings.unit_api_url if "unit" in settings.emulated else None,
        jwks_url=settings.jwks_url,
        dispatcher=dispatcher,
        bank=_bank_of(settings.given),
        first_webhook=lambda: _webhook_of(app),
    )
    if stytch_app and unit_app:
        _add_controls(app, session, settings, VisitorControls(store, settings.stytch_project_id, stytch_app, unit_app))
    pages = [views.visitors(emulated=settings.emulated, public_url=settings.public_url, secure=settings.is_https)]
    _fill_slots(app, views.COMMON_SLOTS)
    if stytch_app:
        _fill_slots(app, views.STYTCH_SLOTS)
        pages += [views.stytch_pages(store, stytch_app), provider_page.pages(store, "/emulator")]
    if unit_app:
        _fill_slots(app, views.UNIT_SLOTS)
        pages.append(views.unit_pages(store, unit_app, dispatcher.watch))
        pages.append(components.pages(store, unit_app))
        bank = _bank_of(settings.given)
        form = application_page.pages(store, lambda _token: current_tenant.get(), dispatcher.watch, "/emulator", bank)
        pages.append(form)
    return views.add_pages(app, *pages)


def _add_controls(app: Flask, session: requests.Session, settings: HostSettings, controls: VisitorControls) -> None:
    """Give the host app's pages the controls, as ``emulator``, and let disturbances reach its calls."""
    app.extensions["emulator"] = controls
    session.mount(settings.stytch_api_url, WSGIAdapter(controls.disturbed("stytch", controls.stytch_app)))
    session.mount(settings.unit_api_url, WSGIAdapter(controls.disturbed("unit", controls.unit_app)))


def _bank_of(given: Mapping[str, str]) -> str | None:
    """The bank whose questions applications must answer; None if the host app's ``UNIT_BANK`` does not say."""
    bank = given.get("UNIT_BANK", "").lower()
    return bank if bank in unit.BANKS else None


def _secret_of(app: Flask) -> str:
    """The secret of the app's webhook, the same in all processes that serve it."""
    return hmac.new(str(app.secret_key).encode(), b"emulated webhook", hashlib.sha256).hexdigest()


def _webhook_of(app: Flask) -> Json | None:
    """The webhook of the app, which each tenant has from the start; None if the app receives none."""
    if not (url := app.config.get("UNIT_WEBHOOK_URL")):
        return None
    kinds = {"contentType": "Json", "deliveryMode": "AtLeastOnce"}
    return {"label": "This app", "url": url, "token": app.config["UNIT_WEBHOOK_TOKEN"], **kinds}


def _fill_slots(app: Flask, templates: Mapping[str, str]) -> None:
    """Register the templates that the app's ``slot()`` renders, by slot name."""
    slots = app.extensions.setdefault("slots", {})
    for slot, template in templates.items():
        slots.setdefault(slot, []).append(template)


def attach(
    session: requests.Session,
    store: Store,
    *,
    project_id: str,
    public_url: str,
    redirect_urls: Set[str],
    stytch_url: str | None,
    unit_url: str | None,
    jwks_url: str,
    dispatcher: unit.WebhookDispatcher | None = None,
    bank: str | None = None,
    first_webhook: Callable[[], Json | None] = lambda: None,
) -> tuple[Flask | None, Flask | None]:
    """Answer the session's calls to the given origins in this process.

    ``public_url`` is where a browser reaches the emulator's pages. ``redirect_urls`` are those registered for the
    project; the set may still grow. ``jwks_url`` is what Unit's dashboard holds under *JWT Settings*; it is fetched
    through the same session, so it may be Stytch's live URL. The last three are as in ``unit.create_app``. Returns the
    emulated Stytch and Unit, each None if not emulated.
    """
    stytch_app = unit_app = None
    if stytch_url:
        stytch_app = stytch.create_app(store, public_url=public_url, redirect_urls=redirect_urls)
        session.mount(stytch_url, WSGIAdapter(stytch_app))
    if unit_url:
        jwt_settings = unit.JwtSettings(jwks_path=jwks_url, issuer=f"stytch.com/{project_id}")
        unit_app = unit.create_app(
            store,
            jwt_settings=lambda _tenant: jwt_settings,
            fetch=lambda url: session.get(url).json(),
            public_url=public_url,
            dispatcher=dispatcher,
            bank=bank,
            first_webhook=first_webhook,
        )
        session.mount(unit_url, WSGIAdapter(unit_app))
    return stytch_app, unit_app
