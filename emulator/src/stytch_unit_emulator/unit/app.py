"""The factory of the emulated Unit API."""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from ..store import Json, Store, TenantFull
from . import (
    account_end_of_day,
    accounts,
    ach_payments,
    api_tokens,
    application_documents,
    applications,
    card_secrets,
    cards,
    cors,
    counterparties,
    customers,
    forms,
    jsonapi,
    payments,
    published,
    received_payments,
    sandbox,
    sandbox_money,
    statements,
    tokens,
    transactions,
    webhooks,
)
from .calls import Emulation
from .delivery import WebhookDispatcher
from .errors import UnitFault, http_error_body
from .proof import JwtSettings

logger = logging.getLogger(__package__)

MAX_BYTES = 64 * 1024  # of a request
RESOURCES = (
    applications,
    application_documents,
    forms,
    customers,
    tokens,
    api_tokens,
    accounts,
    account_end_of_day,
    statements,
    cards,
    card_secrets,
    transactions,
    payments,
    ach_payments,
    counterparties,
    received_payments,
    sandbox,
    sandbox_money,
    webhooks,
)


def create_app(
    store: Store,
    *,
    jwt_settings: Callable[[str], JwtSettings | None],
    fetch: Callable[[str], Json],
    public_url: str | None = None,
    dispatcher: WebhookDispatcher | None = None,
    app_hosts: frozenset[str] = frozenset(),
    bank: str | None = None,
    first_webhook: Callable[[], Json | None] = lambda: None,
) -> Flask:
    """The emulated Unit API as a Flask app.

    ``jwt_settings`` returns a tenant's *JWT Settings*, and ``fetch`` gets JSON from a URL, for the identity provider's
    keys. ``public_url`` is the base of hosted pages, if browsers reach them at another origin than API clients do.
    ``dispatcher`` delivers webhooks; the default one runs in a background thread. ``app_hosts`` are host names to which
    webhooks may go over plain http, besides loopback. ``bank`` says whose questions applications must answer: "thread"
    or "other"; without it, they may answer either's.
    """
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BYTES
    app.extensions["emulated_unit"] = Emulation(
        store, jwt_settings, fetch, public_url, dispatcher or WebhookDispatcher(store), app_hosts, bank, first_webhook
    )
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    for resource in RESOURCES:
        app.register_blueprint(resource.routes)
    app.register_error_handler(UnitFault, lambda fault: jsonapi.encode(fault.document(), fault.status))
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(TenantFull, _full)
    app.after_request(_finish)
    cors.install(app)
    return app


def _http_error(error: HTTPException) -> Response:
    """Answer what no view handles: operations that are not emulated, unknown ones, crashes."""
    operation = published.find(request.method, request.path) if error.code in (404, 405) else None
    if operation:
        why = f"The emulator does not have Unit's operation {operation.name}; its docs/coverage.md says why"
        return jsonapi.encode(http_error_body(501, "Not Emulated", why), 501)
    unknown = f"Unit publishes no operation {request.method} {request.path}" if error.code in (404, 405) else None
    return jsonapi.encode(http_error_body(error.code or 500, error.name, unknown), error.code or 500)


def _full(full: TenantFull) -> Response:
    """Refuse to store more for one tenant."""
    fault = UnitFault("limits_exceeded", f"In this emulated bank, {full}")
    return jsonapi.encode(fault.document(), fault.status)


def _finish(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    logger.info("%s %s %d", request.method, request.path, response.status_code)
    return response
