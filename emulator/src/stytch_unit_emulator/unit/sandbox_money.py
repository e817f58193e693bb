"""Sandbox operations for purchases, authorizations and ATM deposits.

Cards are found by account and last four digits. UNCONFIRMED: that these operations need an org token, the status 201,
and that a declined charge is refused here and recorded as a declined authorization.
"""

from __future__ import annotations

from flask import Blueprint, Response

from ..store import Json
from . import jsonapi, spending
from .accounts import check_open
from .calls import Call, endpoint
from .card_rules import SPENDABLE, check_status
from .documents import Document, read
from .errors import UnitFault
from .payment_fields import AMOUNT, DIRECTION
from .schema import fields, flag, number, one_of, text, whole
from .spending import Charge, Decline

routes = Blueprint("sandbox_money", __name__, url_prefix="/sandbox")

_LAST_FOUR = text("[0-9]{4}")
_MERCHANT = {"merchantName": text(), "merchantType": whole(0, 9999)}
_MERCHANT_MORE = {"merchantLocation": text(), "merchantId": text(), "recurring": flag}
PURCHASE = {
    "purchaseTransaction": fields(
        {"amount": AMOUNT, "direction": DIRECTION, "last4Digits": _LAST_FOUR, **_MERCHANT},
        {
            **_MERCHANT_MORE,
            "coordinates": fields({"longitude": number, "latitude": number}),
            "internationalServiceFee": whole(0),
        },
    )
}
AUTHORIZATION = {
    "authorization": fields(
        {"amount": AMOUNT, "cardLast4Digits": _LAST_FOUR, **_MERCHANT},
        {**_MERCHANT_MORE, "status": one_of("Authorized", "Declined")},
    )
}
ATM = {
    "atmTransaction": fields(
        {"amount": AMOUNT, "atmName": text(), "last4Digits": _LAST_FOUR},
        {
            "atmLocation": text(),
            "cardNetwork": one_of("Visa", "Interlink", "Accel", "Allpoint", "Other"),
            "surcharge": whole(0),
        },
    )
}
INCREASE = {
    "authorization": fields({"amount": AMOUNT}, {"cardLast4Digits": _LAST_FOUR, "recurring": flag}),
}


@routes.post("/authorizations")
@endpoint(org_only=True)
def authorize(call: Call) -> Response:
    """Hold an amount for a merchant, or record a declined authorization."""
    document = read(AUTHORIZATION, needs=("account",))
    account, card = _account_and_card(call, document, "cardLast4Digits")
    charge = _charge(document.attributes)
    if document.attributes.get("status") == "Declined":
        asked_for = Decline("", "Declined in the sandbox", "DoNotHonor", by="Visa")
        declined = spending.record_authorization(call.tenant, account, card, charge, "Declined", asked_for)
        return jsonapi.reply(declined, status=201)
    return jsonapi.reply(spending.authorize(call.tenant, account, card, charge), status=201)


@routes.post("/authorizations/<authorization_id>/increase")
@endpoint(org_only=True)
def increase_authorization(call: Call, authorization_id: str) -> Response:
    """Increase the hold of an authorization.

    UNCONFIRMED: ``amount`` is the increase.
    """
    authorization = _open_authorization(call, authorization_id)
    more = read(INCREASE, may_have=("account",)).attributes["amount"]
    account, card = _account_of(call, authorization), _card_of(call, authorization)
    declined = spending.decline(call.tenant, account, card, more)
    if declined:
        raise UnitFault(declined.code, declined.detail)
    spending.move(call.tenant, account, hold=more)
    before = authorization["attributes"]["amount"]
    changes = {"amount": before + more}
    details = {"oldAmount": before, "newAmount": before + more}
    spending.emit(call.tenant, "authorization.amountChanged", authorization, details)
    return jsonapi.reply(jsonapi.update(call.tenant, "authorization", authorization, changes))


@routes.post("/authorizations/<authorization_id>/cancel")
@endpoint(org_only=True)
def cancel_authorization(call: Call, authorization_id: str) -> Response:
    """Release a hold, as the merchant. The body is ignored."""
    return jsonapi.reply(spending.cancel(call.tenant, _open_authorization(call, authorization_id)))


