"""Pytest fixtures. Installing the package makes them available, with nothing to add to a ``conftest.py``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
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

    def move_clock(self, seconds: float) -> None:
        """Move this tenant's clock. Move your own process's clock separately."""
        self._control("POST", "clock", {"seconds": seconds})

    def fail(self, path: str, fault: str, *, times: int = 1, **details: Any) -> None:
        """Fail the next responses: slow, cut, rate_limited, error or malformed."""
        self._control("POST", "faults", {"path": path, "fault": fault, "times": times, **details})

    def rotate_keys(self) -> str:
        """Sign session JWTs with a new key from now on; returns its id."""
        kid: str = self._control("POST", "keys")["kid"]
        return kid

    def seed(self, source: str | Path | dict[str, Any]) -> dict[str, Any]:
        """Fill the tenant from a JSON file or a dict; returns the ids created."""
        description = source if isinstance(source, dict) else json.loads(Path(source).read_text())
        made: dict[str, Any] = self._control("POST", "seed", description)
        return made

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
