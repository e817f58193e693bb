"""Fixtures for anybody's test suite: put ``pytest_plugins = ["emulator.pytest_plugin"]`` into its ``conftest.py``."""

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

SECRET = "secret-test-emulated"  # noqa: S105 - any will do


@dataclass(frozen=True)
class EmulatedProject:
    """One tenant of a running emulator: its credentials, and the controls over it."""

    url: str
    project_id: str = field(default_factory=lambda: f"project-test-{uuid4()}")
    secret: str = SECRET

    @property
    def unit_token(self) -> str:
        """Unit's org token."""
        return org_token(self.project_id)

    def mails(self) -> list[dict[str, Any]]:
        """The mails that Stytch would have sent, newest first, each with its link and token."""
        mails: list[dict[str, Any]] = self._control("GET", "mails")
        return mails

    def move_clock(self, seconds: float) -> None:
        """Let time pass for this tenant. Your own process's clock is yours to move."""
        self._control("POST", "clock", {"seconds": seconds})

    def fail(self, path: str, fault: str, *, times: int = 1, **details: Any) -> None:
        """Make the next answers of a path ``slow``, ``cut``, ``rate_limited``, ``error`` or ``malformed``."""
        self._control("POST", "faults", {"path": path, "fault": fault, "times": times, **details})

    def rotate_keys(self) -> str:
        """Sign session JWTs with a new key from now on; returns its id."""
        kid: str = self._control("POST", "keys")["kid"]
        return kid

    def seed(self, source: str | Path | dict[str, Any]) -> dict[str, Any]:
        """Fill the tenant from a JSON file, or from what would stand in one; returns the ids of all that was made."""
        description = source if isinstance(source, dict) else json.loads(Path(source).read_text())
        made: dict[str, Any] = self._control("POST", "seed", description)
        return made

    def reset(self) -> None:
        """Empty the tenant."""
        self._control("DELETE", "")

    def _control(self, method: str, what: str, body: object = None) -> Any:
        url = f"{self.url}/control/tenants/{self.project_id}/{what}".rstrip("/")
        response = requests.request(method, url, json=body, timeout=30)
        if not response.ok:
            raise ValueError(response.json()["error"])
        return response.json()


@pytest.fixture(scope="session")
def emulator_url() -> Iterator[str]:
    """The origin of an emulator that runs as long as the tests do."""
    with running() as url:
        yield url


@pytest.fixture
def emulated_project(emulator_url: str) -> EmulatedProject:
    """A tenant of the test's own."""
    return EmulatedProject(emulator_url)
