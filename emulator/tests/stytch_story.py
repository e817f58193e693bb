"""Common steps of the Stytch tests, with the real SDK."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
import requests
import stytch
from stytch.core.response_base import StytchError

from stytch_unit_emulator.stytch import Mail, create_app, mails, messages
from stytch_unit_emulator.transport import WSGIAdapter, current_tenant

if TYPE_CHECKING:
    import time_machine
    from stytch.consumer.models.magic_links import AuthenticateResponse
    from stytch.consumer.models.totps import CreateResponse

    from stytch_unit_emulator import Store

ADA = "ada@example.com"
BOB = "bob@example.com"
NO_USER = "user-test-00000000-0000-4000-8000-000000000000"
NO_SESSION = "session-test-00000000-0000-4000-8000-000000000000"
NO_TOKEN = "x" * 44

Act: TypeAlias = "Callable[[Story], object]"


def refused(status: int, error_type: str) -> pytest.RaisesExc[StytchError]:
    """Expect the SDK to raise this refusal."""
    return pytest.raises(
        StytchError, check=lambda error: (error.details.status_code, error.details.error_type) == (status, error_type)
    )


def run_concurrently(act: Callable[[], object], times: int = 4) -> list[int]:
    """Do the same thing several times at once; returns the sorted statuses."""

    def status(_: int) -> int:
        try:
            act()
        except StytchError as error:
            return error.details.status_code
        return 200

    with ThreadPoolExecutor(times) as threads:
        return sorted(threads.map(status, range(times)))


@contextmanager
def visitor(name: str) -> Iterator[None]:
    """Make calls as another visitor."""
    before = current_tenant.set(name)
    yield
    current_tenant.reset(before)


@dataclass(frozen=True)
class Story:
    """One visitor, with the SDK, a mailbox, a phone and a clock."""

    project_id: str
    client: stytch.Client
    http: requests.Session
    store: Store
    clock: time_machine.Traveller

    def post(self, path: str, body: object = None, **options: Any) -> requests.Response:
        """Call without the SDK."""
        return self.http.post(f"https://test.stytch.com{path}", json=body, auth=(self.project_id, "secret"), **options)

    def wait(self, seconds: float = 0, *, minutes: float = 0) -> None:
        """Let time pass."""
        self.clock.shift(seconds + 60 * minutes)

    def client_with(self, redirect_urls: frozenset[str] | None) -> stytch.Client:
        """The SDK for a project with these redirect URLs, or with any."""
        http = requests.Session()
        app = create_app(self.store, public_url="https://stytch.example", redirect_urls=redirect_urls)
        http.mount("https://", WSGIAdapter(app))
        return stytch.Client(self.project_id, "secret", environment="test", suppress_warnings=True, sync_session=http)

    def mails(self) -> list[Mail]:
        """The visitor's emails, newest first."""
        with self.store.read(current_tenant.get()) as tenant:
            return mails(tenant)

    def token(self) -> str:
        """The token of the newest email's link."""
        return parse_qs(urlsplit(self.mails()[0].link).query)["token"][0]

    def sent_code(self) -> str:
        """The code that was sent last."""
        with self.store.read(current_tenant.get()) as tenant:
            return messages(tenant)[0].code

    def link(self, email: str = ADA, **options: Any) -> str:
        """Request a link; returns its token, a second later."""
        self.client.magic_links.email.login_or_create(email, **options)
        self.wait(1)
        return self.token()

    def sign_in(self, email: str = ADA, minutes: int = 60) -> AuthenticateResponse:
        """Request a link and open it."""
        return self.client.magic_links.authenticate(self.link(email), session_duration_minutes=minutes)

    def code(self, secret: str, steps: int = 0) -> str:
        """The visitor's current code, or the code that many steps later."""
        return pyotp.TOTP(secret).at(time.time(), counter_offset=steps)

    def wrong_code(self, secret: str) -> str:
        """A code that no time step near now has."""
        near = {self.code(secret, steps) for steps in (-1, 0, 1)}
        return next(code for code in ("000000", "111111", "222222", "333333") if code not in near)

    def enroll(self, user_id: str) -> CreateResponse:
        """Enroll an authenticator app and wait for its next code."""
        totp = self.client.totps.create(user_id)
        self.client.totps.authenticate(user_id, self.code(totp.secret))
        self.wait(30)
        return totp
