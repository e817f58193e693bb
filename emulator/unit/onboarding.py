"""From an application to a customer: the sandbox's control values, and every way to a decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from .. import clock
from ..store import Json, Tenant
from . import events, jsonapi
from .errors import UnitFault

STATUSES = ("AwaitingDocuments", "PendingReview", "Approved", "Denied", "Pending", "Canceled")
UNDER_REVIEW = ("AwaitingDocuments", "PendingReview")

# What a social security number does to an application, in Unit's sandbox; any other is approved at once.
CONTROL_SSNS = {
    "000000001": "Denied",
    "000000002": "AwaitingDocuments",
    "000000003": "AwaitingDocuments",
    "000000006": "AwaitingDocuments",
    "000000004": "PendingReview",
    # UNCONFIRMED: this one is the emulator's own, so that the state without a control value can be seen too.
    "000000005": "Pending",
}
DOCUMENTS = {"000000002": "AddressVerification", "000000003": "IdDocument", "000000006": "SocialSecurityCard"}
# UNCONFIRMED: the wording.
DESCRIPTIONS = {
    "AddressVerification": "A bill or a statement, not older than 60 days, with the name and the address on it.",
    "IdDocument": "A passport, driver's license or state ID.",
    "SocialSecurityCard": "The social security card.",
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
_NOT_SHOWN = ("idempotencyKey", "deviceFingerprints", "evaluationParams", "EvaluationParams")


@dataclass(frozen=True)
class PendingApplication:
    """An application that waits for somebody at the bank."""

    id: str
    name: str
    status: str


def apply(tenant: Tenant, given: Json) -> Json:
    """Take in an application whose attributes are checked, and evaluate it."""
    ssn = given.get("ssn") or ""
    status = CONTROL_SSNS.get(ssn, "Approved")
    attributes = {name: value for name, value in given.items() if value is not None and name not in _NOT_SHOWN}
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
    if status == "AwaitingDocuments":
        application = _require(tenant, application, DOCUMENTS[ssn])
    if status in UNDER_REVIEW:
        _emit_review_event(tenant, application)
    return application


def documents(tenant: Tenant, application: Json) -> list[Json]:
    """Get the documents that an application requires."""
    entries = application["relationships"]["documents"]["data"]
    found = (tenant.get("document", entry["id"]) for entry in entries)
    return [document for document in found if document]


def decide_on(tenant: Tenant, application: Json, status: str, method: str, reason: str | None = None) -> Json:
    """Give an application its final status; an approved one becomes a customer."""
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
        # UNCONFIRMED: whether an event of the application's own, ``application.approved``, comes with it.
        events.emit(tenant, "customer.created", customer, "application")
    else:
        events.emit(tenant, f"application.{status.lower()}", application)
    return jsonapi.update(tenant, "application", application, changes)


def review(tenant: Tenant, application: Json, status: str, reason: str | None) -> Json:
    """Approve or deny by hand, which only an application under review allows."""
    check_under_review(application)
    return decide_on(tenant, application, status, "Manually", reason)


def move(tenant: Tenant, application: Json, status: str) -> Json:
    """Let an application that is under review wait for something else."""
    jsonapi.update(tenant, "application", application, {"status": status, "message": MESSAGES[status]})
    _emit_review_event(tenant, application)
    return application


def check_under_review(application: Json) -> None:
    """Refuse what only an application under review allows. UNCONFIRMED: the code."""
    if application["attributes"]["status"] not in UNDER_REVIEW:
        raise UnitFault("invalid_value", f"The application is {application['attributes']['status']}")


def has_due(tenant: Tenant) -> bool:
    """Tell whether some evaluation has come to its end and nobody has noted it yet."""
    return any(map(_is_due, tenant.all("application")))


def approve_due(tenant: Tenant) -> None:
    """Approve the applications whose evaluation has come to its end."""
    for application in filter(_is_due, tenant.all("application")):
        decide_on(tenant, application, "Approved", "Automatically")


def pending_applications(tenant: Tenant) -> list[PendingApplication]:
    """List the applications that wait for a decision, oldest first, for a visitor who plays the bank."""
    return [
        PendingApplication(application["id"], _name(application), application["attributes"]["status"])
        for application in tenant.all("application")
        if application["attributes"]["status"] in UNDER_REVIEW
    ]


def decide(tenant: Tenant, application_id: str, approve: bool) -> None:
    """Decide on an application as the bank would, or raise ``UnitFault`` where there is nothing to decide."""
    application = tenant.get("application", application_id)
    if application is None:
        raise UnitFault("not_found")
    review(tenant, application, "Approved" if approve else "Denied", "Decided by a visitor")


def _is_due(application: Json) -> bool:
    is_pending: bool = application["attributes"]["status"] == "Pending"
    return is_pending and application["internal"]["evaluated_at"] <= clock.timestamp()


def _emit_review_event(tenant: Tenant, application: Json) -> None:
    status = application["attributes"]["status"]
    events.emit(tenant, f"application.{status[0].lower()}{status[1:]}", application)


def _require(tenant: Tenant, application: Json, document_type: str) -> Json:
    attributes = application["attributes"]
    shared = {name: attributes[name] for name in ("address", "dateOfBirth", "ssn", "passport") if name in attributes}
    document = jsonapi.draft(
        "document",
        {
            "documentType": document_type,
            "description": DESCRIPTIONS[document_type],
            "status": "Required",
            "name": _name(application),
            **shared,
        },
    )
    del document["attributes"]["createdAt"]  # documents have none
    document = tenant.add_numbered("document", document)
    application["relationships"]["documents"]["data"] = [jsonapi.identifier("document", document["id"])]
    return tenant.save("application", application["id"], application)


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
