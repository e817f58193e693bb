"""The emulated Unit: the part of Unit's sandbox that a card program for individuals needs, over the same paths.

Not here: businesses, joint and credit accounts, PINs, activation with card data, counterparties and payments to other
banks, statements, authorization requests, cardholder tokens, rate limits, CORS.

Everything that is refused, each row with the test that shows it. Source: *docs* is Unit's documentation, API
description or SDKs, *catalog* a summary of the documentation by somebody else, *ours* a rule of this emulator, and
UNCONFIRMED our choice where nothing tells what Unit does; the code says UNCONFIRMED in the one place to change.

| what | answer | source |
|---|---|---|
| a request without a valid bearer is unauthorized | 401 unauthorized | docs |
| an expired customer token is unauthorized | 401 unauthorized | docs |
| a customer token of another tenant is unauthorized | 401 unauthorized | ours |
| over http an org token names no visitors tenant | 401 unauthorized | ours |
| an operation beyond the scopes is forbidden | 403 forbidden | catalog |
| an operation of the org is forbidden to customers | 403 forbidden | catalog, sandbox UNCONFIRMED |
| an org token shows no card numbers | 403 forbidden | docs |
| an unknown id is not found | 404 not_found | UNCONFIRMED |
| what is another customers is not found | 404 not_found | UNCONFIRMED |
| an unknown route is not found | 404 not_found | UNCONFIRMED |
| an unknown method is not allowed | 405 | UNCONFIRMED |
| a body that is no json api is invalid | 400 invalid_value | catalog |
| a body over 64 kib is too large | 413 | ours |
| an unknown attribute is invalid | 400 invalid_value | UNCONFIRMED |
| an unknown relationship is invalid | 400 invalid_value | UNCONFIRMED |
| a query parameter that makes no sense is invalid | 400 invalid_value | docs for tags, else UNCONFIRMED |
| paging transactions without customer or account is invalid | 400 invalid_value | UNCONFIRMED |
| a full tenant takes no more | 400 limits_exceeded | ours |
| a wrong attribute is invalid | 400 invalid_value | catalog |
| an application cannot change its subject | 400 invalid_value | docs |
| a decided application cannot be canceled | 400 invalid_value | docs, code UNCONFIRMED |
| an application that is not under review is not decided | 400 invalid_value | docs, code UNCONFIRMED |
| a file of another kind is invalid | 400 invalid_value | docs, code UNCONFIRMED |
| a file over 10 mib is too large | 413 | ours |
| a decided application takes no documents | 400 invalid_value | UNCONFIRMED |
| a document of a decided application is not judged | 400 invalid_value | UNCONFIRMED |
| a form of the first version is refused | 400 invalid_value | UNCONFIRMED |
| a form needs an idempotency key | 400 invalid_value | docs |
| a form that is filled in wrongly is refused | 400 invalid_value | ours |
| a form is submitted once | 409 already_exists | UNCONFIRMED |
| a customers identity cannot change | 400 invalid_value | docs |
| merged tags are no more than 15 | 400 invalid_value | docs |
| a tag scope changes tags only | 403 forbidden | docs |
| a customer token cannot change the subject | 403 forbidden | UNCONFIRMED |
| an archived customer refuses writes | 400 invalid_value | docs, code UNCONFIRMED |
| an archived customer gets no account and no card | 400 invalid_value | docs, code UNCONFIRMED |
| a wrong account attribute is invalid | 400 invalid_value | docs, product UNCONFIRMED |
| an unknown customer gets no account | 400 customer_not_found | catalog |
| a joint account is refused | 400 invalid_value | ours |
| an account is frozen once | 400 not_supported_for_account_status | catalog |
| only a frozen account is unfrozen | 400 not_supported_for_account_status | catalog |
| only a closed account is reopened | 400 not_supported_for_account_status | catalog |
| an account is closed once | 400 not_supported_for_account_status | catalog |
| a closed account receives nothing | 400 not_supported_for_account_status | catalog |
| a closed account declines purchases | 400 not_supported_for_account_status | UNCONFIRMED |
| a debit over the available is refused | 400 limits_exceeded | UNCONFIRMED |
| an amount that is not positive cents is invalid | 400 invalid_value | catalog |
| a received payment is completed once | 400 invalid_value | UNCONFIRMED |
| an account does not pay itself | 400 invalid_value | UNCONFIRMED |
| an unknown account is not paid | 400 account_not_found | catalog |
| a customer takes nothing from anothers account | 400 account_not_found | UNCONFIRMED |
| a card that is not active deposits nothing | 400 not_supported_for_card_status | UNCONFIRMED |
| a card needs an account | 400 invalid_value | docs |
| an unknown account gets no card | 400 account_not_found | catalog |
| a customer token makes cards on its own account only | 400 account_not_found | UNCONFIRMED |
| a card of somebody elses account is a mismatch | 400 account_customer_mismatch | catalog |
| a closed account gets no card | 400 not_supported_for_account_status | catalog |
| a wrong card attribute is invalid | 400 invalid_value | catalog |
| an expiry not 3 to 5 years ahead is invalid | 400 invalid_value | docs, code UNCONFIRMED |
| a key of another customer is in use | 409 already_exists | UNCONFIRMED |
| the type must be the cards | 400 invalid_value | docs |
| an action that the state does not allow is refused | 400 not_supported_for_card_status | catalog, cells UNCONFIRMED |
| only an inactive card can be activated | 400 not_supported_for_card_status | catalog |
| a card out of use is not replaced | 400 not_supported_for_card_status | catalog |
| a virtual card is not replaced | 400 not_supported_for_card_type | UNCONFIRMED |
| a card that is not active shows no secrets | 400 not_supported_for_card_status | docs, code catalog |
| a physical card shows no secrets | 400 not_supported_for_card_type | docs, code UNCONFIRMED |
| a token for one card shows no other | 404 not_found | docs, code UNCONFIRMED |
| a card out of use has no pin status | 400 not_supported_for_card_status | UNCONFIRMED |
| a card that is not active declines purchases | 400 not_supported_for_card_status | UNCONFIRMED |
| a purchase over the available is declined | 400 limits_exceeded | UNCONFIRMED |
| a purchase over a limit is declined | 400 limits_exceeded | UNCONFIRMED |
| a purchase needs a card of the account | 400 card_not_found | catalog |
| an authorization that cannot be held is declined | 400 limits_exceeded | UNCONFIRMED |
| an authorization settles once | 400 invalid_value | UNCONFIRMED |
| an authorization of another card settles nothing | 400 authorization_not_found | UNCONFIRMED |
| an unknown customer gets no token | 404 not_found | UNCONFIRMED |
| a scope that customers do not have is invalid | 400 invalid_value | UNCONFIRMED |
| an upgradable scope must be one of customers | 400 invalid_value | UNCONFIRMED |
| a wrong token attribute is invalid | 400 invalid_value | catalog |
| a life that is not 1 to 86400 seconds is invalid | 400 invalid_value | docs, code UNCONFIRMED |
| a two factor scope without proof is forbidden | 403 forbidden | docs, code UNCONFIRMED |
| a wrong code is invalid | 400 invalid_value | UNCONFIRMED |
| a verification is over after 10 minutes | 400 invalid_value | docs, code UNCONFIRMED |
| a verification works once | 400 invalid_value | UNCONFIRMED |
| a verification of another customer is invalid | 400 invalid_value | UNCONFIRMED |
| a verification bears four wrong codes | 400 invalid_value | UNCONFIRMED |
| a wrong verification attribute is invalid | 400 invalid_value | catalog |
| a wrong jwt is invalid | 400 invalid_value | docs, code UNCONFIRMED |
| a wrong jwt is not mended by a code | 400 invalid_value | UNCONFIRMED |
| a customer without a subject matches no jwt | 400 invalid_value | docs, code UNCONFIRMED |
| a jwt is invalid where no jwt settings are | 400 invalid_value | UNCONFIRMED |
| keys that cannot be had are unknown | 400 invalid_value | UNCONFIRMED |
| a resource of another customer is not found | 400 card_not_found, account_not_found | UNCONFIRMED |
| a webhook goes nowhere else | 400 invalid_value | ours |
| a wrong webhook attribute is invalid | 400 invalid_value | catalog |
| a tenant has so many webhooks and no more | 400 limits_exceeded | ours |
| a webhook is not deleted | 405 | docs |
| a token is not upgraded beyond that | 403 forbidden | UNCONFIRMED |
| an upgrade needs proof | 403 forbidden | docs, code UNCONFIRMED |
| a token makes none for another customer | 404 not_found | UNCONFIRMED |
| an upgraded token is no wider | 400 card_not_found | UNCONFIRMED |
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from ..store import Json, Store, TenantFull
from . import (
    accounts,
    application_documents,
    applications,
    card_secrets,
    cards,
    customers,
    forms,
    jsonapi,
    payments,
    received_payments,
    sandbox,
    sandbox_money,
    tokens,
    transactions,
    webhooks,
)
from .bearers import ORG_TOKEN
from .bearers import named_by as tenant_named_by
from .calls import Emulation
from .delivery import WebhookDispatcher
from .errors import UnitFault, http_error_body
from .errors import by_status as refusal
from .forms import open_form, submit, tenant_of_form
from .jsonapi import MEDIA_TYPE
from .onboarding import PendingApplication, decide, pending_applications
from .proof import JwtSettings

__all__ = [
    "MEDIA_TYPE",
    "ORG_TOKEN",
    "JwtSettings",
    "PendingApplication",
    "UnitFault",
    "WebhookDispatcher",
    "create_app",
    "decide",
    "open_form",
    "pending_applications",
    "refusal",
    "submit",
    "tenant_named_by",
    "tenant_of_form",
]

logger = logging.getLogger(__name__)

MAX_BYTES = 64 * 1024  # of a request
RESOURCES = (
    applications,
    application_documents,
    forms,
    customers,
    tokens,
    accounts,
    cards,
    card_secrets,
    transactions,
    payments,
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
) -> Flask:
    """Make the emulated Unit over a store.

    ``jwt_settings`` tells what a tenant's dashboard holds under *JWT Settings*, and ``fetch`` gets the JSON at a URL,
    for the keys of the identity provider. ``public_url`` is where a browser finds the pages that Unit hosts, if not at
    the origin that the API is called at. ``dispatcher`` delivers webhooks; without one, a thread of its own does.
    """
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BYTES
    app.extensions["emulated_unit"] = Emulation(
        store, jwt_settings, fetch, public_url, dispatcher or WebhookDispatcher(store)
    )
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    for resource in RESOURCES:
        app.register_blueprint(resource.routes)
    app.register_error_handler(UnitFault, lambda fault: jsonapi.encode(fault.document(), fault.status))
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(TenantFull, _full)
    app.after_request(_finish)
    return app


def _http_error(error: HTTPException) -> Response:
    """Answer what no operation answers: an unknown route or method, a body too large, a crash."""
    return jsonapi.encode(http_error_body(error.code or 500, error.name), error.code or 500)


def _full(full: TenantFull) -> Response:
    """Refuse to store more for one tenant."""
    fault = UnitFault("limits_exceeded", f"In this emulated bank {full}")
    return jsonapi.encode(fault.document(), fault.status)


def _finish(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    logger.info("%s %s %d", request.method, request.path, response.status_code)
    return response
