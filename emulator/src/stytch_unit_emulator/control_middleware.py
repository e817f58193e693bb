"""Applies the controls to each request: its tenant's clock, redirect URLs and pending faults.

The settings are in the store, so that all processes that share it follow them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from werkzeug.datastructures import Authorization

from . import clock, faults, stytch, unit
from .control_input import ALL_TENANTS
from .lifetimes import CONTROLS
from .store import Json, Store, Tenant

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFIX = "/control"
PAGES = "/state"  # the pages that show a tenant
APPLIED = "emulator.applied"  # WSGI environ key of what the controls did to a request
JWKS = "/v1/sessions/jwks/"
LINK = "/v1/magic_links/redirect"
OAUTH_START, OAUTH_PAGES = "/v1/public/oauth/", ("/v1/oauth/callback/", "/oauth-provider/")
CLOCK, REDIRECT_URLS = "clock", "redirect_urls"


@dataclass(frozen=True)
class Applied:
    """The tenant of a request, the seconds by which its clock is ahead, and the fault that it met."""

    tenant_id: str | None
    seconds: float
    fault: Json | None


class ControlMiddleware:
    """WSGI middleware that shifts the clock, registers redirect URLs and injects faults per tenant."""

    def __init__(self, application: WSGIApplication, store: Store, operations: faults.Operations) -> None:
        self._application = application
        self._store = store
        self._operations = operations

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        tenant_id = _tenant_of(environ, self._store)
        may_fail = not environ["PATH_INFO"].startswith((f"{PREFIX}/", f"{PAGES}/"))
        with self._store.read(CONTROLS) as settings:
            seconds = sum(clock_offset(settings, scope) for scope in (ALL_TENANTS, tenant_id) if scope)
            urls = redirect_urls(settings, tenant_id or "")
            fault = faults.matching(settings, environ, tenant_id, self._operations) if may_fail else None
        if fault:
            with self._store.change(CONTROLS) as settings:
                fault = faults.matching(settings, environ, tenant_id, self._operations)  # it may have been used up
                if fault and not faults.count_call(settings, fault):
                    fault = None
        environ[APPLIED] = Applied(tenant_id, seconds, fault)
        with clock.shifted(seconds), stytch.registered_redirect_urls(urls):
            if fault:
                return faults.answer(self._application, fault, environ, start_response)
            return self._application(environ, start_response)


def _tenant_of(environ: WSGIEnvironment, store: Store) -> str | None:
    path = environ["PATH_INFO"]
    credentials = Authorization.from_header(environ.get("HTTP_AUTHORIZATION"))
    if path.startswith(f"{PREFIX}/tenants/"):
        found = path.split("/")[3]
    elif path.startswith(f"{PAGES}/"):
        found = path.split("/")[2]
    elif path.startswith(JWKS):  # a public path, without credentials
        found = path.removeprefix(JWKS)
    elif path.startswith("/application-form/"):
        found = unit.tenant_of_form(path.split("/")[2], store)
    elif path == LINK:  # a browser sends no credentials
        found = stytch.tenant_of_link("".join(parse_qs(environ["QUERY_STRING"]).get("token", [])), store)
    elif path.startswith(OAUTH_START):
        found = "".join(parse_qs(environ["QUERY_STRING"]).get("public_token", [])).replace("public-token", "project", 1)
    elif path.startswith(OAUTH_PAGES):
        found = stytch.tenant_of_flow("".join(parse_qs(environ["QUERY_STRING"]).get("state", [])), store)
    elif credentials is None:
        found = None
    elif credentials.type == "basic":
        found = credentials.username
    else:
        found = unit.tenant_named_by(credentials.token or "", store)
    return found if found and stytch.is_project_id(found) else None


def clock_offset(settings: Tenant, scope: str) -> float:
    """Seconds by which the clock of a tenant, or of all tenants, is shifted."""
    known = settings.get(CLOCK, scope)
    return known["ahead"] if known else 0


def redirect_urls(settings: Tenant, tenant_id: str) -> dict[str, frozenset[str]] | None:
    """The redirect URLs that a control registered for a tenant, each with its types, or None."""
    known = settings.get(REDIRECT_URLS, tenant_id)
    if known is None:
        return None
    types = known.get("types", {})
    return {url: frozenset(types.get(url, stytch.REDIRECT_TYPES)) for url in known["urls"]}
