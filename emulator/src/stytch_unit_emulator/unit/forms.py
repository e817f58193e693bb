"""Application forms: Unit hosts the form and the org links to it. The header X-Accept-Version selects version 2.

UNCONFIRMED: that version 1 still works, whose end was announced for February 2025; Unit's Node SDK still offers it. A
form keeps the version that it was created with.

The page at ``PAGE`` is not part of this module. It uses ``open_form`` and ``submit``.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from flask import Blueprint, Response, request

from .. import clock
from ..store import Json, Store, Tenant
from . import filters, idempotency, jsonapi, onboarding, people, queries, questionnaires
from .applications import APPLICANT_OPTIONAL, check_identification
from .calls import Call, emulation, endpoint
from .documents import read
from .errors import Problem, UnitFault
from .schema import IDEMPOTENCY_KEY, Check, fields, flag, items, one_of, tags, text, unchecked

routes = Blueprint("forms", __name__)

VERSION = "V2024_06"
PAGE = "{origin}/application-form/{token}"
LIFE = timedelta(hours=24)  # reading the form later renews the link
TOKEN_NAME = "application form token"  # noqa: S105 -- the store key of a form's token

_KINDS = one_of("Individual", "SoleProprietorship", "Business", "MultipleMemberBusiness", "SingleMemberBusiness")
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
    "useSelfieVerification": flag,
    "disablePassportApplication": flag,
}
# Accepted, but no form asks for them, as businesses are not emulated.
_OF_BUSINESSES = (
    *("name", "stateOfIncorporation", "entityType", "contact", "officer", "beneficialOwners", "cashFlow"),
    *("yearOfIncorporation", "countriesOfOperation", "stockSymbol", "hasNonUSEntities", "hasNonUsEntities"),
)
_PREFILL: dict[str, Check] = {
    "applicationType": _KINDS,
    **people.APPLICANT_REQUIRED,
    **people.APPLICANT_OPTIONAL,
    **people.SOLE_PROPRIETOR,
    **dict.fromkeys(_OF_BUSINESSES, unchecked),
}
CREATE = {
    "applicationForm": fields(
        {},
        {
            "idempotencyKey": IDEMPOTENCY_KEY,
            "requestedProducts": items(one_of("Banking", "BillPay", "Capital")),
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
FILTERS = {
    "query": filters.full_text,
    "email": filters.equals("email"),
    "status": filters.in_values("status", "Pending", "Approved"),
    "tags": filters.has_tags,
}
_SUBMITTED = fields(people.APPLICANT_REQUIRED, APPLICANT_OPTIONAL)


@routes.post("/application-forms")
@endpoint("applications-write", org_only=True)
def create_form(call: Call) -> Response:
    """Create a form and its link."""
    document = read(CREATE, may_have=("application", "lendingProgram", "whiteLabelTheme"))
    key = document.attributes.get("idempotencyKey")
    if key is None and _is_version_2():
        problem = Problem("invalid_value", "Missing value for idempotencyKey", "/data/attributes/idempotencyKey")
        raise UnitFault.invalid([problem])
    form = idempotency.replayed(call, "application_form", key)
    if form is None:
        application = call.related(document, "application")["id"] if "application" in document.related else None
        draft = _draft(document.attributes, application)
        form = _renew(call.tenant, call.tenant.add_numbered("application_form", draft))
        idempotency.remember(call, "application_form", key, form)
    return jsonapi.reply(_show(form), status=201)


@routes.get("/application-forms")
@endpoint("applications", org_only=True)
def list_forms(call: Call) -> Response:
    """List forms, whose links may have expired.

    UNCONFIRMED: what the filters compare. Here, query and email look at the prefilled details, and a form is approved
    once its application is.
    """
    found = {form["id"]: form for form in call.all("application_form")}
    compared = [{**form, "attributes": _searchable(call.tenant, form)} for form in found.values()]
    return queries.listing(call, compared, FILTERS, ("application",), show=lambda form: _show(found[form["id"]]))


@routes.get("/application-forms/<form_id>")
@endpoint("applications", org_only=True, writes=True)
def get_form(call: Call, form_id: str) -> Response:
    """Get a form with a valid link."""
    form = call.get("application_form", form_id)
    if _is_expired(form):
        form = _renew(call.tenant, form)
    return jsonapi.reply(_show(form), included=queries.included(call, [form], ("application",)))


def tenant_of_form(token: str, store: Store) -> str | None:
    """The tenant of the form with this link token."""
    return store.tenant_with(TOKEN_NAME, token) if token.isprintable() else None


def open_form(tenant: Tenant, token: str) -> Json:
    """Find the form by its link token; raises ``UnitFault`` if invalid or expired."""
    form = tenant.find("application_form", TOKEN_NAME, token) if token.isprintable() else None
    if form is None or form["internal"]["token"] != token or _is_expired(form):
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
    questionnaires.check(attributes, None)
    application = onboarding.apply(tenant, attributes)
    form["relationships"]["application"] = {"data": jsonapi.identifier("application", application["id"])}
    submitted = {"stage": "IndividualApplicationCreated"} if form["type"] == "applicationForm" else {}
    jsonapi.update(tenant, "application_form", form, submitted)
    return application


def _is_version_2() -> bool:
    return request.headers.get("X-Accept-Version") == VERSION


def _show(form: Json) -> Json:
    """A form as it is answered; version 1 has no dates."""
    if form["type"] != "applicationForm":
        return form
    dates = ("createdAt", "updatedAt")
    return {**form, "attributes": {name: value for name, value in form["attributes"].items() if name not in dates}}


def _searchable(tenant: Tenant, form: Json) -> Json:
    """The attributes of a form that filters compare."""
    application = jsonapi.reference("", form, "application")
    found = tenant.get("application", application) if application else None
    is_approved = found is not None and found["attributes"]["status"] == "Approved"
    status = "Approved" if is_approved else "Pending"
    return {**form["internal"]["prefill"], **form["attributes"], "status": status}


def _draft(given: Json, application: str | None) -> Json:
    details = given.get("applicantDetails", {})
    prefill = {name: value for name, value in details.items() if name not in ("applicationType", *_OF_BUSINESSES)}
    # The applicant must not choose the login that the customer will belong to.
    subject = given.get("jwtSubject") or prefill.pop("jwtSubject", None)
    attributes = {"tags": given.get("tags", {})}
    if _is_version_2():
        attributes["applicationFormSettings"] = given.get("settingsOverride", {})
        attributes |= {name: given[name] for name in ("requestedProducts",) if name in given}
    else:
        attributes |= {"stage": "ChooseBusinessOrIndividual", "applicantDetails": details}
    kept = {
        "prefill": prefill,
        "fixed": {"jwtSubject": subject, "tags": given.get("tags", {})},
        "origin": emulation().public_url or request.host_url.rstrip("/"),
    }
    version = "applicationFormV2" if _is_version_2() else "applicationForm"
    return jsonapi.draft(version, attributes, internal=kept, related={"application": application})


def _renew(tenant: Tenant, form: Json) -> Json:
    token = secrets.token_urlsafe(32)
    url = PAGE.format(origin=form["internal"]["origin"], token=token)
    form["internal"] |= {"token": token, "expiration": clock.milliseconds(clock.now() + LIFE)}
    tenant.name("application_form", form["id"], TOKEN_NAME, token)
    if form["type"] == "applicationForm":
        return jsonapi.update(tenant, "application_form", form, {"url": url})
    form["links"] = {"related": {"type": "text/html", "href": url}}
    shown = {name: form["internal"][name] for name in ("token", "expiration")}
    return jsonapi.update(tenant, "application_form", form, {"applicationFormToken": shown})


def _is_expired(form: Json) -> bool:
    return clock.parse(form["internal"]["expiration"]) <= clock.now()
