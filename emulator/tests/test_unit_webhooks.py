"""Events, webhooks and their delivery."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import time_machine
from flask import Flask, request
from unit import Unit

from stytch_unit_emulator import Store
from stytch_unit_emulator.transport import WSGIAdapter
from stytch_unit_emulator.unit import WebhookDispatcher, delivery, events, webhooks

from .conftest import UNIT_URL, UnitOverHTTP, UnitWith
from .listener import Listener, listening
from .stytch_story import visitor
from .unit_story import PHYSICAL, Bank, customer_of, document, errors

Json = dict[str, Any]
SECRET = "webhook-secret"
HOOK: Json = {"label": "Events", "url": "https://example.com/hooks", "contentType": "Json"}


@pytest.fixture(scope="module")
def server() -> Iterator[Listener]:
    """One listener for all tests of this module."""
    with listening() as listener:
        yield listener


@pytest.fixture
def listener(server: Listener) -> Listener:
    """The listener, reset."""
    server.deliveries()
    server.answers.clear()
    server.before_answer = lambda: None
    return server


@pytest.fixture
def dispatcher(store: Store) -> WebhookDispatcher:
    """A dispatcher that delivers only when a test calls it."""
    return WebhookDispatcher(store, in_background=False)


@pytest.fixture
def in_background(store: Store) -> Iterator[WebhookDispatcher]:
    """A dispatcher with a thread, stopped after the test: its tenant is also that of the next test."""
    dispatcher = WebhookDispatcher(store)
    yield dispatcher
    dispatcher.stop()


@pytest.fixture
def http(http: requests.Session, unit_with: UnitWith, dispatcher: WebhookDispatcher) -> requests.Session:
    """The session, with a Unit that uses the test's dispatcher."""
    http.mount(UNIT_URL, unit_with(dispatcher=dispatcher))
    return http


def hook(bank: Bank, url: str, **attributes: object) -> str:
    given = {"label": "Events", "url": url, "token": SECRET, "contentType": "JsonAPI", "deliveryMode": "AtLeastOnce"}
    webhook: str = bank.create("/webhooks", "webhook", given | attributes)["id"]
    return webhook


def happened(bank: Bank, *types: str) -> list[Json]:
    """The events of these types, oldest first."""
    query = "&".join(f"filter[type][{number}]={name}" for number, name in enumerate(types))
    found: list[Json] = bank.read(f"/events?sort=createdAt&{query}")
    return found


def delivered(listener: Listener) -> list[Json]:
    return [event for _, body in listener.deliveries() for event in json.loads(body)["data"]]


def types(found: list[Json]) -> list[str]:
    return [event["type"] for event in found]


