"""Unit's official Python client over HTTP: every call, accepted and refused.

The client has no sandbox operations; the tests send those with requests.
"""

from __future__ import annotations

import io
from datetime import date, datetime
from operator import attrgetter
from typing import Any

import pytest
import requests
from unit import Unit
from unit.models import Address, CardLevelLimits, FullName, Phone, Relationship, UnitError, UnitResponse
from unit.models.account import (
    CloseAccountRequest,
    CreateDepositAccountRequest,
    FreezeAccountRequest,
    ListAccountParams,
    PatchDepositAccountRequest,
)
from unit.models.account_end_of_day import ListAccountEndOfDayParams
from unit.models.api_token import CreateAPITokenRequest
from unit.models.application import (
    CancelApplicationRequest,
    CreateIndividualApplicationRequest,
    CreateIndividualThreadApplicationRequest,
    ListApplicationParams,
    PatchIndividualApplicationRequest,
    UpgradeIndividualToThreadApplicationRequest,
    UploadDocumentRequest,
)
from unit.models.applicationForm import CreateApplicationFormRequest, ListApplicationFormParams
from unit.models.authorization import ListAuthorizationParams
from unit.models.card import (
    CreateIndividualDebitCard,
    CreateIndividualVirtualDebitCard,
    ListCardParams,
    PatchIndividualDebitCard,
)
from unit.models.counterparty import CreateCounterpartyRequest, ListCounterpartyParams
from unit.models.customer import ArchiveCustomerRequest, ListCustomerParams, PatchIndividualCustomerRequest
from unit.models.customerToken import CreateCustomerToken, CreateCustomerTokenVerification
from unit.models.event import ListEventParams
from unit.models.payment import (
    CreateBookPaymentRequest,
    CreateLinkedPaymentRequest,
    ListPaymentParams,
    PatchBookPaymentRequest,
)
from unit.models.received_payment import ListReceivedPaymentParams, PatchReceivedPaymentRequest
from unit.models.statement import GetStatementParams, ListStatementParams
from unit.models.transaction import ListTransactionParams, PatchTransactionRequest
from unit.models.webhook import CreateWebhookRequest, PatchWebhookRequest

from stytch_unit_emulator.pytest_plugin import EmulatedProject

from .unit_story import document

ADDRESS = Address("1 Main St", "Oakland", "CA", "94607", "US")
PNG = b"\x89PNG and so on"


@pytest.fixture
def org(emulated_project: EmulatedProject) -> Unit:
    """The client with the org token of a new tenant."""
    return Unit(emulated_project.url, emulated_project.unit_token)


def data(answer: Any) -> Any:
    """The data of a successful response."""
    assert isinstance(answer, UnitResponse), str(answer)
    return answer.data


def refusal(answer: Any) -> tuple[str, str]:
    """Status and code of an error."""
    assert isinstance(answer, UnitError)
    return answer.errors[0].status, answer.errors[0].code


def to(name: str, resource_id: str) -> dict[str, Relationship]:
    return {name: Relationship(name, resource_id)}


def sandbox(org: Unit, path: str, resource_type: str, attributes: dict[str, object], **related: str) -> Any:
    """Call a sandbox operation."""
    url = f"{org.cards.configuration.api_url}/sandbox/{path}"
    body = document(resource_type, attributes, **related)
    response = requests.post(url, json=body, headers=org.cards.configuration.get_headers(), timeout=10)
    assert response.ok, response.text
    return response.json()["data"]


def apply(org: Unit, **more: Any) -> Any:
    person = {
        "full_name": FullName("Ada", "Vance"),
        "date_of_birth": date(1990, 2, 3),
        "address": ADDRESS,
        "email": "ada@example.com",
        "phone": Phone("1", "5555550101"),
        "ssn": "123456789",
        "jwt_subject": "user-test-1",
        "tags": {"tier": "gold"},
    }
    return org.applications.create(CreateIndividualApplicationRequest(**(person | more)))


def customer_id(org: Unit) -> str:
    found: str = data(apply(org)).relationships["customer"].id
    return found


