"""Debit cards of the emulated Unit: creation, statuses and card numbers."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine

from stytch_unit_emulator.unit import card_rules

from .conftest import UnitOverHTTP
from .unit_story import ADDRESS, PHYSICAL, VIRTUAL, Bank, account_of, customer_of, document, errors

# By status: the type and attributes of a new card, and the action that leads to the status.
STATES: dict[str, tuple[str, dict[str, Any], str | None]] = {
    "Inactive": (PHYSICAL, {}, None),
    "ActiveForOnlineUse": (PHYSICAL, {"activeForOnlineUse": True}, None),
    "Active": (VIRTUAL, {}, None),
    "Frozen": (VIRTUAL, {}, "freeze"),
    "Lost": (VIRTUAL, {}, "report-lost"),
    "Stolen": (VIRTUAL, {}, "report-stolen"),
    "ClosedByCustomer": (VIRTUAL, {}, "close"),
}
CVV2 = "123"
NO = None
# By status and action: the new status, or NO if the action is refused.
ACTIONS: dict[str, dict[str, str | None]] = {
    "Inactive": {
        "freeze": "Frozen",
        "unfreeze": NO,
        "close": "ClosedByCustomer",
        "report-lost": "Lost",
        "report-stolen": "Stolen",
    },
    "ActiveForOnlineUse": {
        "freeze": "Frozen",
        "unfreeze": NO,
        "close": "ClosedByCustomer",
        "report-lost": "Lost",
        "report-stolen": "Stolen",
    },
    "Active": {
        "freeze": "Frozen",
        "unfreeze": NO,
        "close": "ClosedByCustomer",
        "report-lost": "Lost",
        "report-stolen": "Stolen",
    },
    "Frozen": {
        "freeze": NO,
        "unfreeze": "Active",
        "close": "ClosedByCustomer",
        "report-lost": "Lost",
        "report-stolen": "Stolen",
    },
    "Lost": {"freeze": NO, "unfreeze": NO, "close": NO, "report-lost": NO, "report-stolen": NO},
    "Stolen": {"freeze": NO, "unfreeze": NO, "close": NO, "report-lost": NO, "report-stolen": NO},
    "ClosedByCustomer": {"freeze": NO, "unfreeze": NO, "close": NO, "report-lost": NO, "report-stolen": NO},
}
CELLS = [(state, action, result) for state, row in ACTIONS.items() for action, result in row.items()]
ALLOWED = [cell for cell in CELLS if cell[2]]
REFUSED = [cell[:2] for cell in CELLS if not cell[2]]


@pytest.fixture
def account(bank: Bank) -> str:
    """An account with $1,000."""
    return bank.funded_account()


def card_in(bank: Bank, account: str, state: str) -> dict[str, Any]:
    """A card with this status."""
    resource_type, attributes, action = STATES[state]
    card = bank.card(account, resource_type, **attributes)
    if action:
        bank.unit("POST", f"/cards/{card['id']}/{action}")
    current: dict[str, Any] = bank.read(f"/cards/{card['id']}")
    assert current["attributes"]["status"] == state
    return current


@pytest.mark.parametrize(("state", "action", "result"), ALLOWED)
def test_an_action_changes_the_cards_status(bank: Bank, account: str, state: str, action: str, result: str) -> None:
    card = card_in(bank, account, state)

    response = bank.unit("POST", f"/cards/{card['id']}/{action}")

    assert response.status_code == 200
    assert response.json()["data"]["attributes"]["status"] == result
    assert bank.read(f"/cards/{card['id']}") == response.json()["data"]


@pytest.mark.parametrize(("state", "action"), REFUSED)
def test_an_action_that_the_status_does_not_allow_is_refused(bank: Bank, account: str, state: str, action: str) -> None:
    card = card_in(bank, account, state)

    response = bank.unit("POST", f"/cards/{card['id']}/{action}")

    assert response.status_code == 400
    assert errors(response) == [("not_supported_for_card_status", None)]
    assert bank.read(f"/cards/{card['id']}") == card


@pytest.mark.parametrize("state", ["Inactive", "ActiveForOnlineUse", "Active"])
def test_unfreezing_restores_the_previous_status(bank: Bank, account: str, state: str) -> None:
    card = card_in(bank, account, state)
    bank.unit("POST", f"/cards/{card['id']}/freeze")

    response = bank.unit("POST", f"/cards/{card['id']}/unfreeze")

    assert response.json()["data"]["attributes"]["status"] == state


def test_a_freeze_reason_is_shown_until_the_card_is_unfrozen(bank: Bank, account: str) -> None:
    path = f"/cards/{bank.card(account)['id']}"

    frozen = bank.unit("POST", f"{path}/freeze", document("freezeCard", {"reason": "Lost my wallet"})).json()
    thawed = bank.unit("POST", f"{path}/unfreeze", {}).json()

    assert frozen["data"]["attributes"]["freezeReason"] == "Lost my wallet"
    assert "freezeReason" not in thawed["data"]["attributes"]


@pytest.mark.parametrize("body", [None, {}, document("freezeCard", {})])
def test_a_freeze_needs_no_reason(bank: Bank, account: str, body: object) -> None:
    response = bank.unit("POST", f"/cards/{bank.card(account)['id']}/freeze", body)

    assert response.status_code == 200
    assert "freezeReason" not in response.json()["data"]["attributes"]


class TestActivation:
    """Activation by the holder, with what is on the card."""

    @pytest.fixture
    def card(self, bank: Bank, account: str) -> dict[str, Any]:
        return bank.card(account, PHYSICAL)

    def activate(self, bank: Bank, card: dict[str, Any], **changes: object) -> Any:
        holder = bank.customer_token(customer_of(card), "cards-sensitive-write")
        printed = {"cvv2": CVV2, "expirationDate": card["attributes"]["expirationDate"]}
        return holder("POST", f"/cards/{card['id']}/activate", {"data": {"attributes": printed | changes}})

    @pytest.fixture(autouse=True)
    def known_cvv2(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The tests can't read the CVV2 of a physical card."""
        monkeypatch.setattr(card_rules, "new_cvv2", lambda: CVV2)

    def test_the_holder_activates_a_card_with_its_cvv2_and_expiration(self, bank: Bank, card: dict[str, Any]) -> None:
        assert self.activate(bank, card).json()["data"]["attributes"]["status"] == "Active"

    @pytest.mark.parametrize("changes", [{"cvv2": "321"}, {"expirationDate": "2031-01"}])
    def test_a_wrong_cvv2_or_expiration_activates_no_card(
        self, bank: Bank, card: dict[str, Any], changes: dict[str, str]
    ) -> None:
        response = self.activate(bank, card, **changes)

        assert errors(response) == [("invalid_value", "/data/attributes")]
        assert bank.read(f"/cards/{card['id']}")["attributes"]["status"] == "Inactive"

    def test_an_activation_names_what_is_missing(self, bank: Bank, card: dict[str, Any]) -> None:
        assert errors(self.activate(bank, card, cvv2=None)) == [("invalid_value", "/data/attributes/cvv2")]

    def test_an_org_token_cannot_activate_a_card_with_its_data(self, bank: Bank, card: dict[str, Any]) -> None:
        assert bank.unit("POST", f"/cards/{card['id']}/activate", {"data": {}}).status_code == 403


