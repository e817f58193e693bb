"""Applications of individuals. All operations need an org token."""

from __future__ import annotations

from flask import Blueprint, Response

from ..store import Json
from . import idempotency, jsonapi, onboarding, people, queries
from .calls import Call, endpoint
from .documents import merged_tags, read
from .errors import Problem, UnitFault
from .schema import IDEMPOTENCY_KEY, Check, fields, flag, items, one_of, tags, text

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
    "ip": text(),
    "tags": tags(),
    "powerOfAttorneyAgent": people.POWER_OF_ATTORNEY_AGENT,
    "requestedProducts": items(one_of("Banking", "BillPay", "Capital")),
    "deviceFingerprints": items(fields({"provider": one_of("iovation"), "value": text(longest=10_000)}), most=1),
    "evaluationParams": _EVALUATION,
    "EvaluationParams": _EVALUATION,  # the spelling in Unit's API description
    "idempotencyKey": IDEMPOTENCY_KEY,
}
CREATE = {"individualApplication": fields(people.APPLICANT_REQUIRED, APPLICANT_OPTIONAL)}
PATCH = {
    "individualApplication": fields(
        {}, {"tags": tags(nulls=True), "operatingAddress": people.ADDRESS, **people.EMPLOYMENT}
    )
}
CANCEL = {"applicationCancel": fields({}, {"reason": text()})}
FILTERS = {
    "query": queries.full_text,
    "email": queries.equals("email"),
    "tags": queries.has_tags,
    "status": queries.in_values("status", *onboarding.STATUSES),
}


@routes.post("/applications")
@endpoint("applications-write", org_only=True)
def create_application(call: Call) -> Response:
    """Create and evaluate an application; if approved, its customer exists at once."""
    attributes = read(CREATE).attributes
    check_identification(attributes)
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
    """Update an application, except its JWT subject."""
    application = call.get("application", application_id)
    changes = read(PATCH).attributes
    if "tags" in changes:
        changes["tags"] = merged_tags(application["attributes"]["tags"], changes["tags"])
    return reply(call, jsonapi.update(call.tenant, "application", application, changes))


@routes.post("/applications/<application_id>/cancel")
@endpoint("applications-write", org_only=True)
def cancel_application(call: Call, application_id: str) -> Response:
    """Cancel an application before the decision."""
    application = call.get("application", application_id)
    reason = read(CANCEL, empty=True).attributes.get("reason")
    if application["attributes"]["status"] not in ("Pending", *onboarding.UNDER_REVIEW):
        raise UnitFault("invalid_value", f"The application is {application['attributes']['status']}")
    return reply(call, onboarding.decide_on(call.tenant, application, "Canceled", "Manually", reason), 201)


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
    return jsonapi.reply(application, status=status, included=onboarding.documents(call.tenant, application))
