"""Carries events to webhooks, in a thread of its own: the call that caused an event neither waits nor fails for it.

What waits is in the store with the webhook it waits for, so several processes may carry, and a restart loses nothing.
Unit signs with SHA-1, and counts nothing but status 200 as delivered.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import threading
from dataclasses import dataclass, field

import requests
import urllib3

from .. import clock
from ..store import Json, Store, Tenant
from . import jsonapi

logger = logging.getLogger(__name__)

MAX_WATCHED_TENANTS = 1000  # that are looked after at once; one more is looked after again at its next change
MAX_PER_POST = 64  # events, in the mode AtLeastOnce
TIMEOUT = 5  # seconds
LEASE = 30  # seconds in which nobody else carries what somebody is carrying
MAX_BACKOFF = 3600  # seconds
GIVE_UP_AFTER = 2 * 24 * 3600  # seconds of failing, after which Unit's sandbox calls a webhook Unavailable
_POLL = 1.0  # seconds
_MEDIA_TYPES = {"Json": "application/json", "JsonAPI": jsonapi.MEDIA_TYPE}


@dataclass(frozen=True)
class Delivery:
    """One POST to one webhook."""

    webhook_id: str
    event_ids: list[str]
    url: str
    body: bytes
    headers: dict[str, str]


def sign(secret: str, body: bytes) -> str:
    """Compute what Unit sends as ``x-unit-signature``."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha1).digest()).decode()


def backoff(failures: int) -> int:
    """Tell how long to wait after so many failures in a row: 1, 2, 3, 5, 8 … seconds, an hour at most.

    UNCONFIRMED: the unit of time.
    """
    now, after = 1, 2
    for _ in range(min(failures, 20) - 1):
        now, after = after, now + after
    return min(now, MAX_BACKOFF)


@dataclass
class WebhookDispatcher:
    """Delivers what waits, when told to.

    ``in_background`` it tells itself, by the machine's clock, whatever a tenant's own clock says.
    """

    store: Store
    in_background: bool = True
    tenants: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _wake: threading.Event = field(default_factory=threading.Event)
    _stopped: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    def watch(self, tenant_id: str) -> None:
        """Look after a tenant in which events wait, from now on."""
        with self._lock:
            if self._stopped.is_set():
                return
            if len(self.tenants) < MAX_WATCHED_TENANTS:
                self.tenants.add(tenant_id)
            if self.in_background and (self.thread is None or not self.thread.is_alive()):
                self.thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
                self.thread.start()
        self._wake.set()

    def stop(self) -> None:
        """Look after nothing any more; what waits stays in the store, for whoever opens it next.

        It waits a few seconds for the delivery that is on its way.
        """
        with self._lock:
            self._stopped.set()
            self.tenants.clear()
            thread = self.thread
        self._wake.set()
        if thread is not None:
            thread.join(TIMEOUT)

    def deliver_due(self) -> None:
        """Deliver whatever is due in the tenants that were noticed: a little of each in turn, so that all go on."""
        while sum(self._deliver_some(tenant_id) for tenant_id in list(self.tenants)):
            pass

    def _deliver_some(self, tenant_id: str) -> int:
        """Deliver a delivery to each webhook of a tenant for which one is due; tells how many there were."""
        deliveries = [] if self._stopped.is_set() else self.lease_due(tenant_id)
        for delivery in deliveries:
            if self._stopped.is_set():
                break
            self._record_result(tenant_id, delivery, delivered=_post(delivery))
        return len(deliveries)

    def _run(self) -> None:
        while True:
            self._wake.wait(_POLL)
            self._wake.clear()
            try:
                self.deliver_due()
            except Exception:  # the store is gone, or too busy: whatever waits there waits for the tenant's next change
                if not self._stopped.is_set():
                    logger.exception("Webhooks could not be served")
                with self._lock:
                    self.tenants.clear()
            with self._lock:
                if not self.tenants:
                    self.thread = None
                    return

    def lease_due(self, tenant_id: str) -> list[Delivery]:
        """Write a delivery to each webhook of a tenant for which one is due, and lease it to this dispatcher."""
        with self.store.change(tenant_id) as tenant:
            waiting = [each for each in tenant.all("webhook") if each["internal"]["queue"]]
            due = [each for each in waiting if each["internal"]["due_at"] <= clock.timestamp()]
            deliveries = [delivery for webhook in due if (delivery := _next_delivery(tenant, webhook))]
            if not waiting:
                with self._lock:
                    self.tenants.discard(tenant_id)
        return deliveries

    def _record_result(self, tenant_id: str, delivery: Delivery, *, delivered: bool) -> None:
        with self.store.change(tenant_id) as tenant:
            webhook = tenant.get("webhook", delivery.webhook_id)
            if webhook is not None:
                _apply_result(webhook, delivery, delivered)
                tenant.save("webhook", webhook["id"], webhook)