@pytest.mark.parametrize("state", ["Inactive", "ActiveForOnlineUse"])
def test_a_physical_card_can_be_activated_once(bank: Bank, account: str, state: str) -> None:
    card = card_in(bank, account, state)

    first = bank.unit("POST", f"/sandbox/cards/{card['id']}/activate")
    second = bank.unit("POST", f"/sandbox/cards/{card['id']}/activate")

    assert first.status_code == 200
    assert first.json()["data"]["attributes"]["status"] == "Active"
    assert errors(second) == [("not_supported_for_card_status", None)]


@pytest.mark.parametrize("state", ["Active", "Frozen", "Lost", "Stolen", "ClosedByCustomer"])
def test_only_an_inactive_card_can_be_activated(bank: Bank, account: str, state: str) -> None:
    card = card_in(bank, account, state)

    response = bank.unit("POST", f"/sandbox/cards/{card['id']}/activate")

    assert response.status_code == 400
    assert errors(response) == [("not_supported_for_card_status", None)]


class TestCreate:
    """Creating cards."""

    def test_a_virtual_card_is_active_at_once(self, bank: Bank, account: str) -> None:
        attributes = bank.card(account)["attributes"]

        assert attributes["status"] == "Active"
        assert attributes["last4Digits"].isdigit()
        assert len(attributes["last4Digits"]) == 4
        assert attributes["expirationDate"] == "2030-06"
        assert "shippingAddress" not in attributes

    def test_a_physical_card_is_inactive_and_shipped_to_the_customers_address(self, bank: Bank, account: str) -> None:
        attributes = bank.card(account, PHYSICAL)["attributes"]

        assert attributes["status"] == "Inactive"
        assert attributes["shippingAddress"] == ADDRESS

    def test_a_card_shows_no_secrets(self, bank: Bank, account: str) -> None:
        card = bank.card(account, limits={"dailyPurchase": 1})

        assert sorted(card["attributes"]) == ["bin", "createdAt", "expirationDate", "last4Digits", "status", "tags"]
        assert sorted(card) == ["attributes", "id", "relationships", "type"]

    def test_cards_of_an_account_differ_in_their_last_digits(
        self, bank: Bank, account: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        drawn = iter([7, 111, 7, 8, 222])  # last four, a CVV2; then a taken last four, a free one, a CVV2
        monkeypatch.setattr("secrets.randbelow", lambda _: next(drawn))

        digits = [bank.card(account)["attributes"]["last4Digits"], bank.card(account)["attributes"]["last4Digits"]]

        assert digits == ["0007", "0008"]

    @pytest.mark.parametrize(
        ("wanted", "expiration"), [("06/29", "2029-06"), ("2031-06", "2031-06"), ("30-01", "2030-01")]
    )
    def test_the_org_can_choose_a_cards_expiration(
        self, bank: Bank, account: str, wanted: str, expiration: str
    ) -> None:
        card = bank.card(account, expiryDate=wanted)

        assert card["attributes"]["expirationDate"] == expiration

    @pytest.mark.parametrize("wanted", ["05/29", "2031-07", "13/29", "2029", "2029-6"])
    def test_a_card_must_expire_3_to_5_years_ahead(self, bank: Bank, account: str, wanted: str) -> None:
        response = bank.unit("POST", "/cards", document(VIRTUAL, {"expiryDate": wanted}, account=account))

        assert response.status_code == 400
        assert errors(response) == [("invalid_value", "/data/attributes/expiryDate")]

    @pytest.mark.parametrize(
        ("resource_type", "attributes", "pointer"),
        [
            (VIRTUAL, {"shippingAddress": ADDRESS}, "shippingAddress"),
            (PHYSICAL, {"shippingAddress": "1 Main St"}, "shippingAddress"),
            (PHYSICAL, {"additionalEmbossedText": "x" * 27}, "additionalEmbossedText"),
            (PHYSICAL, {"activeForOnlineUse": "yes"}, "activeForOnlineUse"),
            (VIRTUAL, {"limits": {"dailyPurchase": -1}}, "limits/dailyPurchase"),
            (VIRTUAL, {"limits": {"dailyPurchase": True}}, "limits/dailyPurchase"),
            (VIRTUAL, {"limits": {"dailyPurchase": 1.5}}, "limits/dailyPurchase"),
            (VIRTUAL, {"limits": {"yearlyPurchase": 1}}, "limits/yearlyPurchase"),
        ],
    )
    def test_an_invalid_card_attribute_is_refused(
        self, bank: Bank, account: str, resource_type: str, attributes: dict[str, Any], pointer: str
    ) -> None:
        response = bank.unit("POST", "/cards", document(resource_type, attributes, account=account))

        assert response.status_code == 400
        assert errors(response) == [("invalid_value", f"/data/attributes/{pointer}")]

    @pytest.mark.parametrize(
        "relationships",
        [
            {},
            [],
            {"account": {"data": {"type": "customer", "id": "1"}}},
            {"account": {"data": {"type": "account", "id": 1}}},
            {"account": {"data": None}},
            {"account": None},
        ],
    )
    def test_a_card_needs_an_account(self, bank: Bank, relationships: Any) -> None:
        body = {"data": {"type": VIRTUAL, "attributes": {}, "relationships": relationships}}

        response = bank.unit("POST", "/cards", body)

        assert response.status_code == 400
        assert errors(response)[0][0] == "invalid_value"

    def test_an_unknown_relationship_is_invalid(self, bank: Bank, account: str) -> None:
        response = bank.unit("POST", "/cards", document(VIRTUAL, {}, account=account, statement="1"))

        assert errors(response) == [("invalid_value", "/data/relationships/statement")]

    def test_a_relationship_may_use_the_accounts_specific_type(self, bank: Bank, account: str) -> None:
        body = document(VIRTUAL, {}, account=account)
        body["data"]["relationships"]["account"]["data"]["type"] = "depositAccount"

        assert bank.unit("POST", "/cards", body).status_code == 201

    def test_an_unknown_account_gets_no_card(self, bank: Bank) -> None:
        response = bank.unit("POST", "/cards", document(VIRTUAL, {}, account="1"))

        assert response.status_code == 400
        assert errors(response) == [("account_not_found", "/data/relationships/account")]

    def test_a_customer_token_creates_cards_on_its_own_accounts_only(self, bank: Bank, account: str) -> None:
        customer = bank.customer()
        own, holder = bank.account(customer), bank.customer_token(customer, "cards-write")

        refused = holder("POST", "/cards", document(VIRTUAL, {}, account=account))
        accepted = holder("POST", "/cards", document(VIRTUAL, {}, account=own))

        assert errors(refused) == [("account_not_found", "/data/relationships/account")]
        assert accepted.status_code == 201

    def test_a_card_on_another_customers_account_is_a_mismatch(self, bank: Bank, account: str) -> None:
        response = bank.unit("POST", "/cards", document(VIRTUAL, {}, account=account, customer=bank.customer()))

        assert response.status_code == 400
        assert errors(response) == [("account_customer_mismatch", "/data/relationships/customer")]

    def test_a_closed_account_gets_no_card(self, bank: Bank, account: str) -> None:
        bank.unit("POST", f"/accounts/{account}/close")

        response = bank.unit("POST", "/cards", document(VIRTUAL, {}, account=account))

        assert response.status_code == 400
        assert errors(response) == [("not_supported_for_account_status", None)]

    def test_an_idempotency_key_creates_one_card_of_either_type(self, bank: Bank, account: str) -> None:
        physical = bank.card(account, PHYSICAL, idempotencyKey="key")
        bank.unit("POST", f"/cards/{physical['id']}/freeze")

        replay = bank.card(account, VIRTUAL, idempotencyKey="key")

        assert (replay["id"], replay["type"]) == (physical["id"], PHYSICAL)
        assert replay["attributes"]["status"] == "Frozen"
        assert len(bank.read("/cards")) == 1

    def test_concurrent_requests_with_one_idempotency_key_create_one_card(self, bank: Bank, account: str) -> None:
        with ThreadPoolExecutor(8) as threads:
            made = list(threads.map(lambda _: bank.card(account, idempotencyKey="key")["id"], range(16)))

        assert len(set(made)) == 1
        assert len(bank.read("/cards")) == 1

    def test_an_idempotency_key_of_another_customer_is_refused(self, bank: Bank, account: str) -> None:
        bank.card(account, idempotencyKey="key")
        customer = bank.customer()
        own, holder = bank.account(customer), bank.customer_token(customer, "cards-write")

        response = holder("POST", "/cards", document(VIRTUAL, {"idempotencyKey": "key"}, account=own))

        assert response.status_code == 409
        assert errors(response) == [("already_exists", "/data/attributes/idempotencyKey")]


class TestRead:
    """Reading cards."""

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("filter[status][0]=Active", 1),
            ("filter[status][0]=Active&filter[status][1]=Inactive", 2),
            ("filter[status][0]=Lost", 0),
            ("filter[accountId]={account}", 2),
            ("filter[accountId]=1", 0),
            ("filter[customerId]={customer}", 2),
            ('filter[tags]={{"a":"1"}}', 1),
        ],
    )
    def test_cards_can_be_filtered(self, bank: Bank, account: str, query: str, found: int) -> None:
        card = bank.card(account, tags={"a": "1"})
        bank.card(account, PHYSICAL)

        listed = bank.read(f"/cards?{query.format(account=account, customer=customer_of(card))}")

        assert len(listed) == found

    def test_a_customer_token_lists_its_own_cards(self, bank: Bank, account: str) -> None:
        bank.card(account)
        customer = bank.customer()
        card = bank.card(bank.account(customer))

        response = bank.customer_token(customer, "cards")("GET", "/cards")

        assert [each["id"] for each in response.json()["data"]] == [card["id"]]


