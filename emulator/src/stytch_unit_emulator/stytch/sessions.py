"""Sessions: authenticate, list and revoke, and the project's JWKS."""

from __future__ import annotations

from flask import Blueprint, Response, request

from ..store import Json
from . import fields, keys, objects, session_records, user_records
from .endpoint import authenticated
from .errors import StytchFault
from .wire import Call, envelope, is_project_id, service

bp = Blueprint("sessions", __name__, url_prefix="/v1/sessions")


@bp.post("/authenticate")
@authenticated
def authenticate(call: Call) -> Json:
    """Check a session, extend it if a duration is given, and return a new JWT."""
    requested = session_records.session_request(call)
    if requested.session is None:
        raise StytchFault("no_session_arguments")
    user = user_records.load(call.tenant, requested.session["user_id"])
    if user is None:
        raise StytchFault("session_not_found")
    if fields.mapping(call.body, "authorization_check"):
        # UNCONFIRMED: what Stytch's default policy grants. Here, there is no policy and nothing is granted.
        raise StytchFault("consumer_session_authorization_error")
    return {
        **session_records.extend(call, requested.session, requested),
        "user": objects.user_object(call.tenant, user),
    }


@bp.get("")
@authenticated
def get(call: Call) -> Json:
    """List the user's active sessions."""
    user = user_records.requested_user(call.tenant, dict(request.args))
    return {"sessions": session_records.of_user(call.tenant, user["user_id"])}


@bp.post("/revoke")
@authenticated
def revoke(call: Call) -> Json:
    """End a session; its JWTs stay valid until they expire.

    UNCONFIRMED: an unknown session. Here, it is refused as in `authenticate`.
    """
    ways = ("session_id", "session_token", "session_jwt")
    session_id = session_records.requested_session_id(call, "too_many_session_revoke_arguments", ways)
    if session_id is None:
        raise StytchFault("no_session_revoke_arguments")
    session_records.active_session(call.tenant, session_id)
    call.tenant.remove(session_records.SESSION, session_id)
    return {}


@bp.get("/jwks/<project_id>")
def jwks(project_id: str) -> Response:
    """Publish the project's public keys, without authentication.

    Writes only to create the first key, so that it can be called inside another transaction.
    """
    if not is_project_id(project_id):
        raise StytchFault("unauthorized_credentials")  # UNCONFIRMED: the type for an unknown project
    with service().store.read(keys.partition(project_id), is_use=False) as project:
        published = keys.published(project)
    return envelope({"keys": published or _first_keys(project_id)})


def _first_keys(project_id: str) -> list[Json]:
    with service().store.change(keys.partition(project_id)) as project:
        keys.ensure(project)
        return keys.published(project)
