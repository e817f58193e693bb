"""Bearer tokens: org tokens, and customer tokens limited to some resources."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flask import request

from .. import clock
from ..store import Json, Store, Tenant
from ..transport import TENANT
from . import jsonapi, scopes
from .errors import UnitFault
from .jsonapi import reference

ORG_TOKEN = "v2.public.emulator-"  # noqa: S105 -- a prefix, followed by the tenant's id
ORG_TOKEN_NAME = "org token"  # noqa: S105 -- the store key of the hash of an org token with fewer scopes
API_TOKEN = "org_token"  # noqa: S105 -- the kind of their records
_NEVER = "9999-12-31T00:00:00.000Z"
TOKEN_NAME = "customer token"  # noqa: S105 -- the store key of a customer token's hash
_PROJECT = re.compile(r"project-(test|live)-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Bearer:
    """What a token allows. A token without a customer is an org token."""

    scopes: frozenset[str]
    customer_id: str | None = None
    resources: Mapping[str, Sequence[str]] = field(default_factory=dict)
    upgradable: frozenset[str] = frozenset()
    expires_at: float | None = None

    def sees(self, kind: str, record: Json) -> bool:
        """Whether the token may access this resource.

        UNCONFIRMED: a token with ``resources`` reaches these, their related resources and the customer.
        """
        if self.customer_id is not None and reference(kind, record, "customer") != self.customer_id:
            return False
        if kind == "customer" or not self.resources:
            return True
        return any(reference(kind, record, name) in ids for name, ids in self.resources.items())


def digest(token: str) -> str:
    """The hash under which a customer token is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


def tenant_of(store: Store) -> str:
    """The tenant of the request: the given one, or else the token's."""
    token, given = _token(), request.environ.get(TENANT)
    if token.startswith(ORG_TOKEN):
        tenant = given or token.removeprefix(ORG_TOKEN).partition(".")[0]
        # Only project ids: an org token must not name a visitor's tenant.
        if not given and not _PROJECT.fullmatch(tenant):
            raise UnitFault("unauthorized")
        return str(tenant)
    found = named_by(token, store)
    if found is None or given not in (None, found):
        raise UnitFault("unauthorized")
    return found


def named_by(token: str, store: Store) -> str | None:
    """The tenant that a token belongs to, or None."""
    if token.startswith(ORG_TOKEN):
        return token.removeprefix(ORG_TOKEN).partition(".")[0]
    return store.tenant_with(TOKEN_NAME, digest(token))


def authenticate(tenant: Tenant) -> Bearer:
    """Authenticate the request's token, or refuse it."""
    token = _token()
    if token.startswith(ORG_TOKEN):
        return _org_bearer(tenant, token)
    record = tenant.find("customer_token", TOKEN_NAME, digest(token))
    if record is None or record["expires_at"] <= clock.timestamp():
        raise UnitFault("unauthorized")
    return Bearer(
        frozenset(record["scopes"]),
        record["customer_id"],
        record["resources"],
        frozenset(record["upgradable"]),
        record["expires_at"],
    )


def add_org_token(
    tenant: Tenant,
    project_id: str,
    allowed: frozenset[str],
    attributes: Json | None = None,
    resources: Mapping[str, Sequence[str]] | None = None,
) -> tuple[str, Json]:
    """Create an org token with these scopes only; ``ORG_TOKEN`` and the project id alone have all.

    Returns the token, which is stored as a hash, and its record.
    """
    token = f"{ORG_TOKEN}{project_id}.{secrets.token_urlsafe(24)}"
    shown = {"description": "Emulated", "expiration": _NEVER, **(attributes or {})}
    draft = jsonapi.draft("apiToken", shown, internal={"scopes": sorted(allowed), "resources": resources or {}})
    return token, tenant.add_numbered(API_TOKEN, draft, {ORG_TOKEN_NAME: digest(token)})


def granted(tenant: Tenant, token: str) -> Json:
    """What a valid customer token may do: its scopes, resources and the seconds that are left."""
    record = tenant.find("customer_token", TOKEN_NAME, digest(token)) or {}
    left = int(record["expires_at"] - clock.timestamp())
    return {"scopes": record["scopes"], "resources": record["resources"], "seconds": left}


def project_of_org_token() -> str:
    """The project that the request's org token names."""
    return _token().removeprefix(ORG_TOKEN).partition(".")[0]


def _org_bearer(tenant: Tenant, token: str) -> Bearer:
    if "." not in token.removeprefix(ORG_TOKEN):
        return Bearer(scopes.ORG)
    record = tenant.find(API_TOKEN, ORG_TOKEN_NAME, digest(token))
    if record is None or clock.parse(record["attributes"]["expiration"]) <= clock.now():
        raise UnitFault("unauthorized")
    addresses = record["attributes"].get("sourceIp")
    if addresses and request.remote_addr not in [each.strip() for each in addresses.split(",")]:
        raise UnitFault("forbidden", "The token may not be used from this address")
    return Bearer(frozenset(record["internal"]["scopes"]), None, record["internal"]["resources"])


def _token() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.isascii():
        raise UnitFault("unauthorized")
    return token.strip()
