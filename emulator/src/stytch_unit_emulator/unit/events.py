"""Events: each change of a resource stores one and queues it for webhooks.

Limits on stored and queued events keep a tenant's size bounded.
"""

from __future__ import annotations

from ..store import Json, Tenant, TenantFull
from . import jsonapi

MAX_KEPT = 200
MAX_QUEUED = 200  # per webhook; the oldest are dropped


def emit(
    tenant: Tenant, event_type: str, subject: Json, *others: str, attributes: Json | None = None, **related: str
) -> None:
    """Store an event about a resource, named by the type's first word.

    The event relates to the resource, to its own relations named in ``others``, and to ``related``. It has the
    resource's tags, if there are any.
    """
    links = {event_type.partition(".")[0]: str(subject["id"]), **related}
    links |= {name: to for name in others if (to := jsonapi.reference("", subject, name))}
    tags = subject["attributes"].get("tags")
    event = jsonapi.draft(event_type, {**({"tags": tags} if tags else {}), **(attributes or {})}, related={**links})
    try:
        event = tenant.add_numbered("event", event)
    except TenantFull:
        return  # a full tenant must still be able to freeze a card
    tenant.keep_newest("event", MAX_KEPT)
    for webhook in tenant.all("webhook"):
        queue(tenant, webhook, event)


def queue(tenant: Tenant, webhook: Json, event: Json) -> None:
    """Queue an event for a webhook that subscribes to it."""
    wants_all = webhook["attributes"]["subscriptionType"] == "All"
    if webhook["attributes"]["status"] != "Enabled" or not (
        wants_all or event["type"].startswith("authorizationRequest.")
    ):
        return
    webhook["internal"]["queue"] = [*webhook["internal"]["queue"], event["id"]][-MAX_QUEUED:]
    tenant.save("webhook", webhook["id"], webhook)


def add_webhook(tenant: Tenant, attributes: Json, *, includes: bool = False) -> Json:
    """Store a new webhook; ``includes`` sends the resources with their events."""
    state = {"includes": includes, "queue": [], "failures": 0, "failing_since": None, "due_at": 0}
    known = {"status": "Enabled", "deliveryMode": "AtMostOnce", "subscriptionType": "All"} | attributes
    return tenant.add_numbered("webhook", jsonapi.draft("webhook", known, internal=state))


def has_queued(tenant: Tenant) -> bool:
    """Whether any webhook has queued events."""
    return any(webhook["internal"]["queue"] for webhook in tenant.all("webhook"))