def open_account(org: Unit, customer: str, product: str = "checking") -> Any:
    return org.accounts.create(CreateDepositAccountRequest(product, to("customer", customer), {"for": "spending"}))


def account_id(org: Unit, *, funded: int = 0) -> str:
    account: str = data(open_account(org, customer_id(org))).id
    if funded:
        payment = {"amount": funded, "direction": "Credit", "description": "Salary"}
        sandbox(org, "payments", "achPayment", payment, account=account)
    return account


def virtual_card(org: Unit, account: str) -> Any:
    return data(org.cards.create(CreateIndividualVirtualDebitCard(to("account", account))))


def charged(org: Unit) -> tuple[str, Any]:
    """An account, and a purchase with its card."""
    account = account_id(org, funded=100_000)
    card = virtual_card(org, account)
    attributes = {
        "amount": 2_500,
        "direction": "Debit",
        "merchantName": "Corner Cafe",
        "merchantType": 5812,
        "last4Digits": card.attributes["last4Digits"],
    }
    return account, sandbox(org, "purchases", "purchaseTransaction", attributes, account=account)


@pytest.mark.parametrize(
    ("method", "ids"),
    [
        ("applications.get", ["1"]),
        ("applicationForms.get", ["1"]),
        ("customers.get", ["1"]),
        ("accounts.get", ["1"]),
        ("accounts.limits", ["1"]),
        ("cards.get", ["1"]),
        ("cards.freeze", ["1"]),
        ("transactions.get", ["1", "1"]),
        ("transactions.get_by_id_and_account", ["1", "1"]),
        ("authorizations.get", ["1"]),
        ("payments.get", ["1"]),
        ("received_payments.get", ["1"]),
        ("webhooks.get", ["1"]),
        ("events.get", ["1"]),
        ("events.fire", ["1"]),
    ],
)
def test_the_sdk_reports_a_404_for_an_unknown_resource(org: Unit, method: str, ids: list[str]) -> None:
    assert refusal(attrgetter(method)(org)(*ids)) == ("404", "not_found")


def test_the_sdk_reports_a_401_for_an_invalid_token(emulated_project: EmulatedProject) -> None:
    answer = Unit(emulated_project.url, "v2.public.nobody").cards.list()

    assert refusal(answer) == ("401", "unauthorized")
    assert str(answer.errors[0]) == "Bearer token is invalid or expired"


