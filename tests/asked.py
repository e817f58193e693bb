"""What the app asks of a service, by the path of the call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import requests
from flask import Flask

from services.signals import upstream_call

Json: TypeAlias = dict[str, Any]


@contextmanager
def bodies_of(app: Flask, path: str) -> Iterator[list[Json]]:
    """Collect the bodies of the calls of one path while the ``with`` statement lasts."""
    found: list[Json] = []

    def hear(_app: object, *, request: requests.PreparedRequest, **_: object) -> None:
        if urlsplit(str(request.url)).path == path:
            found.append(json.loads(request.body or b"{}"))

    with upstream_call.connected_to(hear, sender=app):
        yield found
