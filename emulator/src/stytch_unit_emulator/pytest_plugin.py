"""Pytest fixtures. Installing the package makes them available, with nothing to add to a ``conftest.py``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
import requests

from .server import org_token, running

SECRET = "secret-test-emulated"  # noqa: S105 - any value works


@dataclass(frozen=True)
class EmulatedProject:
    """One tenant of a running emulator, with its credentials and controls."""

    url: str
    project_id: str = field(default_factory=lambda: f"project-test-{uuid4()}")
    secret: str = SECRET
    control_token: str = field(default="", repr=False)  # for an emulator at another host name

    @property
    def unit_token(self) -> str:
        """Unit's org token."""
        return org_token(self.project_id)

    def mails(self) -> list[dict[str, Any]]:
        """The emails that Stytch would have sent, newest first, with link and token."""
        mails: list[dict[str, Any]] = self._control("GET", "mails")
        return mails

    def messages(self, channel: str = "") -> list[dict[str, Any]]:
        """The codes sent by SMS, WhatsApp and email, or by one of these, newest first."""
        sent: list[dict[str, Any]] = self._control("GET", f"messages?channel={channel}" if channel else "messages")
        return sent

    def requests(
        self, path: str = "*", method: str = "", status: str | int = "", after: int = 0
    ) -> list[dict[str, Any]]:
        """The tenant's requests, oldest first: number, method, path, status, request, answer, changed, webhooks.

        ``*`` in the path matches any characters; the status may be a class such as ``4xx``.
        """
        query = {"path": path, "method": method, "status": status, "after": after}
        found: list[dict[str, Any]] = self._control("GET", f"requests?{urlencode(query)}")
        return found

    def wait_for_request(
        self, path: str = "*", method: str = "", status: str | int = "", after: int = 0, seconds: float = 5
    ) -> dict[str, Any]:
        """The first such request with a number above ``after``. Raises ValueError if none comes in this time."""
        query = {"path": path, "method": method, "status": status, "after": after, "seconds": seconds}
        found: dict[str, Any] = self._control("GET", f"requests/wait?{urlencode(query)}")
        return found

    def move_clock(self, seconds: float) -> None:
        """Move this tenant's clock. Move your own process's clock separately."""
        self._control("POST", "clock", {"seconds": seconds})

    def age(self, seconds: float, **which: list[str]) -> dict[str, int]:
        """Make records of some ``kinds`` or ``ids`` older; returns how many of each kind."""
        aged: dict[str, int] = self._control("POST", "age", {"seconds": seconds, **which})
        return aged

    def fail(self, path: str | None = None, fault: str | None = None, *, times: int = 1, **details: Any) -> None:
        """Fail the next calls of a path or ``operation``, by a fault, ``error_type``, ``code`` or ``status``."""
        given = {"path": path, "fault": fault, "times": times, **details}
        self._control("POST", "faults", {name: value for name, value in given.items() if value is not None})

    def rotate_keys(self) -> str:
        """Sign session JWTs with a new key from now on; returns its id."""
        kid: str = self._control("POST", "keys")["kid"]
        return kid

    def seed(self, source: str | Path | dict[str, Any]) -> dict[str, Any]:
        """Fill the tenant from a JSON file or a dict; returns the ids created."""
        description = source if isinstance(source, dict) else json.loads(Path(source).read_text())
        made: dict[str, Any] = self._control("POST", "seed", description)
        return made

    def session(self, user: str, **details: Any) -> dict[str, Any]:
        """Start a session of a user, by email or id; returns session, session_token and session_jwt."""
        made: dict[str, Any] = self._control("POST", "sessions", {"user": user, **details})
        return made

    def customer_token(self, customer_id: str, scope: str, **details: Any) -> str:
        """Create a customer token of Unit's."""
        token: str = self._control("POST", "customer-tokens", {"customer_id": customer_id, "scope": scope, **details})[
            "token"
        ]
        return token

    def org_token(self, scope: str) -> str:
        """Create an org token with these scopes only."""
        token: str = self._control("POST", "org-tokens", {"scope": scope})["token"]
        return token

    def register_redirect_urls(self, *urls: str, types: Mapping[str, list[str]] | None = None) -> None:
        """Register these redirect URLs and no others; without any, the emulator's rule decides again.

        ``types`` are those of each URL that does not have all, such as ``["LOGIN"]``.
        """
        self._control("PUT", "redirect-urls", {"urls": list(urls) or None, "types": types or {}})

    def snapshot(self, name: str) -> None:
        """Keep the tenant's data and clock under a name."""
        self._control("POST", f"snapshots/{name}")

    def restore(self, name: str) -> None:
        """Go back to a snapshot."""
        self._control("POST", f"snapshots/{name}/restore")

    def reset(self) -> None:
        """Delete the tenant's data."""
        self._control("DELETE", "")

    def _control(self, method: str, what: str, body: object = None) -> Any:
        url = f"{self.url}/control/tenants/{self.project_id}/{what}".rstrip("/")
        headers = {"Authorization": f"Bearer {self.control_token}"} if self.control_token else {}
        response = requests.request(method, url, json=body, headers=headers, timeout=30)
        if not response.ok:
            raise ValueError(response.json()["error"])
        return response.json()


@pytest.fixture(scope="session")
def emulator_url() -> Iterator[str]:
    """The origin of an emulator that runs for the whole test session."""
    with running() as url:
        yield url


@pytest.fixture
def emulated_project(emulator_url: str) -> EmulatedProject:
    """A new tenant for this test."""
    return EmulatedProject(emulator_url)
