"""Webhooks and their events. All but reading events needs an org token.

UNCONFIRMED: what the content types change besides the media type, and that events during disablement are never sent.
Unit can't delete a webhook.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response

from . import events, filters, jsonapi, queries
from .calls import Call, emulation, endpoint
from .documents import read
from .errors import Problem, UnitFault
from .schema import fields, flag, one_of, text, wrong

routes = Blueprint("webhooks", __name__)

MAX_WEBHOOKS = 20  # per tenant


def _target(value: Any, pointer: str) -> Iterator[Problem]:
    """A URL that the emulator may call: https, or http on this machine or one of ``app_hosts``."""
    if [*text("[!-~]+", 2048)(value, pointer)] or not _may_call(value):
        yield wrong(pointer, "expected an https URL, or an http URL on localhost")


def _may_call(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.scheme not in ("https", "http"):
        return False
    return parts.scheme == "https" or host in {"localhost", *emulation().app_hosts} or _is_loopback(host)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


_REQUIRED = {"label": text(), "url": _target, "contentType": one_of("Json", "JsonAPI")}
_OPTIONAL = {
    "token": text(),
    # Required by the API description, but the Python SDK can't send it.
    "deliveryMode": one_of("AtMostOnce", "AtLeastOnce"),
    "includeResources": flag,
    "subscriptionType": one_of(*events.SUBSCRIPTIONS),
}
CREATE = {"webhook": fields(_REQUIRED, _OPTIONAL)}
PATCH = {"webhook": fields({}, _REQUIRED | _OPTIONAL)}
_TIME_FILTERS = {"since": filters.since, "until": filters.until}
WEBHOOK_FILTERS = {**_TIME_FILTERS, "fromId": filters.from_id, "toId": filters.to_id}
EVENT_FILTERS = {**_TIME_FILTERS, "type": filters.of_type("")}


@routes.post("/webhooks")
@endpoint("webhooks-write", org_only=True)
def create_webhook(call: Call) -> Response:
    """Create a webhook that receives all later events."""
    given = read(CREATE).attributes
    if len(call.all("webhook")) >= MAX_WEBHOOKS:
        raise UnitFault("limits_exceeded", f"In this emulated bank, the limit of {MAX_WEBHOOKS} webhooks is reached")
    return jsonapi.reply(events.add_webhook(call.tenant, given), status=201)


@routes.get("/webhooks")
@endpoint("webhooks", org_only=True)
def list_webhooks(call: Call) -> Response:
    """List webhooks."""
    return queries.listing(call, call.all("webhook"), WEBHOOK_FILTERS)


@routes.get("/webhooks/<webhook_id>")
@endpoint("webhooks", org_only=True)
def get_webhook(call: Call, webhook_id: str) -> Response:
    """Get a webhook, including its signing secret."""
    return jsonapi.reply(call.get("webhook", webhook_id))


@routes.patch("/webhooks/<webhook_id>")
@endpoint("webhooks-write", org_only=True)
def update_webhook(call: Call, webhook_id: str) -> Response:
    """Update a webhook."""
    webhook = call.get("webhook", webhook_id)
    return jsonapi.reply(jsonapi.update(call.tenant, "webhook", webhook, read(PATCH).attributes))


@routes.post("/webhooks/<webhook_id>/<any(enable,disable):action>")
@endpoint("webhooks-write", org_only=True)
def switch_webhook(call: Call, webhook_id: str, action: str) -> Response:
    """Enable or disable a webhook, and drop its queue."""
    webhook = call.get("webhook", webhook_id)
    webhook["internal"] |= {"queue": [], "failures": 0, "failing_since": None, "due_at": 0}
    changes = {"status": "Enabled" if action == "enable" else "Disabled"}
    return jsonapi.reply(jsonapi.update(call.tenant, "webhook", webhook, changes))


@routes.get("/events")
@endpoint("events")
def list_events(call: Call) -> Response:
    """List the newest events; a customer token lists its customer's."""
    return queries.listing(call, call.all("event"), EVENT_FILTERS)


@routes.get("/events/<event_id>")
@endpoint("events")
def get_event(call: Call, event_id: str) -> Response:
    """Get one event."""
    return jsonapi.reply(call.get("event", event_id))


@routes.post("/events/<event_id>")
@endpoint("events-write", org_only=True)
def fire_event(call: Call, event_id: str) -> Response:
    """Send an event to the webhooks again."""
    event = call.get("event", event_id)
    for webhook in call.all("webhook"):
        events.queue(call.tenant, webhook, event)
    return jsonapi.reply(event)
