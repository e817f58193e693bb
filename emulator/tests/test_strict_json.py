"""Numbers that other languages can't read, and deep nesting, wherever JSON is parsed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from flask import Flask

import stytch_unit_emulator as emulator
from stytch_unit_emulator import strict_json
from stytch_unit_emulator.pytest_plugin import EmulatedProject

from .conftest import PROJECT_ID, STYTCH_URL, UNIT_URL
from .stytch_story import Story
from .unit_story import ADA, Bank, account_of, document, errors

UNREADABLE = {
    "exponent": "1e999",
    "negative_exponent": "-1e999",
    "just_too_large": "1.8e308",
    "integer": "1" + "0" * 309,
    "negative_integer": "-1" + "0" * 309,
    "thousands_of_digits": "9" * 5000,
    "nan": "NaN",
    "infinity": "Infinity",
    "negative_infinity": "-Infinity",
    "nested_lists": "[" * 5000 + "]" * 5000,
    "nested_objects": '{"x":' * 5000 + "1" + "}" * 5000,
    "just_too_deep": "[" * 110 + "]" * 110,
    "unclosed_lists": "[" * 50_000,
}
LARGEST = "1.7976931348623157e308"
OVER_HTTP = ("exponent", "integer", "infinity", "nested_lists", "unclosed_lists")
unreadable = pytest.mark.parametrize("value", UNREADABLE.values(), ids=UNREADABLE)
unreadable_over_http = pytest.mark.parametrize("value", [UNREADABLE[name] for name in OVER_HTTP], ids=OVER_HTTP)


def with_value(body: Any, value: str) -> str:
    """The body as JSON, with this text in place of its string ``VALUE``."""
    return json.dumps(body).replace('"VALUE"', value)


@unreadable
def test_unreadable_json_is_not_parsed(value: str) -> None:
    for text in (value, f'{{"x": {value}}}', f'[{{"x": [{value}]}}]'):
        with pytest.raises(ValueError, match=r"."):
            strict_json.parse(text)


@pytest.mark.parametrize("value", ["0", "-0", "9007199254740993", "1" + "0" * 308, "1e-400", LARGEST, f"-{LARGEST}"])
def test_what_a_double_holds_is_parsed(value: str) -> None:
    assert strict_json.parse(value) == json.loads(value)


def test_nesting_of_100_levels_is_parsed() -> None:
    assert strict_json.dump(strict_json.parse("[" * 100 + "1" + "]" * 100)) == "[" * 100 + "1" + "]" * 100


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_infinity_and_nan_are_not_written(value: float) -> None:
    with pytest.raises(ValueError, match=r"."):
        strict_json.dump({"x": value})


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        pytest.param("PUT", "users/USER", {"untrusted_metadata": {"x": "VALUE"}}, id="metadata"),
        pytest.param(
            "POST",
            "sessions/authenticate",
            {"session_token": "TOKEN", "session_custom_claims": {"x": ["VALUE"]}},
            id="claims",
        ),
        pytest.param("POST", "users/search", {"limit": "VALUE"}, id="limit"),
    ],
)
@unreadable_over_http
def test_stytch_refuses_it(story: Story, method: str, path: str, body: Any, value: str) -> None:
    ada = story.sign_in()
    text = with_value(body, value).replace("TOKEN", ada.session_token)

    response = story.http.request(
        method, f"{STYTCH_URL}v1/{path.replace('USER', ada.user_id)}", data=text, auth=(PROJECT_ID, "secret")
    )

    assert (response.status_code, response.json()["error_type"]) == (400, "bad_request")
    assert story.client.users.get(ada.user_id).untrusted_metadata == {}


def at_unit(bank: Bank, path: str, text: str) -> requests.Response:
    """Post this text with the org token."""
    return bank.unit.http.post(f"{UNIT_URL}{path}", data=text, headers={"Authorization": f"Bearer {bank.unit.token}"})


@unreadable_over_http
def test_unit_refuses_it_as_a_coordinate(bank: Bank, value: str) -> None:
    card = bank.active_card()
    bought = {
        "amount": 1,
        "direction": "Debit",
        "merchantName": "Corner Cafe",
        "merchantType": 5812,
        "last4Digits": card["attributes"]["last4Digits"],
        "coordinates": {"longitude": "VALUE", "latitude": 37},
    }
    body = document("purchaseTransaction", bought, account=account_of(card))

    response = at_unit(bank, "/sandbox/purchases", with_value(body, value))

    assert (response.status_code, errors(response)) == (400, [("invalid_value", None)])
    assert bank.figures(card) == (100_000, 0, 100_000)


@unreadable_over_http
def test_unit_refuses_it_in_a_document(bank: Bank, value: str) -> None:
    body = document("individualApplication", ADA | {"tags": {"x": "VALUE"}})

    response = at_unit(bank, "/applications", with_value(body, value))

    assert (response.status_code, errors(response)) == (400, [("invalid_value", None)])
    assert bank.read("/applications") == []


@unreadable_over_http
def test_unit_refuses_it_in_a_filter(bank: Bank, value: str) -> None:
    response = bank.unit.http.get(
        f"{UNIT_URL}/customers",
        params={"filter[tags]": f'{{"x": {value}}}'},
        headers={"Authorization": f"Bearer {bank.unit.token}"},
    )

    assert (response.status_code, errors(response)) == (400, [("invalid_value", None)])


@pytest.fixture(scope="module")
def controlled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An emulator with controls."""
    app = emulator.create_app(
        f"sqlite:///{tmp_path_factory.mktemp('strict')}/emulator.db", controls=emulator.ControlAccess()
    )
    yield app
    app.extensions["emulator_store"].close()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("clock", {"seconds": "VALUE"}, id="clock"),
        pytest.param("faults", {"path": "/*", "fault": "slow", "seconds": "VALUE"}, id="fault"),
        pytest.param("tenants/PROJECT/seed", {"users": [{"untrusted_metadata": {"x": "VALUE"}}]}, id="seed_for_stytch"),
        pytest.param("tenants/PROJECT/seed", {"users": [{"accounts": [{"funds": "VALUE"}]}]}, id="seed_for_unit"),
    ],
)
@unreadable_over_http
def test_the_controls_refuse_it(controlled: Flask, path: str, body: Any, value: str) -> None:
    project = EmulatedProject("").project_id
    client = controlled.test_client()

    answer = client.post(
        f"/control/{path.replace('PROJECT', project)}", data=with_value(body, value), content_type="application/json"
    )

    assert answer.status_code == 400
    assert answer.json
    assert "JSON object" in answer.json["error"]
    assert client.get("/control/faults").json == []