class TestOnboarding:
    def test_create_and_read_applications(self, org: Unit) -> None:
        application = data(apply(org, idempotency_key="one"))
        again = data(apply(org, idempotency_key="one"))
        [found] = data(org.applications.list(ListApplicationParams(email="ada@example.com", tags={"tier": "gold"})))

        assert application.attributes["status"] == "Approved"
        assert isinstance(application.attributes["createdAt"], datetime)
        assert again.id == found.id == data(org.applications.get(application.id)).id == application.id

    def test_update_and_cancel_applications(self, org: Unit) -> None:
        application = data(apply(org, ssn="000000004"))
        change = PatchIndividualApplicationRequest(application.id, occupation="Doctor", tags={"tier": "silver"})
        changed = data(org.applications.update(change))
        canceled = data(org.applications.cancel(CancelApplicationRequest(application.id, "By request")))

        assert changed.attributes["tags"] == {"tier": "silver"}
        assert canceled.attributes["status"] == "Canceled"
        assert refusal(org.applications.cancel(CancelApplicationRequest(application.id, "Again")))[0] == "400"

    def test_upload_both_sides_of_a_document(self, org: Unit) -> None:
        answer = apply(org, ssn="000000003")
        [paper] = answer.included
        front, back = (
            data(org.applications.upload(UploadDocumentRequest(answer.data.id, paper.id, io.BytesIO(PNG), "png", side)))
            for side in (False, True)
        )
        wrong = UploadDocumentRequest(answer.data.id, paper.id, io.BytesIO(b"GIF89a"), "png")

        assert (front.attributes["status"], back.attributes["status"]) == ("ReceivedFront", "PendingReview")
        assert data(org.applications.get(answer.data.id)).attributes["status"] == "PendingReview"
        assert refusal(org.applications.upload(wrong)) == ("400", "invalid_value")

    def test_an_applicant_without_an_ssn_is_refused(self, org: Unit) -> None:
        answer = apply(org, ssn=None)

        assert refusal(answer) == ("400", "invalid_value")
        assert answer.errors[0].source == {"pointer": "/data/attributes/ssn"}

    def test_applications_at_thread_bank(self, org: Unit) -> None:
        answers = {
            "account_purpose": "EverydaySpending",
            "source_of_funds": "SalaryOrWages",
            "transaction_volume": "LessThan1K",
            "profession": "Engineer",
        }
        person = (FullName("Ada", "Vance"), date(1990, 2, 3), ADDRESS, Phone("1", "5555550101"), "ada@example.com")
        request = CreateIndividualThreadApplicationRequest("123456789", None, None, *person, **answers)
        classic = data(apply(org)).id
        missing = data(org.applications.get_missing_fields(classic)).attributes["missingFields"]
        upgrade = UpgradeIndividualToThreadApplicationRequest(classic, **answers)
        created = data(org.applications.create_thread_application(request)).id
        upgraded = data(org.applications.upgrade_to_thread_application(upgrade)).id

        assert [each.field_name for each in missing] == ["occupation", "annualIncome", "sourceOfIncome"]
        for application in (created, upgraded):
            assert data(org.applications.get_missing_fields(application)).attributes["missingFields"] == []

    def test_forms_of_version_1(self, org: Unit) -> None:
        form = data(org.applicationForms.create(CreateApplicationFormRequest(tags={"a": "b"})))

        assert data(org.applicationForms.get(form.id)).attributes["url"].startswith(org.cards.configuration.api_url)
        assert len(data(org.applicationForms.list(ListApplicationFormParams(tags={"a": "b"})))) == 1

    def test_read_update_and_archive_customers(self, org: Unit) -> None:
        customer = customer_id(org)
        patch = PatchIndividualCustomerRequest(customer, email="ada@example.org", jwt_subject="user-test-2")
        changed = data(org.customers.update(patch))
        [found] = data(org.customers.list(ListCustomerParams(query="Vance", tags={"tier": "gold"}, sort="createdAt")))
        archived = data(org.customers.archive(ArchiveCustomerRequest(customer, "Inactive")))

        assert changed.attributes["email"] == "ada@example.org"
        assert found.id == data(org.customers.get(customer)).id == customer
        assert archived.attributes["status"] == "Archived"
        assert refusal(org.customers.update(patch))[0] == "400"


class TestAccounts:
    def test_open_update_and_read_accounts(self, org: Unit) -> None:
        customer = customer_id(org)
        account = data(open_account(org, customer)).id
        changed = data(org.accounts.update(PatchDepositAccountRequest(account, "checking", {"for": "saving"})))
        params = ListAccountParams(customer_id=customer, tags={"for": "saving"}, include="customer")
        listed = org.accounts.list(params)

        assert changed.attributes["tags"] == {"for": "saving"}
        assert [each.id for each in data(listed)] == [account]
        assert [each.id for each in org.accounts.get(account, include="customer").included] == [customer]
        assert [each.id for each in listed.included] == [customer]

    def test_account_limits_and_products(self, org: Unit) -> None:
        account = account_id(org, funded=100_000)
        limits = data(org.accounts.limits(account)).attributes
        [product] = data(org.accounts.get_deposit_products(account))

        assert limits["ach"].totals_daily.credits == 100_000
        assert product.attributes["name"] == "checking"

    def test_freeze_close_and_reopen_accounts(self, org: Unit) -> None:
        account = account_id(org)
        steps = [
            org.accounts.freeze_account(FreezeAccountRequest(account, "Other", "Under investigation")),
            org.accounts.unfreeze_account(account),
            org.accounts.close_account(CloseAccountRequest(account)),
            org.accounts.reopen_account(account),
        ]

        assert [data(step).attributes["status"] for step in steps] == ["Frozen", "Open", "Closed", "Open"]
        assert refusal(org.accounts.unfreeze_account(account)) == ("400", "not_supported_for_account_status")

    def test_invalid_accounts_are_refused(self, org: Unit) -> None:
        assert refusal(open_account(org, "1")) == ("400", "customer_not_found")
        assert refusal(open_account(org, customer_id(org), "gold")) == ("400", "invalid_value")