@routes.post("/purchases")
@endpoint(org_only=True)
def purchase(call: Call) -> Response:
    """Post a purchase, the settlement of an authorization, or a refund."""
    document = read(PURCHASE, needs=("account",), may_have=("authorization",))
    account, card = _account_and_card(call, document, "last4Digits")
    given, charge = document.attributes, _charge(document.attributes)
    authorization = _authorization(call, document, account, card, charge)
    more = {"direction": given["direction"], "ecommerce": False, "cardPresent": True, "paymentMethod": "Contactless"}
    more |= {name: given[name] for name in ("coordinates", "internationalServiceFee") if name in given}
    posted = spending.purchase(call.tenant, account, card, charge, authorization["id"], more)
    return jsonapi.reply(posted, status=201)


@routes.post("/atm-deposits")
@endpoint(org_only=True)
def deposit_cash(call: Call) -> Response:
    """Post an ATM deposit and return the account."""
    return _at_cash_machine(call, "Credit")


@routes.post("/atm-withdrawals")
@endpoint(org_only=True)
def withdraw_cash(call: Call) -> Response:
    """Post an ATM withdrawal and return the account.

    UNCONFIRMED: what is returned; here, the same as for a deposit.
    """
    return _at_cash_machine(call, "Debit")


def _at_cash_machine(call: Call, direction: str) -> Response:
    document = read(ATM, needs=("account",))
    account, card = _account_and_card(call, document, "last4Digits")
    check_open(account)
    check_status(card, SPENDABLE)
    given = {"surcharge": 0, **document.attributes}
    if direction == "Debit" and given["amount"] > account["attributes"]["available"]:
        raise UnitFault("limits_exceeded", "The account has insufficient funds", "/data/attributes/amount")
    last_four = given.pop("last4Digits")
    summary = f"{given['atmName']}  |  **{last_four}"
    attributes = {"direction": direction, "summary": summary, "cardLast4Digits": last_four, **given}
    spending.post(call.tenant, account, "atmTransaction", attributes, spending.of(account, card))
    return jsonapi.reply(account, status=201)


def _authorization(call: Call, document: Document, account: Json, card: Json, charge: Charge) -> Json:
    """Find or create a purchase's authorization, and release its hold.

    UNCONFIRMED: a settlement is never declined, whatever the card's status and the amount.
    """
    if document.attributes["direction"] == "Credit":
        check_open(account)
        return spending.record_authorization(call.tenant, account, card, charge, "Completed")
    if "authorization" in document.related:
        authorization = call.related(document, "authorization")
        if jsonapi.reference("", authorization, "card") != card["id"]:
            raise UnitFault(
                "authorization_not_found", "The authorization is another card's", "/data/relationships/authorization"
            )
        spending.check_authorized(authorization)
    else:
        authorization = spending.authorize(call.tenant, account, card, charge)
    return spending.release(call.tenant, account, authorization, {"status": "Completed", "amount": charge.amount})


def _charge(given: Json) -> Charge:
    merchant = spending.merchant(
        given["merchantName"], given["merchantType"], given.get("merchantLocation"), given.get("merchantId")
    )
    return Charge(given["amount"], merchant, given.get("recurring", False))


def _account_and_card(call: Call, document: Document, attribute: str) -> tuple[Json, Json]:
    account, last_four = call.related(document, "account"), document.attributes[attribute]
    for card in call.all("card"):
        if (
            jsonapi.reference("card", card, "account") == account["id"]
            and card["attributes"]["last4Digits"] == last_four
        ):
            return account, card
    raise UnitFault("card_not_found", "The account has no card with these last digits", f"/data/attributes/{attribute}")


def _open_authorization(call: Call, authorization_id: str) -> Json:
    authorization = call.get("authorization", authorization_id)
    spending.check_authorized(authorization)
    return authorization


def _account_of(call: Call, record: Json) -> Json:
    return call.get("account", record["relationships"]["account"]["data"]["id"])


def _card_of(call: Call, record: Json) -> Json:
    return call.get("card", record["relationships"]["card"]["data"]["id"])
