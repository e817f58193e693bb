"""Book payments, received payments and ATM deposits of the emulated Unit."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import UnitOverHTTP
from .unit_story import Bank, account_of, customer_of, document, errors

Json = dict[str, Any]


@pytest.fixture
def payer(bank: Bank) -> Json:
    """A card on an account with $1,000."""
    return bank.active_card()


@pytest.fixture
def payee(bank: Bank) -> str:
    """Another customer's empty account."""
    return bank.account(bank.customer())


def rent(payer: str, payee: str, amount: int = 40_000, **more: object) -> Json:
    body = document("bookPayment", {"amount": amount, "description": "Rent", **more})
    body["data"]["relationships"] = {
        "account": {"data": {"type": "depositAccount", "id": payer}},
        "counterpartyAccount": {"data": {"type": "depositAccount", "id": payee}},
    }
    return body


def balance(bank: Bank, account: str) -> int:
    cents: int = bank.read(f"/accounts/{account}")["attributes"]["balance"]
    return cents


class TestBookPayments:
    def test_a_book_payment_moves_money_between_accounts(self, bank: Bank, payer: Json, payee: str) -> None:
        payment = bank.unit("POST", "/payments", rent(account_of(payer), payee)).json()["data"]

        [received] = bank.read(f"/transactions?filter[accountId]={payee}")
        sent = bank.read(f"/transactions?filter[accountId]={account_of(payer)}")[0]
        assert payment["attributes"]["status"] == "Sent"
        assert payment["relationships"]["transaction"]["data"]["id"] == sent["id"]
        assert (sent["type"], sent["attributes"]["direction"]) == ("bookTransaction", "Debit")
        assert (received["type"], received["attributes"]["direction"]) == ("bookTransaction", "Credit")
        assert bank.figures(payer) == (60_000, 0, 60_000)
        assert balance(bank, payee) == 40_000

    def test_a_debit_moves_money_in_the_other_direction(self, bank: Bank, payer: Json, payee: str) -> None:
        bank.unit("POST", "/payments", rent(payee, account_of(payer), direction="Debit"))

        assert balance(bank, payee) == 40_000

    def test_a_payment_over_the_balance_is_rejected(self, bank: Bank, payer: Json, payee: str) -> None:
        response = bank.unit("POST", "/payments", rent(account_of(payer), payee, 100_001))

        assert response.status_code == 201
        assert response.json()["data"]["attributes"]["status"] == "Rejected"
        assert response.json()["data"]["attributes"]["reason"] == "InsufficientFunds"
        assert bank.read("/events?filter[type]=payment.rejected")[0]["attributes"]["amount"] == 100_001
        assert balance(bank, payee) == 0

    @pytest.mark.parametrize(("side", "reason"), [("payer", "AccountFrozen"), ("payee", "CounterpartyAccountFrozen")])
    def test_a_frozen_account_cannot_pay_or_be_paid(
        self, bank: Bank, payer: Json, payee: str, side: str, reason: str
    ) -> None:
        accounts = {"payer": account_of(payer), "payee": payee}
        bank.unit("POST", f"/accounts/{accounts[side]}/freeze")

        response = bank.unit("POST", "/payments", rent(accounts["payer"], payee))

        assert response.json()["data"]["attributes"]["reason"] == reason

    def test_an_idempotency_key_creates_one_payment(self, bank: Bank, payer: Json, payee: str) -> None:
        body = rent(account_of(payer), payee, idempotencyKey="one")

        first, second = (bank.unit("POST", "/payments", body).json()["data"]["id"] for _ in range(2))

        assert first == second
        assert balance(bank, payee) == 40_000

    def test_an_account_cannot_pay_itself(self, bank: Bank, payer: Json) -> None:
        response = bank.unit("POST", "/payments", rent(account_of(payer), account_of(payer)))

        assert response.status_code == 400
        assert errors(response) == [("invalid_value", "/data/relationships/counterpartyAccount")]

    def test_an_unknown_account_cannot_be_paid(self, bank: Bank, payer: Json) -> None:
        response = bank.unit("POST", "/payments", rent(account_of(payer), "1"))

        assert response.status_code == 400
        assert errors(response) == [("account_not_found", "/data/relationships/counterpartyAccount")]

    def test_a_customer_can_pay_another_customer(self, bank: Bank, payer: Json, payee: str) -> None:
        holder = bank.customer_token(customer_of(payer), "payments payments-write")

        response = holder("POST", "/payments", rent(account_of(payer), payee))
        [shown] = holder("GET", "/payments?filter[type]=BookPayment").json()["data"]

        assert response.json()["data"]["id"] == shown["id"]
        assert balance(bank, payee) == 40_000

    def test_a_customer_cannot_debit_another_customers_account(self, bank: Bank, payer: Json, payee: str) -> None:
        owner = bank.read(f"/accounts/{payee}")["relationships"]["customer"]["data"]["id"]
        thief = bank.customer_token(owner, "payments-write")

        taken = thief("POST", "/payments", rent(payee, account_of(payer), direction="Debit"))
        paid = thief("POST", "/payments", rent(account_of(payer), payee))

        assert errors(taken) == [("account_not_found", "/data/relationships/counterpartyAccount")]
        assert errors(paid) == [("account_not_found", "/data/relationships/account")]
        assert bank.figures(payer) == (100_000, 0, 100_000)


