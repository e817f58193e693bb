"""Rules of every Unit request: tokens, tenants, formats, lists and errors."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import time_machine
from flask import Flask

from stytch_unit_emulator import org_token, unit
from stytch_unit_emulator.transport import WSGIAdapter

from .conftest import PROJECT_ID, UNIT_URL, UnitOverHTTP, stored_values
from .stytch_story import visitor
from .unit_story import ADA, Bank, account_of, customer_of, document, errors

OTHER_PROJECT = "project-test-22222222-2222-4222-8222-222222222222"


def rows() -> list[str]:
    """The first column of the table of refusals, as test names."""
    table = re.findall(r"^\| (?!what \|)([^|]+) \|", unit.__doc__ or "", re.MULTILINE)
    return [f"test_{row.replace(' ', '_')}" for row in table]


def test_each_refusal_in_the_table_has_a_test() -> None:
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_unit_*.py"))

    assert len(rows()) > 100
    assert [name for name in rows() if f"def {name}(" not in tests] == []


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Bearer v2.public.unknown", "Basic v2.public.emulator-x", "Bearer v2.local.emulator-x"],
)
def test_a_request_without_a_valid_bearer_is_unauthorized(http: requests.Session, authorization: str) -> None:
    response = http.get(f"{UNIT_URL}/cards", headers={"Authorization": authorization})

    assert response.status_code == 401
    assert response.json() == {
        "errors": [{"status": "401", "title": "Bearer token is invalid or expired", "code": "unauthorized"}]
    }


def test_an_expired_customer_token_is_unauthorized(bank: Bank, clock: time_machine.Traveller) -> None:
    holder = bank.customer_token(bank.customer(), "cards", expiresIn=900)
    clock.shift(899)
    before = holder("GET", "/cards")
    clock.shift(1)

    response = holder("GET", "/cards")

    assert before.status_code == 200
    assert response.status_code == 401


def test_a_customer_token_of_another_tenant_is_unauthorized(bank: Bank) -> None:
    holder = bank.customer_token(bank.customer(), "cards")

    with visitor("another-visitor"):
        response = holder("GET", "/cards")

    assert response.status_code == 401
    assert holder("GET", "/cards").status_code == 200


def test_a_tenant_does_not_see_another_tenants_customers(bank: Bank, unit: UnitOverHTTP) -> None:
    customer = bank.customer()

    with visitor("another-visitor"):
        one, all_of_them = unit("GET", f"/customers/{customer}"), unit("GET", "/customers")

    assert one.status_code == 404
    assert all_of_them.json()["data"] == []


@pytest.fixture
def over_http(shared_unit: Flask) -> Any:
    """The emulated Unit as a WSGI client, without a given tenant."""
    return shared_unit.test_client()


@pytest.mark.usefixtures("store")
def test_over_http_the_org_token_selects_the_tenant(over_http: Any) -> None:
    headers = {"Authorization": f"Bearer {org_token(PROJECT_ID)}"}
    created = over_http.post("/applications", json=document("individualApplication", ADA), headers=headers)

    mine = over_http.get("/customers", headers=headers)
    others = over_http.get("/customers", headers={"Authorization": f"Bearer {org_token(OTHER_PROJECT)}"})

    assert created.status_code == 201
    assert mine.json["meta"]["pagination"]["total"] == 1
    assert others.json["meta"]["pagination"]["total"] == 0


def test_over_http_a_customer_token_selects_its_tenant(bank: Bank, over_http: Any) -> None:
    card = bank.active_card()
    holder = bank.customer_token(customer_of(card), "cards")

    response = over_http.get("/cards", headers={"Authorization": f"Bearer {holder.token}"})

    assert [each["id"] for each in response.json["data"]] == [card["id"]]


@pytest.mark.parametrize(
    "tenant", ["", "nobody", "0a1b2c3d-0000-4000-8000-000000000000", f"{PROJECT_ID}x", "project-test-1"]
)
def test_over_http_an_org_token_reaches_no_visitors_tenant(over_http: Any, tenant: str) -> None:
    response = over_http.get("/cards", headers={"Authorization": f"Bearer {org_token(tenant)}"})

    assert response.status_code == 401


def test_a_customer_token_is_stored_as_a_hash_only(bank: Bank, database_url: str) -> None:
    holder = bank.customer_token(bank.customer(), "cards")

    stored = stored_values(database_url)

    assert "customer_token" in stored
    assert holder.token not in stored


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/customers/1"),
        ("GET", "/customers/1"),
        ("GET", "/accounts/1"),
        ("GET", "/accounts"),
        ("POST", "/cards"),
        ("POST", "/cards/1/freeze"),
        ("GET", "/cards/1/secure-data/pan"),
        ("GET", "/transactions"),
        ("GET", "/authorizations"),
        ("POST", "/customers/1/token"),
    ],
)
def test_an_operation_beyond_the_scopes_is_forbidden(bank: Bank, method: str, path: str) -> None:
    holder = bank.customer_token(bank.customer(), "cards statements")

    response = holder(method, path, {"data": {}})

    assert response.status_code == 403
    assert errors(response) == [("forbidden", None)]


def test_an_org_token_shows_no_card_numbers(bank: Bank, unit: UnitOverHTTP) -> None:
    response = unit("GET", f"/cards/{bank.active_card()['id']}/secure-data/pan")

    assert response.status_code == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/applications"),
        ("GET", "/applications"),
        ("POST", "/application-forms"),
        ("POST", "/customers/1/archive"),
        ("POST", "/accounts/1/close"),
        ("POST", "/sandbox/payments"),
        ("POST", "/sandbox/purchases"),
        ("POST", "/sandbox/cards/1/activate"),
        ("POST", "/sandbox/applications/1/approve"),
        ("GET", "/applications/1/documents"),
        ("PUT", "/applications/1/documents/1"),
        ("POST", "/accounts/1/freeze"),
        ("POST", "/accounts/1/reopen"),
        ("GET", "/received-payments"),
        ("POST", "/sandbox/received-ach-payment"),
        ("POST", "/sandbox/atm-deposits"),
        ("GET", "/webhooks"),
        ("POST", "/webhooks"),
        ("POST", "/webhooks/1/enable"),
        ("POST", "/events/1"),
        ("GET", "/applications/1/missing-fields"),
        ("POST", "/applications/1/documents"),
        ("POST", "/authorizations/1/release"),
        ("POST", "/received-payments/1/advance"),
        ("POST", "/sandbox/ach/transmit"),
        ("POST", "/sandbox/ach/clear"),
        ("POST", "/users/1/api-tokens"),
        ("GET", "/users/1/api-tokens"),
        ("DELETE", "/users/1/api-tokens/1"),
    ],
)
def test_an_operation_of_the_org_is_forbidden_to_customers(bank: Bank, method: str, path: str) -> None:
    holder = bank.customer_token(bank.customer(), "customers-write accounts-write payments-write")

    response = holder(method, path)

    assert response.status_code == 403


UNKNOWN = [
    ("GET", "/customers/{}"),
    ("GET", "/accounts/{}"),
    ("PATCH", "/accounts/{}"),
    ("GET", "/accounts/{}/limits"),
    ("GET", "/accounts/{}/deposit-products"),
    ("GET", "/payments/{}"),
    ("PATCH", "/payments/{}"),
    ("GET", "/events/{}"),
    ("GET", "/cards/{}"),
    ("POST", "/cards/{}/freeze"),
    ("GET", "/cards/{}/limits"),
    ("GET", "/authorizations/{}"),
    ("GET", "/counterparties/{}"),
    ("POST", "/payments/{}/cancel"),
    ("GET", "/statements/{}/html"),
    ("GET", "/statements/{}/bank/pdf"),
]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *UNKNOWN,
        ("GET", "/applications/{}"),
        ("GET", "/applications/{}/missing-fields"),
        ("POST", "/applications/{}/documents"),
        ("GET", "/application-forms/{}"),
        ("POST", "/authorizations/{}/release"),
        ("POST", "/received-payments/{}/advance"),
        ("DELETE", "/users/1/api-tokens/{}"),
        ("POST", "/sandbox/cards/{}/activate"),
    ],
)
def test_an_unknown_id_is_not_found(unit: UnitOverHTTP, method: str, path: str) -> None:
    response = unit(method, path.format("1"))

    assert response.status_code == 404
    assert errors(response) == [("not_found", None)]


@pytest.mark.parametrize("malformed", ["0", "word", pytest.param("9" * 500, id="500_digits"), "%00", "%D9%A1"])
def test_a_malformed_id_is_not_found(unit: UnitOverHTTP, malformed: str) -> None:
    response = unit("GET", f"/cards/{malformed}")

    assert response.status_code == 404
    assert errors(response) == [("not_found", None)]


@pytest.mark.parametrize(("method", "path"), UNKNOWN)
def test_another_customers_resource_is_not_found(bank: Bank, method: str, path: str) -> None:
    card = bank.active_card()
    authorization = bank.hold(card, 100).json()["data"]
    theirs = {
        "customers": customer_of(card),
        "accounts": account_of(card),
        "cards": card["id"],
        "authorizations": authorization["id"],
        "payments": bank.read("/payments")[0]["id"],
        "events": bank.read("/events")[0]["id"],
        "counterparties": bank.read("/counterparties")[0]["id"],
        "statements": account_of(card),
    }
    scope = (
        "customers accounts accounts-write cards cards-write authorizations payments payments-write events "
        "counterparties statements"
    )
    holder = bank.customer_token(bank.customer(), scope)

    response = holder(method, path.format(theirs[path.split("/")[1]]))

    assert response.status_code == 404


@pytest.mark.parametrize(("method", "path"), [("GET", "/nowhere"), ("GET", "/"), ("POST", "/cards/1/melt")])
def test_an_unknown_route_is_not_found(unit: UnitOverHTTP, method: str, path: str) -> None:
    response = unit(method, path)

    detail = f"Unit publishes no operation {method} {path}"
    error = {"status": "404", "title": "Not Found", "code": "not_found", "detail": detail, "details": detail}
    assert response.status_code == 404
    assert response.json() == {"errors": [error]}


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/check-deposits", "getCheckDepositsList"),
        ("POST", "/recurring-payments/1/enable", "enableRecurringPayment"),
        ("DELETE", "/customers/1/authorized-users", "removeAuthorizedUsers"),
        ("POST", "/payments/bulk", "createBulkPayment"),
    ],
)
def test_an_operation_that_is_not_emulated_says_so(unit: UnitOverHTTP, method: str, path: str, name: str) -> None:
    response = unit(method, path)

    [error] = response.json()["errors"]
    assert (response.status_code, error["status"], error["title"]) == (501, "501", "Not Emulated")
    assert name in error["detail"]


def test_an_unknown_method_is_not_allowed(unit: UnitOverHTTP) -> None:
    response = unit("DELETE", "/cards")

    assert response.status_code == 405
    assert response.json()["errors"][0]["status"] == "405"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b"", None),
        (b"{", None),
        (b"\xff", None),
        (b"[" * 50_000, None),
        (b"[]", "/data"),
        (b"{}", "/data"),
        (b'{"data": []}', "/data"),
        (b'{"data": {}}', "/data/type"),
        (b'{"data": {"type": "businessApplication"}}', "/data/type"),
        (b'{"data": {"type": ["individualApplication"]}}', "/data/type"),
        (b'{"data": {"type": "individualApplication"}}', "/data/attributes"),
        (b'{"data": {"type": "individualApplication", "attributes": []}}', "/data/attributes"),
    ],
)
def test_a_body_that_is_not_json_api_is_invalid(unit: UnitOverHTTP, body: bytes, pointer: str | None) -> None:
    headers = {"Authorization": f"Bearer {unit.token}"}

    response = unit.http.post(f"{UNIT_URL}/applications", data=body, headers=headers)

    assert response.status_code == 400
    assert errors(response) == [("invalid_value", pointer)]


def test_a_body_over_64_kib_is_too_large(unit: UnitOverHTTP) -> None:
    response = unit("POST", "/applications", {"data": "x" * 2**16})

    assert response.status_code == 413
    assert response.json()["errors"][0]["status"] == "413"


def test_an_unknown_attribute_is_invalid(unit: UnitOverHTTP) -> None:
    response = unit("POST", "/applications", document("individualApplication", ADA | {"nickname": "A"}))

    assert response.status_code == 400
    assert errors(response) == [("invalid_value", "/data/attributes/nickname")]


def test_every_invalid_attribute_gets_its_own_error(unit: UnitOverHTTP) -> None:
    attributes = ADA | {"ssn": "12", "address": ADA["address"] | {"state": "California"}}
    del attributes["email"]

    response = unit("POST", "/applications", document("individualApplication", attributes))

    assert errors(response) == [
        ("invalid_value", "/data/attributes/email"),
        ("invalid_value", "/data/attributes/ssn"),
        ("invalid_value", "/data/attributes/address/state"),
    ]


def test_an_errors_detail_and_details_are_equal(unit: UnitOverHTTP) -> None:
    error = unit("POST", "/applications", document("individualApplication", {})).json()["errors"][0]

    assert error["status"] == "400"
    assert error["title"] == "Bad Request"
    assert error["detail"] == error["details"] == "Missing value for fullName"
    assert error["meta"]["supportId"].startswith("emu-")


def test_responses_are_json_api_and_not_cached(bank: Bank, unit: UnitOverHTTP) -> None:
    response = unit("GET", f"/customers/{bank.customer()}")

    assert response.headers["Content-Type"] == "application/vnd.api+json; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    assert list(response.json()["data"]) == ["type", "id", "attributes", "relationships"]


def test_ids_are_numbers_as_text_and_times_have_milliseconds(bank: Bank) -> None:
    application = bank.application()

    assert re.fullmatch("[1-9][0-9]*", application["id"])
    assert application["attributes"]["createdAt"] == "2026-06-01T12:00:00.000Z"


def test_a_trailing_slash_is_accepted(bank: Bank, unit: UnitOverHTTP) -> None:
    card = bank.active_card()

    response = unit("POST", f"/cards/{card['id']}/freeze/")

    assert response.json()["data"]["attributes"]["status"] == "Frozen"


def test_a_crash_is_rolled_back_and_has_units_error_format(
    bank: Bank, unit: UnitOverHTTP, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = bank.customer()
    monkeypatch.setattr("stytch_unit_emulator.unit.idempotency.remember", lambda *_: 1 / 0)
    body = document("depositAccount", {"depositProduct": "checking"}, customer=customer)

    response = unit("POST", "/accounts", body)

    assert response.status_code == 500
    assert response.json() == {"errors": [{"status": "500", "title": "Internal Server Error"}]}
    assert bank.read("/accounts") == []


def test_a_full_tenant_refuses_new_records(bank: Bank, unit: UnitOverHTTP, monkeypatch: pytest.MonkeyPatch) -> None:
    bank.application()
    monkeypatch.setattr("stytch_unit_emulator.store.MAX_RECORDS", 3)

    response = unit("POST", "/applications", document("individualApplication", ADA))

    assert response.status_code == 400
    assert errors(response) == [("limits_exceeded", None)]
    assert len(bank.read("/applications")) == 1


class TestLists:
    """Paging, sorting, filters and includes of all lists."""

    def test_a_list_is_newest_first_and_has_paging_data(self, bank: Bank, clock: time_machine.Traveller) -> None:
        first = bank.customer()
        clock.shift(1)
        second = bank.customer()

        body = bank.unit("GET", "/customers").json()

        assert [each["id"] for each in body["data"]] == [second, first]
        assert body["meta"] == {"pagination": {"total": 2, "limit": 100, "offset": 0}}

    @pytest.mark.parametrize(("sort", "order"), [("createdAt", [0, 1]), ("-createdAt", [1, 0]), ("", [1, 0])])
    def test_a_list_can_be_sorted_by_age(
        self, bank: Bank, clock: time_machine.Traveller, sort: str, order: list[int]
    ) -> None:
        made = [bank.customer()]
        clock.shift(timedelta(days=1))
        made.append(bank.customer())

        listed = bank.read(f"/customers?sort={sort}")

        assert [each["id"] for each in listed] == [made[position] for position in order]

    def test_a_page_is_a_slice_of_the_list(self, bank: Bank) -> None:
        made = [bank.customer(), bank.customer(), bank.customer()]

        body = bank.unit("GET", "/customers?page[limit]=1&page[offset]=1").json()

        assert [each["id"] for each in body["data"]] == [made[1]]
        assert body["meta"]["pagination"] == {"total": 3, "limit": 1, "offset": 1}

    @pytest.mark.parametrize(
        ("tags", "found"),
        [({"team": "red"}, 1), ({"team": "red", "level": "1"}, 1), ({"team": "blue"}, 0), ({"team": "re"}, 0), ({}, 2)],
    )
    def test_a_tag_filter_is_one_json_object(self, bank: Bank, tags: dict[str, str], found: int) -> None:
        bank.customer(tags={"team": "red", "level": "1"})
        bank.customer()

        response = bank.unit.http.get(
            f"{UNIT_URL}/customers",
            params={"filter[tags]": json.dumps(tags)},
            headers={"Authorization": f"Bearer {bank.unit.token}"},
        )

        assert response.json()["meta"]["pagination"]["total"] == found

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("filter[status][0]=Approved", 1),
            ("filter[status][0]=Approved&filter[status][1]=Denied", 2),
            ("filter[status]=PendingReview", 0),
            ("filter[email]=ada@example.com", 1),
            ("filter[email]=ADA@example.com", 0),
            ("filter[query]=grace", 1),
            ("filter[query]=vance ada", 1),
            ("filter[query]=vance -ada", 1),
            ("filter[query]=ada OR grace", 2),
        ],
    )
    def test_applications_can_be_filtered(self, bank: Bank, query: str, found: int) -> None:
        bank.application()
        bank.application(ssn="000000001", fullName={"first": "Grace", "last": "Vance"}, email="g@example.com")

        response = bank.unit("GET", f"/applications?{query}")

        assert response.json()["meta"]["pagination"]["total"] == found

    @pytest.mark.parametrize(
        ("path", "parameter"),
        [
            ("/customers?filter[tags]=[object Object]", "filter.tags"),
            ("/customers?filter[tags]=[]", "filter.tags"),
            ("/customers?filter[jwtSubject]=x", "filter.jwtSubject"),
            ("/customers?filter[status][0]=Sleepy", "filter.status"),
            ("/customers?filter[email][0]=a&filter[email][1]=b", "filter.email"),
            ("/accounts?filter[fromBalance]=much", "filter.fromBalance"),
            ("/accounts?filter[fromBalance]=1e999", "filter.fromBalance"),
            ("/accounts?filter[toBalance]=1_000", "filter.toBalance"),
            ("/accounts?filter[toBalance]=\u0661\u0662", "filter.toBalance"),
            ("/accounts?filter[toBalance]=+1", "filter.toBalance"),
            ("/webhooks?filter[fromId]=\uff11", "filter.fromId"),
            ("/transactions?filter[since]=yesterday", "filter.since"),
            ("/authorizations?filter[includeNonAuthorized]=maybe", "filter.includeNonAuthorized"),
            ("/authorizations?filter[customerId]=-1", "filter.customerId"),
            ("/authorizations?filter[accountType]=savings", "filter.accountType"),
            ("/cards?filter[accountId]=x", "filter.accountId"),
            ("/payments?filter[feature][0]=Slow", "filter.feature"),
            ("/received-payments?filter[canBeReprocessed]=1", "filter.canBeReprocessed"),
            ("/statements?sort=createdAt", "sort"),
            ("/customers?page[limit]=1001", "page.limit"),
            ("/customers?page[limit]=0", "page.limit"),
            ("/customers?page[offset]=-1", "page.offset"),
            ("/customers?sort=email", "sort"),
            ("/cards?include=statements", "include"),
        ],
    )
    def test_an_unknown_or_malformed_query_parameter_is_invalid(
        self, unit: UnitOverHTTP, path: str, parameter: str
    ) -> None:
        response = unit("GET", path)

        assert response.status_code == 400
        assert response.json()["errors"][0]["detail"].endswith(f"for query parameter {parameter}")

    @pytest.mark.parametrize(
        "path",
        [
            *(f"/payments?filter[{name}]=1" for name in ("counterpartyAccountId", "recurringPaymentId", "fromAmount")),
            "/payments?filter[feature][0]=SameDay&filter[feature][1]=RecurringPayment",
            "/payments?filter[status][0]=PendingReview",
            "/received-payments?filter[fromAmount]=1&filter[toAmount]=2",
            "/received-payments?filter[canBeReprocessed]=true",
            "/received-payments?filter[status][0]=MarkedForReturn&filter[status][1]=PendingReview",
            "/authorizations?filter[accountType]=deposit&filter[includeNonAuthorized]=true",
            "/statements?filter[period]=2026-05&sort=-period",
        ],
    )
    def test_every_published_filter_is_accepted(self, unit: UnitOverHTTP, path: str) -> None:
        assert unit("GET", path).status_code == 200

    def test_paging_transactions_without_customer_or_account_is_invalid(self, bank: Bank) -> None:
        card = bank.active_card()

        refused = bank.unit("GET", "/transactions?page[offset]=1")
        accepted = bank.unit("GET", f"/transactions?page[offset]=1&filter[accountId]={account_of(card)}")

        assert refused.status_code == 400
        assert accepted.status_code == 200

    def test_an_include_adds_each_related_resource_once(self, bank: Bank) -> None:
        card = bank.active_card()
        bank.card(account_of(card))

        body = bank.unit("GET", "/cards?include=customer,account").json()

        assert sorted(each["type"] for each in body["included"]) == ["depositAccount", "individualCustomer"]

    def test_an_include_adds_only_resources_that_the_token_reaches(self, bank: Bank) -> None:
        card = bank.active_card()
        resources = [{"type": "card", "ids": [card["id"]]}]
        holder = bank.customer_token(customer_of(card), "cards", resources=resources)

        body = holder("GET", f"/cards/{card['id']}?include=customer,account").json()

        assert [each["type"] for each in body["included"]] == ["individualCustomer"]

    def test_an_empty_include_adds_nothing(self, bank: Bank) -> None:
        card = bank.active_card()

        body = bank.unit("GET", f"/cards/{card['id']}?include=").json()

        assert "included" not in body


@pytest.mark.usefixtures("store")
def test_calls_in_process_and_over_http_see_the_same_data(over_http: Any) -> None:
    session = requests.Session()
    session.mount(UNIT_URL, WSGIAdapter(over_http.application))

    response = session.get(f"{UNIT_URL}/cards", headers={"Authorization": f"Bearer {org_token('anything')}"})

    assert response.json() == {"data": [], "meta": {"pagination": {"total": 0, "limit": 100, "offset": 0}}}
