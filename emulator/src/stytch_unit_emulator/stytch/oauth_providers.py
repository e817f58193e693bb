"""The OAuth providers, how Stytch spells them, and what a person of theirs gives away."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

import jwt

from .. import clock
from ..store import Json
from . import keys
from .wire import Call, service

TOKEN_LIFE = timedelta(hours=1)  # of the provider's own tokens


@dataclass(frozen=True)
class Provider:
    """One identity provider."""

    title: str  # also its ``provider_type``; UNCONFIRMED: the spelling of all but Google
    is_oidc: bool = False  # whether it gives an ID token
    scopes: tuple[str, ...] = ("openid", "email", "profile")  # UNCONFIRMED: of all but Google
    factor: str = ""  # in the name of a session's factor, where it is spelled otherwise


PROVIDERS = {
    "amazon": Provider("Amazon"),
    "apple": Provider("Apple", is_oidc=True),
    "bitbucket": Provider("Bitbucket"),
    "coinbase": Provider("Coinbase"),
    "discord": Provider("Discord"),
    "facebook": Provider("Facebook"),
    "github": Provider("GitHub"),
    "gitlab": Provider("GitLab", is_oidc=True, factor="git_lab"),
    "google": Provider("Google", is_oidc=True),
    "linkedin": Provider("LinkedIn", is_oidc=True, factor="linked_in"),
    "microsoft": Provider("Microsoft", is_oidc=True),
    "slack": Provider("Slack", is_oidc=True),
    "twitch": Provider("Twitch", is_oidc=True),
}


def person(provider: str, email: str, first: str = "", last: str = "", *, verified: bool = True) -> Json:
    """A person as the provider knows them; the same address is the same person."""
    number = int(hashlib.sha256(f"{provider} {email.lower()}".encode()).hexdigest(), 16)
    names = {"first_name": first, "middle_name": "", "last_name": last}
    return {"subject": f"{number % 10**21:021}", "email": email, "verified": verified, "name": names}


def values(call: Call, provider: str, who: Json, scopes: list[str], *, offline: bool) -> Json:
    """The provider's tokens for this person: ``provider_values``.

    UNCONFIRMED: when there is a refresh token. Here, if ``provider_access_type=offline`` was asked for, as at Google.
    """
    return {
        "access_token": secrets.token_urlsafe(48),
        "refresh_token": secrets.token_urlsafe(48) if offline else "",
        "id_token": _id_token(call, provider, who) if PROVIDERS[provider].is_oidc else "",
        "scopes": scopes,
        "expires_at": clock.seconds(clock.now() + TOKEN_LIFE),
    }


def client_id(provider: str) -> str:
    """The id under which the emulated project is registered at a provider."""
    return f"emulated-client.{provider}"


def _id_token(call: Call, provider: str, who: Json) -> str:
    """An ID token, signed with RS256 by the key that also signs the project's session JWTs."""
    kid, key = keys.signing_key(call.project)
    now = int(clock.timestamp())
    names = {"given_name": who["name"]["first_name"], "family_name": who["name"]["last_name"]}
    claims = {
        "iss": f"{service().origin}/oauth-provider/{provider}",
        "aud": client_id(provider),
        "sub": who["subject"],
        "email": who["email"],
        "email_verified": who["verified"],
        **{name: text for name, text in names.items() if text},
        "iat": now,
        "exp": now + int(TOKEN_LIFE.total_seconds()),
    }
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid})
