"""OAuth in the store: flows from start to callback, their tokens, and the users' registrations."""

from __future__ import annotations

from .. import clock
from ..store import Json, Store, Tenant
from . import tokens, user_records
from .oauth_providers import PROVIDERS
from .user_records import OAUTH
from .wire import new_id

FLOW, STATE = "oauth_flow", "oauth_state"  # found by the state's hash
TOKEN, ATTACH = "oauth_token", "oauth_attach_token"
SUBJECT = "oauth_subject"
FLOW_LIFE = 3600  # seconds
TOKEN_LIFE = 300  # seconds; UNCONFIRMED
KEPT = 100  # the newest of a tenant, of each kind
SHOWN = ("provider_type", "provider_subject", "profile_picture_url", "locale", "oauth_user_registration_id")


def keep_flow(tenant: Tenant, flow: Json) -> str:
    """Keep what a browser has started; returns its state."""
    state = tokens.new_token()
    hashed = tokens.digest(state)
    tenant.add(FLOW, hashed, {"id": hashed, **flow, "expires_at": clock.timestamp() + FLOW_LIFE}, {STATE: hashed})
    return state


def tenant_of(state: str, store: Store) -> str | None:
    """The tenant in which a flow was started, or None."""
    return store.tenant_with(STATE, tokens.digest(state))


def find_flow(tenant: Tenant, state: str) -> Json | None:
    """The flow with this state, unless it is over."""
    flow = tenant.get(FLOW, tokens.digest(state))
    return flow if flow and flow["expires_at"] > clock.timestamp() else None


def choose(tenant: Tenant, flow: Json, who: Json) -> str:
    """Let a person of the provider agree; returns the provider's code for Stytch."""
    code = tokens.new_token()
    tenant.save(FLOW, flow["id"], {**flow, "person": who, "code": tokens.digest(code)})
    return code


def end_flow(tenant: Tenant, flow: Json) -> None:
    """End a flow: its state works once."""
    tenant.remove(FLOW, flow["id"])


def issue(tenant: Tenant, kind: str, record: Json) -> str:
    """Issue a token that works once; it is stored only as a hash."""
    token = tokens.new_token()
    hashed = tokens.digest(token)
    tenant.add(kind, hashed, {"id": hashed, **record, "expires_at": clock.timestamp() + TOKEN_LIFE})
    tenant.keep_newest(kind, KEPT)
    return token


def find(tenant: Tenant, kind: str, token: str) -> Json | None:
    """What a token was issued for, or None if it is unknown, used or expired."""
    record = tenant.get(kind, tokens.digest(token))
    return record if record and record["expires_at"] > clock.timestamp() else None


def registration_of(tenant: Tenant, provider: str, subject: str) -> Json | None:
    """The registration of a provider's person, or None."""
    return tenant.find(OAUTH, SUBJECT, f"{provider} {subject}")


def register(tenant: Tenant, user: Json, provider: str, who: Json) -> Json:
    """Add a provider's person to the user."""
    registration_id = new_id("oauth-user")
    registration = {
        "oauth_user_registration_id": registration_id,
        "user_id": user["user_id"],
        "provider": provider,
        "provider_type": PROVIDERS[provider].title,
        "provider_subject": who["subject"],
        "profile_picture_url": "",
        "locale": "",
    }
    tenant.add(OAUTH, registration_id, registration, {SUBJECT: f"{provider} {who['subject']}"})
    user.setdefault("oauth_user_registration_ids", []).append(registration_id)
    user_records.save(tenant, user)
    return registration


def of_user(tenant: Tenant, user: Json) -> list[Json]:
    """The user's registrations, oldest first."""
    found = [tenant.get(OAUTH, each) for each in user.get("oauth_user_registration_ids", ())]
    return [registration for registration in found if registration]


def remove(tenant: Tenant, user: Json, registration_id: str) -> None:
    """Delete one of the user's registrations."""
    tenant.remove(OAUTH, registration_id)
    user["oauth_user_registration_ids"].remove(registration_id)
    user_records.save(tenant, user)


def shown(registration: Json) -> Json:
    """A registration as the user object lists it."""
    return {name: registration[name] for name in SHOWN}
