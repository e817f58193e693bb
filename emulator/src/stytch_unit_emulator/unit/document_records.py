"""Documents of applications, as stored: which ones an application needs, and whether they are complete."""

from __future__ import annotations

from ..store import Json, Tenant
from . import jsonapi

# Required for the control SSNs of Unit's sandbox.
BY_SSN = {"000000002": "AddressVerification", "000000003": "IdDocument", "000000006": "SocialSecurityCard"}
SELFIE = "SelfieVerification"
CUSTOM = "ClientRequested"
TWO_SIDED = "IdDocument"
# UNCONFIRMED: the wording.
DESCRIPTIONS = {
    "AddressVerification": "A bill or a statement, not older than 60 days, with the name and the address on it.",
    "IdDocument": "A passport, driver's license or state ID.",
    "SocialSecurityCard": "The social security card.",
    SELFIE: "A selfie, taken with the identity verification provider.",
    CUSTOM: "A document that the org asks for.",
}


def needed(given: Json) -> list[str]:
    """The types of documents that an application needs, from its SSN and its ``evaluationParams``.

    UNCONFIRMED: that the sandbox applies the parameters.
    """
    params = given.get("evaluationParams") or given.get("EvaluationParams") or {}
    types = [BY_SSN[given["ssn"]]] if given.get("ssn") in BY_SSN else []
    if params.get("requireIdVerification") and "IdDocument" not in types:
        types.append("IdDocument")
    selfie = params.get("useSelfieVerification", "Never")
    if selfie == "ReplaceIdentification":
        types = [SELFIE if each == "IdDocument" else each for each in types]
    elif selfie == "Always":
        types.append(SELFIE)
    return types


def of(tenant: Tenant, application: Json) -> list[Json]:
    """The documents of an application, oldest first."""
    entries = application["relationships"]["documents"]["data"]
    found = (tenant.get("document", entry["id"]) for entry in entries)
    return [document for document in found if document]


def add(tenant: Tenant, application: Json, document_type: str) -> Json:
    """Add a document that is required, and store the application."""
    attributes = application["attributes"]
    shared = {name: attributes[name] for name in ("address", "dateOfBirth", "ssn", "passport") if name in attributes}
    document = jsonapi.draft(
        "document",
        {
            "documentType": document_type,
            "description": DESCRIPTIONS[document_type],
            "status": "Required",
            "name": f"{attributes['fullName']['first']} {attributes['fullName']['last']}",
            "archived": False,
            **shared,
        },
    )
    del document["attributes"]["createdAt"]  # documents don't have it
    document = tenant.add_numbered("document", document)
    application["relationships"]["documents"]["data"].append(jsonapi.identifier("document", document["id"]))
    tenant.save("application", application["id"], application)
    return document


def receive(document: Json, side: str, file: Json) -> str:
    """Note the file of one side of a document, and return the document's status with it."""
    files = document["internal"].setdefault("files", {})
    if document["attributes"]["status"] in ("Invalid", "PendingReview"):
        files.clear()  # a new attempt
    files[side] = file
    if document["attributes"]["documentType"] == TWO_SIDED and len(files) == 1:
        return f"Received{side.capitalize()}"
    return "PendingReview"


def to_review(tenant: Tenant, application: Json) -> list[Json]:
    """The documents whose files await review."""
    return [each for each in of(tenant, application) if each["attributes"]["status"] == "PendingReview"]


def have_status(tenant: Tenant, application: Json, *statuses: str) -> bool:
    """Whether every document that Unit needs has one of these statuses. Custom ones don't count."""
    own = [each["attributes"] for each in of(tenant, application)]
    return all(each["status"] in statuses for each in own if each["documentType"] != CUSTOM)
