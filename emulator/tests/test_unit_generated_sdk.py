"""The client that Unit generates from its newest API description, over HTTP. Its models check every answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import unit_finance_sdk as sdk

from stytch_unit_emulator.pytest_plugin import EmulatedProject

from .over_http import at_unit
from .unit_story import ADA, PHYSICAL, VIRTUAL, document

Json = dict[str, Any]
INCOME = {"occupation": "Doctor", "annualIncome": "UpTo10k", "sourceOfIncome": "PersonalInvestments"}
BOB: Json = {"name": "Bob Reed", "routingNumber": "812345678", "accountNumber": "0001", "accountType": "Checking"}


class Org:
    """The generated client with the org token of a new tenant."""

    def __init__(self, project: EmulatedProject) -> None:
        self.project = project
        self.client = sdk.ApiClient(sdk.Configuration(host=project.url, access_token=project.unit_token))

    def __getattr__(self, name: str) -> Any:
        """An API of the client by its class name, such as ``CardsApi``."""
        return getattr(sdk, name)(self.client)

    def sandbox(self, path: str, body: Json) -> Json:
        """Call a sandbox operation, which this client does not have."""
        answer = at_unit(self.project, "POST", f"/sandbox/{path}", body)
        assert answer.status_code < 300, answer.text
        found: Json = answer.json()["data"]
        return found

    def application(self, **changes: object) -> Any:
        body = request("CreateApplicationRequest", "individualApplication", ADA | INCOME | changes)
        return self.ApplicationsApi.create_application(body).data.actual_instance

    def customer(self) -> str:
        return str(self.application().relationships.customer.data.actual_instance.id)

    def account(self, customer: str) -> str:
        body = request("CreateAccountRequest", "depositAccount", {"depositProduct": "checking"}, customer=customer)
        account = str(self.AccountsApi.create_account(body).data.actual_instance.id)
        funds = {"amount": 100_000, "direction": "Credit", "description": "Salary"}
        self.sandbox("payments", document("achPayment", funds, account=account))
        return account

    def card(self, account: str, resource_type: str = VIRTUAL) -> Any:
        body = request("CreateCardRequest", resource_type, {}, account=account)
        return self.CardsApi.create_card(body).data.actual_instance


def request(model: str, resource_type: str, attributes: Json, **related: str) -> Any:
    """A request of the client's own model."""
    return getattr(sdk, model).from_dict(document(resource_type, attributes, **related))


@pytest.fixture
def org(emulated_project: EmulatedProject) -> Org:
    return Org(emulated_project)


def test_applications_and_their_documents(org: Org) -> None:
    application = org.application(ssn="000000003")
    [paper] = org.ApplicationDocumentsApi.list_application_documents(application.id).data
    org.ApplicationDocumentsApi.create_application_document(application.id, {})

    found = org.ApplicationsApi.get_by_id(application.id).data.actual_instance

    assert (found.attributes.status, paper.attributes.status) == ("AwaitingDocuments", "Required")
    assert len(org.ApplicationDocumentsApi.list_application_documents(application.id).data) == 2
    assert len(org.ApplicationsApi.list().data) == 1


def test_customers(org: Org) -> None:
    customer = org.customer()
    body = request("UpdateCustomerRequest", "individualCustomer", INCOME)

    changed = org.CustomersApi.update_customer(customer, body).data.actual_instance

    assert changed.attributes["occupation"] == "Doctor"
    assert len(org.CustomersApi.list_customers().data) == 1


def test_accounts_and_what_the_bank_reports_about_them(org: Org) -> None:
    account = org.account(org.customer())
    org.project.move_clock(3 * 86_400)

    days = org.AccountsApi.get_account_balance_history().data

    assert org.AccountsApi.get_account(account).data.actual_instance.attributes.balance == 100_000
    assert org.AccountsApi.get_account_limits(account).data
    assert [day.attributes.balance for day in days] == [100_000] * 3
    assert org.StatementsApi.list_statements().data == []


def test_cards(org: Org) -> None:
    card = org.card(org.account(org.customer()), PHYSICAL)
    freeze = sdk.FreezeCardRequest.from_dict(document("freezeCard", {"reason": "Lost"}))
    replace = sdk.ReplaceCardRequest.from_dict(document("replaceCard", {}))

    frozen = org.CardsApi.freeze_card(card.id, freeze).data.actual_instance
    thawed = org.CardsApi.unfreeze_card(card.id, {}).data.actual_instance
    org.sandbox(f"cards/{card.id}/activate", {})
    replaced = org.CardsApi.replace_card(card.id, replace).data.actual_instance

    assert frozen.attributes.to_dict()["freezeReason"] == "Lost"
    assert "freezeReason" not in thawed.attributes.to_dict()
    assert replaced.attributes.expiration_date == card.attributes.expiration_date
    assert org.CardsApi.get_card_pin_status(card.id).data.attributes.status == "NotSet"
    assert org.CardsApi.get_card_limits(card.id).data
    assert len(org.CardsApi.list_cards().data) == 1


def test_authorizations_and_transactions(org: Org) -> None:
    account = org.account(org.customer())
    last4 = org.card(account).attributes.last4_digits
    shop = {"amount": 500, "merchantName": "Corner Cafe", "merchantType": 5812, "merchantLocation": "Oakland, CA"}
    held = org.sandbox("authorizations", document("authorization", {**shop, "cardLast4Digits": last4}, account=account))
    buy = {**shop, "direction": "Debit", "last4Digits": last4}
    org.sandbox("purchases", document("purchaseTransaction", buy, account=account))

    released = org.CardsAuthorizationsApi.release_authorization(held["id"], {}).data

    assert (released.attributes.status, released.attributes.card_decision_source) == ("Canceled", "Unit")
    assert len(org.CardsAuthorizationsApi.list_authorizations().data) == 2
    assert len(org.TransactionsApi.list_transactions().data) == 2


def test_counterparties_and_ach_payments(org: Org) -> None:
    customer = org.customer()
    account = org.account(customer)
    body = request("CreateCounterpartyBody", "achCounterparty", {**BOB, "type": "Person"}, customer=customer)
    counterparty = org.CounterpartiesApi.create_counterparty(body).data
    rent = {"amount": 100, "direction": "Credit", "description": "Rent"}
    links = {"account": account, "counterparty": counterparty.id}
    pay = request("CreatePaymentRequest", "achPayment", rent, **links)

    payment = org.PaymentsApi.create_payment(pay).data.actual_instance
    canceled = org.PaymentsApi.cancel_payment(payment.id, {}).data.actual_instance

    assert (payment.attributes.status, canceled.attributes.status) == ("Pending", "Canceled")
    assert payment.relationships.counterparty.data.actual_instance.id == counterparty.id
    assert len(org.CounterpartiesApi.list_counterparties().data) == 2
    assert org.CounterpartiesApi.delete_counterparty(counterparty.id, {}) is None


REFUSED: list[tuple[str, int, Callable[[Org], object]]] = [
    ("an_unknown_card", 404, lambda org: org.CardsApi.get_card("1")),
    ("an_operation_that_is_not_emulated", 501, lambda org: org.TaxFormsApi.list_tax_forms()),
]


@pytest.mark.parametrize(("status", "call"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED])
def test_the_client_reports_a_refusal(org: Org, status: int, call: Callable[[Org], object]) -> None:
    with pytest.raises(sdk.ApiException) as refused:
        call(org)

    assert refused.value.status == status
