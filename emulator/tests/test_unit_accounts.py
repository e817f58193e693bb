"""Accounts of the emulated Unit: payments, holds, purchases and refunds."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine

from .unit_story import PHYSICAL, VIRTUAL, Bank, account_of, customer_of, document, errors

Card = dict[str, Any]


@pytest.fixture
def card(bank: Bank) -> Card:
    """An active card on an account with $1,000."""
    return bank.active_card()


def test_a_new_account_is_open_and_empty(bank: Bank) -> None:
    customer = bank.customer()

    account = bank.read(f"/accounts/{bank.account(customer)}")

    attributes = account["attributes"]
    assert account["type"] == "depositAccount"
    assert account["relationships"]["customer"]["data"] == {"type": "customer", "id": customer}
    assert (attributes["name"], attributes["status"], attributes["currency"]) == ("Ada Vance", "Open", "USD")
    assert (attributes["balance"], attributes["hold"], attributes["available"]) == (0, 0, 0)
    assert len(attributes["routingNumber"]) == 9
    assert len(attributes["accountNumber"]) == 10


@pytest.mark.parametrize(
    ("attributes", "pointer"),
    [
        ({}, "depositProduct"),
        ({"depositProduct": "gold"}, "depositProduct"),
        ({"depositProduct": "checking", "tags": {"a": 1}}, "tags/a"),
    ],
)
def test_an_invalid_account_attribute_is_refused(bank: Bank, attributes: dict[str, Any], pointer: str) -> None:
    response = bank.unit("POST", "/accounts", document("depositAccount", attributes, customer=bank.customer()))

    assert response.status_code == 400
    assert errors(response) == [("invalid_value", f"/data/attributes/{pointer}")]


def test_an_unknown_customer_gets_no_account(bank: Bank) -> None:
    response = bank.unit("POST", "/accounts", document("depositAccount", {"depositProduct": "checking"}, customer="1"))

    assert response.status_code == 400
    assert errors(response) == [("customer_not_found", "/data/relationships/customer")]


def test_a_joint_account_is_refused(bank: Bank) -> None:
    body = document("depositAccount", {"depositProduct": "checking"}, customer=bank.customer())
    body["data"]["relationships"]["customers"] = {"data": []}

    response = bank.unit("POST", "/accounts", body)

    assert response.status_code == 400
    assert errors(response) == [("invalid_value", "/data/relationships/customers")]


def test_an_idempotency_key_creates_one_account(bank: Bank) -> None:
    attributes, customer = {"depositProduct": "checking", "idempotencyKey": "key"}, bank.customer()

    made = [
        bank.create("/accounts", "depositAccount", attributes, customer=customer),
        bank.create("/accounts", "depositAccount", attributes, customer=customer),
    ]

    assert made[0] == made[1]
    assert len(bank.read("/accounts")) == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("filter[customerId]={customer}", 1),
        ("filter[customerId]=1", 0),
        ("filter[status][0]=Open", 2),
        ("filter[status][0]=Closed", 0),
        ("filter[type][0]=deposit", 2),
        ("filter[type][0]=credit", 0),
        ("filter[fromBalance]=1", 1),
        ("filter[toBalance]=0", 1),
    ],
)
def test_accounts_can_be_filtered(bank: Bank, card: Card, query: str, found: int) -> None:
    bank.account(bank.customer())

    listed = bank.read(f"/accounts?{query.format(customer=customer_of(card))}")

    assert len(listed) == found


def test_a_closed_account_cannot_be_closed_again(bank: Bank, card: Card) -> None:
    path = f"/accounts/{account_of(card)}"

    first = bank.unit("POST", f"{path}/close", document("depositAccountClose", {"reason": "ByCustomer"}))
    second = bank.unit("POST", f"{path}/close")

    assert first.json()["data"]["attributes"]["status"] == "Closed"
    assert second.status_code == 400
    assert errors(second) == [("not_supported_for_account_status", None)]


def test_a_frozen_account_moves_no_money(bank: Bank, card: Card) -> None:
    path = f"/accounts/{account_of(card)}"
    frozen = bank.unit("POST", f"{path}/freeze", document("accountFreeze", {"reason": "Fraud"})).json()["data"]
    declined = bank.buy(card, 100)
    unfrozen = bank.unit("POST", f"{path}/unfreeze").json()["data"]

    assert (frozen["attributes"]["status"], frozen["attributes"]["freezeReason"]) == ("Frozen", "Fraud")
    assert errors(declined) == [("not_supported_for_account_status", None)]
    assert unfrozen["attributes"]["status"] == "Open"
    assert "freezeReason" not in unfrozen["attributes"]


def test_a_frozen_account_cannot_be_frozen_again(bank: Bank, card: Card) -> None:
    path = f"/accounts/{account_of(card)}/freeze"
    bank.unit("POST", path)

    response = bank.unit("POST", path)

    assert response.status_code == 400
    assert errors(response) == [("not_supported_for_account_status", None)]


def test_only_a_frozen_account_can_be_unfrozen(bank: Bank, card: Card) -> None:
    response = bank.unit("POST", f"/accounts/{account_of(card)}/unfreeze")

    assert response.status_code == 400
    assert errors(response) == [("not_supported_for_account_status", None)]


def test_only_a_closed_account_can_be_reopened(bank: Bank, card: Card) -> None:
    path = f"/accounts/{account_of(card)}"
    too_early = bank.unit("POST", f"{path}/reopen")
    bank.unit(
        "POST", f"{path}/close", document("depositAccountClose", {"reason": "Fraud", "fraudReason": "ACHActivity"})
    )
    reopened = bank.unit("POST", f"{path}/reopen").json()["data"]["attributes"]

    assert too_early.status_code == 400
    assert errors(too_early) == [("not_supported_for_account_status", None)]
    assert reopened["status"] == "Open"
    assert not {"closeReason", "fraudReason"} & reopened.keys()


def test_the_tags_of_an_account_can_be_changed(bank: Bank, card: Card) -> None:
    path = f"/accounts/{account_of(card)}"
    bank.unit("PATCH", path, document("depositAccount", {"tags": {"a": "b", "c": "d"}}))
    bank.unit("PATCH", path, document("depositAccount", {"tags": {"a": None}, "depositProduct": "checking"}))

    assert bank.read(path)["attributes"]["tags"] == {"c": "d"}


def test_an_account_shows_its_limits_and_their_use(bank: Bank, card: Card, clock: time_machine.Traveller) -> None:
    path = f"/accounts/{account_of(card)}/limits"
    bank.buy(card, 2_500)
    today = bank.read(path)["attributes"]
    clock.shift(24 * 3600)
    tomorrow = bank.read(path)["attributes"]

    assert today["ach"]["totalsDaily"] == {"debits": 0, "credits": 100_000}
    assert today["card"]["totalsDaily"]["purchases"] == 2_500
    assert tomorrow["ach"]["totalsDaily"] == {"debits": 0, "credits": 0}
    assert tomorrow["ach"]["totalsMonthly"] == {"debits": 0, "credits": 100_000}
    assert tomorrow["card"]["totalsDaily"]["purchases"] == 0


@pytest.mark.parametrize(
    ("action", "resource_type", "attributes"),
    [
        ("freeze", "accountFreeze", {"reason": "Other", "reasonText": None}),
        ("close", "depositAccountClose", {"reason": "ByCustomer", "fraudReason": None, "bankReason": None}),
        ("close", "depositAccountClose", {"reason": "Fraud", "bankReason": "SuspectedFraud"}),
    ],
)
def test_published_attributes_may_be_null(
    bank: Bank, card: Card, action: str, resource_type: str, attributes: dict[str, Any]
) -> None:
    response = bank.unit("POST", f"/accounts/{account_of(card)}/{action}", document(resource_type, attributes))

    assert response.status_code == 200


def test_there_is_one_deposit_product(bank: Bank, card: Card) -> None:
    [product] = bank.read(f"/accounts/{account_of(card)}/deposit-products")

    assert product["attributes"] == {"name": "checking"}


class TestPayments:
    """ACH payments."""

    def test_a_credit_funds_the_account(self, bank: Bank, card: Card) -> None:
        payment = bank.fund(account_of(card), 500)

        assert (payment["type"], payment["attributes"]["amount"]) == ("achPayment", 500)
        assert bank.figures(card) == (100_500, 0, 100_500)

    def test_a_payment_is_a_transaction(self, bank: Bank, card: Card) -> None:
        transaction = bank.read("/transactions")[0]

        assert transaction["type"] == "receivedAchTransaction"
        assert transaction["attributes"]["direction"] == "Credit"
        assert transaction["attributes"]["amount"] == 100_000
        assert transaction["attributes"]["balance"] == 100_000
        assert transaction["attributes"]["description"] == "Salary"
        assert transaction["relationships"]["account"]["data"]["id"] == account_of(card)

    def test_a_sandbox_payment_can_only_be_a_credit(self, bank: Bank, card: Card) -> None:
        attributes = {"amount": 1, "direction": "Debit", "description": "Rent"}

        response = bank.unit("POST", "/sandbox/payments", document("achPayment", attributes, account=account_of(card)))

        assert response.status_code == 400
        assert errors(response) == [("invalid_value", "/data/attributes/direction")]

    @pytest.mark.parametrize("amount", [0, -1, 1.5, "100", True, 2**53, None])
    def test_an_amount_that_is_not_positive_cents_is_invalid(self, bank: Bank, card: Card, amount: object) -> None:
        attributes = {"amount": amount, "direction": "Credit", "description": "Salary"}

        response = bank.unit("POST", "/sandbox/payments", document("achPayment", attributes, account=account_of(card)))

        assert response.status_code == 400
        assert errors(response) == [("invalid_value", "/data/attributes/amount")]

    def test_a_received_payment_is_posted_when_completed(self, bank: Bank, card: Card) -> None:
        attributes = {"amount": 500, "completionDate": "2026-06-03", "description": "Salary", "companyName": "Acme"}
        payment = bank.create("/sandbox/received-payments", "achReceivedPayment", attributes, account=account_of(card))
        before = bank.figures(card)

        completed = bank.unit("POST", f"/sandbox/received-payments/{payment['id']}/complete")

        assert payment["attributes"]["status"] == "Pending"
        assert before == (100_000, 0, 100_000)
        assert completed.json()["data"]["attributes"]["status"] == "Completed"
        assert bank.figures(card) == (100_500, 0, 100_500)
        assert bank.read("/transactions")[0]["attributes"]["companyName"] == "Acme"

    def test_a_received_payment_can_be_completed_once(self, bank: Bank, card: Card) -> None:
        attributes = {"amount": 500, "completionDate": "2026-06-03", "description": "Salary", "companyName": "Acme"}
        payment = bank.create("/sandbox/received-payments", "achReceivedPayment", attributes, account=account_of(card))
        bank.unit("POST", f"/sandbox/received-payments/{payment['id']}/complete")

        response = bank.unit("POST", f"/sandbox/received-payments/{payment['id']}/complete")

        assert response.status_code == 400
        assert bank.figures(card) == (100_500, 0, 100_500)

    @pytest.mark.parametrize("completion_date", ["tomorrow", "2026-02-30", 20260603])
    def test_a_completion_date_must_be_a_date(self, bank: Bank, card: Card, completion_date: object) -> None:
        attributes = {"amount": 500, "completionDate": completion_date, "description": "x", "companyName": "Acme"}

        response = bank.unit(
            "POST", "/sandbox/received-payments", document("achReceivedPayment", attributes, account=account_of(card))
        )

        assert errors(response) == [("invalid_value", "/data/attributes/completionDate")]

    @pytest.mark.parametrize(
        ("path", "resource_type", "attributes"),
        [
            ("payments", "achPayment", {"amount": 1, "direction": "Credit", "description": "x"}),
            (
                "received-payments",
                "achReceivedPayment",
                {"amount": 1, "completionDate": "2026-06-03", "description": "x", "companyName": "x"},
            ),
        ],
    )
    def test_a_closed_account_receives_nothing(
        self, bank: Bank, card: Card, path: str, resource_type: str, attributes: dict[str, object]
    ) -> None:
        bank.unit("POST", f"/accounts/{account_of(card)}/close")

        response = bank.unit("POST", f"/sandbox/{path}", document(resource_type, attributes, account=account_of(card)))

        assert response.status_code == 400
        assert errors(response) == [("not_supported_for_account_status", None)]


class TestPurchases:
    """Card purchases."""

    def test_a_purchase_is_posted(self, bank: Bank, card: Card) -> None:
        response = bank.buy(card, 2500)

        purchase, last_four = response.json()["data"], card["attributes"]["last4Digits"]
        assert response.status_code == 201
        assert purchase["type"] == "purchaseTransaction"
        assert purchase["attributes"]["balance"] == 97_500
        assert purchase["attributes"]["summary"] == f"Corner Cafe  |  Oakland, CA  |  **{last_four}"
        assert purchase["attributes"]["merchant"] == {
            "name": "Corner Cafe",
            "type": 5812,
            "category": "Restaurants",
            "location": "Oakland, CA",
        }
        assert purchase["relationships"]["card"]["data"]["id"] == card["id"]
        assert bank.figures(card) == (97_500, 0, 97_500)

    def test_a_purchase_can_have_a_location(self, bank: Bank, card: Card) -> None:
        accepted = bank.buy(card, 1, coordinates={"longitude": -122.27, "latitude": 37})
        refused = bank.buy(card, 1, coordinates={"longitude": "west", "latitude": True})

        assert accepted.json()["data"]["attributes"]["coordinates"] == {"longitude": -122.27, "latitude": 37}
        assert errors(refused) == [
            ("invalid_value", "/data/attributes/coordinates/longitude"),
            ("invalid_value", "/data/attributes/coordinates/latitude"),
        ]

    def test_a_purchase_has_its_completed_authorization(self, bank: Bank, card: Card) -> None:
        purchase = bank.buy(card, 2500).json()["data"]

        authorization = bank.read(f"/authorizations/{purchase['relationships']['authorization']['data']['id']}")

        assert authorization["attributes"]["status"] == "Completed"
        assert authorization["attributes"]["amount"] == 2500

    def test_the_full_balance_can_be_spent(self, bank: Bank, card: Card) -> None:
        assert bank.buy(card, 100_000).status_code == 201
        assert bank.figures(card) == (0, 0, 0)

    def test_a_purchase_over_the_available_balance_is_declined(self, bank: Bank, card: Card) -> None:
        bank.hold(card, 1)

        response = bank.buy(card, 100_000)

        assert response.status_code == 400
        assert errors(response) == [("limits_exceeded", None)]
        assert bank.figures(card) == (100_000, 1, 99_999)

    @pytest.mark.parametrize("limit", ["dailyPurchase", "monthlyPurchase"])
    def test_a_purchase_over_a_limit_is_declined(self, bank: Bank, limit: str) -> None:
        card = bank.active_card(limits={limit: 1000})
        bank.buy(card, 400)
        bank.hold(card, 500)

        refused, accepted = bank.buy(card, 101), bank.buy(card, 100)

        assert errors(refused) == [("limits_exceeded", None)]
        assert accepted.status_code == 201

    def test_a_daily_limit_resets_each_day(self, bank: Bank, clock: time_machine.Traveller) -> None:
        card = bank.active_card(limits={"dailyPurchase": 1000})
        bank.buy(card, 1000)
        clock.move_to("2026-06-02T00:00:00Z")

        response = bank.buy(card, 1000)

        totals = bank.read(f"/cards/{card['id']}/limits")["attributes"]
        assert response.status_code == 201
        assert totals["dailyTotals"]["purchases"] == 1000
        assert totals["monthlyTotals"]["purchases"] == 2000

    def test_a_declined_purchase_is_recorded(self, bank: Bank, card: Card) -> None:
        bank.unit("POST", f"/cards/{card['id']}/freeze")
        bank.buy(card, 2500)

        recorded = bank.read("/authorizations?filter[includeNonAuthorized]=true")

        assert [each["attributes"]["status"] for each in recorded] == ["Declined"]
        assert (
            recorded[0]["attributes"].items()
            >= {
                "declineReason": "RestrictedCard",
                "declineDescription": "The card is Frozen",
                "declinedBy": "Unit",
                "cardDecisionSource": "Unit",
            }.items()
        )
        assert recorded[0]["attributes"]["merchant"]["name"] == "Corner Cafe"
        assert bank.read("/authorizations") == []
        assert len(bank.read("/transactions")) == 1

    def test_a_purchase_says_who_decided(self, bank: Bank, card: Card) -> None:
        assert bank.buy(card, 2500).json()["data"]["attributes"]["cardDecisionSource"] == "Unit"

    def test_a_purchase_abroad_may_have_a_fee(self, bank: Bank, card: Card) -> None:
        bought = bank.buy(card, 2500, internationalServiceFee=75).json()["data"]

        assert bought["attributes"]["internationalServiceFee"] == 75

    def test_a_closed_account_declines_purchases(self, bank: Bank, card: Card) -> None:
        bank.unit("POST", f"/accounts/{account_of(card)}/close")

        response = bank.buy(card, 100)

        assert response.status_code == 400
        assert errors(response) == [("not_supported_for_account_status", None)]

    def test_a_purchase_needs_a_card_of_the_account(self, bank: Bank, card: Card) -> None:
        other = {"attributes": {"last4Digits": "none"}, "relationships": card["relationships"]}
        last_four = "0000" if card["attributes"]["last4Digits"] != "0000" else "0001"

        unknown, malformed = bank.buy(card, 1, last4Digits=last_four), bank.buy(other, 1)

        assert errors(unknown) == [("card_not_found", "/data/attributes/last4Digits")]
        assert errors(malformed) == [("invalid_value", "/data/attributes/last4Digits")]

    def test_a_refund_is_a_credit_transaction(self, bank: Bank, card: Card) -> None:
        bank.buy(card, 2500)

        refund = bank.buy(card, 2500, direction="Credit").json()["data"]

        assert refund["attributes"]["direction"] == "Credit"
        assert bank.figures(card) == (100_000, 0, 100_000)
        assert len(bank.read("/transactions?filter[cardId]=" + card["id"])) == 2

    def test_a_refund_works_for_a_closed_card_but_not_a_closed_account(self, bank: Bank, card: Card) -> None:
        bank.unit("POST", f"/cards/{card['id']}/close")
        accepted = bank.buy(card, 1, direction="Credit")
        bank.unit("POST", f"/accounts/{account_of(card)}/close")

        refused = bank.buy(card, 1, direction="Credit")

        assert accepted.status_code == 201
        assert errors(refused) == [("not_supported_for_account_status", None)]


class TestAuthorizations:
    """Card authorizations."""

    def test_an_authorization_holds_its_amount(self, bank: Bank, card: Card) -> None:
        response = bank.hold(card, 2500)

        assert response.status_code == 201
        assert response.json()["data"]["attributes"]["status"] == "Authorized"
        assert bank.figures(card) == (100_000, 2500, 97_500)

    def test_a_settlement_replaces_the_hold(self, bank: Bank, card: Card) -> None:
        authorization = bank.hold(card, 2500).json()["data"]

        response = self.settle(bank, card, authorization["id"], 2700)

        assert response.status_code == 201
        assert bank.figures(card) == (97_300, 0, 97_300)
        assert bank.read(f"/authorizations/{authorization['id']}")["attributes"]["status"] == "Completed"
        assert bank.read(f"/cards/{card['id']}/limits")["attributes"]["dailyTotals"]["purchases"] == 2700

    def test_a_frozen_card_settles_earlier_authorizations(self, bank: Bank, card: Card) -> None:
        authorization = bank.hold(card, 2500).json()["data"]
        bank.unit("POST", f"/cards/{card['id']}/freeze")

        assert self.settle(bank, card, authorization["id"], 2500).status_code == 201

    def test_an_authorization_can_be_settled_once(self, bank: Bank, card: Card) -> None:
        authorization = bank.hold(card, 2500).json()["data"]
        self.settle(bank, card, authorization["id"], 2500)

        response = self.settle(bank, card, authorization["id"], 2500)

        assert response.status_code == 400
        assert bank.figures(card) == (97_500, 0, 97_500)

    def test_another_cards_authorization_cannot_be_settled(self, bank: Bank, card: Card) -> None:
        authorization = bank.hold(card, 2500).json()["data"]
        other = bank.card(account_of(card))

        foreign, unknown = self.settle(bank, other, authorization["id"], 1), self.settle(bank, card, "1", 1)

        assert errors(foreign) == [("authorization_not_found", "/data/relationships/authorization")]
        assert errors(unknown) == [("authorization_not_found", "/data/relationships/authorization")]

    def test_an_authorization_over_the_available_balance_is_declined(self, bank: Bank, card: Card) -> None:
        response = bank.hold(card, 100_001)

        declined = bank.read("/authorizations?filter[includeNonAuthorized]=true&filter[status][0]=Declined")
        assert response.status_code == 400
        assert errors(response) == [("limits_exceeded", None)]
        assert declined[0]["attributes"]["declineReason"] == "InsufficientFunds"

    @pytest.mark.parametrize("asked", ["filter[includeNonAuthorized]=true", "includeNoneAuthorized=true"])
    def test_a_declined_authorization_is_found_only_if_asked_for(self, bank: Bank, card: Card, asked: str) -> None:
        bank.hold(card, 100_001)
        held = bank.hold(card, 2500).json()["data"]["id"]
        [declined] = bank.read("/authorizations?filter[includeNonAuthorized]=true&filter[status][0]=Declined")
        path = f"/authorizations/{declined['id']}"

        assert bank.read(f"{path}?{asked}")["id"] == declined["id"]
        assert [bank.unit("GET", f"{path}{no}").status_code for no in ("", f"?{asked[:-4]}false")] == [404, 404]
        assert bank.read(f"/authorizations/{held}")["id"] == held

    def test_an_authorization_can_be_created_as_declined(self, bank: Bank, card: Card) -> None:
        response = bank.hold(card, 2500, status="Declined")

        assert response.status_code == 201
        assert response.json()["data"]["attributes"]["status"] == "Declined"
        assert response.json()["data"]["attributes"]["declinedBy"] == "Visa"
        assert bank.figures(card) == (100_000, 0, 100_000)

    def test_the_org_can_release_an_authorization(self, bank: Bank, card: Card) -> None:
        held = bank.hold(card, 2500).json()["data"]

        released = bank.unit("POST", f"/authorizations/{held['id']}/release")

        assert released.json()["data"]["attributes"]["status"] == "Canceled"
        assert bank.figures(card) == (100_000, 0, 100_000)
        assert bank.read("/events")[0]["type"] == "authorization.canceled"

    def test_only_an_open_authorization_can_be_released(self, bank: Bank, card: Card) -> None:
        path = f"/authorizations/{bank.hold(card, 2500).json()['data']['id']}/release"
        bank.unit("POST", path)

        assert errors(bank.unit("POST", path)) == [("invalid_value", None)]

    def test_an_authorization_can_increase_up_to_the_available_balance(self, bank: Bank, card: Card) -> None:
        path = f"/sandbox/authorizations/{bank.hold(card, 2500).json()['data']['id']}/increase"

        accepted = bank.unit("POST", path, document("authorization", {"amount": 500}))
        refused = bank.unit("POST", path, document("authorization", {"amount": 97_001}))

        assert accepted.json()["data"]["attributes"]["amount"] == 3000
        assert errors(refused) == [("limits_exceeded", None)]
        assert bank.figures(card) == (100_000, 3000, 97_000)

    def test_a_canceled_authorization_releases_its_hold(self, bank: Bank, card: Card) -> None:
        path = f"/sandbox/authorizations/{bank.hold(card, 2500).json()['data']['id']}/cancel"

        first, second = bank.unit("POST", path), bank.unit("POST", path)

        assert first.json()["data"]["attributes"]["status"] == "Canceled"
        assert second.status_code == 400
        assert bank.figures(card) == (100_000, 0, 100_000)

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", 1),
            ("filter[includeNonAuthorized]=true", 2),
            ("filter[includeNonAuthorized]=false", 1),
            ("filter[cardId]={card}", 1),
            ("filter[accountId]=1", 0),
            ("filter[status][0]=Completed", 0),
            ("filter[merchantCategoryCode][0]=7011", 1),
            ("filter[merchantCategoryCode][0]=5812", 0),
            ("filter[fromAmount]=101", 0),
            ("filter[toAmount]=100", 1),
        ],
    )
    def test_authorizations_can_be_filtered(self, bank: Bank, card: Card, query: str, found: int) -> None:
        bank.hold(card, 100)
        bank.hold(card, 100, status="Declined")

        assert len(bank.read(f"/authorizations?{query.format(card=card['id'])}")) == found

    def settle(self, bank: Bank, card: Card, authorization: str, amount: int) -> Any:
        """Try to post the purchase of an earlier authorization."""
        attributes = {
            "amount": amount,
            "direction": "Debit",
            "merchantName": "Grand Hotel",
            "merchantType": 7011,
            "last4Digits": card["attributes"]["last4Digits"],
        }
        body = document("purchaseTransaction", attributes, account=account_of(card), authorization=authorization)
        return bank.unit("POST", "/sandbox/purchases", body)


class TestTransactions:
    """Transaction lists."""

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("filter[accountId]={account}", 2),
            ("filter[accountIds][0]={account}", 2),
            ("filter[customerId]={customer}", 2),
            ("filter[cardId]={card}", 1),
            ("filter[type][0]=Purchase", 1),
            ("filter[accountType]=deposit", 2),
            ("filter[accountType]=credit", 0),
            ("filter[type][0]=purchase", 1),
            ("filter[type][0]=purchaseTransaction", 1),
            ("filter[direction][0]=Credit", 1),
            ("filter[direction][0]=Credit&filter[direction][1]=Debit", 2),
            ("filter[fromAmount]=2500&filter[toAmount]=2500", 1),
            ("filter[query]=corner cafe", 1),
            ("filter[since]=2026-06-01T12:30:00Z", 1),
            ("filter[until]=2026-06-01T12:30:00", 1),
            ("filter[excludeFees]=true", 2),
        ],
    )
    def test_transactions_can_be_filtered(
        self, bank: Bank, card: Card, clock: time_machine.Traveller, query: str, found: int
    ) -> None:
        clock.shift(3600)
        bank.buy(card, 2500)

        listed = bank.read(
            "/transactions?" + query.format(account=account_of(card), customer=customer_of(card), card=card["id"])
        )

        assert len(listed) == found

    def test_only_the_tags_of_a_transaction_can_be_changed(self, bank: Bank, card: Card) -> None:
        [transaction] = bank.read("/transactions")
        path = f"/accounts/{account_of(card)}/transactions/{transaction['id']}"

        changed = bank.unit("PATCH", path, document("transaction", {"tags": {"month": "June"}}))
        refused = bank.unit("PATCH", path, document("transaction", {"tags": {}, "amount": 1}))

        assert changed.json()["data"]["attributes"]["tags"] == {"month": "June"}
        assert errors(refused) == [("invalid_value", "/data/attributes/amount")]

    def test_a_transaction_is_found_with_its_account_in_a_filter(self, bank: Bank, card: Card) -> None:
        [transaction] = bank.read("/transactions")
        path = f"/transactions/{transaction['id']}"

        alone = bank.unit("GET", path)

        assert bank.read(f"{path}?filter[accountId]={account_of(card)}") == transaction
        assert alone.status_code == 404

    def test_a_transaction_is_not_found_under_another_account(self, bank: Bank, card: Card) -> None:
        transaction = bank.read("/transactions")[0]
        other = bank.account(customer_of(card))

        here = bank.unit("GET", f"/accounts/{account_of(card)}/transactions/{transaction['id']}")
        there = bank.unit("GET", f"/accounts/{other}/transactions/{transaction['id']}")

        assert here.json()["data"] == transaction
        assert there.status_code == 404

    def test_a_customer_token_lists_its_own_transactions(self, bank: Bank, card: Card) -> None:
        bank.active_card()
        holder = bank.customer_token(customer_of(card), "transactions")

        response = holder("GET", "/transactions?page[limit]=1&page[offset]=0&include=account")

        assert response.json()["meta"]["pagination"]["total"] == 1
        assert response.json()["included"][0]["id"] == account_of(card)

    @pytest.mark.parametrize(("kind", "found"), [("card", 1), ("account", 2)])
    def test_a_token_for_some_resources_lists_only_their_transactions(
        self, bank: Bank, card: Card, kind: str, found: int
    ) -> None:
        bank.buy(card, 2500)
        ids = {"card": card["id"], "account": account_of(card)}
        resources = [{"type": kind, "ids": [ids[kind]]}]
        holder = bank.customer_token(customer_of(card), "transactions", resources=resources)

        response = holder("GET", "/transactions")

        assert response.json()["meta"]["pagination"]["total"] == found


def test_physical_and_virtual_cards_share_the_accounts_balance(bank: Bank, card: Card) -> None:
    plastic = bank.card(account_of(card), PHYSICAL)
    bank.unit("POST", f"/sandbox/cards/{plastic['id']}/activate")
    bank.buy(card, 60_000)

    response = bank.buy(plastic, 60_000)

    assert (card["type"], plastic["type"]) == (VIRTUAL, PHYSICAL)
    assert errors(response) == [("limits_exceeded", None)]
