"""Checks the setup of both dashboards: what is right, what is wrong, and what to do next.

To copy: it changes nothing. Write permissions are probed with requests that the service has to reject, because the
user, customer or address cannot exist; the reason for the rejection shows what is missing. What a rejection cannot show
is reported as unknown, never as right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TypeAlias

from limits.errors import StorageError
from stytch import Client
from stytch.core.response_base import StytchError

from services.errors import ServiceUnavailable
from services.http import HttpSession
from services.rate_limits import store
from services.session import JWT_LEEWAY
from services.stytch_client import StytchClient
from services.unit_client import UnitClient, UnitError
from services.unit_models import Json
from settings import Settings

UNKNOWN_USER = "user-{environment}-00000000-0000-4000-8000-000000000000"
INVALID_ADDRESS = "no-address"
SCOPES: dict[str, tuple[str, str, Json | None]] = {  # each with a call that Unit refuses (403) without it
    "applications": ("GET", "/applications?page[limit]=1", None),
    "applications-write": ("POST", "/applications", {"type": "individualApplication", "attributes": {}}),
    "customers": ("GET", "/customers?page[limit]=1", None),
    "customers-write": ("PATCH", "/customers/0", {"type": "individualCustomer", "attributes": {}}),
    "customer-token-write": ("POST", "/customers/0/token", {"type": "customerToken", "attributes": {}}),
    "accounts": ("GET", "/accounts?page[limit]=1", None),
    "accounts-write": ("POST", "/accounts", {"type": "depositAccount", "attributes": {}}),
}


@dataclass(frozen=True)
class Finding:
    """One line of the report; ``ok`` is None where it is unknown, or does not apply."""

    ok: bool | None
    what: str
    next_step: str = ""


Probe: TypeAlias = tuple[str, str, Callable[[str], object]]  # a redirect URL, its types, and what mails a link to it
# The service that must be real and accept our credentials ("stytch", "unit" or ""), and what yields fields of findings
Check: TypeAlias = tuple[str, Callable[[], Iterator[tuple[bool | None, str, str]]]]


class Doctor:
    """Checks one setup."""

    def __init__(
        self, settings: Settings, http: HttpSession, checks: Sequence[Check] = (), probes: Sequence[Probe] = ()
    ) -> None:
        """``checks`` and ``probes`` are those of other extras; a probe mails nothing, and needs a real Stytch."""
        self._settings, self._http, self._checks, self._probes = settings, http, checks, probes
        self._environment = settings.stytch_project_id.split("-")[1]

    def findings(self) -> Iterator[Finding]:
        """Yield each finding as it is made. Stops a section at its first fatal finding."""
        if "stytch" in self._settings.emulated:
            yield Finding(
                None, "Stytch is emulated", "For your own project, set STYTCH_PROJECT_ID and STYTCH_SECRET in .env."
            )
        else:
            yield from self._stytch()
        if "unit" in self._settings.emulated:
            yield Finding(
                None, "Unit is emulated", "For your own org, set UNIT_API_TOKEN in .env, once Stytch is real."
            )
        else:
            yield from self._unit()
        yield from self._hosting()
        yield from self._of_extras("")

    def _stytch(self) -> Iterator[Finding]:
        settings = self._settings
        yield Finding(True, f"Stytch's project id and secret are set, both of the {self._environment} environment")
        stytch = StytchClient(
            self._http, settings.stytch_project_id, settings.stytch_secret, settings.stytch_api_url
        ).sdk
        if refused := _refusal(stytch.debug.whoami):
            yield Finding(False, f"Stytch does not accept them: {refused}", _after(refused))
            return
        yield Finding(True, "Stytch accepts them")
        send = stytch.magic_links.email.login_or_create
        login = partial(send, login_magic_link_url=settings.login_url, signup_magic_link_url=settings.login_url)
        yield _redirect_url(settings.login_url, "login and for sign-up", login)
        for probe in self._probes:
            yield _redirect_url(*probe)
        yield _authenticators(stytch, UNKNOWN_USER.format(environment=self._environment))
        yield from self._key_set()
        yield from self._of_extras("stytch")

    def _key_set(self) -> Iterator[Finding]:
        url = self._settings.jwks_url
        try:
            answer = self._http.get(url)
            ids = [str(key["kid"]) for key in answer.json()["keys"]]
        except (ServiceUnavailable, KeyError, TypeError) as error:
            why = error if isinstance(error, ServiceUnavailable) else "no keys in the answer"
            yield Finding(
                False, f"The key set at {url} cannot be read: {why}", "Check STYTCH_PROJECT_ID, then try again."
            )
            return
        yield Finding(
            bool(ids),
            f"The key set at {url} holds {', '.join(ids) or 'no key'}",
            "Unit dashboard, Org Settings, JWT Settings: provider Stytch, and this URL as JWKs Path.",
        )
        yield _clock(answer.headers.get("Date"))

    def _unit(self) -> Iterator[Finding]:
        kind = "sandbox" if self._settings.unit_is_sandbox else "live API"
        yield Finding(True, f"Unit's token is set, for the {kind} at {self._settings.unit_api_url}")
        unit = UnitProbe(self._http, self._settings.unit_api_url, self._settings.unit_api_token)
        statuses: dict[str, int] = {}
        for scope, (method, path, document) in SCOPES.items():
            try:
                statuses[scope] = unit.status(method, path, document)
            except ServiceUnavailable as error:
                yield Finding(False, f"Unit gives no usable answer: {error}", "Check UNIT_API_URL, then try again.")
                return
            if statuses[scope] == 401:
                yield Finding(
                    False,
                    "Unit does not accept the token",
                    "Unit dashboard, API tokens: create one, and set UNIT_API_TOKEN.",
                )
                return
        granted = {scope: GRANTED.get(status) for scope, status in statuses.items()}
        yield Finding(True if set(granted.values()) != {None} else None, "Unit accepts it")
        for scope, ok in granted.items():
            yield Finding(ok, f"Scope {scope}", NEXT_FOR_SCOPE[ok])
        yield from self._of_extras("unit")

    def _of_extras(self, service: str) -> Iterator[Finding]:
        for needed, check in self._checks:
            if needed == service:
                yield from (Finding(*each) for each in check())

    def _hosting(self) -> Iterator[Finding]:
        settings = self._settings
        flags = "Secure, __Host-" if settings.is_https else "not Secure, since this is http on localhost"
        yield Finding(True, f"Browsers reach the app at {settings.public_url}; cookies are {flags}")
        proxies = settings.trusted_proxies
        if settings.is_https and not proxies:
            yield Finding(
                False,
                "No proxy is trusted, but something in front of the app must terminate https",
                "Set TRUSTED_PROXIES to the number of proxies, or all visitors share one address and its rate limits.",
            )
        elif proxies and not settings.is_https:
            yield Finding(
                None,
                f"Trusted proxies on plain http: {proxies}",
                "If there is no proxy, set TRUSTED_PROXIES=0: clients could forge their address.",
            )
        else:
            yield Finding(True, f"Trusted proxies: {proxies}")
        if settings.is_live and not settings.is_https:
            yield Finding(False, "Live services, but no https", "Set PUBLIC_URL to the https origin of the app.")
        yield _rate_limits(settings)


GRANTED = {200: True, 400: True, 404: True, 422: True, 403: False}  # by status; any other shows nothing
NEXT_FOR_SCOPE = {
    True: "",
    False: "Unit dashboard, API tokens: a token's scopes are fixed, so create another one that has this scope too.",
    None: "Unit did not say. Try again in a minute.",
}


class UnitProbe(UnitClient):
    """Sends requests that Unit has to reject."""

    def status(self, method: str, path: str, document: Json | None) -> int:
        """Return the status of the answer, refusals included. Raises ServiceUnavailable."""
        try:
            self.call(method, path, document)
        except UnitError as error:
            return error.status
        return 200


def _redirect_url(url: str, types: str, send: Callable[[str], object]) -> Finding:
    refused = _refusal(lambda: send(INVALID_ADDRESS))
    if refused == "invalid_email":
        step = f"The first link shows whether it is registered, for {types}."
        return Finding(None, f"Stytch does not object to the redirect URL {url}", step)
    step = f"Stytch dashboard, Redirect URLs: add {url} for {types}."
    return Finding(False, f"Stytch refuses links to this app: {refused}", step)


def _authenticators(stytch: Client, unknown_user: str) -> Finding:
    refused = _refusal(lambda: stytch.totps.create(unknown_user))
    if refused == "user_not_found":
        return Finding(None, "Stytch does not object to authenticators (TOTP)")
    return Finding(False, f"Stytch refuses authenticators: {refused}", "Stytch dashboard: enable TOTP for the project.")


def _refusal(call: Callable[[], object]) -> str:
    """Return why Stytch refuses a call: its error_type, or the network error; empty if it accepts the call."""
    try:
        call()
    except StytchError as error:
        return str(error.details.error_type or f"status {error.details.status_code}")
    except ServiceUnavailable as error:
        return str(error)
    return ""


def _after(refused: str) -> str:
    if refused == "unauthorized_credentials":
        return "Stytch dashboard, API keys: copy the project id and a secret of the same environment again."
    return "Check STYTCH_API_URL and the network, then try again."


def _clock(date: str | None) -> Finding:
    try:
        ahead = round((datetime.now(UTC) - parsedate_to_datetime(date or "")).total_seconds())
    except (ValueError, TypeError):  # malformed, or without a time zone
        return Finding(None, "The clock cannot be compared with Stytch's, which sent no time")
    if abs(ahead) <= JWT_LEEWAY:
        return Finding(True, f"The clock is right, within {abs(ahead) + 1} seconds of Stytch's")
    off = f"{abs(ahead)} seconds {'ahead of' if ahead > 0 else 'behind'}"
    return Finding(False, f"The clock is {off} Stytch's", "Synchronize it (NTP): JWTs and codes depend on it.")


def _rate_limits(settings: Settings) -> Finding:
    if settings.ratelimit_storage_uri.startswith("memory:"):
        step = "With more than one process, set RATELIMIT_STORAGE_URI to a Redis." if settings.is_https else ""
        return Finding(None if settings.is_https else True, "Rate limits are counted in this process's memory", step)
    try:
        reached = store.check()
    except StorageError:
        reached = False
    return Finding(
        reached,
        f"The store of rate limits {'answers' if reached else 'does not answer'}",
        "" if reached else "Start it, or correct RATELIMIT_STORAGE_URI.",
    )
