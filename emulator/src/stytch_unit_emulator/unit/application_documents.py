"""Documents that an application requires. Uploads are checked, not stored."""

from __future__ import annotations

from flask import Blueprint, Response, request

from ..store import Json
from . import jsonapi, onboarding
from .calls import Call, endpoint
from .errors import UnitFault

routes = Blueprint("application_documents", __name__)

MAX_BYTES = 10 * 1024 * 1024
SIGNATURES = {"application/pdf": b"%PDF", "image/png": b"\x89PNG", "image/jpeg": b"\xff\xd8\xff"}


@routes.get("/applications/<application_id>/documents")
@endpoint("applications", org_only=True)
def list_documents(call: Call, application_id: str) -> Response:
    """List the documents that an application requires."""
    return jsonapi.reply(onboarding.documents(call.tenant, call.get("application", application_id)))


@routes.put("/applications/<application_id>/documents/<document_id>")
@routes.put("/applications/<application_id>/documents/<document_id>/back")
@routes.put("/applications/<application_id>/documents/<document_id>/multipart")
@routes.put("/applications/<application_id>/documents/<document_id>/back/multipart")
@endpoint("applications-write", org_only=True)
def upload_document(call: Call, application_id: str, document_id: str) -> Response:
    """Accept one side of a document, which then awaits review."""
    application, document = find(call, application_id, document_id)
    _check_file()
    if application["attributes"]["status"] == "AwaitingDocuments":
        # UNCONFIRMED: that either side of one document is enough.
        onboarding.move(call.tenant, application, "PendingReview")
    changes = {"status": "PendingReview", "reason": None, "reasonCode": None}
    return jsonapi.reply(jsonapi.update(call.tenant, "document", document, changes))


def find(call: Call, application_id: str, document_id: str) -> tuple[Json, Json]:
    """Find a document of an application that is under review."""
    application = call.get("application", application_id)
    found = [each for each in onboarding.documents(call.tenant, application) if each["id"] == document_id]
    if not found:
        raise UnitFault("not_found")
    onboarding.check_under_review(application)
    return application, found[0]


def _check_file() -> None:
    """Refuse a file that is not a PDF, PNG or JPEG. UNCONFIRMED: the code."""
    request.max_content_length = MAX_BYTES
    uploaded = request.files.get("file")
    content = uploaded.read() if uploaded else request.get_data()
    kind = uploaded.mimetype if uploaded else request.mimetype
    if kind not in SIGNATURES or not content.startswith(SIGNATURES[kind]):
        raise UnitFault("invalid_value", f"Expected a file that is {', '.join(SIGNATURES)}")
