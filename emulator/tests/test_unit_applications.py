"""Applications, application forms and customers of the emulated Unit."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import Any

import pytest
import requests
import time_machine

from stytch_unit_emulator import Store
from stytch_unit_emulator.unit import (
    PendingApplication,
    UnitFault,
    application_documents,
    decide,
    open_form,
    pending_applications,
    submit,
)

from .conftest import UNIT_URL, UnitOverHTTP
from .unit_story import ADA, USER_ID, Bank, document, errors

TENANT = "nobody"


@pytest.mark.parametrize(
    ("ssn", "status", "document_type"),
    [
        ("123456789", "Approved", None),
        ("000000001", "Denied", None),
        ("000000002", "AwaitingDocuments", "AddressVerification"),
        ("000000003", "AwaitingDocuments", "IdDocument"),
        ("000000004", "PendingReview", None),
        ("000000005", "Pending", None),
        ("000000006", "AwaitingDocuments", "SocialSecurityCard"),
    ],
)
def test_the_ssn_controls_the_result(unit: UnitOverHTTP, ssn: str, status: str, document_type: str | None) -> None:
    body = unit("POST", "/applications", document("individualApplication", ADA | {"ssn": ssn})).json()

    required = [(each["attributes"]["documentType"], each["attributes"]["status"]) for each in body["included"]]
    assert body["data"]["attributes"]["status"] == status
    assert required == ([(document_type, "Required")] if document_type else [])
    assert ("customer" in body["data"]["relationships"]) == (status == "Approved")


def test_an_application_shows_its_attributes(bank: Bank) -> None:
    attributes = bank.application(ip="127.0.0.1", idempotencyKey="key", occupation="Doctor")["attributes"]

    assert attributes["maskedSSN"] == "*****6789"
    assert attributes["jwtSubject"] == USER_ID
    assert attributes["decisionMethod"] == "Automatically"
    assert (attributes["ip"], attributes["occupation"]) == ("127.0.0.1", "Doctor")
    assert "idempotencyKey" not in attributes


def test_an_approved_application_creates_a_customer_with_its_subject_and_tags(bank: Bank) -> None:
    application = bank.application(tags={"appUserId": "42"})

    customer = bank.read(f"/customers/{application['relationships']['customer']['data']['id']}")

    assert customer["type"] == "individualCustomer"
    assert customer["attributes"]["status"] == "Active"
    assert customer["attributes"]["jwtSubject"] == USER_ID
    assert customer["attributes"]["tags"] == {"appUserId": "42"}
    assert customer["relationships"]["application"]["data"] == {"type": "application", "id": application["id"]}


def test_a_pending_application_is_approved_five_seconds_later(bank: Bank, clock: time_machine.Traveller) -> None:
    path = f"/applications/{bank.application(ssn='000000005')['id']}"
    clock.shift(4.9)
    before = bank.read(path)
    clock.shift(0.1)

    after = bank.read(path)

    assert before["attributes"]["status"] == "Pending"
    assert after["attributes"]["status"] == "Approved"
    assert bank.read(f"/customers/{after['relationships']['customer']['data']['id']}")


def test_a_pending_application_creates_one_customer(bank: Bank, clock: time_machine.Traveller) -> None:
    bank.application(ssn="000000005")
    clock.shift(5)

    bank.read("/applications")
    bank.read("/applications")

    assert len(bank.read("/customers")) == 1


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"ssn": None}, ["ssn"]),
        ({"ssn": None, "passport": "P1"}, ["nationality"]),
        ({"ssn": "12345678"}, ["ssn"]),
        ({"ssn": "١٢٣٤٥٦٧٨٩"}, ["ssn"]),
        ({"dateOfBirth": "2026-06-01"}, ["dateOfBirth"]),
        ({"dateOfBirth": "1990-02-30"}, ["dateOfBirth"]),
        ({"dateOfBirth": 1990}, ["dateOfBirth"]),
        ({"email": "ada"}, ["email"]),
        ({"phone": {"countryCode": "+1", "number": "5555550101"}}, ["phone/countryCode"]),
        ({"fullName": {"first": "", "last": "x" * 256}}, ["fullName/first", "fullName/last"]),
        ({"fullName": "Ada"}, ["fullName"]),
        ({"address": ADA["address"] | {"postalCode": "9460"}}, ["address/postalCode"]),
        ({"annualIncome": "Plenty"}, ["annualIncome"]),
        ({"tags": {"a b": "c"}}, ["tags/a b"]),
        ({"tags": {"a": ""}}, ["tags/a"]),
        ({"tags": dict.fromkeys("abcdefghijklmnop", "x")}, ["tags"]),
        ({"idempotencyKey": ""}, ["idempotencyKey"]),
        ({"soleProprietorship": "yes"}, ["soleProprietorship"]),
        ({"deviceFingerprints": [{"provider": "iovation", "value": "x"}] * 2}, ["deviceFingerprints"]),
    ],
)
def test_an_invalid_attribute_is_refused(unit: UnitOverHTTP, changes: dict[str, Any], pointers: list[str]) -> None:
    response = unit("POST", "/applications", document("individualApplication", ADA | changes))

    assert response.status_code == 400
    assert errors(response) == [("invalid_value", f"/data/attributes/{pointer}") for pointer in pointers]


def test_a_passport_with_nationality_replaces_the_ssn(bank: Bank) -> None:
    application = bank.application(ssn=None, passport="P123", nationality="GB")

    assert application["attributes"]["status"] == "Approved"


def test_an_idempotency_key_creates_one_application(bank: Bank) -> None:
    first = bank.application(idempotencyKey="key")

    again = bank.application(idempotencyKey="key")

    assert again["id"] == first["id"]
    assert len(bank.read("/customers")) == 1


@pytest.mark.usefixtures("long_lived_tenants")
def test_an_idempotency_key_expires_after_48_hours(bank: Bank, clock: time_machine.Traveller) -> None:
    first = bank.application(idempotencyKey="key")
    clock.shift(timedelta(hours=48) - timedelta(seconds=1))
    replay = bank.application(idempotencyKey="key")
    clock.shift(timedelta(seconds=1))

    later = bank.application(idempotencyKey="key")

    assert replay["id"] == first["id"]
    assert later["id"] != first["id"]
    assert bank.application(idempotencyKey="key")["id"] == later["id"]


def test_a_refused_request_does_not_use_up_its_idempotency_key(bank: Bank, unit: UnitOverHTTP) -> None:
    unit("POST", "/applications", document("individualApplication", ADA | {"idempotencyKey": "key", "ssn": "1"}))

    application = bank.application(idempotencyKey="key")

    assert application["attributes"]["status"] == "Approved"


def test_an_idempotency_key_can_be_reused_by_another_operation(bank: Bank) -> None:
    customer = bank.customer(idempotencyKey="key")

    account = bank.create(
        "/accounts", "depositAccount", {"depositProduct": "checking", "idempotencyKey": "key"}, customer=customer
    )

    assert account["type"] == "depositAccount"


def test_tags_and_employment_of_an_application_can_be_changed(bank: Bank, unit: UnitOverHTTP) -> None:
    path = f"/applications/{bank.application(tags={'a': '1', 'b': '2'})['id']}"
    changes = {"tags": {"a": None, "c": "3"}, "occupation": "Student"}

    response = unit("PATCH", path, document("individualApplication", changes))

    attributes = response.json()["data"]["attributes"]
    assert attributes["tags"] == {"b": "2", "c": "3"}
    assert attributes["occupation"] == "Student"


def test_an_update_keeps_other_attributes(bank: Bank, unit: UnitOverHTTP) -> None:
    path = f"/applications/{bank.application(tags={'a': '1'})['id']}"

    unit("PATCH", path, document("individualApplication", {"occupation": "Student"}))

    assert bank.read(path)["attributes"]["tags"] == {"a": "1"}


def test_an_applications_subject_cannot_be_changed(bank: Bank, unit: UnitOverHTTP) -> None:
    path = f"/applications/{bank.application()['id']}"

    response = unit("PATCH", path, document("individualApplication", {"jwtSubject": "user-test-2"}))

    assert response.status_code == 400
    assert errors(response) == [("invalid_value", "/data/attributes/jwtSubject")]


@pytest.mark.parametrize("ssn", ["000000002", "000000004"])
def test_an_application_under_review_can_be_canceled(bank: Bank, ssn: str) -> None:
    application = bank.application(ssn=ssn)

    canceled = bank.create(f"/applications/{application['id']}/cancel", "applicationCancel", {"reason": "By mistake"})

    assert canceled["attributes"]["status"] == "Canceled"
    assert canceled["attributes"]["decisionReason"] == "By mistake"


@pytest.mark.parametrize("ssn", ["123456789", "000000001", "000000005"])
def test_a_decided_or_pending_application_cannot_be_canceled(bank: Bank, unit: UnitOverHTTP, ssn: str) -> None:
    response = unit("POST", f"/applications/{bank.application(ssn=ssn)['id']}/cancel")

    assert response.status_code == 400
    assert errors(response) == [("invalid_value", None)]


@pytest.mark.parametrize(
    ("verb", "resource_type", "status"),
    [("approve", "applicationApprove", "Approved"), ("deny", "applicationDeny", "Denied")],
)
@pytest.mark.parametrize("ssn", ["000000003", "000000004"])
def test_an_application_under_review_can_be_approved_or_denied(
    bank: Bank, unit: UnitOverHTTP, ssn: str, verb: str, resource_type: str, status: str
) -> None:
    path = f"/sandbox/applications/{bank.application(ssn=ssn)['id']}/{verb}"

    response = unit("POST", path, document(resource_type, {"reason": "sandbox"}))

    application = response.json()["data"]
    assert response.status_code == 200
    assert application["attributes"]["status"] == status
    assert application["attributes"]["decisionMethod"] == "Manually"
    assert ("customer" in application["relationships"]) == (status == "Approved")


@pytest.mark.parametrize("verb", ["approve", "deny"])
@pytest.mark.parametrize("ssn", ["123456789", "000000001", "000000005"])
def test_only_an_application_under_review_can_be_decided(bank: Bank, unit: UnitOverHTTP, ssn: str, verb: str) -> None:
    response = unit("POST", f"/sandbox/applications/{bank.application(ssn=ssn)['id']}/{verb}")

    assert response.status_code == 400
    assert errors(response) == [("invalid_value", None)]


def required_document(bank: Bank) -> tuple[str, str]:
    """The paths of an application that awaits a document, and of its document."""
    application = bank.application(ssn="000000002")
    document_id = application["relationships"]["documents"]["data"][0]["id"]
    return f"/applications/{application['id']}", f"/sandbox/applications/{application['id']}/documents/{document_id}"


def test_approving_its_document_approves_an_application(bank: Bank, unit: UnitOverHTTP) -> None:
    application, required = required_document(bank)

    response = unit("POST", f"{required}/approve")

    assert response.json()["data"]["attributes"]["status"] == "Approved"
    assert bank.read(application)["attributes"]["status"] == "Approved"


def test_rejecting_its_document_keeps_an_application_waiting(bank: Bank, unit: UnitOverHTTP) -> None:
    application, required = required_document(bank)
    reason = {"reason": "Too dark", "reasonCode": "PoorQuality"}

    response = unit("POST", f"{required}/reject", document("documentReject", reason))

    assert response.json()["data"]["attributes"]["status"] == "Invalid"
    assert response.json()["data"]["attributes"]["reason"] == "Too dark"
    assert bank.read(application)["attributes"]["status"] == "AwaitingDocuments"


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_a_document_of_a_decided_application_cannot_be_reviewed(bank: Bank, unit: UnitOverHTTP, verb: str) -> None:
    _, required = required_document(bank)
    unit("POST", f"{required}/approve")

    response = unit("POST", f"{required}/{verb}")

    assert response.status_code == 400
    assert errors(response) == [("invalid_value", None)]


def test_a_document_is_not_found_under_another_application(bank: Bank, unit: UnitOverHTTP) -> None:
    other = bank.application(ssn="000000002")["id"]
    document_id = required_document(bank)[1].rpartition("/")[2]

    response = unit("POST", f"/sandbox/applications/{other}/documents/{document_id}/approve")

    assert response.status_code == 404


PNG = b"\x89PNG and so on"


def upload(
    unit: UnitOverHTTP, application: dict[str, Any], content: bytes = PNG, kind: str = "image/png", side: str = ""
) -> requests.Response:
    [paper] = application["relationships"]["documents"]["data"]
    return unit.http.put(
        f"{UNIT_URL}/applications/{application['id']}/documents/{paper['id']}{side}",
        data=content,
        headers={"Authorization": f"Bearer {unit.token}", "Content-Type": kind},
    )


@pytest.mark.parametrize(
    ("ssn", "params", "types"),
    [
        ("123456789", {"useSelfieVerification": "Never"}, []),
        ("123456789", {"requireIdVerification": True}, ["IdDocument"]),
        ("123456789", {"useSelfieVerification": "Always"}, ["SelfieVerification"]),
        ("123456789", {"useSelfieVerification": "ReplaceIdentification"}, []),
        ("000000003", {"useSelfieVerification": "ReplaceIdentification"}, ["SelfieVerification"]),
        ("000000003", {"useSelfieVerification": "Always"}, ["IdDocument", "SelfieVerification"]),
    ],
)
def test_the_evaluation_parameters_decide_on_documents(
    bank: Bank, ssn: str, params: dict[str, Any], types: list[str]
) -> None:
    application = bank.application(ssn=ssn, evaluationParams=params)

    papers = bank.read(f"/applications/{application['id']}/documents")
    assert [each["attributes"]["documentType"] for each in papers] == types
    assert application["attributes"]["status"] == ("AwaitingDocuments" if types else "Approved")


class TestSelfies:
    JOB = document("selfieVerification", {"jobId": "job-1"})

    @pytest.fixture
    def application(self, bank: Bank) -> dict[str, Any]:
        """An application that needs an identity document and a selfie."""
        return bank.application(ssn="000000003", evaluationParams={"useSelfieVerification": "Always"})

    @staticmethod
    def paths(application: dict[str, Any]) -> list[str]:
        papers = application["relationships"]["documents"]["data"]
        return [f"/applications/{application['id']}/documents/{each['id']}" for each in papers]

    def test_the_application_is_under_review_once_every_document_is_there(
        self, bank: Bank, unit: UnitOverHTTP, application: dict[str, Any]
    ) -> None:
        identity, selfie = self.paths(application)
        headers = {"Authorization": f"Bearer {unit.token}", "Content-Type": "image/png"}

        verified = unit("POST", f"{selfie}/verify", self.JOB).json()["data"]
        between = bank.read(f"/applications/{application['id']}")["attributes"]["status"]
        for side in ("", "/back"):
            unit.http.put(f"{UNIT_URL}{identity}{side}", data=PNG, headers=headers)

        assert verified["attributes"]["status"] == "PendingReview"
        assert between == "AwaitingDocuments"
        assert bank.read(f"/applications/{application['id']}")["attributes"]["status"] == "PendingReview"

    def test_the_last_approved_document_approves_the_application(
        self, bank: Bank, unit: UnitOverHTTP, application: dict[str, Any]
    ) -> None:
        statuses = []
        unit("POST", f"/applications/{application['id']}/documents")  # not needed for the decision
        for path in self.paths(application):
            unit("POST", f"/sandbox{path}/approve")
            statuses.append(bank.read(f"/applications/{application['id']}")["attributes"]["status"])

        assert statuses == ["AwaitingDocuments", "Approved"]

    def test_only_a_selfie_verification_can_be_verified(self, unit: UnitOverHTTP, application: dict[str, Any]) -> None:
        response = unit("PUT", f"{self.paths(application)[0]}/verify", self.JOB)

        assert errors(response) == [("invalid_value", None)]


def test_the_org_can_ask_for_a_document_of_its_own(bank: Bank, unit: UnitOverHTTP) -> None:
    application = bank.application()

    asked = unit("POST", f"/applications/{application['id']}/documents")

    [paper] = bank.read(f"/applications/{application['id']}/documents")
    headers = {"Authorization": f"Bearer {unit.token}", "Content-Type": "image/png"}
    path = f"{UNIT_URL}/applications/{application['id']}/documents/{paper['id']}"
    assert (asked.status_code, paper["attributes"]["documentType"]) == (200, "ClientRequested")
    assert unit.http.put(path, data=PNG, headers=headers).json()["data"]["attributes"]["status"] == "PendingReview"
    assert bank.read(f"/applications/{application['id']}")["attributes"]["status"] == "Approved"


@pytest.mark.parametrize(
    ("content", "kind", "side"),
    [
        (PNG, "image/png", ""),
        (b"%PDF-1.7", "application/pdf", "/back"),
        pytest.param(b"\xff\xd8\xff\xe0" + bytes(100_000), "image/jpeg", "", id="a_large_jpeg"),
    ],
)
def test_an_uploaded_document_awaits_review(
    bank: Bank, unit: UnitOverHTTP, content: bytes, kind: str, side: str
) -> None:
    application = bank.application(ssn="000000002")

    uploaded = upload(unit, application, content, kind, side)

    [paper] = bank.read(f"/applications/{application['id']}/documents")
    assert uploaded.json()["data"] == paper
    assert paper["attributes"]["status"] == "PendingReview"
    assert bank.read(f"/applications/{application['id']}")["attributes"]["status"] == "PendingReview"


@pytest.mark.parametrize("sides", [("", "/back"), ("/back", "")])
def test_an_identity_document_needs_both_sides(bank: Bank, unit: UnitOverHTTP, sides: tuple[str, str]) -> None:
    application = bank.application(ssn="000000003")
    seen = []
    for side in sides:
        paper = upload(unit, application, side=side).json()["data"]["attributes"]
        seen.append((paper["status"], bank.read(f"/applications/{application['id']}")["attributes"]["status"]))

    first = "ReceivedBack" if sides[0] else "ReceivedFront"
    assert seen == [(first, "AwaitingDocuments"), ("PendingReview", "PendingReview")]


def test_of_a_file_only_type_size_and_hash_are_stored(bank: Bank, unit: UnitOverHTTP, store: Store) -> None:
    shown = upload(unit, bank.application(ssn="000000002")).json()["data"]

    with store.read(TENANT) as tenant:
        [paper] = tenant.all("document")
    assert "internal" not in shown
    assert paper["internal"]["files"] == {
        "front": {"type": "image/png", "size": len(PNG), "sha256": hashlib.sha256(PNG).hexdigest()}
    }


def test_a_document_can_be_uploaded_as_multipart(bank: Bank, unit: UnitOverHTTP) -> None:
    application = bank.application(ssn="000000002")
    [paper] = application["relationships"]["documents"]["data"]

    response = unit.http.put(
        f"{UNIT_URL}/applications/{application['id']}/documents/{paper['id']}/multipart",
        files={"file": ("id.png", PNG, "image/png")},
        headers={"Authorization": f"Bearer {unit.token}"},
    )

    assert response.json()["data"]["attributes"]["status"] == "PendingReview"


def test_a_rejected_document_can_be_uploaded_again(bank: Bank, unit: UnitOverHTTP) -> None:
    application = bank.application(ssn="000000002")
    [paper] = application["relationships"]["documents"]["data"]
    path = f"/sandbox/applications/{application['id']}/documents/{paper['id']}"
    upload(unit, application)
    unit("POST", f"{path}/reject", document("documentReject", {"reason": "Blurred", "reasonCode": "PoorQuality"}))
    waits_again = bank.read(f"/applications/{application['id']}")["attributes"]["status"]
    again = upload(unit, application).json()["data"]["attributes"]

    unit("POST", f"{path}/approve")

    assert waits_again == "AwaitingDocuments"
    assert "reason" not in again
    assert bank.read(f"/applications/{application['id']}")["attributes"]["status"] == "Approved"


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"", "image/png"), (b"GIF89a", "image/gif"), (PNG, "application/pdf"), (b"{}", "application/vnd.api+json")],
)
def test_only_pdf_png_and_jpeg_files_are_accepted(bank: Bank, unit: UnitOverHTTP, content: bytes, kind: str) -> None:
    response = upload(unit, bank.application(ssn="000000003"), content, kind)

    assert response.status_code == 400
    assert errors(response) == [("invalid_value", None)]


def test_a_file_over_20_mib_is_too_large(bank: Bank, unit: UnitOverHTTP, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application_documents, "MAX_BYTES", 100)

    response = upload(unit, bank.application(ssn="000000003"), PNG + bytes(100))

    assert response.status_code == 413


def test_a_decided_application_accepts_no_documents(bank: Bank, unit: UnitOverHTTP) -> None:
    application = bank.application(ssn="000000003")
    unit("POST", f"/sandbox/applications/{application['id']}/deny")

    response = upload(unit, application)

    assert response.status_code == 400
    assert errors(response) == [("invalid_value", None)]


def test_a_visitor_sees_applications_that_await_a_decision(bank: Bank, store: Store) -> None:
    bank.application()
    in_review = bank.application(ssn="000000004")
    awaiting = bank.application(ssn="000000003")

    with store.read(TENANT) as tenant:
        found = pending_applications(tenant)

    assert found == [
        PendingApplication(in_review["id"], "Ada Vance", "PendingReview", has_documents=False),
        PendingApplication(awaiting["id"], "Ada Vance", "AwaitingDocuments", has_documents=False),
    ]


@pytest.mark.parametrize(("decision", "status"), [("approve", "Approved"), ("deny", "Denied")])
def test_a_visitor_decides_as_the_bank(bank: Bank, store: Store, decision: str, status: str) -> None:
    application = bank.application(ssn="000000004")

    with store.change(TENANT) as tenant:
        decide(tenant, application["id"], decision)

    assert bank.read(f"/applications/{application['id']}")["attributes"]["status"] == status


def test_a_visitor_rejects_a_document_as_the_bank(bank: Bank, unit: UnitOverHTTP, store: Store) -> None:
    application = bank.application(ssn="000000002")
    upload(unit, application)

    with store.change(TENANT) as tenant:
        can_reject = [each.has_documents for each in pending_applications(tenant)]
        decide(tenant, application["id"], "reject")

    [paper] = bank.read(f"/applications/{application['id']}/documents")
    assert can_reject == [True]
    assert (paper["attributes"]["status"], paper["attributes"]["reasonCode"]) == ("Invalid", "PoorQuality")
    assert bank.read(f"/applications/{application['id']}")["attributes"]["status"] == "AwaitingDocuments"


@pytest.mark.parametrize("ssn", ["123456789", "000000001"])
def test_a_visitor_decides_once(bank: Bank, store: Store, ssn: str) -> None:
    application = bank.application(ssn=ssn)

    with store.change(TENANT) as tenant, pytest.raises(UnitFault):
        decide(tenant, application["id"], "approve")


def test_a_visitor_cannot_decide_on_an_unknown_application(store: Store) -> None:
    with store.change(TENANT) as tenant, pytest.raises(UnitFault, match="not_found"):
        decide(tenant, "1", "approve")


class TestCustomers:
    """Customers, created by applications."""

    def test_contact_details_tags_and_subject_can_be_changed(self, bank: Bank, unit: UnitOverHTTP) -> None:
        path = f"/customers/{bank.customer(tags={'a': '1', 'b': '2'}, jwtSubject=None)}"
        changes = {"email": "new@example.com", "jwtSubject": USER_ID, "tags": {"a": None, "b": "3"}}

        response = unit("PATCH", path, document("individualCustomer", changes))

        attributes = response.json()["data"]["attributes"]
        assert response.status_code == 200
        assert {name: attributes[name] for name in changes} == changes | {"tags": {"b": "3"}}

    @pytest.mark.parametrize("name", ["email", "phone", "address"])
    def test_null_keeps_contact_details(self, bank: Bank, unit: UnitOverHTTP, name: str) -> None:
        path = f"/customers/{bank.customer()}"
        before = bank.read(path)["attributes"][name]

        changed = unit("PATCH", path, document("individualCustomer", {name: None}))

        assert changed.json()["data"]["attributes"][name] == before

    def test_the_answers_about_income_can_be_changed(self, bank: Bank, unit: UnitOverHTTP) -> None:
        answers = {"occupation": "Doctor", "annualIncome": "UpTo10k", "sourceOfIncome": "PersonalInvestments"}

        changed = unit("PATCH", f"/customers/{bank.customer()}", document("individualCustomer", answers))

        assert changed.json()["data"]["attributes"].items() >= answers.items()

    def test_a_subject_can_be_removed(self, bank: Bank, unit: UnitOverHTTP) -> None:
        path = f"/customers/{bank.customer()}"

        unit("PATCH", path, document("individualCustomer", {"jwtSubject": None}))

        assert "jwtSubject" not in bank.read(path)["attributes"]

    @pytest.mark.parametrize("attribute", ["fullName", "dateOfBirth", "ssn"])
    def test_a_customers_identity_cannot_be_changed(self, bank: Bank, unit: UnitOverHTTP, attribute: str) -> None:
        path = f"/customers/{bank.customer()}"

        response = unit("PATCH", path, document("individualCustomer", {attribute: ADA[attribute]}))

        assert response.status_code == 400
        assert errors(response) == [("invalid_value", f"/data/attributes/{attribute}")]

    def test_merged_tags_are_limited_to_15(self, bank: Bank, unit: UnitOverHTTP) -> None:
        path = f"/customers/{bank.customer(tags=dict.fromkeys('abcdefghijklmno', 'x'))}"

        response = unit("PATCH", path, document("individualCustomer", {"tags": {"p": "x"}}))

        assert response.status_code == 400
        assert errors(response) == [("invalid_value", "/data/attributes/tags")]

    def test_the_tags_scope_changes_tags_only(self, bank: Bank) -> None:
        customer = bank.customer()
        holder = bank.customer_token(customer, "customer-tags-write")

        tags = holder("PATCH", f"/customers/{customer}", document("individualCustomer", {"tags": {"a": "1"}}))
        email = holder("PATCH", f"/customers/{customer}", document("individualCustomer", {"email": "x@example.com"}))

        assert tags.status_code == 200
        assert email.status_code == 403

    def test_a_customer_token_cannot_change_the_subject(self, bank: Bank) -> None:
        customer = bank.customer()
        holder = bank.customer_token(customer, "customers-write")

        response = holder("PATCH", f"/customers/{customer}", document("individualCustomer", {"jwtSubject": "me"}))

        assert response.status_code == 403
        assert bank.read(f"/customers/{customer}")["attributes"]["jwtSubject"] == USER_ID

    def test_a_customer_token_sees_its_own_customer_only(self, bank: Bank) -> None:
        customer = bank.customer()
        bank.customer()

        response = bank.customer_token(customer, "customers")("GET", "/customers")

        assert [each["id"] for each in response.json()["data"]] == [customer]

    def test_an_archived_customer_can_be_read(self, bank: Bank, unit: UnitOverHTTP) -> None:
        path = f"/customers/{bank.customer()}"

        response = unit("POST", f"{path}/archive", document("archiveCustomer", {"reason": "FraudCardActivity"}))

        assert response.status_code == 200
        assert bank.read(path)["attributes"]["status"] == "Archived"
        assert bank.read(path)["attributes"]["archiveReason"] == "FraudCardActivity"
        assert bank.read("/customers?filter[status][0]=Active") == []

    @pytest.mark.parametrize(
        ("method", "path", "resource_type", "attributes"),
        [
            ("PATCH", "", "individualCustomer", {"email": "x@example.com"}),
            ("POST", "/archive", "archiveCustomer", {"reason": "Inactive"}),
            ("POST", "/token", "customerToken", {"scope": "cards"}),
            ("POST", "/token/verification", "customerTokenVerification", {"channel": "sms"}),
        ],
    )
    def test_an_archived_customer_refuses_writes(
        self, bank: Bank, unit: UnitOverHTTP, method: str, path: str, resource_type: str, attributes: dict[str, str]
    ) -> None:
        customer = bank.customer()
        unit("POST", f"/customers/{customer}/archive")

        response = unit(method, f"/customers/{customer}{path}", document(resource_type, attributes))

        assert response.status_code == 400
        assert errors(response) == [("invalid_value", None)]

    def test_an_archived_customer_gets_no_account_or_card(self, bank: Bank, unit: UnitOverHTTP) -> None:
        customer = bank.customer()
        account = bank.account(customer)
        unit("POST", f"/customers/{customer}/archive")

        refused = [
            unit("POST", "/accounts", document("depositAccount", {"depositProduct": "checking"}, customer=customer)),
            unit("POST", "/cards", document("individualVirtualDebitCard", {}, account=account)),
        ]

        assert [errors(each) for each in refused] == [
            [("invalid_value", "/data/relationships/customer")],
            [("invalid_value", "/data/relationships/account")],
        ]


class TestForms:
    """Application forms, of version 2 unless a test says otherwise."""

    @pytest.fixture
    def ask(self, unit: UnitOverHTTP) -> Any:
        """Create a form."""

        def ask(
            version: str = "V2024_06", related: dict[str, str] | None = None, **attributes: object
        ) -> requests.Response:
            headers = {"Authorization": f"Bearer {unit.token}", "X-Accept-Version": version}
            body = document("applicationForm", {"idempotencyKey": "key"} | attributes, **(related or {}))
            return unit.http.post(f"{UNIT_URL}/application-forms", json=body, headers=headers)

        return ask

    def test_a_form_has_a_link(self, ask: Any) -> None:
        response = ask(tags={"a": "1"}, settingsOverride={"redirectUrl": "https://example.com/done"})

        form = response.json()["data"]
        assert response.status_code == 201
        assert form["type"] == "applicationFormV2"
        assert form["links"]["related"]["type"] == "text/html"
        assert form["links"]["related"]["href"].endswith(form["attributes"]["applicationFormToken"]["token"])
        assert form["attributes"]["applicationFormToken"]["expiration"] == "2026-06-02T12:00:00.000Z"
        assert form["attributes"]["applicationFormSettings"] == {"redirectUrl": "https://example.com/done"}

    def test_a_version_1_form_has_its_link_in_an_attribute(self, ask: Any, store: Store, unit: UnitOverHTTP) -> None:
        form = ask(version="", tags={"a": "1"}, applicantDetails={"email": "bob@example.com"}).json()["data"]
        token = form["attributes"]["url"].rpartition("/")[2]
        typed = {name: value for name, value in ADA.items() if name not in ("email", "jwtSubject")}

        with store.change(TENANT) as tenant:
            submit(tenant, open_form(tenant, token), typed)

        submitted = unit("GET", f"/application-forms/{form['id']}?include=application").json()
        assert (form["type"], form["attributes"]["stage"]) == ("applicationForm", "ChooseBusinessOrIndividual")
        assert submitted["data"]["attributes"]["stage"] == "IndividualApplicationCreated"
        assert submitted["included"][0]["attributes"]["email"] == "bob@example.com"

    @pytest.mark.parametrize(
        "attributes",
        [
            {"requestedProducts": ["Banking"]},
            {"allowedApplicationTypes": ["SingleMemberBusiness", "MultipleMemberBusiness"]},
            {"settingsOverride": {"useSelfieVerification": True, "disablePassportApplication": True}},
            {"applicantDetails": {"soleProprietorship": True, "dba": "Ada's"}},
            {"applicantDetails": {"applicationType": "Business", "name": "Ada's", "contact": {"email": "a@b.c"}}},
        ],
    )
    def test_a_form_may_have_the_newer_attributes(self, ask: Any, attributes: dict[str, Any]) -> None:
        assert ask(**attributes).status_code == 201

    def test_a_form_may_have_a_theme_and_a_lending_program(self, ask: Any) -> None:
        assert ask(related={"whiteLabelTheme": "1", "lendingProgram": "2"}).status_code == 201

    def test_a_form_can_be_linked_to_an_application(self, ask: Any, bank: Bank) -> None:
        application = bank.application(ssn="000000002")["id"]

        form = ask(related={"application": application}).json()["data"]

        assert form["relationships"]["application"]["data"]["id"] == application

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("filter[query]=vance", 1),
            ("filter[email]=ada@example.com", 1),
            ("filter[email]=bob@example.com", 0),
            ("filter[status][0]=Pending", 1),
            ("filter[status][0]=Approved", 0),
        ],
    )
    def test_forms_can_be_filtered(self, ask: Any, bank: Bank, query: str, found: int) -> None:
        ask(applicantDetails={"fullName": ADA["fullName"], "email": ADA["email"]})

        assert len(bank.read(f"/application-forms?{query}")) == found

    def test_a_version_2_form_needs_an_idempotency_key(self, ask: Any) -> None:
        response = ask(idempotencyKey=None)

        assert response.status_code == 400
        assert errors(response) == [("invalid_value", "/data/attributes/idempotencyKey")]

    def test_an_idempotency_key_creates_one_form(self, ask: Any) -> None:
        assert ask().json() == ask().json()

    def test_reading_a_form_a_day_later_renews_its_link(
        self, ask: Any, bank: Bank, clock: time_machine.Traveller
    ) -> None:
        form = ask().json()["data"]
        path = f"/application-forms/{form['id']}"
        clock.shift(timedelta(hours=24) - timedelta(seconds=1))
        before = bank.read(path)
        clock.shift(timedelta(seconds=1))

        after = bank.read(path)

        assert before["links"] == form["links"]
        assert after["links"] != form["links"]
        assert bank.read(path) == after

    def test_an_unknown_or_expired_form_link_is_not_found(
        self, ask: Any, store: Store, clock: time_machine.Traveller
    ) -> None:
        token = ask().json()["data"]["attributes"]["applicationFormToken"]["token"]
        clock.shift(timedelta(hours=24))

        with store.read(TENANT) as tenant, pytest.raises(UnitFault, match="not_found"):
            open_form(tenant, token)
        with store.read(TENANT) as tenant, pytest.raises(UnitFault, match="not_found"):
            open_form(tenant, "\0nonsense")

    def test_a_new_form_link_replaces_the_old_one(
        self, ask: Any, bank: Bank, store: Store, clock: time_machine.Traveller
    ) -> None:
        form = ask().json()["data"]
        clock.shift(timedelta(hours=24))
        fresh = bank.read(f"/application-forms/{form['id']}")

        with store.read(TENANT) as tenant:
            opened = open_form(tenant, fresh["attributes"]["applicationFormToken"]["token"])
            with pytest.raises(UnitFault, match="not_found"):
                open_form(tenant, form["attributes"]["applicationFormToken"]["token"])

        assert opened["id"] == form["id"]

    def test_a_submitted_form_creates_an_application(self, ask: Any, store: Store, unit: UnitOverHTTP) -> None:
        prefill = {name: value for name, value in ADA.items() if name not in ("ssn", "jwtSubject")}
        form = ask(jwtSubject=USER_ID, tags={"a": "1"}, applicantDetails=prefill).json()["data"]

        with store.change(TENANT) as tenant:
            opened = open_form(tenant, form["attributes"]["applicationFormToken"]["token"])
            application = submit(tenant, opened, {"ssn": "123456789", "jwtSubject": "another visitor"})

        body = unit("GET", f"/application-forms/{form['id']}?include=application").json()
        assert body["data"]["relationships"]["application"]["data"]["id"] == application["id"]
        assert body["included"][0]["attributes"]["status"] == "Approved"
        assert body["included"][0]["attributes"]["jwtSubject"] == USER_ID
        assert body["included"][0]["attributes"]["tags"] == {"a": "1"}

    @pytest.mark.parametrize("typed", [{}, {"ssn": "123456789", "nickname": "A"}, ADA | {"ssn": None}])
    def test_an_invalid_form_is_refused(self, ask: Any, store: Store, typed: dict[str, Any]) -> None:
        token = ask().json()["data"]["attributes"]["applicationFormToken"]["token"]

        with store.change(TENANT) as tenant, pytest.raises(UnitFault, match="invalid_value"):
            submit(tenant, open_form(tenant, token), typed)

    def test_a_form_can_be_submitted_once(self, ask: Any, store: Store) -> None:
        token = ask().json()["data"]["attributes"]["applicationFormToken"]["token"]

        with store.change(TENANT) as tenant:
            application = submit(tenant, open_form(tenant, token), ADA)
            with pytest.raises(UnitFault, match="already_exists") as refusal:
                submit(tenant, open_form(tenant, token), ADA)

        assert refusal.value.status == 409
        assert refusal.value.document()["errors"][0]["meta"] == {"existingIds": [application["id"]]}

    def test_a_form_shows_no_internal_data(self, ask: Any) -> None:
        assert not re.search("kept|prefill", ask(applicantDetails={"ssn": "123456789"}).text)
