"""Delivers events to webhooks from a background thread.

API calls neither wait for webhooks nor fail because of them. Queues are stored with the webhooks, so several processes
can deliver and a restart loses nothing. Unit signs with SHA-1 and counts only status 200 as delivered.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import requests
import urllib3
from requests.adapters import BaseAdapter

from .. import clock
from ..store import Json, Store, Tenant
from . import jsonapi, onboarding

logger = logging.getLogger(__name__)

MAX_WATCHED_TENANTS = 1000  # at once; any others are picked up at their next change
MAX_PER_POST = 64  # events, in the mode AtLeastOnce
TIMEOUT = 5  # seconds
LEASE = 30  # seconds for which no other dispatcher delivers the same events
MAX_BACKOFF = 3600  # seconds
GIVE_UP_AFTER = 2 * 24 * 3600  # seconds; then the status is Unavailable, as in Unit's sandbox
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


@dataclass(frozen=True)
class Attempt:
    """The result of one POST. The status is None if there was no answer."""

    status: int | None
    milliseconds: float


def sign(secret: str, body: bytes) -> str:
    """The value of the ``x-unit-signature`` header."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha1).digest()).decode()


def backoff(failures: int) -> int:
    """Seconds to wait after so many failures: 1, 2, 3, 5, 8 …, an hour at most.

    UNCONFIRMED: the unit of time.
    """
    now, after = 1, 2
    for _ in range(min(failures, 20) - 1):
        now, after = after, now + after
    return min(now, MAX_BACKOFF)


@dataclass
class WebhookDispatcher:
    """Delivers queued events of the tenants that it watches.

    With ``in_background`` it runs in a thread and uses the real clock, not the tenant's. ``on_attempt`` gets
    the tenant's id, the delivery and its result. ``adapters`` are mounted on the session that delivers, by URL prefix,
    so that an app in this process needs no socket.
    """

    store: Store
    in_background: bool = True
    on_attempt: Callable[[str, Delivery, Attempt], None] | None = None
    adapters: Mapping[str, BaseAdapter] = field(default_factory=dict)
    tenants: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _wake: threading.Event = field(default_factory=threading.Event)
    _stopped: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    def watch(self, tenant_id: str) -> None:
        """Start to watch a tenant with queued events."""
        with self._lock:
            if self._stopped.is_set():
                return
            if len(self.tenants) < MAX_WATCHED_TENANTS:
                self.tenants.add(tenant_id)
            if self.in_background and (self.thread is None or not self.thread.is_alive()):
                self.thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
                self.thread.start()
        self._wake.set()

    def resume(self) -> None:
        """Watch the tenants whose events waited when the last process ended."""
        for tenant_id in self.store.tenants_holding("webhook", '"queue": ["'):
            self.watch(tenant_id)

    def stop(self) -> None:
        """Stop delivering; queued events stay in the store.

        Waits a few seconds for the delivery in progress.
        """
        with self._lock:
            self._stopped.set()
            self.tenants.clear()
            thread = self.thread
        self._wake.set()
        if thread is not None:
            thread.join(TIMEOUT)

    def deliver_due(self) -> None:
        """Deliver all due events of the watched tenants, in turns."""
        while sum(self._deliver_some(tenant_id) for tenant_id in list(self.tenants)):
            pass

    def _deliver_some(self, tenant_id: str) -> int:
        """Make one delivery per due webhook of a tenant; returns how many."""
        deliveries = [] if self._stopped.is_set() else self.lease_due(tenant_id)
        for delivery in deliveries:
            if self._stopped.is_set():
                break
            attempt = _post(delivery, self.adapters)
            if self.on_attempt:
                self.on_attempt(tenant_id, delivery, attempt)
            self._record_result(tenant_id, delivery, delivered=attempt.status == 200)
        return len(deliveries)

    def _run(self) -> None:
        while True:
            self._wake.wait(_POLL)
            self._wake.clear()
            try:
                self.deliver_due()
            except Exception:  # store closed or busy; retried at the tenant's next change
                if not self._stopped.is_set():
                    logger.exception("Webhooks could not be delivered")
                with self._lock:
                    self.tenants.clear()
            with self._lock:
                if not self.tenants:
                    self.thread = None
                    return

    def lease_due(self, tenant_id: str) -> list[Delivery]:
        """Prepare one delivery per due webhook, and lease it to this dispatcher.

        Applies due evaluations first, since only time brings these events.
        """
        with self.store.change(tenant_id) as tenant:
            onboarding.approve_due(tenant)
            webhooks = tenant.all("webhook")
            waiting = [each for each in webhooks if each["internal"]["queue"]]
            due = [each for each in waiting if each["internal"]["due_at"] <= clock.timestamp()]
            deliveries = [delivery for webhook in due if (delivery := _next_delivery(tenant, webhook))]
            if not waiting and not (webhooks and onboarding.has_pending(tenant)):
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
    """Build the next delivery, or None if its events are deleted."""
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
    if attributes["includeResources"]:
        document["included"] = [jsonapi.show(each) for event in events for each in _subject(tenant, event)]
    body = json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    headers = {"Content-Type": _MEDIA_TYPES[attributes["contentType"]]}
    if attributes.get("token"):
        headers["x-unit-signature"] = sign(attributes["token"], body)
    return Delivery(webhook["id"], ids, attributes["url"], body, headers)


def _subject(tenant: Tenant, event: Json) -> list[Json]:
    """The resource that an event is about.

    UNCONFIRMED: that nothing else is included.
    """
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


def _post(delivery: Delivery, adapters: Mapping[str, BaseAdapter]) -> Attempt:
    """Send a delivery. Does not follow redirects or read the response body."""
    began, status = time.perf_counter(), None
    try:
        with requests.Session() as session:
            session.trust_env = False  # no proxy settings or .netrc passwords
            for prefix, adapter in adapters.items():
                session.mount(prefix, adapter)
            response = session.post(
                delivery.url,
                data=delivery.body,
                headers=delivery.headers,
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,
            )
            status = response.status_code
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:  # urllib3 raises on hosts like a..b
        logger.info("Webhook %s could not be reached: %s", delivery.webhook_id, type(error).__name__)
    else:
        logger.info("Webhook %s answered %d", delivery.webhook_id, status)
    return Attempt(status, round((time.perf_counter() - began) * 1000, 1))
