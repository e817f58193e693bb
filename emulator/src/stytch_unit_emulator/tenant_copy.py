"""Copies of a tenant's data, to go back to it: kept under a name, or as a file.

A copy holds each record as stored, with a checksum, so it can't be edited; a seed can. In another project or database,
sessions, links and tokens would belong to nobody, so they are left out there.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from . import store, stytch, tables
from .store import Json, Tenant, TenantFull

FORMAT = "stytch-unit-emulator snapshot 1"
MAX_COPY = 16 * 1024 * 1024  # bytes of a file; a full tenant's data, escaped, is smaller
MAX_NUMBER = 10**12  # of an id; the database counts on from the highest
CREDENTIALS = frozenset(
    (
        *("application_form", "customer_token", "magic_link", "mail", "message", "org_token", "otp", "session"),
        *("token_verification", "wallet_challenge", "webauthn_challenge"),
        *("oauth_flow", "oauth_token", "oauth_attach_token"),
    )
)


class BadCopy(Exception):
    """The copy can't be restored; says why."""


def dump(tenant: Tenant) -> Json:
    """Copy all records of a tenant."""
    this: Json = {"tenant_": tenant.id}
    names: dict[tuple[str, str], list[list[str]]] = {}
    for kind, record_id, name_kind, value in map(tuple, tenant.execute(tables.COPY_NAMES, this)):
        names.setdefault((kind, record_id), []).append([name_kind, value])
    rows = map(tuple, tenant.execute(tables.COPY_RECORDS, this))
    records = [[kind, record_id, body, names.get((kind, record_id), [])] for kind, record_id, body in rows]
    return {"format": FORMAT, "origin": _origin(tenant), "records": records, "checksum": _checksum(records)}


def load(tenant: Tenant, copy: Json) -> None:
    """Replace a tenant's data with a copy. Raises BadCopy or TenantFull, and the transaction must then roll back."""
    if copy.get("format") != FORMAT:
        raise BadCopy(f"this is not a snapshot of this version: its format must be {FORMAT!r}")
    if copy.get("checksum") != _checksum(copy.get("records")):
        raise BadCopy("this snapshot was changed after it was made; to edit what a tenant starts with, use a seed")
    kept = CREDENTIALS if copy.get("origin") != _origin(tenant) else ()
    records = [record for record in copy["records"] if record[0] not in kept]
    size = sum(len(body) for _, _, body, _ in records)
    if len(records) > store.MAX_RECORDS or size > 2 * store.MAX_BYTES:
        raise TenantFull(f"the limit of {store.MAX_RECORDS} records or {2 * store.MAX_BYTES} bytes would be passed")
    tenant.execute(tables.REMOVE_NAMES, {"tenant_": tenant.id})
    tenant.execute(tables.REMOVE_RECORDS, {"tenant_": tenant.id})
    _add(tenant, records)


def _add(tenant: Tenant, records: list[Any]) -> None:
    rows: list[Json] = []
    names: list[Json] = []
    for kind, record_id, body, keys in records:
        rows.append({"tenant": tenant.id, "kind": kind, "id": record_id, "body": body, "size": len(body)})
        record = {"tenant": tenant.id, "record_kind": kind, "record_id": record_id}
        names += [{**record, "kind": name_kind, "value": value} for name_kind, value in keys]
    if rows:
        database = tenant.execute(tables.ADD, rows).dialect.name
        numbers = [int(row["id"]) for row in rows if row["id"].isascii() and row["id"].isdigit()]
        highest = max((number for number in numbers if number < MAX_NUMBER), default=0) - store.FIRST_NUMBER
        tenant.execute(tables.PASS_NUMBER[database], {"number": max(highest, 1)})
    if names:
        tenant.execute(tables.NAME, names)


def _origin(tenant: Tenant) -> str:
    """What tells whether tokens of a copy work here: the project, and the secret that they derive from."""
    secret = tenant.partition(stytch.partition(tenant.id)).get(stytch.TOKEN_SECRET, stytch.TOKEN_SECRET)
    return hashlib.sha256(f"{tenant.id} {secret}".encode()).hexdigest()


def _checksum(records: object) -> str:
    return hashlib.sha256(json.dumps(records).encode()).hexdigest()
