"""Calls to both services in this process, for the controls that build on the public API."""

from __future__ import annotations

from flask import Flask
from werkzeug.test import Client

from . import unit
from .store import Json
from .transport import TENANT


class CallRefused(Exception):
    """A service refused a call; the message is the service's."""


class Services:
    """Both services, called for one project, or for one visitor's tenant of a host app."""

    def __init__(self, project_id: str, stytch_app: Flask, unit_app: Flask, visitor: str | None = None) -> None:
        self._project_id = project_id
        self._environ = {TENANT: visitor} if visitor else {}
        self._stytch = Client(stytch_app)
        self._unit = Client(unit_app)

    def at_stytch(self, path: str, body: Json, method: str = "POST") -> Json:
        """Call Stytch. Raises CallRefused."""
        credentials = (self._project_id, "secret")
        answer = self._stytch.open(path, method=method, json=body, auth=credentials, environ_overrides=self._environ)
        made: Json = answer.get_json()
        if answer.status_code >= 400:
            raise CallRefused(made["error_message"])
        return made

    def at_unit(self, path: str, kind: object, attributes: Json, **related: str) -> Json:
        """Send a document to Unit with the org token; returns its ``data``. Raises CallRefused."""
        relationships = {name: {"data": {"type": name, "id": to}} for name, to in related.items()}
        document = {"data": {"type": kind, "attributes": attributes, "relationships": relationships}}
        bearer = {"Authorization": f"Bearer {unit.ORG_TOKEN}{self._project_id}"}
        answer = self._unit.post(
            path,
            json=document,
            headers=bearer,
            content_type="application/vnd.api+json",
            environ_overrides=self._environ,
        )
        body: Json = answer.get_json()
        if answer.status_code >= 400:
            problem = body["errors"][0]
            pointer = problem.get("source", {}).get("pointer", "")
            raise CallRefused(f"{problem.get('detail', problem['title'])} {pointer}".rstrip())
        made: Json = body["data"]
        return made
