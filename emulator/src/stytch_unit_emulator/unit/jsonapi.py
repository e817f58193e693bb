"""JSON:API resources, in the format in which they are stored.

Stored resources also have ``internal`` data, which is never shown.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response

from .. import clock, strict_json
from ..store import Json, Tenant

MEDIA_TYPE = "application/vnd.api+json; charset=utf-8"
ORG_ID = "1"
# Types of relationships whose name is not the type.
_POINTS_TO = {
    "counterpartyAccount": "account",
    "counterpartyCustomer": "customer",
    "paymentAdvanceTransaction": "transaction",
    "relatedTransaction": "transaction",
}
_SHOW_UPDATES = {"application", "application_form", "account", "card"}  # the kinds with an ``updatedAt``


def draft(
    resource_type: str, attributes: Json, *, internal: Json | None = None, related: dict[str, str | None] | None = None
) -> Json:
    """A new resource without an id; ``related`` maps relationship names to ids."""
    resource = {
        "type": resource_type,
        "attributes": {"createdAt": clock.milliseconds(clock.now()), **attributes},
        "internal": internal or {},
    }
    if related is not None:
        resource["relationships"] = {
            name: {"data": identifier(_POINTS_TO.get(name, name), to)} for name, to in related.items() if to
        }
    return resource


def identifier(resource_type: str, resource_id: str) -> Json:
    """The ``data`` of a relationship."""
    return {"type": resource_type, "id": resource_id}


def reference(kind: str, record: Json, name: str) -> str | None:
    """The id of the record itself if its kind is ``name``, or of that relation."""
    if kind == name:
        return str(record["id"])
    to: str | None = record.get("relationships", {}).get(name, {}).get("data", {}).get("id")
    return to


def calculated(resource_type: str, resource_id: str, day: str, attributes: Json, account: Json) -> Json:
    """A resource of an account that is not stored; ``day`` is what lists sort and filter it by."""
    resource = draft(resource_type, {**attributes, "createdAt": f"{day}T00:00:00.000Z"})
    relationships = {"account": {"data": identifier("account", account["id"])}, **account["relationships"]}
    return {**resource, "id": resource_id, "relationships": relationships}


def without_day(resource: Json) -> Json:
    """A calculated resource as it is answered."""
    attributes = {name: value for name, value in resource["attributes"].items() if name != "createdAt"}
    return {**resource, "attributes": attributes}


def update(tenant: Tenant, kind: str, record: Json, changes: Json) -> Json:
    """Update attributes of a stored resource; None removes one."""
    dated = {"updatedAt": clock.milliseconds(clock.now())} if kind in _SHOW_UPDATES else {}
    attributes = record["attributes"] | changes | dated
    record["attributes"] = {name: value for name, value in attributes.items() if value is not None}
    return tenant.save(kind, record["id"], record)


def show(record: Json) -> Json:
    """The part of a stored resource that clients may see."""
    order = ("type", "id", "attributes", "relationships", "links")
    return {name: record[name] for name in order if name in record}


def reply(
    record: Json | Sequence[Json],
    *,
    status: int = 200,
    included: Sequence[Json] | None = None,
    meta: Json | None = None,
) -> Response:
    """A response with one resource or several.

    ``included`` is left out unless requested.
    """
    body: Json = {"data": show(record) if isinstance(record, dict) else [show(each) for each in record]}
    if included is not None:
        body["included"] = [show(each) for each in included]
    if meta is not None:
        body["meta"] = meta
    return encode(body, status)


def encode(body: Json, status: int) -> Response:
    """A JSON response with Unit's media type."""
    return Response(strict_json.dump(body), status, content_type=MEDIA_TYPE)
