"""The set-up of the two dashboards, as a check list: what is right, what is not, and what to do next.

To copy: it changes nothing. What can only be tried by writing is tried so that the service must refuse: with a user, a
customer or an address that cannot be. Which refusal comes back tells what is missing. What no refusal can tell is said
to be unknown, never to be right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from limits.errors import StorageError
from stytch.core.response_base import StytchError

from settings import Settings

from .http import ServiceDown, ServiceSession
from .limits import limiter
from .session import JWT_LEEWAY
from .stytch_wire import Client
from .unit_wire import Caller, Json, UnitError

NOBODY = "user-{environment}-00000000-0000-4000-8000-000000000000"
NO_ADDRESS = "no-address"
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
    """One line of the list; ``right`` is None where it cannot be told, or does not apply."""

    right: bool | None
    what: str
    next_step: str = ""


class Doctor:
    """Examines a set-up."""

    def __init__(self, settings: Settings, http: ServiceSession) -> None:
        self._settings, self._http = settings, http
        self._environment = settings.stytch_project_id.split("-")[1]

    def findings(self) -> Iterator[Finding]:
        """One finding after the other, as they are made; where all rests on one, that one is the last of its kind."""
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

    def _stytch(self) -> Iterator[Finding]:
        yield Finding(True, f"Stytch's project id and secret are there, both of the {self._environment} environment")
        client = Client(self._settings, self._http)
        if refused := _refusal(client.debug.whoami):
            yield Finding(False, f"Stytch does not take them: {refused}", _after(refused))
            return
        yield Finding(True, "Stytch takes them")
        yield _redirect_url(client, self._settings.login_url)
        yield _authenticators(client, NOBODY.format(environment=self._environment))
        yield from self._key_set()

    def _key_set(self) -> Iterator[Finding]:
        url = self._settings.jwks_url
        try:
            answer = self._http.get(url)
            ids = [str(key["kid"]) for key in answer.json()["keys"]]
        except (ServiceDown, KeyError, TypeError) as error:
            why = error if isinstance(error, ServiceDown) else "no keys in the answer"
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
        yield Finding(True, f"Unit's token is there, for the {kind} at {self._settings.unit_api_url}")
        caller = Probe(self._http, self._settings.unit_api_url, self._settings.unit_api_token)
        statuses: dict[str, int] = {}
        for scope, (method, path, document) in SCOPES.items():
            try:
                statuses[scope] = caller.status(method, path, document)
            except ServiceDown as error:
                yield Finding(False, f"Unit gives no usable answer: {error}", "Check UNIT_API_URL, then try again.")
                return
            if statuses[scope] == 401:
                yield Finding(
                    False,
                    "Unit does not take the token",
                    "Unit dashboard, API tokens: make one, and set UNIT_API_TOKEN.",
                )
                return
        granted = {scope: GRANTED.get(status) for scope, status in statuses.items()}
        yield Finding(True if set(granted.values()) != {None} else None, "Unit takes it")
        for scope, right in granted.items():
            yield Finding(right, f"Scope {scope}", NEXT_FOR_SCOPE[right])

    def _hosting(self) -> Iterator[Finding]:
        settings = self._settings
        flags = "Secure, __Host-" if settings.is_https else "not Secure, since this is http on localhost"
        yield Finding(True, f"Browsers reach the app at {settings.public_url}; cookies are {flags}")
        proxies = settings.trusted_proxies
        if settings.is_https and not proxies:
            yield Finding(
                False,
                "No proxy is trusted, yet something in front of the app must speak https",
                "Set TRUSTED_PROXIES to the number of proxies, or all visitors share one address and its limits.",
            )
        elif proxies and not settings.is_https:
            yield Finding(
                None,
                f"{proxies} trusted on plain http",
                "Without a proxy anybody can make up an address: TRUSTED_PROXIES=0.",
            )
        else:
            yield Finding(True, f"Trusted proxies: {proxies}")
        if settings.stytch_project_id.startswith("project-live-") and not settings.is_https:
            yield Finding(False, "Live services, but no https", "Set PUBLIC_URL to the https origin of the app.")
        yield _rate_limits(settings)


GRANTED = {200: True, 400: True, 404: True, 422: True, 403: False}  # what a status says; any other says nothing
NEXT_FOR_SCOPE = {
    True: "",
    False: "Unit dashboard, API tokens: a token's scopes are fixed, so make another one that has this scope too.",
    None: "Unit did not say. Try again in a minute.",
}


class Probe(Caller):
    """Asks Unit what it would refuse."""

    def status(self, method: str, path: str, document: Json | None) -> int:
        """The status of the answer, refusals included. Raises ServiceDown."""
        try:
            self._call(method, path, document)
        except UnitError as refused:
            return refused.status
        return 200


def _redirect_url(client: Client, url: str) -> Finding:
    mails = client.magic_links.email
    refused = _refusal(lambda: mails.login_or_create(NO_ADDRESS, login_magic_link_url=url, signup_magic_link_url=url))
    if refused == "invalid_email":
        step = "The first sign-in shows whether it is registered, for login and for sign-up."
        return Finding(None, f"Stytch says nothing against the redirect URL {url}", step)
    step = f"Stytch dashboard, Redirect URLs: add {url} for login and for sign-up."
    return Finding(False, f"Stytch does not mail links that lead here: {refused}", step)


def _authenticators(client: Client, nobody: str) -> Finding:
    refused = _refusal(lambda: client.totps.create(nobody))
    if refused == "user_not_found":
        return Finding(None, "Stytch says nothing against authenticators (TOTP)")
    return Finding(False, f"Stytch refuses authenticators: {refused}", "Stytch dashboard: enable TOTP for the project.")


def _refusal(call: Callable[[], object]) -> str:
    """Why Stytch refuses a call: its error_type, or what went wrong on the way; nothing if it does not refuse."""
    try:
        call()
    except StytchError as error:
        return str(error.details.error_type or f"status {error.details.status_code}")
    except ServiceDown as error:
        return str(error)
    return ""


def _after(refused: str) -> str:
    if refused == "unauthorized_credentials":
        return "Stytch dashboard, API keys: copy the project id and a secret of the same environment again."
    return "Check STYTCH_API_URL and the network, then try again."


def _clock(date: str | None) -> Finding:
    try:
        ahead = round((datetime.now(UTC) - parsedate_to_datetime(date or "")).total_seconds())
    except (ValueError, TypeError):  # malformed, or of no time zone
        return Finding(None, "The clock cannot be compared with Stytch's: it did not say the time")
    if abs(ahead) <= JWT_LEEWAY:
        return Finding(True, f"The clock is right, within {abs(ahead) + 1} seconds of Stytch's")
    off = f"{abs(ahead)} seconds {'ahead of' if ahead > 0 else 'behind'}"
    return Finding(False, f"The clock is {off} Stytch's", "Set it by NTP: JWTs and codes need it.")


def _rate_limits(settings: Settings) -> Finding:
    if settings.ratelimit_storage_uri.startswith("memory:"):
        step = "With more than one process, set RATELIMIT_STORAGE_URI to a Redis." if settings.is_https else ""
        return Finding(None if settings.is_https else True, "Rate limits are counted in this process's memory", step)
    try:
        reached = limiter.storage.check()
    except StorageError:
        reached = False
    return Finding(
        reached,
        f"The store of rate limits {'answers' if reached else 'does not answer'}",
        "" if reached else "Start it, or correct RATELIMIT_STORAGE_URI.",
    )