class TestEvents:
    def test_creating_an_account_and_a_card_emits_events(self, bank: Bank) -> None:
        card = bank.active_card()

        found = happened(bank)

        assert types(found) == [
            "application.created",
            "application.approved",
            "customer.created",
            "account.created",
            "transaction.created",
            "card.created",
        ]
        assert found[-1]["relationships"] == {
            "card": {"data": {"type": "card", "id": card["id"]}},
            **{name: card["relationships"][name] for name in ("account", "customer")},
        }

    @pytest.mark.parametrize(
        ("ssn", "last"),
        [
            ("000000001", "application.denied"),
            ("000000002", "application.awaitingDocuments"),
            ("000000004", "application.pendingReview"),
            ("000000005", "application.created"),
        ],
    )
    def test_an_unapproved_application_emits_its_status(self, bank: Bank, ssn: str, last: str) -> None:
        application = bank.application(ssn=ssn)

        event = happened(bank)[-1]

        assert event["type"] == last
        link = {"data": {"type": "individualApplication", "id": application["id"]}}
        assert event["relationships"] == {"application": link}

    def test_an_approval_event_names_the_application_and_its_customer(self, bank: Bank) -> None:
        application = bank.application(tags={"tier": "gold"})

        approved, created = happened(bank, "application.approved", "customer.created")

        links = {
            "application": {"data": {"type": "individualApplication", "id": application["id"]}},
            "customer": {
                "data": {"type": "individualCustomer", "id": created["relationships"]["customer"]["data"]["id"]}
            },
        }
        assert approved["relationships"] == created["relationships"] == links
        assert approved["attributes"]["tags"] == created["attributes"]["tags"] == {"tier": "gold"}

    def test_an_event_has_the_tags_of_its_resource(self, bank: Bank, unit: UnitOverHTTP) -> None:
        card = bank.card(bank.funded_account(), tags={"purpose": "travel"})
        unit("POST", f"/cards/{card['id']}/freeze")

        created, frozen = happened(bank, "card.created", "card.statusChanged")

        assert created["attributes"]["tags"] == frozen["attributes"]["tags"] == {"purpose": "travel"}

    def test_a_manual_decision_emits_events(self, bank: Bank, unit: UnitOverHTTP) -> None:
        application = bank.application(ssn="000000002")
        papers = f"/sandbox/applications/{application['id']}/documents/{application_document(application)}"
        unit("POST", f"{papers}/reject", document("documentReject", {"reason": "Blurred", "reasonCode": "PoorQuality"}))
        unit("POST", f"{papers}/approve")
        canceled = bank.application(ssn="000000004")
        unit("POST", f"/applications/{canceled['id']}/cancel")

        rejected, approved, *_, last = happened(bank)[2:]

        assert rejected["type"] == "document.rejected"
        assert rejected["attributes"]["reasonCode"] == "PoorQuality"
        assert approved["type"] == "document.approved"
        assert approved["relationships"]["application"]["data"]["id"] == application["id"]
        assert last["type"] == "application.canceled"

    def test_a_status_change_event_has_both_statuses(self, bank: Bank, unit: UnitOverHTTP) -> None:
        card = bank.active_card()
        unit("POST", f"/cards/{card['id']}/freeze")
        unit("POST", f"/cards/{card['id']}/unfreeze")

        frozen, thawed = happened(bank, "card.statusChanged")

        assert (frozen["attributes"]["previousStatus"], frozen["attributes"]["newStatus"]) == ("Active", "Frozen")
        assert (thawed["attributes"]["previousStatus"], thawed["attributes"]["newStatus"]) == ("Frozen", "Active")

    def test_a_refused_change_emits_no_event(self, bank: Bank, unit: UnitOverHTTP) -> None:
        card = bank.active_card()
        unit("POST", f"/cards/{card['id']}/unfreeze")

        assert happened(bank, "card.statusChanged") == []

    def test_activating_a_card_emits_events(self, bank: Bank, unit: UnitOverHTTP) -> None:
        card = bank.card(bank.account(bank.customer()), PHYSICAL)
        unit("POST", f"/sandbox/cards/{card['id']}/activate")

        assert types(happened(bank))[-2:] == ["card.activated", "card.statusChanged"]

    def test_updating_a_customer_emits_events(self, bank: Bank, unit: UnitOverHTTP) -> None:
        customer = bank.customer()
        unit("PATCH", f"/customers/{customer}", document("individualCustomer", {"tags": {"tier": "gold"}}))
        unit("POST", f"/customers/{customer}/archive")

        updated, archived = happened(bank, "customer.updated", "customer.archived")

        assert updated["attributes"]["changes"] == {"tags": {"tier": "gold"}}
        assert archived["attributes"]["archiveReason"] == "Inactive"

    def test_payments_and_purchases_emit_events(self, bank: Bank, unit: UnitOverHTTP) -> None:
        card = bank.active_card()
        held = bank.hold(card, 500).json()["data"]
        increase = document("authorization", {"amount": 200})
        unit("POST", f"/sandbox/authorizations/{held['id']}/increase", increase)
        unit("POST", f"/sandbox/authorizations/{held['id']}/cancel")
        bank.buy(card, 10**9)
        bank.buy(card, 1_000)

        _, created, changed, canceled, declined, authorized, posted = happened(bank)[-7:]

        assert created["attributes"]["amount"] == 500
        assert (changed["attributes"]["oldAmount"], changed["attributes"]["newAmount"]) == (500, 700)
        assert (canceled["type"], canceled["attributes"]["amount"]) == ("authorization.canceled", 700)
        assert declined["attributes"]["reason"] == "InsufficientFunds"
        assert authorized["type"] == "authorization.created"
        assert posted["type"] == "transaction.created"
        assert posted["attributes"]["available"] == 99_000
        assert posted["relationships"].keys() == {"transaction", "account", "customer", "card", "authorization"}

    def test_a_customer_token_sees_only_its_own_events(self, bank: Bank) -> None:
        mine, other = bank.active_card(), bank.active_card()
        holder = bank.customer_token(customer_of(mine), "events")

        found = holder("GET", "/events").json()["data"]
        theirs = happened(bank, "card.created")[-1]

        assert {event["relationships"]["customer"]["data"]["id"] for event in found} == {customer_of(mine)}
        assert theirs["relationships"]["card"]["data"]["id"] == other["id"]
        assert holder("GET", f"/events/{theirs['id']}").status_code == 404

    def test_only_the_newest_events_are_stored(self, bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(events, "MAX_KEPT", 2)

        bank.card(bank.funded_account())

        assert types(happened(bank)) == ["transaction.created", "card.created"]

    def test_a_card_can_be_frozen_in_a_full_tenant(
        self, bank: Bank, unit: UnitOverHTTP, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        card = bank.active_card()
        monkeypatch.setattr("stytch_unit_emulator.store.MAX_RECORDS", 0)

        response = unit("POST", f"/cards/{card['id']}/freeze")

        assert response.json()["data"]["attributes"]["status"] == "Frozen"


def application_document(application: Json) -> str:
    found: str = application["relationships"]["documents"]["data"][0]["id"]
    return found


class TestWebhooks:
    def test_a_new_webhook_is_enabled_and_shows_its_attributes(self, bank: Bank) -> None:
        webhook = bank.read(f"/webhooks/{hook(bank, 'https://example.com/hooks')}")

        assert webhook["attributes"] == {
            "createdAt": "2026-06-01T12:00:00.000Z",
            "label": "Events",
            "url": "https://example.com/hooks",
            "token": SECRET,
            "contentType": "JsonAPI",
            "deliveryMode": "AtLeastOnce",
            "subscriptionType": "All",
            "includeResources": False,
            "status": "Enabled",
        }

    def test_webhooks_are_listed_by_id(self, bank: Bank) -> None:
        first, second = (hook(bank, "https://example.com/hooks") for _ in range(2))

        everything = bank.read("/webhooks?page[limit]=10&sort=createdAt")
        later = bank.read(f"/webhooks?filter[fromId]={second}")
        earlier = bank.read(f"/webhooks?filter[toId]={first}&filter[since]=2026-06-01T00:00:00Z")

        assert [each["id"] for each in everything] == [first, second]
        assert [each["id"] for each in later] == [second]
        assert [each["id"] for each in earlier] == [first]

    def test_a_webhook_can_be_changed(self, bank: Bank, unit: UnitOverHTTP) -> None:
        path = f"/webhooks/{hook(bank, 'https://example.com/hooks')}"

        changed = unit("PATCH", path, document("webhook", {"label": "Theirs", "includeResources": True}))

        assert changed.json()["data"]["attributes"]["label"] == "Theirs"
        assert bank.read(path)["attributes"]["url"] == "https://example.com/hooks"

    @pytest.mark.parametrize(
        "url",
        [
            "http://127.0.0.1:8000/hooks",
            "http://localhost/hooks",
            "http://[::1]:8000/",
            "https://example.com",
        ],
    )
    def test_a_webhook_url_may_be_https_or_loopback(self, bank: Bank, url: str) -> None:
        assert hook(bank, url)

    @pytest.mark.parametrize(
        "url",
        [
            "http://example.com/hooks",
            "http://169.254.169.254/latest",
            "http://10.0.0.1/",
            "http://localhost.example.com/",
            "http://127.0.0.1@example.com/",
            "https://user:password@example.com/",
            "https://",
            "https://exa mple.com/",
            "https://example.com:port/",
            "https://[::1/",
            "ftp://localhost/",
            "file:///etc/passwd",
            "localhost:8000",
            "",
            None,
        ],
    )
    def test_a_webhook_url_must_be_https_or_loopback(self, unit: UnitOverHTTP, url: str) -> None:
        response = unit("POST", "/webhooks", document("webhook", HOOK | {"url": url}))

        assert response.status_code == 400
        assert errors(response) == [("invalid_value", "/data/attributes/url")]

    @pytest.mark.parametrize(
        ("attribute", "value"),
        [
            ("label", ""),
            ("contentType", "XML"),
            ("deliveryMode", "Sometimes"),
            ("subscriptionType", "Some"),
            ("includeResources", "yes"),
            ("token", 1),
            ("status", "Enabled"),
        ],
    )
    def test_an_invalid_webhook_attribute_is_refused(self, unit: UnitOverHTTP, attribute: str, value: object) -> None:
        response = unit("POST", "/webhooks", document("webhook", HOOK | {attribute: value}))

        assert response.status_code == 400
        assert errors(response) == [("invalid_value", f"/data/attributes/{attribute}")]

    def test_the_number_of_webhooks_is_limited(
        self, bank: Bank, unit: UnitOverHTTP, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(webhooks, "MAX_WEBHOOKS", 1)
        hook(bank, "https://example.com/hooks")

        response = unit("POST", "/webhooks", document("webhook", HOOK))

        assert response.status_code == 400
        assert errors(response) == [("limits_exceeded", None)]

    def test_a_webhook_cannot_be_deleted(self, bank: Bank, unit: UnitOverHTTP) -> None:
        assert unit("DELETE", f"/webhooks/{hook(bank, HOOK['url'])}").status_code == 405


class TestDelivery:
    def test_deliveries_are_signed(
        self, bank: Bank, unit: UnitOverHTTP, dispatcher: WebhookDispatcher, listener: Listener
    ) -> None:
        path = f"/customers/{bank.customer()}"
        hook(bank, listener.url)
        unit("PATCH", path, document("individualCustomer", {"tags": {"said": 'Zoë: "a" / b'}}))

        dispatcher.deliver_due()

        [(headers, body)] = listener.deliveries()
        assert headers["content-type"] == "application/vnd.api+json; charset=utf-8"
        assert types(json.loads(body)["data"]) == ["customer.updated"]
        assert Unit(UNIT_URL, "any").webhooks.verify(headers["x-unit-signature"], SECRET, json.loads(body))

    def test_the_signature_is_that_of_a_recorded_delivery_of_units(self) -> None:
        body = (
            '{"data":[{"id":"46306092","type":"application.approved","attributes":{"createdAt":"2025-08-05T06:48:38.957Z"'
            ',"tags":{"key":"another-tag","test":"webhook-tag","number":"111"}},"relationships":{"application":{"data":'
            '{"id":"3895367","type":"individualApplication"}},"customer":{"data":{"id":"3310133","type":'
            '"individualCustomer"}}}}]}'
        )
        secret = "OB2HL5E3B4HJ7IVXRNL4YQKYIQIVJK36ZZLPZEFWZVSDSC7LLFJQ===="

        assert delivery.sign(secret, body.encode()) == "UUNz8ch1Ovjg+ijXUEwlAlWEktU="

    @pytest.mark.parametrize(
        ("subscription", "found"),
        [
            ("All", ["application.created", "authorizationRequest.pending"]),
            ("OnlyAuthorizationRequest", ["authorizationRequest.pending"]),
            ("NotAuthorizationRequest", ["application.created"]),
        ],
    )
    def test_a_subscription_chooses_events(
        self,
        bank: Bank,
        store: Store,
        dispatcher: WebhookDispatcher,
        listener: Listener,
        subscription: str,
        found: list[str],
    ) -> None:
        hook(bank, listener.url, subscriptionType=subscription)
        application = bank.application(ssn="000000005")
        with store.change("nobody") as tenant:
            request = {"id": application["id"], "attributes": {}}
            events.emit(tenant, "authorizationRequest.pending", request)

        dispatcher.watch("nobody")
        dispatcher.deliver_due()

        assert types(delivered(listener)) == found

    def test_deliveries_without_a_secret_are_not_signed(
        self, bank: Bank, dispatcher: WebhookDispatcher, listener: Listener
    ) -> None:
        bank.create("/webhooks", "webhook", HOOK | {"url": listener.url})
        bank.application(ssn="000000005")

        dispatcher.deliver_due()

        [(headers, _)] = listener.deliveries()
        assert headers["content-type"] == "application/json"
        assert "x-unit-signature" not in headers

    def test_an_api_call_does_not_wait_for_webhooks(self, bank: Bank, listener: Listener) -> None:
        hook(bank, listener.url)

        bank.customer()

        assert listener.deliveries() == []

    def test_an_api_call_does_not_fail_if_a_webhook_does(self, bank: Bank, dispatcher: WebhookDispatcher) -> None:
        hook(bank, "http://127.0.0.1:9/")  # a closed port
        customer = bank.customer()

        dispatcher.deliver_due()

        assert bank.read(f"/customers/{customer}")["id"] == customer

    def test_the_background_thread_delivers(
        self,
        http: requests.Session,
        unit_with: UnitWith,
        in_background: WebhookDispatcher,
        bank: Bank,
        listener: Listener,
    ) -> None:
        http.mount(UNIT_URL, unit_with(dispatcher=in_background))
        hook(bank, listener.url)

        bank.application(ssn="000000005")

        _, body = listener.received.get(timeout=10)
        assert types(json.loads(body)["data"]) == ["application.created"]

    def test_an_app_in_this_process_needs_no_socket(
        self, http: requests.Session, unit_with: UnitWith, store: Store, bank: Bank
    ) -> None:
        app, received = Flask("receiver"), []

        @app.post("/hooks")
        def receive() -> str:
            received.append((request.headers["x-unit-signature"], request.get_data()))
            return ""

        dispatcher = WebhookDispatcher(store, in_background=False, adapters={"https://app.example": WSGIAdapter(app)})
        http.mount(UNIT_URL, unit_with(dispatcher=dispatcher))
        hook(bank, "https://app.example/hooks")
        bank.application(ssn="000000005")

        dispatcher.deliver_due()

        [(signature, body)] = received
        assert signature == delivery.sign(SECRET, body)
        assert types(json.loads(body)["data"]) == ["application.created"]

    def test_an_approval_that_only_time_brings_is_delivered_without_a_call(
        self, bank: Bank, dispatcher: WebhookDispatcher, listener: Listener, clock: time_machine.Traveller
    ) -> None:
        hook(bank, listener.url)
        bank.application(ssn="000000005")
        dispatcher.deliver_due()
        at_first = types(delivered(listener))
        clock.shift(10)

        dispatcher.deliver_due()

        assert at_first == ["application.created"]
        assert "customer.created" in types(delivered(listener))
        assert dispatcher.tenants == set()

    def test_a_tenant_may_have_a_webhook_from_the_start(
        self, http: requests.Session, unit_with: UnitWith, dispatcher: WebhookDispatcher, bank: Bank, listener: Listener
    ) -> None:
        first = {"label": "First", "url": listener.url, "token": SECRET, "contentType": "Json"}
        http.mount(UNIT_URL, unit_with(dispatcher=dispatcher, first_webhook=lambda: first))
        bank.application(ssn="000000005")
        bank.application(ssn="000000005")

        dispatcher.deliver_due()

        assert types(delivered(listener)) == ["application.created"] * 2
        assert [webhook["attributes"]["label"] for webhook in bank.read("/webhooks")] == ["First"]

    def test_after_a_crash_the_thread_resumes_at_the_next_change(
        self,
        http: requests.Session,
        unit_with: UnitWith,
        in_background: WebhookDispatcher,
        bank: Bank,
        listener: Listener,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        http.mount(UNIT_URL, unit_with(dispatcher=in_background))
        hook(bank, listener.url)
        with monkeypatch.context() as broken:
            broken.setattr(in_background, "lease_due", lambda _tenant: 1 / 0)
            bank.application(ssn="000000005")
            if in_background.thread:
                in_background.thread.join(10)
        assert in_background.tenants == set()

        bank.application(ssn="000000005")

        _, body = listener.received.get(timeout=10)
        assert types(json.loads(body)["data"]) == ["application.created"] * 2

    def test_a_stopped_dispatcher_delivers_nothing(
        self, bank: Bank, dispatcher: WebhookDispatcher, listener: Listener
    ) -> None:
        hook(bank, listener.url)
        bank.customer()
        dispatcher.stop()

        dispatcher.deliver_due()

        assert listener.deliveries() == []

    def test_stopping_a_dispatcher_ends_a_round_of_deliveries(
        self, bank: Bank, dispatcher: WebhookDispatcher, listener: Listener
    ) -> None:
        for _ in range(2):
            hook(bank, listener.url, deliveryMode="AtMostOnce")
        bank.customer()
        listener.before_answer = dispatcher.stop

        dispatcher.deliver_due()
        dispatcher.watch("nobody")
        dispatcher.deliver_due()

        assert len(listener.deliveries()) == 1

    def test_an_invalid_host_does_not_stop_other_deliveries(
        self, bank: Bank, dispatcher: WebhookDispatcher, listener: Listener
    ) -> None:
        hook(bank, "https://a..b/")
        hook(bank, listener.url)
        bank.application(ssn="000000005")

        dispatcher.deliver_due()

        assert types(delivered(listener)) == ["application.created"]

    def test_tenants_are_served_in_turns(self, bank: Bank, dispatcher: WebhookDispatcher, listener: Listener) -> None:
        for name in ("ada", "bob"):
            with visitor(name):
                hook(bank, listener.url, deliveryMode="AtMostOnce", token=name)
                bank.application(ssn="000000001")  # emits two events

        dispatcher.deliver_due()

        signed = [(headers["x-unit-signature"], body) for headers, body in listener.deliveries()]
        of_ada = [signature == delivery.sign("ada", body) for signature, body in signed]
        assert of_ada in ([True, False] * 2, [False, True] * 2)

    def test_a_deleted_event_is_not_delivered(
        self,
        bank: Bank,
        unit: UnitOverHTTP,
        dispatcher: WebhookDispatcher,
        listener: Listener,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        bank.customer()
        hook(bank, listener.url, deliveryMode="AtMostOnce")
        unit("POST", f"/events/{happened(bank)[0]['id']}")
        monkeypatch.setattr(events, "MAX_KEPT", 1)
        bank.application(ssn="000000005")

        dispatcher.deliver_due()

        assert [types(json.loads(body)["data"]) for _, body in listener.deliveries()] == [["application.created"]]

    def test_a_delivered_event_is_not_sent_again(
        self, bank: Bank, dispatcher: WebhookDispatcher, listener: Listener
    ) -> None:
        hook(bank, listener.url)
        bank.customer()
        dispatcher.deliver_due()
        dispatcher.deliver_due()

        assert len(delivered(listener)) == 3

    def test_a_failed_delivery_is_retried_with_backoff(
        self,
        bank: Bank,
        unit: UnitOverHTTP,
        dispatcher: WebhookDispatcher,
        listener: Listener,
        clock: time_machine.Traveller,
    ) -> None:
        path = f"/customers/{bank.customer()}"
        hook(bank, listener.url)
        listener.answers += [(500, {}), (204, {}), (302, {"Location": "/elsewhere"}), (404, {})]
        unit("PATCH", path, document("individualCustomer", {"tags": {"a": "b"}}))
        dispatcher.deliver_due()
        tries = []

        for pause in (1, 2, 3, 5):
            clock.shift(pause - 0.5)
            dispatcher.deliver_due()
            too_early = len(delivered(listener))
            clock.shift(0.5)
            dispatcher.deliver_due()
            tries.append((too_early, len(delivered(listener))))

        assert tries == [(1, 1), (0, 1), (0, 1), (0, 1)]

    def test_a_redirect_is_not_followed(self, bank: Bank, dispatcher: WebhookDispatcher, listener: Listener) -> None:
        with listening() as elsewhere:
            hook(bank, listener.url)
            listener.answers.append((307, {"Location": elsewhere.url}))
            bank.customer()

            dispatcher.deliver_due()

            assert len(delivered(listener)) == 3
            assert elsewhere.deliveries() == []

    def test_an_at_most_once_webhook_gets_no_retry(
        self, bank: Bank, dispatcher: WebhookDispatcher, listener: Listener, clock: time_machine.Traveller
    ) -> None:
        hook(bank, listener.url, deliveryMode="AtMostOnce")
        listener.answers.append((500, {}))
        bank.customer()

        dispatcher.deliver_due()
        clock.shift(3600)
        dispatcher.deliver_due()

        assert [types(json.loads(body)["data"]) for _, body in listener.deliveries()] == [
            ["application.created"],
            ["application.approved"],
            ["customer.created"],
        ]

    def test_a_delivery_has_at_most_64_events(
        self, bank: Bank, dispatcher: WebhookDispatcher, listener: Listener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(delivery, "MAX_PER_POST", 2)
        hook(bank, listener.url)
        bank.active_card()

        dispatcher.deliver_due()

        assert [len(json.loads(body)["data"]) for _, body in listener.deliveries()] == [2, 2, 2]

    def test_the_oldest_queued_events_are_dropped(
        self, bank: Bank, dispatcher: WebhookDispatcher, listener: Listener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(events, "MAX_QUEUED", 2)
        hook(bank, listener.url)
        bank.active_card()

        dispatcher.deliver_due()

        assert types(delivered(listener)) == ["transaction.created", "card.created"]

    @pytest.mark.usefixtures("long_lived_tenants")
    def test_a_webhook_becomes_unavailable_after_two_days_of_failures(
        self, bank: Bank, dispatcher: WebhookDispatcher, listener: Listener, clock: time_machine.Traveller
    ) -> None:
        path = f"/webhooks/{hook(bank, listener.url)}"
        listener.answers += [(500, {}), (500, {})]
        bank.customer()
        dispatcher.deliver_due()
        clock.shift(2 * 24 * 3600)

        dispatcher.deliver_due()

        assert bank.read(path)["attributes"]["status"] == "Unavailable"

    def test_a_disabled_webhook_gets_no_events(
        self, bank: Bank, unit: UnitOverHTTP, dispatcher: WebhookDispatcher, listener: Listener
    ) -> None:
        path = f"/webhooks/{hook(bank, listener.url)}"
        disabled = unit("POST", f"{path}/disable").json()["data"]["attributes"]["status"]
        bank.customer()
        dispatcher.deliver_due()
        enabled = unit("POST", f"{path}/enable").json()["data"]["attributes"]["status"]
        bank.application(ssn="000000005")

        dispatcher.deliver_due()

        assert (disabled, enabled) == ("Disabled", "Enabled")
        assert types(delivered(listener)) == ["application.created"]

    def test_an_event_can_be_fired_again(
        self, bank: Bank, unit: UnitOverHTTP, dispatcher: WebhookDispatcher, listener: Listener
    ) -> None:
        bank.customer()
        hook(bank, listener.url)
        event = happened(bank, "customer.created")[0]

        response = unit("POST", f"/events/{event['id']}")
        dispatcher.deliver_due()

        assert response.status_code == 200
        assert delivered(listener) == [event]

    def test_a_webhook_can_include_resources(
        self, bank: Bank, dispatcher: WebhookDispatcher, listener: Listener
    ) -> None:
        card = bank.active_card()
        hook(bank, listener.url, includeResources=True)
        bank.unit("POST", f"/cards/{card['id']}/freeze")

        dispatcher.deliver_due()

        [(_, body)] = listener.deliveries()
        [included] = json.loads(body)["included"]
        assert (included["id"], included["attributes"]["status"]) == (card["id"], "Frozen")
        assert "kept" not in included

    def test_leased_events_are_not_delivered_by_another_dispatcher(
        self, bank: Bank, dispatcher: WebhookDispatcher, store: Store, listener: Listener, clock: time_machine.Traveller
    ) -> None:
        hook(bank, listener.url)
        bank.customer()
        [tenant] = dispatcher.tenants
        dispatcher.lease_due(tenant)  # and crashes
        successor = WebhookDispatcher(store, in_background=False)
        successor.watch(tenant)

        successor.deliver_due()
        at_once = delivered(listener)
        clock.shift(delivery.LEASE)
        successor.deliver_due()

        assert at_once == []
        assert len(delivered(listener)) == 3

    def test_the_number_of_watched_tenants_is_limited(
        self, bank: Bank, dispatcher: WebhookDispatcher, listener: Listener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(delivery, "MAX_WATCHED_TENANTS", 1)
        dispatcher.watch("another tenant")
        hook(bank, listener.url)
        bank.customer()
        dispatcher.deliver_due()
        at_first = delivered(listener)
        bank.application(ssn="000000005")

        dispatcher.deliver_due()

        assert at_first == []
        approval = ["application.created", "application.approved", "customer.created"]
        assert types(delivered(listener)) == [*approval, "application.created"]

    def test_a_deleted_tenant_is_no_longer_watched(
        self, bank: Bank, dispatcher: WebhookDispatcher, store: Store
    ) -> None:
        hook(bank, "http://127.0.0.1:9/")
        bank.customer()
        store.reset()

        dispatcher.deliver_due()

        assert dispatcher.tenants == set()
