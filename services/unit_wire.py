"""How Unit is spoken to: JSON:API over one session, a bearer token, and what its refusals mean.

To copy: reads, and writes that carry an idempotency key, are repeated within the budget; nothing else is. A refusal is
a ``UnitError``; an answer that says nothing is ``ServiceDown``. Unit's docs: *Using the API*, *Errors*, *Idempotency*.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any, TypeAlias

import requests

from .http import ServiceDown, ServiceSession, repeatable

Json: TypeAlias = dict[str, Any]
KEYS = uuid.UUID("5b8a0d0e-4a0c-4f0e-9b53-6d1f7c1f8d11")  # namespace of this app's idempotency keys


class UnitError(Exception):
    """Unit refused a call. ``code`` is Unit's word for it, ``pointer`` the attribute it is about, if any."""

    def __init__(self, status: int, code: str, pointer: str = "") -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code, self.pointer = status, code, pointer


def idempotency_key(user_id: str, *what: str) -> str:
    """The key of one intended effect: the same user and intent always give the same key, another user's never.

    ``what`` names the kind of effect, and a form's one-time value where there can be several of the kind.
    Unit remembers keys for 48 hours.
    """
    return str(uuid.uuid5(KEYS, json.dumps([user_id, *what])))


def link(name: str, resource_id: str, kind: str | None = None) -> Json:
    """A JSON:API relationship to one resource."""
    return {name: {"data": {"type": kind or name, "id": resource_id}}}


class Caller:
    """One bearer token's way to Unit."""

    def __init__(self, http: ServiceSession, url: str, token: str) -> None:
        self._http, self._url, self._token = http, url, token

    def _get(self, path: str, **query: str) -> Json:
        return repeatable(lambda: self._call("GET", path, query=query))

    def _post(self, path: str, kind: str, attributes: Json, relationships: Json | None = None) -> Json:
        document: Json = {"type": kind, "attributes": attributes}
        if relationships:
            document["relationships"] = relationships
        if "idempotencyKey" in attributes:
            return repeatable(lambda: self._call("POST", path, document))
        return self._call("POST", path, document)

    def _call(
        self,
        method: str,
        path: str,
        document: Json | None = None,
        query: Mapping[str, str] | None = None,
        version: str = "",
    ) -> Json:
        response = self._http.request(
            method,
            f"{self._url}{path}",
            params=query,
            json={"data": document} if document else None,
            headers={
                "Authorization": f"Bearer {self._token}",
                "Content-Type": "application/vnd.api+json",
                **({"X-Accept-Version": version} if version else {}),
            },
        )
        answer: Json = response.json()
        if not response.ok:
            raise _refusal(response, answer)
        if "data" not in answer:
            raise ServiceDown("Unit", "an answer without data")
        return answer


def _refusal(response: requests.Response, answer: Json) -> Exception:
    errors = answer.get("errors")
    first: Json = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    code = first.get("code") or ("not_found" if response.status_code == 404 else "")
    if not code or response.status_code == 429:
        return ServiceDown("Unit", f"status {response.status_code}")
    source = first.get("source")
    pointer = source.get("pointer", "") if isinstance(source, dict) else ""
    return UnitError(response.status_code, str(code), str(pointer))
