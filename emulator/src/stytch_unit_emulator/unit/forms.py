"""Application forms, version 2: Unit hosts the form and the org links to it.

The page at ``PAGE`` is not part of this module. It uses ``open_form`` and ``submit``.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from flask import Blueprint, Response, request

from .. import clock
from ..store import Json, Store, Tenant
from . import idempotency, jsonapi, onboarding, people, queries
from .applications import APPLICANT_OPTIONAL, check_identification
from .calls import Call, emulation, endpoint
from .documents import read
from .errors import UnitFault
from .schema import IDEMPOTENCY_KEY, Check, fields, flag, items, one_of, tags, text

routes = Blueprint("forms", __name__)

VERSION = "V2024_06"
PAGE = "{origin}/application-form/{token}"
LIFE = timedelta(hours=24)  # reading the form later renews the link
TOKEN_NAME = "application form token"  # noqa: S105 -- the store key of a form's token

_KINDS = one_of("Individual", "Business", "SoleProprietorship")
_URL = text("https?://.+", 2048)
_SETTINGS: dict[str, Check] = {
    "redirectUrl": _URL,
    "privacyPolicyUrl": _URL,
    "electronicDisclosuresUrl": _URL,
    "depositTermsUrl": _URL,
    "clientTermsUrl": _URL,
    "cardholderTermsUrl": _URL,
    "cashAdvancedTermsUrl": _URL,
    "debitCardDisclosureUrl": _URL,
    "additionalDisclosures": items(fields({"title": text(), "url": _URL})),
}
_PREFILL: dict[str, Check] = {"applicationType": _KINDS, **people.APPLICANT_REQUIRED, **people.APPLICANT_OPTIONAL}
CREATE = {
    "applicationForm": fields(
        {"idempotencyKey": IDEMPOTENCY_KEY},
        {
            "applicantDetails": fields({}, _PREFILL),
            "allowedApplicationTypes": items(_KINDS, least=1),
            "settingsOverride": fields({}, _SETTINGS),
            "requireIdVerification": fields({}, {"individual": flag, "officer": flag, "beneficialOwners": flag}),
            "tags": tags(),
            "lang": one_of("en", "es"),
            "hideApplicationProgressTracker": flag,
            "jwtSubject": people.JWT_SUBJECT,
        },
    )
}
_SUBMITTED = fields(people.APPLICANT_REQUIRED, APPLICANT_OPTIONAL)


@routes.post("/application-forms")
@endpoint("applications-write", org_only=True)
def create_form(call: Call) -> Response:
    """Create a form and its link."""
    if request.headers.get("X-Accept-Version") != VERSION:
        # UNCONFIRMED: the state of version 1, whose end was announced.
        raise UnitFault("invalid_value", f"Application forms need the header X-Accept-Version: {VERSION}")
    attributes = read(CREATE).attributes
    form = idempotency.replayed(call, "application_form", attributes["idempotencyKey"])
    if form is None:
        form = _renew(call.tenant, call.tenant.add_numbered("application_form", _draft(attributes)))
        idempotency.remember(call, "application_form", attributes["idempotencyKey"], form)
    return jsonapi.reply(form, status=201)


@routes.get("/application-forms")
@endpoint("applications", org_only=True)
def list_forms(call: Call) -> Response:
    """List forms, whose links may have expired."""
    return queries.listing(call, call.all("application_form"), {"tags": queries.has_tags}, ("application",))


@routes.get("/application-forms/<form_id>")
@endpoint("applications", org_only=True, writes=True)
def get_form(call: Call, form_id: str) -> Response:
    """Get a form with a valid link."""
    form = call.get("application_form", form_id)
    if _is_expired(form):
        form = _renew(call.tenant, form)
    return jsonapi.reply(form, included=queries.included(call, [form], ("application",)))


def tenant_of_form(token: str, store: Store) -> str | None:
    """The tenant of the form with this link token."""
    return store.tenant_with(TOKEN_NAME, token) if token.isprintable() else None


def open_form(tenant: Tenant, token: str) -> Json:
    """Find the form by its link token; raises ``UnitFault`` if invalid or expired."""
    form = tenant.find("application_form", TOKEN_NAME, token) if token.isprintable() else None
    if form is None or form["attributes"]["applicationFormToken"]["token"] != token or _is_expired(form):
        raise UnitFault("not_found")
    return form


def submit(tenant: Tenant, form: Json, typed: Json) -> Json:
    """Submit a form; what was typed takes precedence over what the org prefilled."""
    if "application" in form["relationships"]:
        existing = form["relationships"]["application"]["data"]["id"]
        raise UnitFault("already_exists", "The form has been submitted", existing_ids=[existing])
    attributes = form["internal"]["prefill"] | typed | form["internal"]["fixed"]
    problems = [*_SUBMITTED(attributes, "/data/attributes")]
    if problems:
        raise UnitFault.invalid(problems)
    check_identification(attributes)
    application = onboarding.apply(tenant, attributes)
    form["relationships"]["application"] = {"data": jsonapi.identifier("application", application["id"])}
    jsonapi.update(tenant, "application_form", form, {})
    return application


def _draft(given: Json) -> Json:
    prefill = {name: value for name, value in given.get("applicantDetails", {}).items() if name != "applicationType"}
    # The applicant must not choose the login that the customer will belong to.
    subject = given.get("jwtSubject") or prefill.pop("jwtSubject", None)
    attributes = {"tags": given.get("tags", {}), "applicationFormSettings": given.get("settingsOverride", {})}
    kept = {
        "prefill": prefill,
        "fixed": {"jwtSubject": subject, "tags": given.get("tags", {})},
        "origin": emulation().public_url or request.host_url.rstrip("/"),
    }
    return jsonapi.draft("applicationFormV2", attributes, internal=kept, related={})


def _renew(tenant: Tenant, form: Json) -> Json:
    token = secrets.token_urlsafe(32)
    expiration = clock.milliseconds(clock.now() + LIFE)
    form["links"] = {
        "related": {"type": "text/html", "href": PAGE.format(origin=form["internal"]["origin"], token=token)}
    }
    tenant.name("application_form", form["id"], TOKEN_NAME, token)
    changes = {"applicationFormToken": {"token": token, "expiration": expiration}}
    return jsonapi.update(tenant, "application_form", form, changes)


def _is_expired(form: Json) -> bool:
    return clock.parse(form["attributes"]["applicationFormToken"]["expiration"]) <= clock.now()
