"""``flask unit create-webhook`` sets up the webhook at Unit; the checks are part of ``flask doctor``.

Unit can't delete a webhook, so the command changes one with the same URL instead of adding another. Unit docs:
*Webhooks*.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from pydantic import Field

from services.errors import ServiceUnavailable
from services.unit_client import OrgClient, UnitError, org_client
from services.unit_models import Id, Json, Resource, attribute

Finding: TypeAlias = tuple[bool | None, str, str]  # right, wrong or unknown; what; the next step
CREATE = "Run: flask --app app unit create-webhook."
HOW_TO_START = (
    "Set UNIT_WEBHOOK_TOKEN, for instance to what this prints: python -c 'import secrets; print(secrets.token_hex())'"
)
SCOPE = "Unit dashboard, API tokens: create one that has the scopes webhooks and webhooks-write too."
REACHABLE = "Set PUBLIC_URL to an https URL that Unit reaches, such as that of a tunnel, with TRUSTED_PROXIES=1."


class Webhook(Resource):
    """A webhook at Unit."""

    webhook_id: Id = Field(validation_alias="id")
    url: str = Field(validation_alias=attribute("url"))
    token: str | None = Field(None, validation_alias=attribute("token"), repr=False)
    status: str = Field(validation_alias=attribute("status"))  # Enabled, Disabled, Unavailable


def init_app(app: Flask) -> None:
    """Add the command to ``flask unit``, and the checks to the doctor's."""
    group = app.cli.commands.get("unit")
    if not isinstance(group, click.Group):
        group = AppGroup("unit", help="Commands about Unit.")
        app.cli.add_command(group)
    group.add_command(create_webhook)
    app.extensions.setdefault("doctor_checks", []).append(("unit", findings))


@click.command("create-webhook")
@click.option("--mode", type=click.Choice(["AtLeastOnce", "AtMostOnce"]), default="AtLeastOnce", show_default=True)
@with_appcontext
def create_webhook(mode: str) -> None:
    """Let Unit send events to this app, at PUBLIC_URL. That may be a tunnel's URL."""
    url, token = current_app.config["UNIT_WEBHOOK_URL"], current_app.config["UNIT_WEBHOOK_TOKEN"]
    if not token:
        raise click.ClickException(HOW_TO_START)
    attributes: Json = {"label": "Cards app", "url": url, "token": token, "contentType": "Json", "deliveryMode": mode}
    try:
        webhook = save(org_client, find(org_client, url), attributes)
    except UnitError as error:
        raise click.ClickException(f"Unit refused: {error}. {advice_on(error)}".strip()) from error
    except ServiceUnavailable as error:
        raise click.ClickException(f"Unit gave no usable answer: {error}. Run the command again.") from error
    click.echo(f"Unit's webhook {webhook.webhook_id} sends events to {url}.")


def advice_on(error: UnitError) -> str:
    """Return what to do about a refusal, or an empty string."""
    if error.status == 403:
        return SCOPE
    return REACHABLE if error.pointer.endswith("/url") else ""


def find(unit: OrgClient, url: str) -> Webhook | None:
    """Return the webhook with this URL."""
    found = Webhook.read_all(unit.get("/webhooks", **{"page[limit]": "1000"})["data"])
    return next((webhook for webhook in found if webhook.url == url), None)


def save(unit: OrgClient, webhook: Webhook | None, attributes: Json) -> Webhook:
    """Create the webhook, or change it and enable it again."""
    if webhook is None:
        return Webhook.read(unit.post("/webhooks", "webhook", attributes)["data"])
    path = f"/webhooks/{webhook.webhook_id}"
    unit.call("PATCH", path, {"type": "webhook", "attributes": attributes})
    return Webhook.read(unit.call("POST", f"{path}/enable")["data"])


def findings() -> Iterator[Finding]:
    """Yield what is right or wrong with the webhook, without changing anything."""
    url, token = current_app.config["UNIT_WEBHOOK_URL"], current_app.config["UNIT_WEBHOOK_TOKEN"]
    if not token:
        yield None, "No webhook: pages ask Unit for news", f"{HOW_TO_START}. {CREATE}"
        return
    try:
        webhook = find(org_client, url)
    except UnitError as error:
        yield False, f"Unit does not list webhooks: {error}", SCOPE
    except ServiceUnavailable as error:
        yield False, f"Unit gives no usable answer: {error}", "Try again in a minute."
    else:
        yield compared(webhook, url, token)
        yield may_create(org_client)


def compared(webhook: Webhook | None, url: str, token: str) -> Finding:
    """Return whether Unit's webhook is as it should be."""
    if webhook is None:
        return False, f"Unit has no webhook for {url}", CREATE
    if webhook.token != token:
        return False, f"Unit's webhook {webhook.webhook_id} has another token than UNIT_WEBHOOK_TOKEN", CREATE
    if webhook.status != "Enabled":
        return False, f"Unit's webhook {webhook.webhook_id} is not enabled", CREATE
    return True, f"Unit's webhook {webhook.webhook_id} sends events to {url}", ""


def may_create(unit: OrgClient) -> Finding:
    """Return whether the org token may create webhooks, by a request that Unit has to reject."""
    try:
        unit.post("/webhooks", "webhook", {})
    except UnitError as error:
        if error.status != 403:
            return True, "Scope webhooks-write", ""
    except ServiceUnavailable:
        pass
    return None, "Scope webhooks-write is needed only to set the webhook up", SCOPE
