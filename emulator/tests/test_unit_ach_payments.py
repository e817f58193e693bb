"""Counterparties at other banks, and ACH payments to and from them."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import UnitOverHTTP
from .unit_story import Bank, account_of, customer_of, document, errors

Json = dict[str, Any]
BOB: Json = {
    "name": "Bob Reed",
    "routingNumber": "812345678",
    "accountNumber": "000123456789",
    "accountType": "Checking",
}
RENT: Json = {"amount": 30_000, "direction": "Credit", "description": "Rent"}
PLAID = {"plaidProcessorToken": "processor-sandbox-1"}


@pytest.fixture
def card(bank: Bank) -> Json:
    """The card of a customer with $1,000."""
    return bank.active_card()


def counterparty(bank: Bank, customer: str, **changes: object) -> Json:
    return bank.create("/counterparties", "achCounterparty", {**BOB, "type": "Person", **changes}, customer=customer)


def pay(bank: Bank, card: Json, related: str | None = None, **changes: object) -> Any:
    links = {"counterparty": related} if related else {}
    return bank.unit("POST", "/payments", document("achPayment", RENT | changes, account=account_of(card), **links))


def pending(bank: Bank, card: Json, **changes: object) -> Json:
    """A payment to a counterparty that may be debited too."""
    other = counterparty(bank, customer_of(card), permissions="CreditAndDebit")
    payment: Json = pay(bank, card, other["id"], **changes).json()["data"]
    return payment


def move(bank: Bank, payment: Json, step: str) -> Any:
    body = {"data": {"type": f"{step}AchPayment", "relationships": {"payment": {"data": identifier(payment)}}}}
    return bank.unit("POST", f"/sandbox/ach/{step}", body)


def identifier(payment: Json) -> Json:
    return {"type": payment["type"], "id": payment["id"]}


class TestCounterparties:
    def test_a_counterparty_can_be_created_read_changed_and_deleted(self, bank: Bank, card: Json) -> None:
        made = counterparty(bank, customer_of(card), tags={"a": "1"})
        path = f"/counterparties/{made['id']}"

        changes = {"name": "Robert Reed", "permissions": "CreditAndDebit", "tags": {"b": "2"}}
        changed = bank.unit("PATCH", path, document("counterparty", changes)).json()["data"]
        deleted = bank.unit("DELETE", path)

        assert made["attributes"]["permissions"] == "CreditOnly"
        assert changed["attributes"] | {"name": BOB["name"]} == made["attributes"] | {
            "permissions": "CreditAndDebit",
            "tags": {"a": "1", "b": "2"},
        }
        assert (deleted.status_code, bank.unit("GET", path).status_code) == (204, 404)

    def test_a_plaid_token_replaces_the_account_numbers(self, bank: Bank, card: Json) -> None:
        attributes = {"name": "Bob Reed", "type": "Person", **PLAID}
        made = bank.create("/counterparties", "achCounterparty", attributes, customer=customer_of(card))

        balance = bank.read(f"/counterparties/{made['id']}/balance")

        assert len(made["attributes"]["routingNumber"]) == 9
        assert balance["attributes"] == {"balance": 100_000, "available": 100_000}
        assert balance["relationships"]["counterparty"]["data"]["id"] == made["id"]

    def test_only_a_plaid_counterparty_has_a_balance(self, bank: Bank, card: Json) -> None:
        made = counterparty(bank, customer_of(card))

        assert errors(bank.unit("GET", f"/counterparties/{made['id']}/balance")) == [("invalid_value", None)]

    def test_a_counterparty_needs_an_account_or_a_plaid_token(self, bank: Bank, card: Json) -> None:
        body = document("achCounterparty", {"name": "Bob", "type": "Person"}, customer=customer_of(card))

        assert errors(bank.unit("POST", "/counterparties", body)) == [
            ("invalid_value", f"/data/attributes/{name}") for name in ("routingNumber", "accountNumber", "accountType")
        ]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("filter[accountNumber]=000123456789", 1),
            ("filter[routingNumber]=1", 0),
            ("filter[permissions][0]=DebitOnly", 0),
            ('filter[tags]={"a":"1"}', 1),
        ],
    )
    def test_counterparties_can_be_filtered(self, bank: Bank, query: str, found: int) -> None:
        counterparty(bank, bank.customer(), tags={"a": "1"})

        assert len(bank.read(f"/counterparties?{query}")) == found

    def test_a_customer_token_sees_its_own_counterparties(self, bank: Bank, card: Json) -> None:
        counterparty(bank, bank.customer(email="bob@example.com"))
        holder = bank.customer_token(customer_of(card), "counterparties counterparties-write")

        own = counterparty(Bank(holder), customer_of(card), accountNumber="5")

        assert own["id"] in {each["id"] for each in holder("GET", "/counterparties").json()["data"]}
        assert {each["relationships"]["customer"]["data"]["id"] for each in Bank(holder).read("/counterparties")} == {
            customer_of(card)
        }

    def test_an_idempotency_key_creates_one_counterparty(self, bank: Bank, card: Json) -> None:
        made = [counterparty(bank, customer_of(card), idempotencyKey="key") for _ in range(2)]

        assert made[0] == made[1]


class TestPayments:
    def test_money_leaves_at_once_and_the_sandbox_sends_it_on(self, bank: Bank, card: Json) -> None:
        payment = pending(bank, card)
        figures = bank.figures(card)

        clearing = move(bank, payment, "transmit").json()["data"]
        sent = move(bank, payment, "clear").json()["data"]

        assert payment["attributes"]["status"] == "Pending"
        assert payment["relationships"]["counterparty"]["data"]["type"] == "counterparty"
        assert figures == bank.figures(card) == (70_000, 0, 70_000)
        assert [each["attributes"]["status"] for each in (clearing, sent)] == ["Clearing", "Sent"]
        assert bank.read("/transactions")[0]["type"] == "originatedAchTransaction"

    def test_collected_money_arrives_when_the_payment_is_sent(self, bank: Bank, card: Json) -> None:
        payment = pending(bank, card, direction="Debit")
        move(bank, payment, "transmit")
        before = bank.figures(card)

        sent = move(bank, payment, "clear").json()["data"]

        assert before == (100_000, 0, 100_000)
        assert bank.figures(card) == (130_000, 0, 130_000)
        assert sent["relationships"]["transaction"]["data"]["type"] == "transaction"

    @pytest.mark.parametrize(
        ("given", "method"),
        [
            ({"counterparty": BOB}, None),
            ({**PLAID, "counterpartyName": "Bob Reed"}, "Plaid"),
            ({**PLAID, "direction": "Debit"}, "Plaid"),
        ],
    )
    def test_a_payment_may_describe_its_counterparty(
        self, bank: Bank, card: Json, given: Json, method: str | None
    ) -> None:
        payment = pay(bank, card, **given).json()["data"]

        assert payment["attributes"]["status"] == "Pending"
        assert payment["attributes"].get("counterpartyVerificationMethod") == method
        assert bank.read(f"/counterparties/{payment['relationships']['counterparty']['data']['id']}")

    @pytest.mark.parametrize("ways", [{}, {"counterparty": BOB, **PLAID}])
    def test_an_ach_payment_describes_one_counterparty(self, bank: Bank, card: Json, ways: Json) -> None:
        assert errors(pay(bank, card, **ways)) == [("invalid_value", "/data/attributes/counterparty")]

    def test_another_customers_counterparty_cannot_be_paid(self, bank: Bank, card: Json) -> None:
        theirs = counterparty(bank, bank.customer(email="bob@example.com"))
        holder = bank.customer_token(customer_of(card), "payments-write")

        refused = pay(Bank(holder), card, theirs["id"])
        of_the_org = pay(bank, card, theirs["id"])

        assert errors(refused) == [("counterparty_not_found", "/data/relationships/counterparty")]
        assert of_the_org.status_code == 201

    @pytest.mark.parametrize(
        ("permissions", "direction", "status"),
        [
            ("CreditOnly", "Credit", 201),
            ("CreditOnly", "Debit", 400),
            ("DebitOnly", "Credit", 400),
            ("DebitOnly", "Debit", 201),
            ("CreditAndDebit", "Debit", 201),
        ],
    )
    def test_a_counterparty_is_paid_or_debited_as_permitted(
        self, bank: Bank, card: Json, permissions: str, direction: str, status: int
    ) -> None:
        other = counterparty(bank, customer_of(card), permissions=permissions)

        assert pay(bank, card, other["id"], direction=direction).status_code == status

    def test_a_payment_over_the_available_balance_is_rejected(self, bank: Bank, card: Json) -> None:
        payment = pending(bank, card, amount=100_001)

        assert (payment["attributes"]["status"], payment["attributes"]["reason"]) == ("Rejected", "InsufficientFunds")
        assert bank.figures(card) == (100_000, 0, 100_000)
        assert bank.read("/events")[0]["attributes"]["reason"] == "InsufficientFunds"

    @pytest.mark.parametrize("direction", ["Credit", "Debit"])
    def test_a_canceled_payment_is_given_back(self, bank: Bank, card: Json, direction: str) -> None:
        payment = pending(bank, card, direction=direction)

        response = bank.unit("POST", f"/payments/{payment['id']}/cancel", {})

        assert response.json()["data"]["attributes"]["status"] == "Canceled"
        assert bank.figures(card) == (100_000, 0, 100_000)
        [event] = bank.read("/events?filter[type][0]=payment.canceled")
        assert event["attributes"]["previousStatus"] == "Pending"
        assert event["attributes"]["available"] == 100_000

    def test_only_a_pending_ach_payment_can_be_canceled(self, bank: Bank, unit: UnitOverHTTP, card: Json) -> None:
        payment = pending(bank, card)
        move(bank, payment, "transmit")
        received = bank.fund(account_of(card), 100)

        refused = [unit("POST", f"/payments/{each['id']}/cancel") for each in (payment, received)]

        assert [errors(each) for each in refused] == [[("invalid_value", None)]] * 2

    def test_the_sandbox_moves_ach_payments_in_order(self, bank: Bank, card: Json) -> None:
        payment = pending(bank, card)
        too_early = move(bank, payment, "clear")
        move(bank, payment, "transmit")

        again = move(bank, payment, "transmit")

        assert errors(too_early) == errors(again) == [("invalid_value", None)]

    def test_the_clearing_days_of_a_payment_can_be_changed(self, bank: Bank, card: Json) -> None:
        payment = pending(bank, card, direction="Debit", clearingDaysOverride=3)
        body = document("achPayment", {"clearingDaysOverride": 0})

        changed = bank.unit("PATCH", f"/payments/{payment['id']}", body).json()["data"]

        days = [each["attributes"]["clearingDaysOverride"] for each in (payment, changed)]
        assert days == [3, 0]

    def test_every_ach_payment_in_a_list_has_a_counterparty(self, bank: Bank, card: Json) -> None:
        pay(bank, card, counterparty=BOB)
        bank.fund(account_of(card), 100)

        links = [each["relationships"].get("counterparty") for each in bank.read("/payments")]

        assert len(links) == 3
        assert None not in links

    def test_a_sent_payment_event_has_the_available_balance(self, bank: Bank, card: Json) -> None:
        other = bank.account(customer_of(card))
        body = document("bookPayment", {"amount": 1_000, "description": "Savings"}, account=account_of(card))
        body["data"]["relationships"]["counterpartyAccount"] = {"data": {"type": "account", "id": other}}
        bank.unit("POST", "/payments", body)

        [event] = bank.read("/events?filter[type][0]=payment.sent")

        assert event["attributes"]["available"] == 99_000

    @pytest.mark.parametrize(("query", "found"), [("filter[feature][0]=SameDay", 1), ("filter[type][0]=AchPayment", 2)])
    def test_ach_payments_can_be_filtered(self, bank: Bank, card: Json, query: str, found: int) -> None:
        pay(bank, card, counterparty=BOB, sameDay=True)

        assert len(bank.read(f"/payments?{query}")) == found


class TestReceivedPayments:
    def receive(self, bank: Bank, card: Json, **changes: object) -> Json:
        wages = {"amount": 500, "completionDate": "2026-06-03", "description": "Wages of June 2026"}
        attributes = {**wages, "companyName": "Acme", **changes}
        return bank.create("/sandbox/received-payments", "achReceivedPayment", attributes, account=account_of(card))

    def test_an_advanced_payment_is_paid_out_before_it_arrives_and_repaid_then(self, bank: Bank, card: Json) -> None:
        payment = self.receive(bank, card)

        advanced = bank.unit("POST", f"/received-payments/{payment['id']}/advance").json()["data"]
        between = bank.figures(card)
        completed = bank.unit("POST", f"/sandbox/received-payments/{payment['id']}/complete").json()["data"]

        assert (advanced["attributes"]["status"], advanced["attributes"]["wasAdvanced"]) == ("Advanced", True)
        assert between == bank.figures(card) == (100_500, 0, 100_500)
        assert [each["type"] for each in bank.read("/transactions")[:3]] == [
            "repaidPaymentAdvanceTransaction",
            "receivedAchTransaction",
            "paymentAdvanceTransaction",
        ]
        assert completed["relationships"].keys() >= {"paymentAdvanceTransaction", "repayPaymentAdvanceTransaction"}
        assert bank.read("/events?filter[type][0]=receivedPayment.completed")[0]["attributes"]["wasAdvanced"]

    @pytest.mark.parametrize("direction", ["Debit", "Credit"])
    def test_only_an_advanceable_payment_can_be_advanced(self, bank: Bank, card: Json, direction: str) -> None:
        payment = self.receive(bank, card, direction=direction)
        if direction == "Credit":
            bank.unit("POST", f"/sandbox/received-payments/{payment['id']}/complete")

        response = bank.unit("POST", f"/received-payments/{payment['id']}/advance")

        assert errors(response) == [("invalid_value", None)]