class TestCards:
    def test_create_update_and_read_cards(self, org: Unit) -> None:
        account = account_id(org)
        request = CreateIndividualDebitCard(
            to("account", account), shipping_address=ADDRESS, idempotency_key="one", tags={"for": "Ada"}
        )
        card = data(org.cards.create(request))
        limits = CardLevelLimits(50_000, 50_000, 500_000, 700_000)
        changed = data(org.cards.update(PatchIndividualDebitCard(card.id, tags={"for": "fun"}, limits=limits)))
        wanted: dict[str, Any] = {"account_id": account, "tags": {"for": "fun"}, "status": ["Inactive", "Active"]}
        listed = org.cards.list(ListCardParams(**wanted, include="account"))
        shown = data(org.cards.limits(card.id)).attributes

        assert data(org.cards.create(request)).id == card.id
        assert changed.attributes["tags"] == {"for": "fun"}
        assert [each.id for each in data(listed)] == [card.id]
        assert [each.id for each in listed.included] == [account]
        assert data(org.cards.get(card.id)).attributes["status"] == "Inactive"
        assert shown["limits"].daily_purchase == 50_000
        assert shown["dailyTotals"].purchases == 0

    def test_card_status_changes(self, org: Unit) -> None:
        account = account_id(org)
        card = virtual_card(org, account)
        steps = [org.cards.freeze(card.id), org.cards.unfreeze(card.id), org.cards.close(card.id)]
        lost, stolen = (virtual_card(org, account).id for _ in range(2))

        assert [data(step).attributes["status"] for step in steps] == ["Frozen", "Active", "ClosedByCustomer"]
        assert data(org.cards.report_lost(lost)).attributes["status"] == "Lost"
        assert data(org.cards.report_stolen(stolen)).attributes["status"] == "Stolen"
        assert refusal(org.cards.unfreeze(card.id)) == ("400", "not_supported_for_card_status")

    def test_physical_cards(self, org: Unit) -> None:
        account = account_id(org)
        card = data(org.cards.create(CreateIndividualDebitCard(to("account", account)))).id
        refused = org.cards.get_pin_status(card)
        sandbox(org, f"cards/{card}/activate", "", {})

        assert refusal(refused) == ("400", "not_supported_for_card_status")
        assert data(org.cards.get_pin_status(card)).attributes["status"] == "NotSet"
        assert data(org.cards.replace(card, ADDRESS)).id == card
        assert refusal(org.cards.replace(virtual_card(org, account).id, None))[1] == "not_supported_for_card_type"


