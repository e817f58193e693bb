"""``flask unit create-webhook`` and the doctor's checks, against Unit over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from app import create_app
from extras.webhooks import setup
from services.unit_client import org_client

from ..live import LiveServices

TOKEN = "a-token-that-only-these-tests-know-of"
URL = "http://localhost:8000/webhooks/unit"
FORBIDDEN = 403, {"errors": [{"status": "403", "title": "Forbidden", "code": "forbidden"}]}


@pytest.fixture
def services(live: LiveServices) -> LiveServices:
    """Both, without webhooks and lies."""
    live.lies.clear()
    with live.store.change(live.project_id) as tenant:
        for webhook in tenant.all("webhook"):
            tenant.remove("webhook", webhook["id"])
    return live


@pytest.fixture(scope="module")
def shared_app(live: LiveServices, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return create_app(live.settings(tmp_path_factory.mktemp("instance"), UNIT_WEBHOOK_TOKEN=TOKEN))


@pytest.fixture
def app(shared_app: Flask, services: LiveServices) -> Flask:
    assert not services.lies
    return shared_app


def create(app: Flask, *options: str) -> Result:
    return app.test_cli_runner().invoke(args=["unit", "create-webhook", *options])


def doctor(app: Flask) -> list[str]:
    """Return the doctor's lines about webhooks, with their next steps."""
    lines = app.test_cli_runner().invoke(args=["doctor"]).output.splitlines()
    at = [number for number, line in enumerate(lines) if "webhook" in line and not line.startswith("  ")]
    steps = [lines[number + 1] if lines[number + 1].startswith("  ") else "" for number in at]
    return [f"{lines[number]}{step}" for number, step in zip(at, steps, strict=True)]


def webhooks(services: LiveServices) -> list[dict[str, Any]]:
    with services.store.read(services.project_id) as tenant:
        return [webhook["attributes"] for webhook in tenant.all("webhook")]


def test_the_command_creates_one_webhook_and_changes_it_when_run_again(app: Flask, services: LiveServices) -> None:
    first = create(app)

    second = create(app, "--mode", "AtMostOnce")

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.output == second.output
    assert first.output.endswith(f"sends events to {URL}.\n")
    assert TOKEN not in first.output
    (webhook,) = webhooks(services)
    shown = {name: webhook[name] for name in ("url", "token", "contentType", "deliveryMode", "status")}
    assert shown == {
        "url": URL,
        "token": TOKEN,
        "contentType": "Json",
        "deliveryMode": "AtMostOnce",
        "status": "Enabled",
    }


def test_a_webhook_with_another_url_is_left_alone(app: Flask, services: LiveServices) -> None:
    other = {"label": "x", "url": "https://other.example/hooks", "token": TOKEN, "contentType": "JsonAPI"}
    with app.app_context():
        org_client.post("/webhooks", "webhook", other)
    before = webhooks(services)

    create(app)

    assert webhooks(services)[:1] == before
    assert [webhook["url"] for webhook in webhooks(services)] == [other["url"], URL]


def test_a_webhook_that_unit_gave_up_is_enabled_again(app: Flask, services: LiveServices) -> None:
    create(app)
    with services.store.change(services.project_id) as tenant:
        (webhook,) = tenant.all("webhook")
        webhook["attributes"]["status"] = "Unavailable"
        tenant.save("webhook", webhook["id"], webhook)

    create(app)

    assert [webhook["status"] for webhook in webhooks(services)] == ["Enabled"]


def test_without_a_token_the_command_says_how_to_make_one(services: LiveServices, tmp_path: Path) -> None:
    app = create_app(services.settings(tmp_path))

    result = create(app)

    assert (result.exit_code, result.output) == (1, f"Error: {setup.HOW_TO_START}\n")
    assert doctor(app) == [f"· No webhook: pages ask Unit for news  → {setup.HOW_TO_START}. {setup.CREATE}"]
    assert webhooks(services) == []


@pytest.mark.parametrize(
    ("call", "lie", "says"),
    [
        (("GET", "/webhooks"), FORBIDDEN, f"Error: Unit refused: 403 forbidden. {setup.SCOPE}\n"),
        (("POST", "/webhooks"), FORBIDDEN, f"Error: Unit refused: 403 forbidden. {setup.SCOPE}\n"),
        (("GET", "/webhooks"), (500, {}), "status 500. Run the command again.\n"),
    ],
    ids=["may not read", "may not write", "down"],
)
def test_a_refusal_or_an_outage_is_said(
    app: Flask, services: LiveServices, call: tuple[str, str], lie: tuple[int, Any], says: str
) -> None:
    services.lies[call] = lie

    result = create(app)

    assert result.exit_code == 1
    assert result.output.endswith(says)


def test_a_url_that_unit_cannot_reach_is_named(services: LiveServices, app: Flask) -> None:
    refusal = {"status": "400", "code": "invalid_value", "title": "No", "source": {"pointer": "/data/attributes/url"}}
    services.lies["POST", "/webhooks"] = 400, {"errors": [refusal]}

    assert create(app).output == f"Error: Unit refused: 400 invalid_value. {setup.REACHABLE}\n"


def test_the_doctor_finds_a_right_webhook_and_changes_nothing(app: Flask, services: LiveServices) -> None:
    create(app)
    before = webhooks(services)

    found = doctor(app)

    assert [line[:2] for line in found] == ["✓ ", "✓ "]
    assert found[0].endswith(f"sends events to {URL}")
    assert found[1] == "✓ Scope webhooks-write"
    assert webhooks(services) == before


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (None, f"✗ Unit has no webhook for {URL}"),
        ({"token": "another"}, "has another token than UNIT_WEBHOOK_TOKEN"),
        ({"status": "Unavailable"}, "is not enabled"),
    ],
    ids=["none", "token", "status"],
)
def test_the_doctor_says_what_is_wrong(
    app: Flask, services: LiveServices, change: dict[str, str] | None, says: str
) -> None:
    if change:
        create(app)
        with services.store.change(services.project_id) as tenant:
            (webhook,) = tenant.all("webhook")
            webhook["attributes"] |= change
            tenant.save("webhook", webhook["id"], webhook)

    (wrong,) = [line for line in doctor(app) if line.startswith("✗")]

    assert says in wrong
    assert wrong.endswith(f"  → {setup.CREATE}")


@pytest.mark.parametrize(
    ("call", "lie", "says"),
    [
        (("GET", "/webhooks"), FORBIDDEN, f"✗ Unit does not list webhooks: 403 forbidden  → {setup.SCOPE}"),
        (("GET", "/webhooks"), (503, {}), "✗ Unit gives no usable answer"),
        (
            ("POST", "/webhooks"),
            FORBIDDEN,
            f"· Scope webhooks-write is needed only to set the webhook up  → {setup.SCOPE}",
        ),
        (("POST", "/webhooks"), (503, {}), "· Scope webhooks-write is needed only to set the webhook up"),
    ],
    ids=["may not read", "down", "may not write", "down for writes"],
)
def test_the_doctor_names_missing_scopes_and_outages(
    app: Flask, services: LiveServices, call: tuple[str, str], lie: tuple[int, Any], says: str
) -> None:
    create(app)
    services.lies[call] = lie

    output = " ".join(app.test_cli_runner().invoke(args=["doctor"]).output.split())

    assert " ".join(says.split()) in output
