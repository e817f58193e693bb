"""Redirect URLs: only URLs registered for the project, each for some types, matched exactly."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from ..store import Json
from .errors import StytchFault
from .wire import service

Purpose: TypeAlias = Literal["login", "signup", "invite"]
RedirectURLs: TypeAlias = Mapping[str, frozenset[str]]  # each with its types
TEST_DEFAULT = "http://localhost:3000/authenticate"  # a new Test project's one redirect URL
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
MALFORMED: dict[Purpose, str] = {
    "login": "invalid_login_magic_link_url",
    "signup": "invalid_signup_magic_link_url",
    "invite": "invalid_invite_magic_link_url",
}

TYPES = frozenset({"LOGIN", "SIGNUP", "INVITE", "RESET_PASSWORD"})
_of_request: ContextVar[RedirectURLs | None] = ContextVar("redirect_urls", default=None)


@contextmanager
def registered(urls: Set[str] | RedirectURLs | None) -> Iterator[None]:
    """Have these URLs registered during one request, if any are given."""
    before = _of_request.set(_typed(urls))
    try:
        yield
    finally:
        _of_request.reset(before)


def _typed(urls: Set[str] | RedirectURLs | None) -> RedirectURLs | None:
    """The URLs with their types; without types they have all."""
    return dict.fromkeys(urls, TYPES) if isinstance(urls, Set) else urls


def _registered() -> RedirectURLs | None:
    """The registered URLs, or None if a rule decides."""
    urls = _of_request.get()
    return _typed(service().redirect_urls) if urls is None else urls


def requested(body: Json, purpose: Purpose) -> str | None:
    """Read the registered URL given for this purpose, or None."""
    url = body.get(f"{purpose}_magic_link_url")
    if url is None:
        return None
    if not isinstance(url, str) or not is_url(url):
        raise StytchFault(MALFORMED[purpose])
    if not _is_registered(url, purpose.upper()):
        raise StytchFault("no_match_for_provided_magic_link_url")
    return url


def oauth(query: Mapping[str, str], purpose: Literal["login", "signup"]) -> str:
    """Read the URL to which an OAuth flow returns, or the default one."""
    url = query.get(f"{purpose}_redirect_url")
    if url is None:
        return default(purpose)
    if not is_url(url):
        raise StytchFault(f"invalid_{purpose}_oauth_url")
    if not _is_registered(url, purpose.upper()):
        raise StytchFault("no_match_for_provided_oauth_url")
    return url


def of_reset(body: Json) -> str:
    """Read the URL of the page that sets a password; without one, the only registered URL is the default.

    UNCONFIRMED: the type for a URL that is not registered. Here, as for a malformed one.
    """
    url = body.get("reset_password_redirect_url")
    if url is None:
        registered = _registered()
        urls = None if registered is None else [each for each, types in registered.items() if "RESET_PASSWORD" in types]
        if urls is not None and len(urls) != 1:
            raise StytchFault("no_password_reset_redirect_url")
        return TEST_DEFAULT if urls is None else urls[0]
    if not isinstance(url, str) or not is_url(url) or not _is_registered(url, "RESET_PASSWORD"):
        raise StytchFault("invalid_password_reset_redirect_url")
    return url


def of_login(body: Json) -> str:
    """Read the URL to which a reset mail's second link leads, or the default one for logins."""
    return requested({"login_magic_link_url": body.get("login_redirect_url")}, "login") or default("login")


def default(purpose: Purpose) -> str:
    """The default redirect URL.

    UNCONFIRMED: how a default is chosen. Here, it is the only registered URL.
    """
    registered_urls = _registered()
    if registered_urls is None:
        return TEST_DEFAULT
    urls = [url for url, types in registered_urls.items() if purpose.upper() in types]
    if not urls:
        raise StytchFault(f"no_{purpose}_redirect_urls_set")
    if len(urls) > 1:
        raise StytchFault(f"no_default_{purpose}_redirect_url_set")
    return urls[0]


def is_url(url: str) -> bool:
    """Whether the text is an absolute URL."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return url.isascii() and url.isprintable() and " " not in url and bool(parts.scheme and parts.netloc)


def _is_registered(url: str, kind: str) -> bool:
    """Whether a URL is registered for a type; the value of a query parameter may be registered as ``{}``, which is any.

    UNCONFIRMED: what ``{}`` stands for. Here, for one value of the query.
    """
    urls = _registered()
    if urls is not None:
        fitting = [each for each, types in urls.items() if kind in types]
        return any(re.fullmatch(re.escape(each).replace(r"=\{\}", "=[^&#]+"), url) for each in fitting)
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK | service().app_hosts)
