"""Webhooks, and the events that they get; all but reading events needs an org token.

UNCONFIRMED: what the two content types do besides naming a media type, and that what happens while a webhook is
disabled is never delivered to it. Unit has no way to delete one.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response

from . import events, jsonapi, queries
from .calls import Call, endpoint
from .documents import read
from .errors import Problem, UnitFault
from .schema import fields, flag, one_of, text, wrong

routes = Blueprint("webhooks", __name__)

MAX_WEBHOOKS = 20  # per tenant


def _target(value: Any, pointer: str) -> Iterator[Problem]:
    """Check for a URL that the emulator may call: over https, or on this machine."""
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
    return parts.scheme == "https" or host == "localhost" or _is_loopback(host)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


_REQUIRED = {"label": text(), "url": _target, "contentType": one_of("Json", "JsonAPI")}
_OPTIONAL = {
    "token": text(),
    # The description requires it, the SDK for Python can't send it.
    "deliveryMode": one_of("AtMostOnce", "AtLeastOnce"),
    "includeResources": flag,
    "subscriptionType": one_of("All", "OnlyAuthorizationRequest"),
}
CREATE = {"webhook": fields(_REQUIRED, _OPTIONAL)}
PATCH = {"webhook": fields({}, _REQUIRED | _OPTIONAL)}
_TIME_FILTERS = {"since": queries.since, "until": queries.until}
WEBHOOK_FILTERS = {**_TIME_FILTERS, "fromId": queries.from_id, "toId": queries.to_id}
EVENT_FILTERS = {**_TIME_FILTERS, "type": queries.of_type("")}


@routes.post("/webhooks")
@endpoint("webhooks-write", org_only=True)
def create_webhook(call: Call) -> Response:
    """Make a webhook, which gets every event from now on."""
    given = read(CREATE).attributes
    if len(call.all("webhook")) >= MAX_WEBHOOKS:
        raise UnitFault("limits_exceeded", f"This emulated bank serves {MAX_WEBHOOKS} webhooks")
    kept = {
        "includes": given.pop("includeResources", False),
        "queue": [],
        "failures": 0,
        "failing_since": None,
        "due_at": 0,
    }
    attributes = {"status": "Enabled", "deliveryMode": "AtMostOnce", "subscriptionType": "All"} | given
    webhook = call.tenant.add_numbered("webhook", jsonapi.draft("webhook", attributes, internal=kept))
    return jsonapi.reply(webhook, status=201)


@routes.get("/webhooks")
@endpoint("webhooks", org_only=True)
def list_webhooks(call: Call) -> Response:
    """List webhooks."""
    return queries.listing(call, call.all("webhook"), WEBHOOK_FILTERS)


@routes.get("/webhooks/<webhook_id>")
@endpoint("webhooks", org_only=True)
def get_webhook(call: Call, webhook_id: str) -> Response:
    """Get one webhook, with the secret that signs what is sent to it."""
    return jsonapi.reply(call.get("webhook", webhook_id))


@routes.patch("/webhooks/<webhook_id>")
@endpoint("webhooks-write", org_only=True)
def update_webhook(call: Call, webhook_id: str) -> Response:
    """Change where and how events are sent."""
    webhook = call.get("webhook", webhook_id)
    changes = read(PATCH).attributes
    webhook["internal"]["includes"] = changes.pop("includeResources", webhook["internal"]["includes"])
    return jsonapi.reply(jsonapi.update(call.tenant, "webhook", webhook, changes))


@routes.post("/webhooks/<webhook_id>/<any(enable,disable):action>")
@endpoint("webhooks-write", org_only=True)
def switch_webhook(call: Call, webhook_id: str, action: str) -> Response:
    """Begin or stop to send events; what waited is not sent any more."""
    webhook = call.get("webhook", webhook_id)
    webhook["internal"] |= {"queue": [], "failures": 0, "failing_since": None, "due_at": 0}
    changes = {"status": "Enabled" if action == "enable" else "Disabled"}
    return jsonapi.reply(jsonapi.update(call.tenant, "webhook", webhook, changes))


@routes.get("/events")
@endpoint("events")
def list_events(call: Call) -> Response:
    """List the newest events; a customer token finds its customer's."""
    return queries.listing(call, call.all("event"), EVENT_FILTERS)


@routes.get("/events/<event_id>")
@endpoint("events")
def get_event(call: Call, event_id: str) -> Response:
    """Get one event."""
    return jsonapi.reply(call.get("event", event_id))


@routes.post("/events/<event_id>")
@endpoint("events-write", org_only=True)
def fire_event(call: Call, event_id: str) -> Response:
    """Send an event to the webhooks once more."""
    event = call.get("event", event_id)
    for webhook in call.all("webhook"):
        events.queue(call.tenant, webhook, event)
    return jsonapi.reply(event)
