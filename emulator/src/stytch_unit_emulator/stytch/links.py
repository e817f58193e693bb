"""Magic links in the store: found by token hash, usable once."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import urlencode, urlsplit, urlunsplit
from uuid import uuid4

from .. import clock
from ..store import Json, Store, Tenant
from . import fields, tokens
from .errors import StytchFault
from .wire import Call

LINK = "magic_link"
NAME = "magic_link_token"
TOKEN = r"[A-Za-z0-9_=-]{1,200}"  # noqa: S105 -- UNCONFIRMED: what counts as malformed
CHALLENGE = r"[A-Za-z0-9_-]{43}"
VERIFIER = r"[A-Za-z0-9._~-]{43,128}"
Kind: TypeAlias = Literal["login", "signup", "invite", "embedded", "reset_password"]


@dataclass(frozen=True)
class Target:
    """Where a link leads and how long it works."""

    kind: Kind
    url: str
    minutes: int
    token_type: str = "magic_links"  # noqa: S105 - what the app's URL says


def issue(call: Call, user: Json, email_id: str, target: Target) -> str:
    """Create a link; returns its token, which is stored only as a hash.

    UNCONFIRMED: whether a new link cancels the previous one. Here, both work.
    """
    token = tokens.new_token()
    link: Json = {
        "id": str(uuid4()),
        "user_id": user["user_id"],
        "email_id": email_id,
        "kind": target.kind,
        "url": target.url,
        "token_type": target.token_type,
        "expires_at": clock.timestamp() + target.minutes * 60,
        "used": False,
        **browser_binding(call.body),
    }
    call.tenant.add(LINK, link["id"], link, {NAME: tokens.digest(token)})
    return token


def browser_binding(body: Json) -> Json:
    """Read what ties a link to the browser that requests it."""
    challenge = fields.optional_matching(body, "code_challenge", CHALLENGE, "invalid_pkce_code_challenge")
    return {"code_challenge": challenge, "attributes": fields.attributes(body)}


def find(tenant: Tenant, token: str) -> Json | None:
    """Find the link with this token, used or not."""
    return tenant.find(LINK, NAME, tokens.digest(token))


def tenant_of(token: str, store: Store) -> str | None:
    """The tenant that issued a link, or None."""
    return store.tenant_with(NAME, tokens.digest(token))


def is_open(link: Json) -> bool:
    """Whether the link is unused and not expired."""
    return not link["used"] and bool(link["expires_at"] > clock.timestamp())


def mark_used(tenant: Tenant, link: Json) -> None:
    """Mark the link as used."""
    tenant.save(LINK, link["id"], {**link, "used": True})


def address(link: Json, token: str) -> str:
    """Add the token to the app's redirect URL, and keep the URL's own query."""
    parts = urlsplit(link["url"])
    added = urlencode({"stytch_token_type": link.get("token_type", "magic_links"), "token": token})
    return urlunsplit(parts._replace(query=f"{parts.query}&{added}" if parts.query else added))


def check_browser(link: Json, body: Json) -> None:
    """Check PKCE and attributes: the same browser must request and open a link.

    UNCONFIRMED: whether a wrong verifier uses up the link. Here, it does not.
    """
    check_verifier(link["code_challenge"], body)
    fields.check_attributes(link["attributes"], body)


def check_verifier(challenge: str | None, body: Json) -> None:
    """Check the PKCE verifier of a browser that gave this challenge, or none."""
    verifier = fields.optional_matching(body, "code_verifier", VERIFIER, "invalid_pkce_code_verifier")
    if challenge is None and verifier is not None:
        raise StytchFault("pkce_did_not_expect_code_verifier")
    if challenge is not None and verifier is None:
        raise StytchFault("pkce_expected_code_verifier")
    if challenge is not None and not hmac.compare_digest(challenge, _challenge(verifier or "")):
        raise StytchFault("pkce_mismatch")


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
