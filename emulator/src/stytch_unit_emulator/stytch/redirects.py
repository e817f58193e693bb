"""Redirect URLs: only URLs registered for the project, matched exactly."""

from __future__ import annotations

from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from ..store import Json
from .errors import StytchFault
from .wire import service

Purpose: TypeAlias = Literal["login", "signup", "invite"]
TEST_DEFAULT = "http://localhost:3000/authenticate"  # a new Test project's one redirect URL
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
MALFORMED: dict[Purpose, str] = {
    "login": "invalid_login_magic_link_url",
    "signup": "invalid_signup_magic_link_url",
    "invite": "invalid_magic_link_url",
}


def requested(body: Json, purpose: Purpose) -> str | None:
    """Read the registered URL given for this purpose, or None."""
    url = body.get(f"{purpose}_magic_link_url")
    if url is None:
        return None
    if not isinstance(url, str) or not _is_url(url):
        raise StytchFault(MALFORMED[purpose])
    if not _is_registered(url):
        raise StytchFault("no_match_for_provided_magic_link_url")
    return url


def default(purpose: Purpose) -> str:
    """The default redirect URL; an invite uses the signup default.

    UNCONFIRMED: how a default is chosen. Here, it is the only registered URL.
    """
    registered = service().redirect_urls
    kind = "login" if purpose == "login" else "signup"
    if registered is None:
        return TEST_DEFAULT
    if not registered:
        raise StytchFault(f"no_{kind}_redirect_urls_set")
    if len(registered) > 1:
        raise StytchFault(f"no_default_{kind}_redirect_url_set")
    return next(iter(registered))


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return url.isascii() and url.isprintable() and " " not in url and bool(parts.scheme and parts.netloc)


def _is_registered(url: str) -> bool:
    registered = service().redirect_urls
    if registered is not None:
        return url in registered
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK | service().app_hosts)
