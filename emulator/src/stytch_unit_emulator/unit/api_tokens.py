"""API tokens of the org, which its users create with some of its scopes.

UNCONFIRMED: which users there are; here, any number names one, and all tokens are the org's. That creating a token
needs no scope, and that a token creates none with more scopes than its own.
"""

from __future__ import annotations

from flask import Blueprint, Response

from .. import clock
from ..store import Json
from . import bearers, jsonapi, queries, scopes
from .calls import Call, endpoint
from .documents import read
from .errors import UnitFault
from .schema import fields, items, moment, one_of, or_null, text

routes = Blueprint("api_tokens", __name__)

_RESOURCE = fields({"type": one_of("card", "account"), "ids": items(text("[1-9][0-9]*"), least=1)})
CREATE = {
    "apiToken": fields(
        {"description": text(), "expiration": moment},
        {"scope": text(longest=2000), "sourceIp": text(), "resources": or_null(items(_RESOURCE, least=1))},
    )
}


@routes.post("/users/<int:user_id>/api-tokens")
@endpoint(org_only=True)
def create_api_token(call: Call, user_id: int) -> Response:  # noqa: ARG001 - any user will do
    """Create a token; only this response shows it."""
    given = read(CREATE).attributes
    wanted, resources = _scopes(call, given), _resources(given)
    shown: Json = {name: given[name] for name in ("description", "sourceIp") if name in given}
    shown["expiration"] = clock.milliseconds(clock.parse(given["expiration"]))
    project = bearers.project_of_org_token()
    token, record = bearers.add_org_token(call.tenant, project, wanted, shown, resources)
    return jsonapi.reply({**record, "attributes": {**record["attributes"], "token": token}}, status=201)


@routes.get("/users/<int:user_id>/api-tokens")
@endpoint(org_only=True)
def list_api_tokens(call: Call, user_id: int) -> Response:  # noqa: ARG001 - any user will do
    """List tokens, which the response does not show."""
    return queries.listing(call, call.all(bearers.API_TOKEN), {})


@routes.delete("/users/<int:user_id>/api-tokens/<token_id>")
@endpoint(org_only=True)
def delete_api_token(call: Call, user_id: int, token_id: str) -> Response:  # noqa: ARG001 - any user will do
    """Revoke a token."""
    call.tenant.remove(bearers.API_TOKEN, call.get(bearers.API_TOKEN, token_id)["id"])
    return Response(status=204)


def _scopes(call: Call, given: Json) -> frozenset[str]:
    wanted = scopes.read(given.get("scope", ""))
    if not wanted or wanted - call.bearer.scopes:
        why = f"Not scopes of this token: {' '.join(sorted(wanted - call.bearer.scopes))}"
        raise UnitFault("invalid_value", why, "/data/attributes/scope")
    return wanted


def _resources(given: Json) -> dict[str, list[str]]:
    narrowed: dict[str, list[str]] = {}
    for entry in given.get("resources") or ():
        narrowed.setdefault(entry["type"], []).extend(entry["ids"])
    return narrowed
