"""Applications of individuals. All operations need an org token."""

from __future__ import annotations

from flask import Blueprint, Response

from ..store import Json
from . import document_records, filters, idempotency, jsonapi, onboarding, people, queries, questionnaires
from .calls import Call, emulation, endpoint
from .documents import read, read_changes
from .errors import Problem, UnitFault
from .schema import IDEMPOTENCY_KEY, Check, fields, flag, items, one_of, or_null, tags, text

routes = Blueprint("applications", __name__)

_EVALUATION = fields(
    {},
    {
        "useSelfieVerification": one_of("Never", "ReplaceIdentification", "Always"),
        "requireIdVerification": flag,
    },
)
APPLICANT_OPTIONAL: dict[str, Check] = {
    **people.APPLICANT_OPTIONAL,
    **people.SOLE_PROPRIETOR,
    **questionnaires.ANSWERS,
    "ip": text(),
    "tags": tags(),
    "powerOfAttorneyAgent": people.POWER_OF_ATTORNEY_AGENT,
    "requestedProducts": items(one_of("Banking", "BillPay", "Capital")),
    "deviceFingerprints": or_null(
        items(fields({"provider": one_of("iovation"), "value": text(longest=10_000)}), most=1)
    ),
    "banks": or_null(items(text())),
    "evaluationParams": _EVALUATION,
    "EvaluationParams": _EVALUATION,  # the spelling in Unit's API description
    "idempotencyKey": IDEMPOTENCY_KEY,
}
CREATE = {"individualApplication": fields(people.APPLICANT_REQUIRED, APPLICANT_OPTIONAL)}
PATCH = {
    "individualApplication": fields(
        {}, {"tags": tags(nulls=True), "operatingAddress": people.ADDRESS, **questionnaires.CHANGES}
    )
}
CANCEL = {"applicationCancel": fields({}, {"reason": text()})}
FILTERS = {
    "query": filters.full_text,
    "email": filters.equals("email"),
    "tags": filters.has_tags,
    "status": filters.in_values("status", *onboarding.STATUSES),
}


@routes.post("/applications")
@endpoint("applications-write", org_only=True)
def create_application(call: Call) -> Response:
    """Create and evaluate an application; if approved, its customer exists at once."""
    attributes = read(CREATE).attributes
    check_identification(attributes)
    questionnaires.check(attributes, emulation().bank)
    key = attributes.get("idempotencyKey")
    application = idempotency.replayed(call, "application", key)
    if application is None:
        application = onboarding.apply(call.tenant, attributes)
        idempotency.remember(call, "application", key, application)
    return reply(call, application, 201)


@routes.get("/applications")
@endpoint("applications", org_only=True)
def list_applications(call: Call) -> Response:
    """List applications."""
    return queries.listing(call, call.all("application"), FILTERS)


@routes.get("/applications/<application_id>")
@endpoint("applications", org_only=True)
def get_application(call: Call, application_id: str) -> Response:
    """Get an application and the documents that it requires."""
    return reply(call, call.get("application", application_id))


@routes.patch("/applications/<application_id>")
@endpoint("applications-write", org_only=True)
def update_application(call: Call, application_id: str) -> Response:
    """Update an application, except its JWT subject; Thread Bank's answers upgrade it."""
    application = call.get("application", application_id)
    changes = onboarding.shown(read_changes(PATCH, application))
    if "accountPurposeDescription" in changes:
        changes["accountPurposeDetail"] = changes.pop("accountPurposeDescription")
    return reply(call, jsonapi.update(call.tenant, "application", application, changes))


@routes.post("/applications/<application_id>/cancel")
@endpoint("applications-write", org_only=True)
def cancel_application(call: Call, application_id: str) -> Response:
    """Cancel an application that is under review."""
    application = call.get("application", application_id)
    reason = read(CANCEL, empty=True).attributes.get("reason")
    onboarding.check_under_review(application)
    return reply(call, onboarding.decide_on(call.tenant, application, "Canceled", "Manually", reason), 201)


@routes.get("/applications/<application_id>/missing-fields")
@endpoint("applications", org_only=True)
def get_missing_fields(call: Call, application_id: str) -> Response:
    """List the due-diligence questions that an application leaves open."""
    attributes = call.get("application", application_id)["attributes"]
    missing = {"missingFields": questionnaires.missing(attributes, emulation().bank)}
    return jsonapi.reply({"type": "individualApplicationMissingFields", "attributes": missing})


def check_identification(attributes: Json) -> None:
    """Refuse an applicant without an SSN or a passport and nationality."""
    if attributes.get("ssn"):
        return
    needed = ("passport", "nationality") if attributes.get("passport") else ("ssn",)
    missing = [name for name in needed if not attributes.get(name)]
    if missing:
        problems = [Problem("invalid_value", f"Missing value for {n}", f"/data/attributes/{n}") for n in missing]
        raise UnitFault.invalid(problems)


def reply(call: Call, application: Json, status: int = 200) -> Response:
    """Return an application with its documents."""
    return jsonapi.reply(application, status=status, included=document_records.of(call.tenant, application))