class TestMoney:
    def test_transactions(self, org: Unit) -> None:
        account, purchase = charged(org)
        params = ListTransactionParams(account_id=account, type=["Purchase"], exclude_fees=True, include="customer")
        listed = org.transactions.list(params)
        got = org.transactions.get_by_id_and_account(purchase["id"], account, include="account")
        changed = data(org.transactions.update(PatchTransactionRequest(account, purchase["id"], {"trip": "Oakland"})))

        assert [each.id for each in data(listed)] == [purchase["id"]]
        assert data(got).attributes["merchant"].name == "Corner Cafe"
        assert [each.id for each in got.included] == [account]
        assert data(org.transactions.get(purchase["id"], account)).attributes["amount"] == 2_500
        assert changed.attributes["tags"] == {"trip": "Oakland"}

    def test_authorizations(self, org: Unit) -> None:
        account, purchase = charged(org)
        authorization = purchase["relationships"]["authorization"]["data"]["id"]
        params = ListAuthorizationParams(account_id=account, include_non_authorized=True, status="Completed")

        assert [each.id for each in data(org.authorizations.list(params))] == [authorization]
        assert data(org.authorizations.get(authorization)).attributes["status"] == "Completed"

    def test_payments(self, org: Unit) -> None:
        payer, payee = account_id(org, funded=10_000), account_id(org)
        between = {**to("account", payer), "counterpartyAccount": Relationship("depositAccount", payee)}
        payment = data(org.payments.create(CreateBookPaymentRequest(4_000, "Rent", between, "one"))).id
        rejected = data(org.payments.create(CreateBookPaymentRequest(40_000, "Rent", between)))
        changed = data(org.payments.update(PatchBookPaymentRequest(payment, {"month": "June"})))
        params = ListPaymentParams(account_id=payer, type=["BookPayment"], status=["Sent"], include="account")
        everything = data(org.payments.list(ListPaymentParams(account_id=payer)))

        assert data(org.accounts.get(payee)).attributes["balance"] == 4_000
        assert rejected.attributes["reason"] == "InsufficientFunds"
        assert changed.attributes["tags"] == {"month": "June"}
        assert [each.id for each in data(org.payments.list(params))] == [payment]
        assert {each.type for each in everything} == {"bookPayment", "achPayment"}
        assert data(org.payments.get(payment)).attributes["status"] == "Sent"
        assert refusal(org.payments.create(CreateBookPaymentRequest(0, "Rent", between)))[0] == "400"

    def test_received_payments(self, org: Unit) -> None:
        account = account_id(org)
        announced = {"amount": 500, "completionDate": "2026-06-02", "description": "Wages", "companyName": "Acme"}
        payment = sandbox(org, "received-payments", "achReceivedPayment", announced, account=account)["id"]
        pending = data(org.received_payments.list(ListReceivedPaymentParams(account_id=account)))
        sandbox(org, f"received-payments/{payment}/complete", "", {})
        params = ListReceivedPaymentParams(account_id=account, include_completed=True)
        changed = data(org.received_payments.update(PatchReceivedPaymentRequest(payment, {"month": "June"})))

        assert [each.id for each in pending] == [payment]
        assert data(org.received_payments.list(ListReceivedPaymentParams(account_id=account))) == []
        assert [each.id for each in data(org.received_payments.list(params))] == [payment]
        assert changed.attributes["tags"] == {"month": "June"}
        assert data(org.received_payments.get(payment)).attributes["status"] == "Completed"

    def test_counterparties_and_ach_payments(self, org: Unit) -> None:
        account = account_id(org, funded=10_000)
        customer = data(org.accounts.get(account)).relationships["customer"].id
        request = CreateCounterpartyRequest("Bob", "812345678", "1", "Checking", "Person", to("customer", customer))
        counterparty = data(org.counterparty.create(request)).id
        links = to("account", account) | to("counterparty", counterparty)
        payment = data(org.payments.create(CreateLinkedPaymentRequest(500, "Rent", links)))
        listed = data(org.counterparty.list(ListCounterpartyParams(customer_id=customer, account_number="1")))

        assert payment.attributes["status"] == "Pending"
        assert data(org.payments.cancel(payment.id)).attributes["status"] == "Canceled"
        assert [each.id for each in listed] == [counterparty]
        assert data(org.counterparty.get(counterparty)).attributes["name"] == "Bob"
        assert refusal(org.counterparty.get_balance(counterparty)) == ("400", "invalid_value")
        assert data(org.counterparty.delete(counterparty)) == []

    def test_a_received_payment_is_advanced(self, org: Unit) -> None:
        account = account_id(org)
        announced = {"amount": 500, "completionDate": "2026-06-02", "description": "Wages", "companyName": "Acme"}
        payment = sandbox(org, "received-payments", "achReceivedPayment", announced, account=account)["id"]

        assert data(org.received_payments.advance(payment)).attributes["status"] == "Advanced"

    def test_statements_and_balance_history(self, org: Unit, emulated_project: EmulatedProject) -> None:
        account = account_id(org, funded=10_000)
        emulated_project.move_clock(32 * 86_400)
        [*_, statement] = data(org.statements.list(ListStatementParams(account_id=account, sort="-period")))
        days = data(org.account_end_of_day.list(ListAccountEndOfDayParams(account_id=account)))

        assert [day.attributes["balance"] for day in days] == [10_000] * 32
        assert b"Closing balance: $100.00" in data(org.statements.get(GetStatementParams(statement.id)))
        assert data(org.statements.get(GetStatementParams(statement.id, "pdf"))).startswith(b"%PDF")
        assert data(org.statements.get_bank_verification(account)).startswith(b"%PDF")