def _next_delivery(tenant: Tenant, webhook: Json) -> Delivery | None:
    """Write the next delivery, if any of the events that wait is still state."""
    attributes, state = webhook["attributes"], webhook["internal"]
    at_most_once = attributes["deliveryMode"] == "AtMostOnce"
    known = {event["id"]: event for event in tenant.all("event")}
    state["queue"] = [each for each in state["queue"] if each in known]
    ids = state["queue"][: 1 if at_most_once else MAX_PER_POST]
    if at_most_once:
        state["queue"] = state["queue"][1:]
    if ids:
        state["due_at"] = clock.timestamp() + LEASE
    tenant.save("webhook", webhook["id"], webhook)
    if not ids:
        return None
    events = [known[each] for each in ids]
    document: Json = {"data": [jsonapi.show(event) for event in events]}
    if state["includes"]:
        document["included"] = [jsonapi.show(each) for event in events for each in _subject(tenant, event)]
    body = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
    headers = {"Content-Type": _MEDIA_TYPES[attributes["contentType"]]}
    if attributes.get("token"):
        headers["x-unit-signature"] = sign(attributes["token"], body)
    return Delivery(webhook["id"], ids, attributes["url"], body, headers)


def _subject(tenant: Tenant, event: Json) -> list[Json]:
    """Find the resource that an event is about. UNCONFIRMED: that these are all that is included."""
    name = event["type"].partition(".")[0]
    subject = jsonapi.reference("", event, name)
    found = tenant.get("received_payment" if name == "receivedPayment" else name, subject) if subject else None
    return [found] if found else []


def _apply_result(webhook: Json, delivery: Delivery, delivered: bool) -> None:
    state, now = webhook["internal"], clock.timestamp()
    if delivered or webhook["attributes"]["deliveryMode"] == "AtMostOnce":
        state["queue"] = [each for each in state["queue"] if each not in delivery.event_ids]
        state |= {"failures": 0, "failing_since": None, "due_at": 0}
        return
    state["failing_since"] = state["failing_since"] or now
    state["failures"] += 1
    state["due_at"] = now + backoff(state["failures"])
    if now - state["failing_since"] >= GIVE_UP_AFTER:
        webhook["attributes"]["status"] = "Unavailable"
        state["queue"] = []


def _post(delivery: Delivery) -> bool:
    """Send a delivery. A redirect is not followed, nor the answer read: both are somebody else's to write."""
    try:
        with requests.Session() as session:
            session.trust_env = False  # no proxy and no password of this machine's
            response = session.post(
                delivery.url,
                data=delivery.body,
                headers=delivery.headers,
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,
            )
            status = response.status_code
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:  # the latter: a host such as a..b
        logger.info("Webhook %s could not be reached: %s", delivery.webhook_id, type(error).__name__)
        return False
    logger.info("Webhook %s answered %d", delivery.webhook_id, status)
    return status == 200
