"""Control of snapshots: a tenant's data and clock, kept under a name or as a file, to go back to it."""

from __future__ import annotations

import base64
import json
import re
import zlib

from flask import Blueprint, abort, request

from . import clock, tenant_copy
from .control_input import body, number, tenant
from .control_middleware import CLOCK, clock_offset
from .lifetimes import CONTROLS
from .store import Json, Store, Tenant
from .unit import WebhookDispatcher

MAX_SNAPSHOTS = 20  # per tenant
MAX_SHIFT = 10 * 365 * 86_400.0  # seconds, in either direction
MAX_CLOCKS = 500  # clocks; those of deleted tenants would pile up otherwise
NAME = re.compile(r"[A-Za-z0-9_.-]{1,50}")
SNAPSHOT = "snapshot"


def add_routes(bp: Blueprint, store: Store, dispatcher: WebhookDispatcher) -> None:
    """Add the operations on snapshots to the control API."""

    @bp.get("/tenants/<project_id>/snapshot")
    def download(project_id: str) -> Json:
        """The tenant's data and clock as a file."""
        return _take(store, tenant(project_id))

    @bp.put("/tenants/<project_id>/snapshot")
    def upload(project_id: str) -> Json:
        """Replace the tenant's data and clock with those of a file."""
        request.max_content_length = tenant_copy.MAX_COPY
        return _restore(store, dispatcher, tenant(project_id), body())

    @bp.get("/tenants/<project_id>/snapshots")
    def list_snapshots(project_id: str) -> Json:
        """List the names of the tenant's snapshots, oldest first."""
        with store.read(_partition(project_id)) as kept:
            return {"snapshots": [_shown(each) for each in kept.all(SNAPSHOT)]}

    @bp.post("/tenants/<project_id>/snapshots/<name>")
    def keep(project_id: str, name: str) -> tuple[Json, int]:
        """Keep the tenant's data and clock under a name; replaces a snapshot of that name."""
        if not NAME.fullmatch(name):
            abort(400, "A snapshot's name has 1 to 50 letters, digits, dots, dashes and underscores.")
        packed = base64.b85encode(zlib.compress(json.dumps(_take(store, tenant(project_id))).encode())).decode()
        with store.change(_partition(project_id)) as kept:
            if kept.get(SNAPSHOT, name) is None and len(kept.all(SNAPSHOT)) >= MAX_SNAPSHOTS:
                abort(429, f"A tenant keeps at most {MAX_SNAPSHOTS} snapshots: delete one first.")
            kept.remove(SNAPSHOT, name)  # re-added, so that its size counts
            made_at = clock.seconds(clock.now())
            return _shown(kept.add(SNAPSHOT, name, {"name": name, "made_at": made_at, "packed": packed})), 201

    @bp.post("/tenants/<project_id>/snapshots/<name>/restore")
    def restore(project_id: str, name: str) -> Json:
        """Go back to a snapshot."""
        with store.read(_partition(project_id)) as kept:
            packed = _known(kept, name)["packed"]
        copy: Json = json.loads(zlib.decompress(base64.b85decode(packed)))
        return _restore(store, dispatcher, tenant(project_id), copy)

    @bp.delete("/tenants/<project_id>/snapshots/<name>")
    def delete(project_id: str, name: str) -> Json:
        """Delete a snapshot."""
        with store.change(_partition(project_id)) as kept:
            _known(kept, name)
            kept.remove(SNAPSHOT, name)
        return {}


def set_clock(settings: Tenant, scope: str, seconds: float) -> None:
    """Shift the clock of a tenant, or of all tenants, and drop the clocks set longest ago."""
    settings.remove(CLOCK, scope)  # re-added, so that the last one moved is the newest
    settings.add(CLOCK, scope, {"ahead": seconds})
    settings.keep_newest(CLOCK, MAX_CLOCKS)


def _take(store: Store, project_id: str) -> Json:
    with store.change(project_id) as copied:
        copy = tenant_copy.dump(copied)
    with store.read(CONTROLS) as settings:
        return {**copy, "ahead": clock_offset(settings, project_id)}


def _restore(store: Store, dispatcher: WebhookDispatcher, project_id: str, copy: Json) -> Json:
    ahead = number(copy, "ahead", -MAX_SHIFT, MAX_SHIFT, 0)
    try:
        with store.all_or_nothing():
            with store.change(project_id) as restored:
                tenant_copy.load(restored, copy)
            with store.change(CONTROLS) as settings:
                set_clock(settings, project_id, ahead)
    except tenant_copy.BadCopy as bad:
        abort(400, f"{bad}.")
    dispatcher.watch(project_id)
    return {"ahead": ahead}


def _partition(project_id: str) -> str:
    return f"snapshots:{tenant(project_id)}"


def _known(kept: Tenant, name: str) -> Json:
    found = kept.get(SNAPSHOT, name)
    if found is None:
        names = ", ".join(each["name"] for each in kept.all(SNAPSHOT)) or "none"
        abort(404, f"There is no snapshot {name}; there are: {names}.")
    return found


def _shown(snapshot: Json) -> Json:
    return {"name": snapshot["name"], "made_at": snapshot["made_at"]}