class TestTokens:
    def test_api_tokens(self, org: Unit, emulated_project: EmulatedProject) -> None:
        request = CreateAPITokenRequest("1", "Reports", "accounts", "2999-01-01T00:00:00.000Z")
        made = data(org.api_tokens.create(request))
        holder = Unit(emulated_project.url, made.attributes["token"])

        assert data(holder.accounts.list()) == []
        assert refusal(holder.customers.list()) == ("403", "forbidden")
        assert [each.id for each in data(org.api_tokens.list("1"))] == [made.id]
        assert data(org.api_tokens.revoke("1", made.id)) == []
        assert refusal(holder.accounts.list()) == ("401", "unauthorized")

    def test_a_verification_code_creates_a_token(self, org: Unit, emulated_project: EmulatedProject) -> None:
        card = virtual_card(org, account_id(org))
        customer = card.relationships["customer"].id
        sent = data(org.customerTokens.create_token_verification(CreateCustomerTokenVerification(customer, "sms")))
        proof = sent.attributes["verificationToken"]
        request = CreateCustomerToken(customer, "cards cards-write", proof, "000001", expires_in=900)
        made = data(org.customerTokens.create_token(request)).attributes
        holder = Unit(emulated_project.url, made["token"])

        assert made["expiresIn"] == 900
        assert data(holder.cards.freeze(card.id)).attributes["status"] == "Frozen"
        assert refusal(holder.accounts.list()) == ("403", "forbidden")
        assert refusal(holder.applications.list()) == ("403", "forbidden")

    def test_invalid_token_requests_are_refused(self, org: Unit) -> None:
        customer = customer_id(org)
        bare = CreateCustomerToken(customer, "cards-write")
        wrong_code = CreateCustomerToken(customer, "cards-write", verification_code="999999")
        wrong_jwt = CreateCustomerToken(customer, "cards-write", jwt_token="no.jwt.atall")

        assert refusal(org.customerTokens.create_token(bare)) == ("403", "forbidden")
        assert refusal(org.customerTokens.create_token(wrong_code)) == ("400", "invalid_value")
        assert refusal(org.customerTokens.create_token(wrong_jwt)) == ("400", "invalid_value")
        assert refusal(
            org.customerTokens.create_token_verification(CreateCustomerTokenVerification(customer, "pigeon"))
        ) == ("400", "invalid_value")


class TestWebhooks:
    def test_webhooks(self, org: Unit) -> None:
        request = CreateWebhookRequest("Events", "https://example.com/hooks", "webhook-secret", "Json")
        webhook = data(org.webhooks.create(request)).id
        changed = data(org.webhooks.update(PatchWebhookRequest(webhook, label="Theirs")))
        disabled = data(org.webhooks.disable(webhook)).attributes["status"]
        enabled = data(org.webhooks.enable(webhook)).attributes["status"]
        wrong = CreateWebhookRequest("Events", "http://example.com", "webhook-secret", "Json")

        assert changed.attributes["label"] == "Theirs"
        assert (disabled, enabled) == ("Disabled", "Enabled")
        assert [each.id for each in data(org.webhooks.list())] == [webhook]
        assert data(org.webhooks.get(webhook)).attributes["token"] == "webhook-secret"
        assert refusal(org.webhooks.create(wrong)) == ("400", "invalid_value")

    def test_events(self, org: Unit) -> None:
        customer = customer_id(org)
        [event] = data(org.events.list(ListEventParams(type=["customer.created"])))

        assert event.relationships["customer"].id == customer
        assert isinstance(data(org.events.get(event.id)).attributes["createdAt"], datetime)
        assert data(org.events.fire(event.id)) == []
