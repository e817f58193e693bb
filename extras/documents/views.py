"""Send the bank the documents that it asks for.

To copy: a document is looked up among those of the user's own application; the file is checked by its content; and no
file is ever written to a disk. A file cannot be kept while someone signs in again, so the page then asks for it again.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, request, url_for
from limits import parse

from blueprints.errors import not_signed_in, respond
from blueprints.htmx import is_htmx, redirect_to, render
from services.errors import NotSignedIn
from services.guards import current_session, revalidate_session, second_factor_required
from services.onboarding import current_application
from services.rate_limits import counted
from services.signals import log_security_event
from services.step_up import step_up_required
from services.unit_client import UnitError, org_client

from .documents import Document, documents_of, upload
from .files import FileRefused, keep_in_memory, read

bp = Blueprint(
    "documents", __name__, template_folder="templates", static_folder="static", static_url_path="/static/documents"
)
UPLOAD = "documents.send"
PER_DAY = parse("30/day")
RULE = "You can send 30 files a day."
ONE_MORE = "File sent. The bank needs another one."
LOST = "Nothing was sent. Sign in again in another tab, then go back and choose the file again."
NOT_ACCEPTED = "The bank did not accept this file. Choose another one."


@bp.before_app_request
def prepare() -> None:
    """Before any check: these forms send a file."""
    if request.endpoint == UPLOAD:
        keep_in_memory(request)


@bp.errorhandler(413)
def too_large(_error: Exception) -> Response:
    """Say how large a file may be. On a page with script it stays chosen, so another can take its place."""
    return respond(413, "This file is too large", "Nothing was sent. Go back and choose a file of at most 20 MB.")


@bp.errorhandler(NotSignedIn)
def signed_out(error: NotSignedIn) -> Response:
    """Say that the file has to be chosen again; with script it stays chosen on the page."""
    if request.mimetype != "multipart/form-data" or is_htmx():
        return not_signed_in(error)
    log_security_event("denial", "not signed in")
    return respond(401, text=LOST)


@bp.get("/customer/documents")
@second_factor_required
@step_up_required("see what the bank asks for")
def index() -> Response:
    """Show which documents the bank asks for."""
    application_id = _waiting_application()
    return _page(documents_of(org_client, application_id)) if application_id else _status()


@bp.post("/customer/documents/<digits:document_id>/<any(front,back):side>")
@second_factor_required
@revalidate_session
@step_up_required("send the bank a document")
def send(document_id: str, side: str) -> Response:
    """Send one side of a document; once none is open, the bank reviews them."""
    if not (application_id := _waiting_application()):
        return _status()
    documents = documents_of(org_client, application_id)
    document = next((each for each in documents if each.document_id == document_id), None) or abort(404)
    if side not in document.sides:
        return _page(documents)  # sent twice
    try:
        file = read(request.files.get("file"))
        with counted("document", current_session().user_id, PER_DAY, rule=RULE):
            upload(org_client, application_id, document, side, file)
    except (FileRefused, UnitError) as error:
        if isinstance(error, UnitError) and error.status not in {400, 413, 422}:
            raise
        refusal = str(error) if isinstance(error, FileRefused) else NOT_ACCEPTED
        return _page(documents, 422, refused=f"{side}-{document_id}", refusal=refusal)
    return _next(application_id)


def _next(application_id: str) -> Response:
    """Continue with the next file, or with waiting once there is none."""
    documents = documents_of(org_client, application_id)
    if not any(document.sides for document in documents):
        return _status("Sent. The bank is checking it.")
    if is_htmx():
        return _page(documents, announce=ONE_MORE, sent=ONE_MORE)
    return redirect_to(url_for("documents.index"), announce=ONE_MORE)


def _page(documents: list[Document], status: int = 200, **context: Any) -> Response:
    return render("documents/page.html", status, documents=documents, is_step=True, **context)


def _waiting_application() -> str | None:
    """Return the id of the user's application, if the bank waits for documents."""
    application = current_application(org_client, current_session())
    is_waiting = application is not None and application.status == "AwaitingDocuments"
    return application.application_id if application and is_waiting else None


def _status(announce: str = "") -> Response:
    return redirect_to(url_for("onboarding.index"), announce=announce)
