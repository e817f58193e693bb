"""Controls for the pages of a host app: each request reaches the tenant of its own visitor, and no other.

Seeds, sessions and older records are those of the control API. A disturbance is a fault, or an act of the bank, that
ends by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from flask import Flask

from . import clock, control_age, control_sessions, faults, seeding
from .in_process import CallRefused, Services
from .store import Json, Store
from .stytch import session_records, user_records
from .transport import TENANT, current_tenant

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

DISTURBANCE, CURRENT = "disturbance", "current"  # the kind and the id of the one record
MAX_SLOW = 3  # calls that wait at once, of all visitors: fewer than the host app has threads


@dataclass(frozen=True)
class Disturbance:
    """What happens to a visitor's calls at present."""

    name: str
    seconds_left: int


class VisitorControls:
    """The controls of one host app."""

    def __init__(self, store: Store, project_id: str, stytch_app: Flask, unit_app: Flask) -> None:
        self._store, self._project_id = store, project_id
        self.stytch_app, self.unit_app = stytch_app, unit_app

    @property
    def wallet_key(self) -> str:
        """The visitor's Ed25519 key for a pretend wallet, as hex; the same at each visit."""
        return hashlib.sha256(f"wallet {current_tenant.get()}".encode()).hexdigest()

    def seed(self, user: Json) -> Json:
        """Create a user as in a seed of the control API; returns ids. Raises BadSeed."""
        apps = (self.stytch_app, self.unit_app)
        made: Json = seeding.seed({"users": [user]}, self._project_id, self._store, *apps, current_tenant.get())
        found: Json = made["users"][0]
        return found

    def start_session(self, user: str, factors: list[Json]) -> str:
        """Start a session from factors such as ``{"type": "totp", "age": 60}``; returns its token."""
        with self._store.change(current_tenant.get()) as tenant:
            made = control_sessions.start(tenant, self._project_id, {"user": user, "factors": factors})
        return str(made["session_token"])

    def end_sessions(self) -> None:
        """End all sessions at Stytch, without the host app's knowledge."""
        with self._store.change(current_tenant.get()) as tenant:
            for session in tenant.all(session_records.SESSION):
                tenant.remove(session_records.SESSION, session["session_id"])

    def at_bank(self, path: str, kind: str, attributes: Json, **related: str) -> bool:
        """Act as the bank at Unit, with the org token; returns whether Unit accepted it."""
        return self._accepted(current_tenant.get(), path, kind, attributes, **related)

    def records(self, kind: str) -> list[Json]:
        """The visitor's resources at Unit of one kind, such as ``card``, oldest first."""
        with self._store.read(current_tenant.get()) as tenant:
            return tenant.all(kind)

    def make_older(self, seconds: float, *kinds: str) -> None:
        """Make records of these kinds older, or of all kinds."""
        with self._store.change(current_tenant.get()) as tenant:
            control_age.make_older(tenant, seconds, kinds or control_age.AGERS)

    def lose_phone(self) -> None:
        """Let the phone no longer show the authenticators that it has."""
        with self._store.change(current_tenant.get()) as tenant:
            for totp in tenant.all(user_records.TOTP):
                tenant.save(user_records.TOTP, totp["totp_id"], {**totp, "lost": True})

    def start_over(self) -> None:
        """Delete everything of this visitor."""
        self._store.forget(current_tenant.get())

    def disturb(self, name: str, lasts: float, fault: Json | None = None, undo: str = "") -> None:
        """Begin a disturbance instead of any other.

        ``fault`` has the ``service``, "stytch" or "unit", and what a fault of the control API has. ``undo`` is a path
        at Unit, called with the org token when it ends. ``lasts`` is in seconds.
        """
        self.calm()
        how = {"fault": None, "status": None, "seconds": 0, "retry_after": 1, "error_type": None, "code": None}
        record = {"name": name, "until": clock.timestamp() + lasts, "fault": fault and how | fault, "undo": undo}
        with self._store.change(current_tenant.get()) as tenant:
            tenant.put(DISTURBANCE, CURRENT, record)

    def disturbance(self) -> Disturbance | None:
        """What happens to this visitor's calls at present, if anything does."""
        with self._store.read(current_tenant.get(), is_use=False) as tenant:
            record = tenant.get(DISTURBANCE, CURRENT)
        left = int(record["until"] - clock.timestamp()) if record else 0
        return Disturbance(record["name"], left) if record and left > 0 else None

    def calm(self) -> None:
        """End the disturbance, if there is one."""
        self._end(current_tenant.get())

    def disturbed(self, service: str, application: WSGIApplication) -> WSGIApplication:
        """Wrap a service, "stytch" or "unit", so that it answers a visitor's calls as their disturbance says."""
        waiting = BoundedSemaphore(MAX_SLOW)

        def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            fault = self._fault_of(service, environ[TENANT])
            if fault is None:
                return application(environ, start_response)
            if fault["fault"] != "slow":
                return faults.answer(application, fault, environ, start_response)
            if not waiting.acquire(blocking=False):
                return application(environ, start_response)
            try:
                return faults.answer(application, fault, environ, start_response)
            finally:
                waiting.release()

        return answer

    def _fault_of(self, service: str, tenant_id: str) -> Json | None:
        """The fault of a visitor's call to a service. A disturbance whose time is over ends first."""
        with self._store.read(tenant_id, is_use=False) as tenant:
            record = tenant.get(DISTURBANCE, CURRENT)
        if record is None:
            return None
        if record["until"] <= clock.timestamp():
            self._end(tenant_id)
            return None
        fault: Json = record["fault"] or {}
        return fault if fault.get("service") == service else None

    def _end(self, tenant_id: str) -> None:
        with self._store.change(tenant_id) as tenant:
            record = tenant.get(DISTURBANCE, CURRENT)
            tenant.remove(DISTURBANCE, CURRENT)
        if record and record["undo"]:
            self._accepted(tenant_id, record["undo"], "undo", {})  # refused if it is undone already

    def _accepted(self, tenant_id: str, path: str, kind: str, attributes: Json, **related: str) -> bool:
        services = Services(self._project_id, self.stytch_app, self.unit_app, tenant_id)
        try:
            services.at_unit(path, kind, attributes, **related)
        except CallRefused:
            return False
        return True
