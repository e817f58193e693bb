"""Documents that an application requires. Files are checked; of each, the type, size and SHA-256 hash are stored.

An identity document has a front and a back.
"""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, request

from ..store import Json
from . import document_records, jsonapi, onboarding
from .calls import Call, endpoint
from .documents import read
from .errors import UnitFault
from .schema import fields, text

routes = Blueprint("application_documents", __name__)

MAX_BYTES = 20 * 1024 * 1024  # the largest file that Unit's Node SDK sends
SIGNATURES = {"application/pdf": b"%PDF", "image/png": b"\x89PNG", "image/jpeg": b"\xff\xd8\xff"}
VERIFY = {"selfieVerification": fields({"jobId": text()})}


@routes.get("/applications/<application_id>/documents")
@endpoint("applications", org_only=True)
def list_documents(call: Call, application_id: str) -> Response:
    """List the documents of an application."""
    return jsonapi.reply(document_records.of(call.tenant, call.get("application", application_id)))


@routes.post("/applications/<application_id>/documents")
@endpoint("applications-write", org_only=True)
def create_document(call: Call, application_id: str) -> Response:
    """Ask for a document that the org needs, and Unit's decision does not. The body is ignored."""
    application = call.get("application", application_id)
    return jsonapi.reply(document_records.add(call.tenant, application, document_records.CUSTOM))


@routes.put("/applications/<application_id>/documents/<document_id>")
@routes.put("/applications/<application_id>/documents/<document_id>/back")
@routes.put("/applications/<application_id>/documents/<document_id>/multipart")
@routes.put("/applications/<application_id>/documents/<document_id>/back/multipart")
@endpoint("applications-write", org_only=True)
def upload_document(call: Call, application_id: str, document_id: str) -> Response:
    """Accept one side of a document, which awaits review once all its sides are there.

    UNCONFIRMED: that an identity document needs both sides, and that either side is enough of any other.
    """
    application, document = find(call, application_id, document_id)
    side = "back" if "back" in request.path.split("/")[-2:] else "front"
    status = document_records.receive(document, side, _check_file())
    return _complete(call, application, document, {"status": status, "reason": None, "reasonCode": None})


@routes.post("/application/<application_id>/documents/<document_id>/verify")  # as Unit's generated client spells it
@routes.post("/applications/<application_id>/documents/<document_id>/verify")
@routes.put("/applications/<application_id>/documents/<document_id>/verify")
@endpoint("applications-write", org_only=True)
def verify_document(call: Call, application_id: str, document_id: str) -> Response:
    """Take a job of the selfie provider as the document, which then awaits review.

    Unit's API description has PUT, its SDKs have POST. UNCONFIRMED: the status that follows, and that any job counts.
    """
    application, document = find(call, application_id, document_id)
    read(VERIFY)
    if document["attributes"]["documentType"] != document_records.SELFIE:
        raise UnitFault("invalid_value", "The document is not a SelfieVerification")
    return _complete(call, application, document, {"status": "PendingReview"})


def find(call: Call, application_id: str, document_id: str) -> tuple[Json, Json]:
    """Find a document of an application. One that Unit needs is closed with the decision."""
    application = call.get("application", application_id)
    found = [each for each in document_records.of(call.tenant, application) if each["id"] == document_id]
    if not found:
        raise UnitFault("not_found")
    if found[0]["attributes"]["documentType"] != document_records.CUSTOM:
        onboarding.check_under_review(application)
    return application, found[0]


def _complete(call: Call, application: Json, document: Json, changes: Json) -> Response:
    """Update a document; once none is outstanding, the application is under review."""
    jsonapi.update(call.tenant, "document", document, changes)
    is_complete = document_records.have_status(call.tenant, application, "PendingReview", "Approved")
    if application["attributes"]["status"] == "AwaitingDocuments" and is_complete:
        onboarding.move(call.tenant, application, "PendingReview")
    return jsonapi.reply(document)


def _check_file() -> Json:
    """Describe the file; refuses one that is not a PDF, PNG or JPEG. UNCONFIRMED: the code."""
    request.max_content_length = MAX_BYTES
    uploaded = request.files.get("file")
    content = uploaded.read() if uploaded else request.get_data()
    kind = uploaded.mimetype if uploaded else request.mimetype
    if kind not in SIGNATURES or not content.startswith(SIGNATURES[kind]):
        raise UnitFault("invalid_value", f"Expected a file that is {', '.join(SIGNATURES)}")
    return {"type": kind, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
