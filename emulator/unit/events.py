"""What happened, for whoever asks or listens: each change of a resource leaves an event, and queues it for webhooks.

Only the newest are kept, and only so many wait for one webhook, so that neither grows with what a tenant does.
"""

from __future__ import annotations

from ..store import Json, Tenant, TenantFull
from . import jsonapi

MAX_KEPT = 200
MAX_QUEUED = 200  # for one webhook; of more, the oldest are never delivered


def emit(
    tenant: Tenant, event_type: str, subject: Json, *others: str, attributes: Json | None = None, **related: str
) -> None:
    """Note what happened to a resource, which the first word of the event's type names.

    The event relates to that resource, to the ``others`` that it is related to itself, and to ``related``.
    """
    links = {event_type.partition(".")[0]: str(subject["id"]), **related}
    links |= {name: to for name in others if (to := jsonapi.reference("", subject, name))}
    try:
        event = tenant.add_numbered("event", jsonapi.draft(event_type, attributes or {}, related={**links}))
    except TenantFull:
        return  # what needs no room of its own, such as freezing a card, must still be possible
    tenant.keep_newest("event", MAX_KEPT)
    for webhook in tenant.all("webhook"):
        queue(tenant, webhook, event)


def queue(tenant: Tenant, webhook: Json, event: Json) -> None:
    """Let an event wait for a webhook that wants it."""
    wants_all = webhook["attributes"]["subscriptionType"] == "All"
    if webhook["attributes"]["status"] != "Enabled" or not (
        wants_all or event["type"].startswith("authorizationRequest.")
    ):
        return
    webhook["internal"]["queue"] = [*webhook["internal"]["queue"], event["id"]][-MAX_QUEUED:]
    tenant.save("webhook", webhook["id"], webhook)


def has_queued(tenant: Tenant) -> bool:
    """Tell whether some event waits for some webhook."""
    return any(webhook["internal"]["queue"] for webhook in tenant.all("webhook"))
