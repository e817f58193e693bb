"""Authentication, authorization and transaction of each request.

Views read through ``Call``, so that no view can forget to restrict a customer token.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps

from flask import Response, current_app, request

from ..store import Json, Store, Tenant
from . import events, jsonapi, onboarding
from .bearers import Bearer, authenticate, tenant_of
from .delivery import WebhookDispatcher
from .documents import Document
from .errors import UnitFault
from .proof import JwtSettings


@dataclass(frozen=True)
class Emulation:
    """The configuration of one emulated Unit."""

    store: Store
    jwt_settings: Callable[[str], JwtSettings | None]
    fetch: Callable[[str], Json]
    public_url: str | None
    dispatcher: WebhookDispatcher
    app_hosts: frozenset[str]
    bank: str | None = None
    first_webhook: Callable[[], Json | None] = lambda: None


@dataclass(frozen=True)
class Call:
    """An authenticated request with the scope it needs."""

    tenant: Tenant
    bearer: Bearer

    def get(self, kind: str, record_id: str) -> Json:
        """Load the resource in the path.

        A missing resource and another customer's get the same refusal, so that ids can't be probed.
        """
        record = self.tenant.get(kind, record_id) if record_id.isascii() and record_id.isdigit() else None
        if record is None or not self.bearer.sees(kind, record):
            raise UnitFault("not_found")  # UNCONFIRMED: 404 for an unknown id, and for another customer's
        return record

    def all(self, kind: str) -> list[Json]:
        """All resources of a kind that the bearer may access, oldest first."""
        return [record for record in self.tenant.all(kind) if self.bearer.sees(kind, record)]

    def related(self, document: Document, name: str) -> Json:
        """Load the resource that a relationship in the request names."""
        record = self.tenant.get(name, document.related[name])
        if record is None or not self.bearer.sees(name, record):
            raise UnitFault(f"{name}_not_found", f"There is no such {name}", f"/data/relationships/{name}")
        return record


View = Callable[..., Response]


def emulation() -> Emulation:
    """The configuration of the current app."""
    found: Emulation = current_app.extensions["emulated_unit"]
    return found


def endpoint(*scopes: str, org_only: bool = False, writes: bool = False) -> Callable[[View], View]:
    """Decorator for a view that needs any one of these scopes."""

    def decorate(view: View) -> View:
        @wraps(view)
        def operation(**ids: str) -> Response:
            return answer(lambda call: view(call, **ids), *scopes, org_only=org_only, writes=writes)

        return operation

    return decorate


def answer(view: Callable[[Call], Response], *scopes: str, org_only: bool = False, writes: bool = False) -> Response:
    """Run a view in a transaction. A refusal commits its writes; a crash does not."""
    store = emulation().store
    with _transaction(tenant_of(store), writes or request.method != "GET") as tenant:
        try:
            bearer = authenticate(tenant)
            _check(bearer, scopes, org_only)
            return view(Call(tenant, bearer))
        except UnitFault as fault:
            return jsonapi.encode(fault.document(), fault.status)


def _check(bearer: Bearer, scopes: tuple[str, ...], org_only: bool) -> None:
    if org_only and bearer.customer_id is not None:
        raise UnitFault("forbidden", "This operation needs an org token")
    if scopes and bearer.scopes.isdisjoint(scopes):
        raise UnitFault("forbidden", f"The token lacks the scope {' or '.join(scopes)}")


@contextmanager
def _transaction(tenant_id: str, writes: bool) -> Iterator[Tenant]:
    """Open a transaction, with all due evaluations applied."""
    store = emulation().store
    if not writes:
        with store.read(tenant_id) as tenant:
            if not onboarding.has_due(tenant):
                yield tenant
                return
    with store.change(tenant_id) as tenant:
        if (webhook := emulation().first_webhook()) and not tenant.all("webhook"):
            events.add_webhook(tenant, webhook)
        onboarding.approve_due(tenant)
        yield tenant
        if events.has_queued(tenant):
            emulation().dispatcher.watch(tenant_id)  # it waits for this transaction to end
