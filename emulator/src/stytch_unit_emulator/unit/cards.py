"""Physical and virtual debit cards of individuals."""

from __future__ import annotations

from flask import Blueprint, Response

from ..store import Json
from . import card_rules, events, filters, idempotency, jsonapi, people, queries, spending
from .accounts import check_open
from .calls import Call, endpoint
from .customers import check_active
from .documents import Document, read, read_changes
from .errors import UnitFault
from .schema import IDEMPOTENCY_KEY, fields, flag, or_null, tags, text, whole

routes = Blueprint("cards", __name__)

LIMITS = fields(
    {},
    {
        name: whole(0)
        for name in (
            "dailyWithdrawal",
            "dailyPurchase",
            "dailyCardTransaction",
            "monthlyWithdrawal",
            "monthlyPurchase",
            "monthlyCardTransaction",
        )
    },
)
_EXPIRY = text("(1[0-2]|0[1-9])/[0-9]{2}|[0-9]{4}-(1[0-2]|0[1-9])|[0-9]{2}-(1[0-2]|0[1-9])")
_BIN = fields({"bin": text("[0-9]{9}"), "institutionId": text("[0-9]{9}")})
_BOTH = {
    "tags": tags(),
    "limits": LIMITS,
    "idempotencyKey": IDEMPOTENCY_KEY,
    "expiryDate": _EXPIRY,
    "bin": _BIN,
    "cardQualifier": text("[0-9]{3}|[ ]{3}"),
}
_PLASTIC = {
    "shippingAddress": people.ADDRESS,
    "design": text(),
    "cardDesignId": text(longest=16),
    "additionalEmbossedText": text(longest=26),
    "activeForOnlineUse": flag,
    "printOnlyBusinessName": flag,
}
CREATE = {
    card_rules.PHYSICAL: fields({}, {**_BOTH, **_PLASTIC}),
    card_rules.VIRTUAL: fields({}, _BOTH),
}
_CHANGEABLE = {"tags": tags(nulls=True), "limits": LIMITS, "defaultFundingAccountId": or_null(text("[1-9][0-9]*"))}
PATCH = {
    card_rules.PHYSICAL: fields({}, {**_CHANGEABLE, "shippingAddress": or_null(people.ADDRESS), "design": text()}),
    card_rules.VIRTUAL: fields({}, _CHANGEABLE),
}
REPLACE = {"replaceCard": fields({}, {"shippingAddress": people.ADDRESS})}
FREEZE = {"freezeCard": fields({}, {"reason": text()})}
FILTERS = {
    "accountId": filters.related_to("account"),
    "customerId": filters.related_to("customer"),
    "status": filters.in_values("status", *card_rules.STATUSES),
    "tags": filters.has_tags,
}
INCLUDABLE = ("customer", "account")


@routes.post("/cards")
@endpoint("cards-write")
def create_card(call: Call) -> Response:
    """Create a card: virtual cards are active, physical ones need activation."""
    document = read(CREATE, needs=("account",), may_have=("customer",))
    key = document.attributes.get("idempotencyKey")
    card = idempotency.replayed(call, "card", key)
    if card is None:
        account = call.related(document, "account")
        customer = _holder(call, document, account)
        check_open(account)
        card = call.tenant.add_numbered("card", _draft(call, document, account, customer))
        idempotency.remember(call, "card", key, card)
        events.emit(call.tenant, "card.created", card, "account", "customer")
    return jsonapi.reply(card, status=201)


@routes.get("/cards")
@endpoint("cards")
def list_cards(call: Call) -> Response:
    """List cards."""
    return queries.listing(call, call.all("card"), FILTERS, INCLUDABLE)


@routes.get("/cards/<card_id>")
@endpoint("cards")
def get_card(call: Call, card_id: str) -> Response:
    """Get a card, without its number."""
    card = call.get("card", card_id)
    return jsonapi.reply(card, included=queries.included(call, [card], INCLUDABLE))