class TestReadingPayments:
    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", 2),
            ("filter[type]=achPayment", 1),
            ("filter[type][0]=BookPayment&filter[direction][0]=Credit", 1),
            ("filter[status][0]=Sent", 2),
            ("filter[status][0]=Returned", 0),
            ("filter[fromAmount]=50000", 1),
            ("filter[toAmount]=50000", 1),
            ("filter[since]=2026-06-01T12:00:00Z", 2),
            ("filter[until]=2026-06-01T11:00:00Z", 0),
            ('filter[tags]={"a":"b"}', 1),
        ],
    )
    def test_payments_can_be_filtered(self, bank: Bank, payer: Json, payee: str, query: str, found: int) -> None:
        bank.unit("POST", "/payments", rent(account_of(payer), payee, tags={"a": "b"}))

        assert len(bank.read(f"/payments?{query}")) == found

    @pytest.mark.usefixtures("payer")
    def test_a_payment_can_include_its_related_resources(self, bank: Bank) -> None:
        [payment] = bank.read("/payments")

        included = bank.unit("GET", f"/payments/{payment['id']}?include=account,transaction").json()["included"]

        assert [each["type"] for each in included] == ["depositAccount", "receivedAchTransaction"]

    def test_the_summary_of_a_book_payment_can_be_chosen_and_changed(self, bank: Bank, payer: Json, payee: str) -> None:
        bank.unit("POST", "/payments", rent(account_of(payer), payee, transactionSummaryOverride="June"))
        chosen = bank.read("/transactions")[0]

        body = document("bookTransaction", {"summary": "Rent of June"})
        changed = bank.unit("PATCH", f"/transactions/{chosen['id']}", body).json()["data"]

        assert (chosen["attributes"]["summary"], changed["attributes"]["summary"]) == ("June", "Rent of June")

    @pytest.mark.usefixtures("payer")
    def test_only_the_tags_of_a_payment_can_be_changed(self, bank: Bank, unit: UnitOverHTTP) -> None:
        [payment] = bank.read("/payments")
        path = f"/payments/{payment['id']}"

        changed = unit("PATCH", path, document("achPayment", {"tags": {"month": "June"}}))
        refused = unit("PATCH", path, document("achPayment", {"amount": 1}))

        assert changed.json()["data"]["attributes"]["tags"] == {"month": "June"}
        assert errors(refused) == [("invalid_value", "/data/attributes/amount")]


class TestReceivedPayments:
    @pytest.mark.parametrize(("direction", "after"), [("Credit", 100_500), ("Debit", 99_500)])
    def test_a_received_ach_payment_can_be_a_credit_or_a_debit(
        self, bank: Bank, payer: Json, direction: str, after: int
    ) -> None:
        attributes = {"amount": 500, "settlementDate": "2026-06-03", "companyName": "Acme", "direction": direction}
        account = account_of(payer)
        payment = bank.create("/sandbox/received-ach-payment", "achReceivedPayment", attributes, account=account)

        completed = bank.unit("POST", f"/sandbox/received-payments/{payment['id']}/complete").json()["data"]

        assert payment["attributes"]["completionDate"] == "2026-06-03"
        assert completed["relationships"]["receivePaymentTransaction"]
        assert balance(bank, account) == after

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", 1),
            ("filter[includeCompleted]=true", 2),
            ("filter[includeCompleted]=True", 2),
            ("filter[status][0]=Completed", 1),
        ],
    )
    def test_completed_payments_are_listed_on_request(self, bank: Bank, payer: Json, query: str, found: int) -> None:
        attributes = {"amount": 500, "completionDate": "2026-06-03", "description": "Wages", "companyName": "Acme"}
        first, _ = (
            bank.create("/sandbox/received-payments", "achReceivedPayment", attributes, account=account_of(payer))["id"]
            for _ in range(2)
        )
        bank.unit("POST", f"/sandbox/received-payments/{first}/complete")

        assert len(bank.read(f"/received-payments?{query}")) == found


class TestCashMachines:
    def deposit(self, bank: Bank, card: Json, **changes: object) -> Any:
        attributes = {"amount": 2_000, "atmName": "Corner Bank", "last4Digits": card["attributes"]["last4Digits"]}
        body = document("atmTransaction", attributes | changes, account=account_of(card))
        return bank.unit("POST", "/sandbox/atm-deposits", body)

    def test_an_atm_deposit_is_added_to_the_account(self, bank: Bank, payer: Json) -> None:
        response = self.deposit(bank, payer, atmLocation="Oakland, CA", cardNetwork="Visa")

        posted = bank.read("/transactions")[0]
        assert response.status_code == 201
        assert response.json()["data"]["attributes"]["balance"] == 102_000
        assert (posted["type"], posted["attributes"]["atmLocation"]) == ("atmTransaction", "Oakland, CA")

    def withdraw(self, bank: Bank, card: Json, amount: int) -> Any:
        attributes = {"amount": amount, "atmName": "Bank", "last4Digits": card["attributes"]["last4Digits"]}
        body = document("atmTransaction", attributes, account=account_of(card))
        return bank.unit("POST", "/sandbox/atm-withdrawals", body)

    def test_an_atm_withdrawal_leaves_the_account(self, bank: Bank, payer: Json) -> None:
        response = self.withdraw(bank, payer, 2_000)

        assert response.json()["data"]["attributes"]["balance"] == 98_000
        assert bank.read("/transactions")[0]["attributes"]["direction"] == "Debit"

    def test_cash_over_the_available_balance_is_refused(self, bank: Bank, payer: Json) -> None:
        assert errors(self.withdraw(bank, payer, 100_001)) == [("limits_exceeded", "/data/attributes/amount")]

    def test_an_inactive_card_cannot_deposit_cash(self, bank: Bank, payer: Json) -> None:
        bank.unit("POST", f"/cards/{payer['id']}/freeze")

        response = self.deposit(bank, payer)

        assert response.status_code == 400
        assert errors(response) == [("not_supported_for_card_status", None)]
