"""Calls to an emulated project over HTTP, with the SDK and with requests."""

from __future__ import annotations

from collections.abc import Mapping

import requests
import stytch

from stytch_unit_emulator.pytest_plugin import EmulatedProject


def client_of(project: EmulatedProject) -> stytch.Client:
    """The Stytch SDK, configured as the start page says."""
    return stytch.Client(project.project_id, project.secret, environment=f"{project.url}/", suppress_warnings=True)


def at_unit(
    project: EmulatedProject,
    method: str,
    path: str,
    body: object = None,
    *,
    headers: Mapping[str, str] | None = None,
    timeout: float = 10,
) -> requests.Response:
    """Call Unit with the tenant's org token."""
    bearer = {"Authorization": f"Bearer {project.unit_token}", "Content-Type": "application/vnd.api+json"}
    return requests.request(
        method, f"{project.url}{path}", json=body, headers=bearer | dict(headers or {}), timeout=timeout
    )
