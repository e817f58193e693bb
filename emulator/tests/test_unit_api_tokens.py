"""API tokens that the org creates with some of its scopes."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import time_machine

from stytch_unit_emulator.pytest_plugin import EmulatedProject

from .conftest import UnitOverHTTP, stored_values
from .over_http import at_unit
from .unit_story import Bank, account_of, document, errors

Json = dict[str, Any]
TOKENS = "/users/1/api-tokens"
GIVEN: Json = {"description": "Reports", "scope": "accounts cards", "expiration": "2026-06-02T12:00:00Z"}


def create(bank: Bank, **changes: object) -> Json:
    return bank.create(TOKENS, "apiToken", GIVEN | changes)


def bearer(bank: Bank, **changes: object) -> UnitOverHTTP:
    """Unit with a new token."""
    return bank.unit.with_token(create(bank, **changes)["attributes"]["token"])


def test_a_token_is_shown_once(bank: Bank, database_url: str) -> None:
    made = create(bank, sourceIp="127.0.0.1")

    [listed] = bank.read(TOKENS)
    token = made["attributes"].pop("token")
    assert listed == made
    assert made["attributes"]["expiration"] == "2026-06-02T12:00:00.000Z"
    assert token not in stored_values(database_url)


def test_a_token_has_its_scopes_only(bank: Bank) -> None:
    holder = bearer(bank)

    assert holder("GET", "/cards").status_code == 200
    assert holder("GET", "/customers").status_code == 403


def test_a_token_reaches_its_resources_only(bank: Bank) -> None:
    card, other = bank.active_card(), bank.active_card()
    holder = bearer(bank, resources=[{"type": "account", "ids": [account_of(card)]}])

    assert [each["id"] for each in holder("GET", "/cards").json()["data"]] == [card["id"]]
    assert holder("GET", f"/cards/{other['id']}").status_code == 404


@pytest.mark.parametrize("scope", ["", "fly", "cards-sensitive"])
def test_a_token_has_scopes_of_the_org(bank: Bank, scope: str) -> None:
    response = bank.unit("POST", TOKENS, document("apiToken", GIVEN | {"scope": scope}))

    assert errors(response) == [("invalid_value", "/data/attributes/scope")]


def test_an_api_token_has_no_more_scopes_than_its_maker(bank: Bank) -> None:
    response = bearer(bank)("POST", TOKENS, document("apiToken", GIVEN | {"scope": "customers"}))

    assert errors(response) == [("invalid_value", "/data/attributes/scope")]


@pytest.mark.parametrize("expiration", ["2026-06-02", "2026-06-02T12:00:00", "soon", 1])
def test_an_expiration_is_a_time_with_its_offset(bank: Bank, expiration: object) -> None:
    response = bank.unit("POST", TOKENS, document("apiToken", GIVEN | {"expiration": expiration}))

    assert errors(response) == [("invalid_value", "/data/attributes/expiration")]


@pytest.mark.parametrize("end", ["expired", "revoked"])
@pytest.mark.usefixtures("long_lived_tenants")
def test_an_expired_or_revoked_api_token_is_unauthorized(bank: Bank, clock: time_machine.Traveller, end: str) -> None:
    made = create(bank)
    holder = bank.unit.with_token(made["attributes"]["token"])
    before = holder("GET", "/cards")
    if end == "expired":
        clock.move_to("2026-06-02T12:00:00Z")
    else:
        assert bank.unit("DELETE", f"{TOKENS}/{made['id']}").status_code == 204

    response = holder("GET", "/cards")

    assert (before.status_code, response.status_code) == (200, 401)


@pytest.mark.parametrize(
    ("addresses", "status"), [("127.0.0.1", 200), ("192.0.2.1, 127.0.0.1", 200), ("192.0.2.1", 403)]
)
def test_an_api_token_works_from_its_addresses_only(
    emulated_project: EmulatedProject, addresses: str, status: int
) -> None:
    given = GIVEN | {"sourceIp": addresses, "expiration": "2999-01-01T00:00:00Z"}
    made = at_unit(emulated_project, "POST", TOKENS, document("apiToken", given)).json()["data"]
    bearer = {"Authorization": f"Bearer {made['attributes']['token']}"}

    assert requests.get(f"{emulated_project.url}/cards", headers=bearer, timeout=10).status_code == status
