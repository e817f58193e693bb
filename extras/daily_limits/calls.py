"""The calls that are counted, each with its limit. A call that is sent again with its idempotency key counts once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from flask import has_request_context, request
from limits import RateLimitItem, parse

from services.errors import ServiceUnavailable
from services.guards import loaded_session
from services.rate_limits import counted, store
from services.unit_client import UnitError


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
            _refuse_at_limit("enrollment", session.user_id)  # before the present authenticator is gone
        if not session or not kind:
            return send(prepared, **kwargs)
        with _counted_once(kind, session.user_id, _idempotency_key(prepared)) as answers:
            answers.append(send(prepared, **kwargs))
            if not answers[0].ok:
                raise UnitError(answers[0].status_code, "")
        return answers[0]

    http.send = counting  # type: ignore[assignment, method-assign]


@contextmanager
def _counted_once(kind: str, user_id: str, key: str) -> Iterator[list[requests.Response]]:
    """Count a call, unless it was counted with the same key. What was refused is given back."""
    seen, limit = f"daily/{kind}/{key}", LIMITS[kind]
    answers: list[requests.Response] = []
    if key and store.get(seen):
        with suppress(UnitError):
            yield answers
        return
    try:
        with counted(f"daily {kind}", user_id, limit.item, rule=limit.rule):
            store.incr(seen, limit.item.get_expiry())
            yield answers
    except UnitError:
        store.clear(seen)
    except ServiceUnavailable as error:
        if error.did_nothing:
            store.clear(seen)
        raise


def _refuse_at_limit(kind: str, user_id: str) -> None:
    with suppress(UnitError), counted(f"daily {kind}", user_id, LIMITS[kind].item, rule=LIMITS[kind].rule):
        raise UnitError(0, "")  # gives it back


def _call(prepared: requests.PreparedRequest) -> str:
    return f"{prepared.method} {urlsplit(prepared.url or '').path}"


def _idempotency_key(prepared: requests.PreparedRequest) -> str:
    """Return the key of Unit's keyed writes, or an empty string."""
    try:
        return str(json.loads(prepared.body or b"")["data"]["attributes"]["idempotencyKey"])
    except (ValueError, KeyError, TypeError):
        return ""
