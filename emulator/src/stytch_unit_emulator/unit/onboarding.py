"""Evaluates applications and creates customers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from .. import clock
from ..store import Json, Tenant
from . import document_records, events, jsonapi, questionnaires
from .errors import UnitFault

STATUSES = ("AwaitingDocuments", "PendingReview", "Approved", "Denied", "Pending", "Canceled")
UNDER_REVIEW = ("AwaitingDocuments", "PendingReview")

# SSNs that control the result in Unit's sandbox. Any other is approved at once.
CONTROL_SSNS = {
    "000000001": "Denied",
    "000000002": "AwaitingDocuments",
    "000000003": "AwaitingDocuments",
    "000000006": "AwaitingDocuments",
    "000000004": "PendingReview",
    # UNCONFIRMED: not Unit's; added so that Pending can be tested.
    "000000005": "Pending",
}
EVALUATION_TIME = timedelta(seconds=5)

# UNCONFIRMED: the wording.
MESSAGES = {
    "Approved": "Application has been approved.",
    "Denied": "Application has been denied.",
    "AwaitingDocuments": "Waiting for you to upload the required documents.",
    "PendingReview": "Application is in review.",
    "Pending": "Application is being evaluated.",
    "Canceled": "Application has been canceled.",
}
_INHERITED = (
    "fullName",
    "email",
    "phone",
    "ssn",
    "maskedSSN",
    "passport",
    "nationality",
    "matriculaConsular",
    "address",
    "dateOfBirth",
    "dba",
    "ein",
    "soleProprietorship",
    "tags",
    "jwtSubject",
)
_NOT_SHOWN = {
    *("banks", "idempotencyKey", "deviceFingerprints", "evaluationParams", "EvaluationParams", "operatingAddress"),
    *questionnaires.NOT_SHOWN,
}


@dataclass(frozen=True)
class PendingApplication:
    """An application that awaits a decision by the bank."""

    id: str
    name: str
    status: str
    has_documents: bool  # that await review


def apply(tenant: Tenant, given: Json) -> Json:
    """Create and evaluate an application from validated attributes."""
    ssn = given.get("ssn") or ""
    needed = document_records.needed(given)
    status = CONTROL_SSNS.get(ssn, "AwaitingDocuments" if needed else "Approved")
    attributes = {name: value for name, value in shown(given).items() if value is not None}
    attributes |= {"status": status, "message": MESSAGES[status], "archived": False}
    attributes = {"tags": {}, "soleProprietorship": False} | attributes
    if ssn:
        attributes["maskedSSN"] = f"*****{ssn[-4:]}"
    application = jsonapi.draft("individualApplication", attributes, related={"org": jsonapi.ORG_ID})
    application["internal"] = {"evaluated_at": (clock.now() + EVALUATION_TIME).timestamp()}
    application["relationships"]["documents"] = {"data": []}
    application = tenant.add_numbered("application", application)
    events.emit(tenant, "application.created", application)
    if status in ("Approved", "Denied"):
        return decide_on(tenant, application, status, "Automatically")
    for document_type in needed if status == "AwaitingDocuments" else ():
        document_records.add(tenant, application, document_type)
    if status in UNDER_REVIEW:
        _emit_review_event(tenant, application)
    return application


def shown(given: Json) -> Json:
    """The given attributes that an application shows."""
    return {name: value for name, value in given.items() if name not in _NOT_SHOWN}


def decide_on(tenant: Tenant, application: Json, status: str, method: str, reason: str | None = None) -> Json:
    """Set an application's final status; an approved one creates a customer."""
    changes = {
        "status": status,
        "message": MESSAGES[status],
        "decisionMethod": method,
        "decisionReason": reason,
        "decisionDateTime": clock.milliseconds(clock.now()),
    }
    if status == "Approved":
        customer = tenant.add_numbered("customer", _customer(application))
        application["relationships"]["customer"] = {"data": jsonapi.identifier("customer", customer["id"])}
        # UNCONFIRMED: the order of these two events.
        events.emit(tenant, "application.approved", application, "customer")
        events.emit(tenant, "customer.created", customer, "application")
    else:
        events.emit(tenant, f"application.{status.lower()}", application)
    return jsonapi.update(tenant, "application", application, changes)