class TestUpdate:
    """Updating and replacing cards."""

    def test_tags_are_merged_and_the_address_is_replaced(self, bank: Bank, account: str) -> None:
        path = f"/cards/{bank.card(account, PHYSICAL, tags={'a': '1', 'b': '2'})['id']}"
        elsewhere = ADDRESS | {"city": "Berkeley"}

        bank.unit("PATCH", path, document(PHYSICAL, {"tags": {"a": None}, "shippingAddress": elsewhere}))

        assert bank.read(path)["attributes"]["tags"] == {"b": "2"}
        assert bank.read(path)["attributes"]["shippingAddress"] == elsewhere

    def test_the_type_must_match_the_card(self, bank: Bank, account: str) -> None:
        response = bank.unit("PATCH", f"/cards/{bank.card(account)['id']}", document(PHYSICAL, {"tags": {}}))

        assert response.status_code == 400
        assert errors(response) == [("invalid_value", "/data/type")]

    def test_limits_have_their_own_endpoint(self, bank: Bank, account: str) -> None:
        path = f"/cards/{bank.card(account, limits={'dailyPurchase': 1, 'monthlyPurchase': 2})['id']}"

        limits = {"dailyPurchase": 5000, "dailyCardTransaction": 6000, "monthlyCardTransaction": 7000}
        changed = bank.unit("PATCH", path, document(VIRTUAL, {"limits": limits}))

        nothing = {"withdrawals": 0, "deposits": 0, "purchases": 0, "cardTransactions": 0}
        assert "limits" not in changed.json()["data"]["attributes"]
        assert bank.read(f"{path}/limits") == {
            "type": "limits",
            "attributes": {"limits": limits, "dailyTotals": nothing, "monthlyTotals": nothing},
        }

    def test_a_card_without_limits_has_totals_only(self, bank: Bank, account: str) -> None:
        limits = bank.read(f"/cards/{bank.card(account, PHYSICAL)['id']}/limits")

        assert sorted(limits["attributes"]) == ["dailyTotals", "monthlyTotals"]

    @pytest.mark.parametrize("state", ["Inactive", "ActiveForOnlineUse"])
    @pytest.mark.usefixtures("long_lived_tenants")
    def test_a_replacement_has_the_number_and_the_expiration_of_the_damaged_card(
        self, bank: Bank, account: str, clock: time_machine.Traveller, state: str
    ) -> None:
        card = card_in(bank, account, state)
        clock.move_to("2026-09-01T12:00:00Z")
        body = document("replaceCard", {"shippingAddress": ADDRESS | {"city": "Berkeley"}})

        response = bank.unit("POST", f"/cards/{card['id']}/replace", body)

        replaced = response.json()["data"]
        assert response.status_code == 200
        assert replaced["attributes"].pop("updatedAt") == "2026-09-01T12:00:00.000Z"
        card["attributes"].pop("updatedAt", None)
        assert replaced == card
        [event] = bank.read("/events?filter[type][0]=card.replacing")
        assert event["relationships"]["card"]["data"]["id"] == card["id"]

    @pytest.mark.parametrize("action", ["freeze", "report-lost", "report-stolen", "close"])
    def test_a_closed_or_frozen_card_cannot_be_replaced(self, bank: Bank, account: str, action: str) -> None:
        card = bank.card(account, PHYSICAL)
        bank.unit("POST", f"/cards/{card['id']}/{action}")

        response = bank.unit("POST", f"/cards/{card['id']}/replace")

        assert response.status_code == 400
        assert errors(response) == [("not_supported_for_card_status", None)]

    def test_a_virtual_card_cannot_be_replaced(self, bank: Bank, account: str) -> None:
        response = bank.unit("POST", f"/cards/{bank.card(account)['id']}/replace")

        assert response.status_code == 400
        assert errors(response) == [("not_supported_for_card_type", None)]


