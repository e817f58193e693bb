"""Customers, created by approved applications only."""

from __future__ import annotations

from flask import Blueprint, Response

from ..store import Json
from . import events, filters, jsonapi, people, queries
from .calls import Call, endpoint
from .documents import merged_tags, read
from .errors import UnitFault
from .schema import fields, one_of, or_null, tags, text

routes = Blueprint("customers", __name__)

CONTACT = {"address": people.ADDRESS, "phone": people.PHONE, "email": people.EMAIL}
PATCH = {
    "individualCustomer": fields(
        {},
        {
            **{name: or_null(check) for name, check in CONTACT.items()},
            **people.EMPLOYMENT,
            "dba": or_null(text()),
            "tags": tags(nulls=True),
            "authorizedUsers": people.AUTHORIZED_USERS,
            "jwtSubject": people.JWT_SUBJECT,
        },
    )
}
ARCHIVE = {
    "archiveCustomer": fields(
        {},
        {
            "reason": one_of(
                "Inactive",
                "FraudACHActivity",
                "FraudCardActivity",
                "FraudCheckActivity",
                "FraudApplicationHistory",
                "FraudAccountActivity",
                "FraudClientIdentified",
                "FraudLinkedToFraudulentCustomer",
            )
        },
    )
}
FILTERS = {
    "query": filters.full_text,
    "email": filters.equals("email"),
    "tags": filters.has_tags,
    "status": filters.in_values("status", "Active", "Archived"),
}


@routes.get("/customers")
@endpoint("customers")
def list_customers(call: Call) -> Response:
    """List customers; a customer token lists its own."""
    return queries.listing(call, call.all("customer"), FILTERS)


@routes.get("/customers/<customer_id>")
@endpoint("customers")
def get_customer(call: Call, customer_id: str) -> Response:
    """Get one customer."""
    return jsonapi.reply(call.get("customer", customer_id))


@routes.patch("/customers/<customer_id>")
@endpoint("customers-write", "customer-tags-write")
def update_customer(call: Call, customer_id: str) -> Response:
    """Update contact details, tags or JWT subject, but not the identity."""
    customer = call.get("customer", customer_id)
    given = read(PATCH).attributes
    # UNCONFIRMED: null keeps contact details, which a customer always has.
    changes = {name: value for name, value in given.items() if value is not None or name not in CONTACT}
    _check_may_change(call, changes)
    check_active(customer)
    if "tags" in changes:
        changes["tags"] = merged_tags(customer["attributes"]["tags"], changes["tags"])
    events.emit(call.tenant, "customer.updated", customer, attributes={"changes": changes})
    return jsonapi.reply(jsonapi.update(call.tenant, "customer", customer, changes))


@routes.post("/customers/<customer_id>/archive")
@endpoint("customers-write", org_only=True)
def archive_customer(call: Call, customer_id: str) -> Response:
    """Archive a customer, who becomes read-only."""
    customer = call.get("customer", customer_id)
    reason = read(ARCHIVE, empty=True).attributes.get("reason", "Inactive")
    check_active(customer)
    changes = {"status": "Archived", "archiveReason": reason}
    events.emit(call.tenant, "customer.archived", customer, attributes={"archiveReason": reason})
    return jsonapi.reply(jsonapi.update(call.tenant, "customer", customer, changes))


def check_active(customer: Json, pointer: str | None = None) -> None:
    """Refuse writes for an archived customer. UNCONFIRMED: the code."""
    if customer["attributes"]["status"] != "Active":
        raise UnitFault("invalid_value", "The customer is archived", pointer)


def _check_may_change(call: Call, changes: Json) -> None:
    if "customers-write" not in call.bearer.scopes and changes.keys() - {"tags"}:
        raise UnitFault("forbidden", "The token lacks the scope customers-write")
    if "jwtSubject" in changes and call.bearer.customer_id is not None:
        # UNCONFIRMED, and safer: a customer token could otherwise link the customer to another login permanently.
        raise UnitFault("forbidden", "Changing jwtSubject needs an org token")
