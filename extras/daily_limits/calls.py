"""The calls that are counted, each with its limit. A call that is sent again with its idempotency key counts once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from flask import has_request_context, request
from limits import RateLimitItem, parse

from services.errors import ServiceUnavailable
from services.guards import loaded_session
from services.rate_limits import counted, store


@dataclass(frozen=True)
class Limit:
    """How often a user may cause a call."""

    call: str
    item: RateLimitItem
    rule: str


LIMITS = {
    "application": Limit("POST /applications", parse("5/day"), "You can apply five times a day."),
    "card": Limit("POST /cards", parse("10/day"), "You can get ten cards a day."),
    "enrollment": Limit("POST /v1/totps", parse("10/day"), "You can start to add an authenticator ten times a day."),
}


def limit_calls(http: requests.Session) -> None:
    """Let the session count calls before it sends them."""
    send: Callable[..., requests.Response] = http.send

    def counting(prepared: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        session = loaded_session() if has_request_context() and request.method == "POST" else None
        call = _call(prepared)
        kind = next((kind for kind, limit in LIMITS.items() if limit.call == call), "")
        if session and request.endpoint == "totp.replace" and prepared.method == "DELETE":
            with _counted("enrollment", session.user_id) as give_back:  # before the present authenticator is gone
                give_back()
        if not session or not kind:
            return send(prepared, **kwargs)
        with _counted_once(kind, session.user_id, _idempotency_key(prepared)) as give_back:
            response = send(prepared, **kwargs)
            if not response.ok:
                give_back()
        return response

    http.send = counting  # type: ignore[assignment, method-assign]


def _counted(kind: str, user_id: str) -> AbstractContextManager[Callable[[], None]]:
    """Count a call. Raises LimitReached."""
    return counted(f"daily {kind}", user_id, LIMITS[kind].item, rule=LIMITS[kind].rule)


@contextmanager
def _counted_once(kind: str, user_id: str, key: str) -> Iterator[Callable[[], None]]:
    """Count a call, unless it was counted with the same key. Yields a function that gives it back."""
    seen = f"daily/{kind}/{key}"
    if key and store.get(seen):
        yield lambda: None
        return
    with _counted(kind, user_id) as give_back:
        store.incr(seen, LIMITS[kind].item.get_expiry())

        def forget() -> None:
            give_back()
            store.clear(seen)

        try:
            yield forget
        except ServiceUnavailable as error:
            if error.did_nothing:
                store.clear(seen)
            raise


def _call(prepared: requests.PreparedRequest) -> str:
    return f"{prepared.method} {urlsplit(prepared.url or '').path}"


def _idempotency_key(prepared: requests.PreparedRequest) -> str:
    """Return the key of Unit's keyed writes, or an empty string."""
    try:
        return str(json.loads(prepared.body or b"")["data"]["attributes"]["idempotencyKey"])
    except (ValueError, KeyError, TypeError):
        return ""