class TestSecrets:
    """Card number, CVV2 and PIN."""

    def holder(self, bank: Bank, card: dict[str, Any]) -> UnitOverHTTP:
        """Unit with a token that may read the card's secrets."""
        return bank.customer_token(customer_of(card), "cards-sensitive")

    def test_a_customer_sees_a_test_number_that_ends_in_the_last_four(self, bank: Bank, account: str) -> None:
        card = bank.card(account)

        response = self.holder(bank, card)("GET", f"/cards/{card['id']}/secure-data/pan")

        number = response.json()["data"]["attributes"]["pan"]
        assert len(number) == 16
        assert number.startswith(card["attributes"]["bin"])
        assert number.endswith(card["attributes"]["last4Digits"])
        assert (
            sum(int(digit) for odd in number[::2] for digit in str(int(odd) * 2)) % 10
            == -sum(map(int, number[1::2])) % 10
        )

    def test_a_customer_sees_a_three_digit_cvv2(self, bank: Bank, account: str) -> None:
        card = bank.card(account)

        response = self.holder(bank, card)("GET", f"/cards/{card['id']}/secure-data/cvv2")

        cvv2 = response.json()["data"]["attributes"]["cvv2"]
        assert cvv2.isdigit()
        assert len(cvv2) == 3

    @pytest.mark.parametrize("secret", ["pan", "cvv2"])
    @pytest.mark.parametrize(
        "state", ["Inactive", "ActiveForOnlineUse", "Frozen", "Lost", "Stolen", "ClosedByCustomer"]
    )
    def test_an_inactive_card_shows_no_secrets(self, bank: Bank, account: str, state: str, secret: str) -> None:
        card = card_in(bank, account, state)

        response = self.holder(bank, card)("GET", f"/cards/{card['id']}/secure-data/{secret}")

        assert response.status_code == 400
        assert errors(response) == [("not_supported_for_card_status", None)]

    def test_card_numbers_are_not_stored_or_logged(
        self, bank: Bank, account: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        monkeypatch.setattr(card_rules, "new_cvv2", lambda: "cvv-of-the-test")
        card = bank.card(account)
        holder = self.holder(bank, card)

        secrets = [
            holder("GET", f"/cards/{card['id']}/secure-data/{name}").json()["data"]["attributes"][name]
            for name in ("pan", "cvv2")
        ]

        seen = f"{card} {bank.read('/cards')} {holder('GET', '/cards').text} {caplog.text}"
        assert f"GET /cards/{card['id']}/secure-data/pan 200" in caplog.text
        assert not [secret for secret in secrets if secret in seen]

    @pytest.mark.parametrize("secret", ["pan", "cvv2"])
    def test_a_physical_card_shows_no_secrets(self, bank: Bank, account: str, secret: str) -> None:
        card = bank.card(account, PHYSICAL)
        bank.unit("POST", f"/sandbox/cards/{card['id']}/activate")

        response = self.holder(bank, card)("GET", f"/cards/{card['id']}/secure-data/{secret}")

        assert response.status_code == 400
        assert errors(response) == [("not_supported_for_card_type", None)]

    def test_a_token_for_one_card_shows_no_other_cards_secrets(self, bank: Bank, account: str) -> None:
        card, other = bank.card(account), bank.card(account)
        resources = [{"type": "card", "ids": [card["id"]]}]
        holder = bank.customer_token(customer_of(card), "cards-sensitive", resources=resources)

        shown = holder("GET", f"/cards/{card['id']}/secure-data/pan")
        refused = holder("GET", f"/cards/{other['id']}/secure-data/pan")

        assert shown.status_code == 200
        assert refused.status_code == 404

    @pytest.mark.parametrize("state", ["Active", "Frozen", "Lost", "Stolen", "ClosedByCustomer"])
    def test_a_card_that_was_active_has_a_pin_status(self, bank: Bank, account: str, state: str) -> None:
        card = card_in(bank, account, state)

        assert bank.read(f"/cards/{card['id']}/secure-data/pin/status")["attributes"] == {"status": "NotSet"}

    def test_an_inactive_card_has_no_pin_status(self, bank: Bank, account: str) -> None:
        card = card_in(bank, account, "Inactive")

        response = bank.unit("GET", f"/cards/{card['id']}/secure-data/pin/status")

        assert response.status_code == 400
        assert errors(response) == [("not_supported_for_card_status", None)]


@pytest.mark.parametrize("state", ["Inactive", "Frozen", "Lost", "Stolen", "ClosedByCustomer"])
def test_an_inactive_card_declines_purchases(bank: Bank, account: str, state: str) -> None:
    card = card_in(bank, account, state)

    response = bank.buy(card, 100)

    assert response.status_code == 400
    assert errors(response) == [("not_supported_for_card_status", None)]
    assert bank.figures(card) == (100_000, 0, 100_000)


@pytest.mark.parametrize("state", ["Active", "ActiveForOnlineUse"])
def test_an_active_card_can_buy(bank: Bank, account: str, state: str) -> None:
    card = card_in(bank, account, state)

    response = bank.buy(card, 100)

    assert response.status_code == 201
    assert account_of(response.json()["data"]) == account
