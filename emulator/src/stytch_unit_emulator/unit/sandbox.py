"""Sandbox operations on applications, documents and cards.

UNCONFIRMED: that they need an org token, and their status codes.
"""

from __future__ import annotations

from flask import Blueprint, Response

from . import applications, card_rules, document_records, events, jsonapi, onboarding
from .application_documents import find
from .calls import Call, endpoint
from .documents import read
from .schema import fields, text

routes = Blueprint("sandbox", __name__, url_prefix="/sandbox")

_REASON = fields({}, {"reason": text()})
APPROVE = {"applicationApprove": _REASON}
DENY = {"applicationDeny": _REASON}
REJECT_DOCUMENT = {"documentReject": fields({}, {"reason": text(), "reasonCode": text()})}


@routes.post("/applications/<application_id>/approve")
@endpoint(org_only=True)
def approve_application(call: Call, application_id: str) -> Response:
    """Approve an application that is under review."""
    application = call.get("application", application_id)
    reason = read(APPROVE, empty=True).attributes.get("reason")
    return applications.reply(call, onboarding.review(call.tenant, application, "Approved", reason))


@routes.post("/applications/<application_id>/deny")
@endpoint(org_only=True)
def deny_application(call: Call, application_id: str) -> Response:
    """Deny an application that is under review."""
    application = call.get("application", application_id)
    reason = read(DENY, empty=True).attributes.get("reason")
    return applications.reply(call, onboarding.review(call.tenant, application, "Denied", reason))


@routes.post("/applications/<application_id>/documents/<document_id>/approve")
@endpoint(org_only=True)
def approve_document(call: Call, application_id: str, document_id: str) -> Response:
    """Approve a document.

    UNCONFIRMED: with the last document that Unit needs, the application is approved too.
    """
    application, document = find(call, application_id, document_id)
    jsonapi.update(call.tenant, "document", document, {"status": "Approved"})
    events.emit(call.tenant, "document.approved", document, application=application_id)
    is_open = application["attributes"]["status"] in onboarding.UNDER_REVIEW
    if is_open and document_records.have_status(call.tenant, application, "Approved"):
        onboarding.review(call.tenant, application, "Approved", "Document approved")
    return jsonapi.reply(document)


@routes.post("/applications/<application_id>/documents/<document_id>/reject")
@endpoint(org_only=True)
def reject_document(call: Call, application_id: str, document_id: str) -> Response:
    """Reject a required document; the application awaits another one."""
    application, document = find(call, application_id, document_id)
    why = read(REJECT_DOCUMENT, empty=True).attributes
    onboarding.reject(call.tenant, application, document, why)
    return jsonapi.reply(document)


@routes.post("/cards/<card_id>/activate")
@endpoint(org_only=True)
def activate_card(call: Call, card_id: str) -> Response:
    """Activate a physical card, as its holder would on receipt."""
    return jsonapi.reply(card_rules.apply_action(call.tenant, call.get("card", card_id), "activate"))