def review(tenant: Tenant, application: Json, status: str, reason: str | None) -> Json:
    """Approve or deny an application that is under review."""
    check_under_review(application)
    return decide_on(tenant, application, status, "Manually", reason)


def reject(tenant: Tenant, application: Json, document: Json, why: Json) -> None:
    """Reject a document; an application under review awaits another one."""
    jsonapi.update(tenant, "document", document, {**why, "status": "Invalid"})
    events.emit(tenant, "document.rejected", document, application=application["id"], attributes=why)
    if application["attributes"]["status"] == "PendingReview":
        move(tenant, application, "AwaitingDocuments")


def move(tenant: Tenant, application: Json, status: str) -> Json:
    """Move an application that is under review to another review status."""
    jsonapi.update(tenant, "application", application, {"status": status, "message": MESSAGES[status]})
    _emit_review_event(tenant, application)
    return application


def check_under_review(application: Json) -> None:
    """Refuse unless the application is under review. UNCONFIRMED: the code."""
    if application["attributes"]["status"] not in UNDER_REVIEW:
        raise UnitFault("invalid_value", f"The application is {application['attributes']['status']}")


def has_due(tenant: Tenant) -> bool:
    """Whether an evaluation has finished without being applied."""
    return any(map(_is_due, tenant.all("application")))


def has_pending(tenant: Tenant) -> bool:
    """Whether an evaluation has not finished yet."""
    return any(application["attributes"]["status"] == "Pending" for application in tenant.all("application"))


def approve_due(tenant: Tenant) -> None:
    """Approve the applications whose evaluation has finished."""
    for application in filter(_is_due, tenant.all("application")):
        decide_on(tenant, application, "Approved", "Automatically")


def pending_applications(tenant: Tenant) -> list[PendingApplication]:
    """The applications that await a decision, oldest first."""
    return [
        PendingApplication(
            application["id"],
            _name(application),
            application["attributes"]["status"],
            bool(document_records.to_review(tenant, application)),
        )
        for application in tenant.all("application")
        if application["attributes"]["status"] in UNDER_REVIEW
    ]


def decide(tenant: Tenant, application_id: str, decision: str) -> None:
    """Decide on an application as the bank: "approve", "reject" its documents, or deny it.

    Raises ``UnitFault`` if that is not possible.
    """
    application = tenant.get("application", application_id)
    if application is None:
        raise UnitFault("not_found")
    if decision != "reject":
        review(tenant, application, "Approved" if decision == "approve" else "Denied", "Decided by a visitor")
    for document in document_records.to_review(tenant, application) if decision == "reject" else ():
        reject(tenant, application, document, {"reasonCode": "PoorQuality", "reason": "The picture is blurred."})


def _is_due(application: Json) -> bool:
    is_pending: bool = application["attributes"]["status"] == "Pending"
    return is_pending and application["internal"]["evaluated_at"] <= clock.timestamp()


def _emit_review_event(tenant: Tenant, application: Json) -> None:
    status = application["attributes"]["status"]
    events.emit(tenant, f"application.{status[0].lower()}{status[1:]}", application)


def _customer(application: Json) -> Json:
    attributes = {name: value for name, value in application["attributes"].items() if name in _INHERITED}
    return jsonapi.draft(
        "individualCustomer",
        attributes | {"status": "Active"},
        related={"org": jsonapi.ORG_ID, "application": application["id"]},
    )


def _name(application: Json) -> str:
    name = application["attributes"]["fullName"]
    return f"{name['first']} {name['last']}"
