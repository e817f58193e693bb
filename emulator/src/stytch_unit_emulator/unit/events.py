"""Events: each change of a resource stores one and queues it for webhooks.

Limits on stored and queued events keep a tenant's size bounded.
"""

from __future__ import annotations

from ..store import Json, Tenant, TenantFull
from . import jsonapi

MAX_KEPT = 200
MAX_QUEUED = 200  # per webhook; the oldest are dropped
# Relationship types in events about applications, documents and customers. Other events have the generic types.
_SPECIFIC_TYPES = {"application": "individualApplication", "customer": "individualCustomer"}
# By a webhook's subscriptionType: whether it gets authorization requests, and whether it gets other events.
SUBSCRIPTIONS = {
    "All": (True, True),
    "OnlyAuthorizationRequest": (True, False),
    "NotAuthorizationRequest": (False, True),
}


def emit(
    tenant: Tenant, event_type: str, subject: Json, *others: str, attributes: Json | None = None, **related: str
) -> None:
    """Store an event about a resource, named by the type's first word.

    The event relates to the resource, to its own relations named in ``others``, and to ``related``. It has the
    resource's tags, if there are any.
    """
    about = event_type.partition(".")[0]
    links = {about: str(subject["id"]), **related}
    links |= {name: to for name in others if (to := jsonapi.reference("", subject, name))}
    tags = subject["attributes"].get("tags")
    event = jsonapi.draft(event_type, {**({"tags": tags} if tags else {}), **(attributes or {})}, related={**links})
    if about in _SPECIFIC_TYPES or about == "document":
        for name, link in event["relationships"].items():
            link["data"]["type"] = _SPECIFIC_TYPES.get(name, name)
    try:
        event = tenant.add_numbered("event", event)
    except TenantFull:
        return  # a full tenant must still be able to freeze a card
    tenant.keep_newest("event", MAX_KEPT)
    for webhook in tenant.all("webhook"):
        queue(tenant, webhook, event)


def queue(tenant: Tenant, webhook: Json, event: Json) -> None:
    """Queue an event for a webhook that subscribes to it."""
    requests, others = SUBSCRIPTIONS[webhook["attributes"]["subscriptionType"]]
    wanted = requests if event["type"].startswith("authorizationRequest.") else others
    if webhook["attributes"]["status"] != "Enabled" or not wanted:
        return
    webhook["internal"]["queue"] = [*webhook["internal"]["queue"], event["id"]][-MAX_QUEUED:]
    tenant.save("webhook", webhook["id"], webhook)


def add_webhook(tenant: Tenant, attributes: Json) -> Json:
    """Store a new webhook."""
    state = {"queue": [], "failures": 0, "failing_since": None, "due_at": 0}
    defaults = {"deliveryMode": "AtMostOnce", "includeResources": False, "subscriptionType": "All"}
    return tenant.add_numbered(
        "webhook", jsonapi.draft("webhook", {"status": "Enabled", **defaults, **attributes}, internal=state)
    )


def has_queued(tenant: Tenant) -> bool:
    """Whether any webhook has queued events."""
    return any(webhook["internal"]["queue"] for webhook in tenant.all("webhook"))