@routes.patch("/cards/<card_id>")
@endpoint("cards-write")
def update_card(call: Call, card_id: str) -> Response:
    """Update tags, limits or shipping address.

    UNCONFIRMED: new limits replace all previous ones.
    """
    card = call.get("card", card_id)
    changes = read_changes({card["type"]: PATCH[card["type"]]}, card)
    card["internal"]["limits"] = changes.pop("limits", card["internal"]["limits"])
    changes.pop("defaultFundingAccountId", None)  # never returned by Unit
    return jsonapi.reply(jsonapi.update(call.tenant, "card", card, changes))


@routes.post("/cards/<card_id>/freeze")
@endpoint("cards-write")
def freeze_card(call: Call, card_id: str) -> Response:
    """Freeze a card; the reason is shown until it is unfrozen."""
    card = call.get("card", card_id)
    reason = read(FREEZE, empty=True).attributes.get("reason")
    return jsonapi.reply(card_rules.apply_action(call.tenant, card, "freeze", {"freezeReason": reason}))


@routes.post("/cards/<card_id>/<any(unfreeze,close,'report-lost','report-stolen'):action>")
@endpoint("cards-write")
def change_card_status(call: Call, card_id: str, action: str) -> Response:
    """Unfreeze or close a card, or report it lost or stolen. The body is ignored."""
    return jsonapi.reply(card_rules.apply_action(call.tenant, call.get("card", card_id), action))


@routes.post("/cards/<card_id>/replace")
@endpoint("cards-write")
def replace_card(call: Call, card_id: str) -> Response:
    """Ship a replacement of a damaged card, with the same number, expiration and PIN. It needs no activation.

    UNCONFIRMED: that the id, the status and the CVV2 stay too, and which statuses allow it.
    """
    card = call.get("card", card_id)
    read(REPLACE, empty=True)
    card_rules.check_physical(card)
    card_rules.check_status(card, ("Inactive", *card_rules.SPENDABLE))
    events.emit(call.tenant, "card.replacing", card, "account", "customer")
    # The address is for this shipment only.
    return jsonapi.reply(jsonapi.update(call.tenant, "card", card, {}))


@routes.get("/cards/<card_id>/limits")
@endpoint("cards")
def get_limits(call: Call, card_id: str) -> Response:
    """Get a card's limits and what it has spent today and this month."""
    card = call.get("card", card_id)
    limits = {"limits": card["internal"]["limits"]} if card["internal"]["limits"] else {}
    totals = {name: _totals(amount) for name, amount in spending.totals(call.tenant, card).items()}
    return jsonapi.reply({"type": "limits", "attributes": limits | totals})


def _holder(call: Call, document: Document, account: Json) -> Json:
    """The account's customer; refuses if the request names another one."""
    customer = call.get("customer", account["relationships"]["customer"]["data"]["id"])
    if "customer" in document.related and call.related(document, "customer")["id"] != customer["id"]:
        why = "The account does not belong to the customer"
        raise UnitFault("account_customer_mismatch", why, "/data/relationships/customer")
    check_active(customer, "/data/relationships/account")
    return customer


def _draft(call: Call, document: Document, account: Json, customer: Json) -> Json:
    given, physical = document.attributes, document.type == card_rules.PHYSICAL
    inactive = "ActiveForOnlineUse" if given.get("activeForOnlineUse") else "Inactive"
    attributes = {
        "last4Digits": card_rules.new_last_four(call.tenant, account["id"]),
        "expirationDate": card_rules.expiration(given.get("expiryDate")),
        "status": inactive if physical else "Active",
        "bin": card_rules.BIN,
        "tags": given.get("tags", {}),
    }
    if physical:
        attributes["shippingAddress"] = given.get("shippingAddress", customer["attributes"]["address"])
        attributes |= {"design": given["design"]} if "design" in given else {}
    kept = {"limits": given.get("limits", {}), "cvv2": card_rules.new_cvv2()}
    related = {"account": account["id"], "customer": customer["id"]}
    return jsonapi.draft(document.type, attributes, internal=kept, related=related)


def _totals(purchases: int) -> Json:
    return {"withdrawals": 0, "deposits": 0, "purchases": purchases, "cardTransactions": 0}
