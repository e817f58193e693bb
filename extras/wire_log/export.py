"""The journey as JSON and as Markdown: what the panel shows, as redacted as there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from .call_descriptions import docs_url, summary
from .curl import curl
from .recorder import Action, Call
from .redaction import as_text

MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+|~&!-])")
RUN = re.compile("`+")


def as_json(actions: Iterable[Action]) -> str:
    """Return the actions as JSON, oldest first."""
    listed = [_action(action) for action in reversed(tuple(actions))]
    return as_text({"exported_at": datetime.now(UTC).isoformat(timespec="seconds"), "actions": listed}) + "\n"


def as_markdown(actions: Iterable[Action]) -> str:
    """Return the actions as Markdown, oldest first. Text from elsewhere can't become markup."""
    parts = ["# API calls to Stytch and Unit", "Secrets are redacted."]
    for action in reversed(tuple(actions)):
        parts.append(f"## {_code(f'{action.method} {action.path}')}")
        parts.append(f"{action.at:%Y-%m-%d %H:%M:%S} UTC")
        parts += [f"No call needed: {_plain(hit.why)}." for hit in action.hits]
        for call in reversed(action.calls):
            parts += _call_parts(call)
    return "\n\n".join(parts) + "\n"


def _action(action: Action) -> dict[str, Any]:
    return {
        "at": action.at.isoformat(timespec="seconds"),
        "request": f"{action.method} {action.path}",
        "view": action.endpoint,
        "not_needed": [{"service": hit.service, "why": hit.why} for hit in action.hits],
        "calls": [_call(call) for call in reversed(action.calls)],
    }


def _call(call: Call) -> dict[str, Any]:
    return {
        "summary": summary(call),
        "service": call.service,
        "method": call.method,
        "url": call.url,
        "request": call.request,
        "status": call.status,
        "response": call.response,
        "problem": call.problem,
        "milliseconds": round(call.milliseconds),
        "jwts": [{"in": token.name, "header": token.header, "claims": token.claims} for token in call.tokens],
        "docs": docs_url(call),
        "made_by": [f"{site.function}:{site.line}" for site in call.made_by],
    }


def _call_parts(call: Call) -> list[str]:
    took = f"{call.status or 'no answer'}, {call.milliseconds:.0f} ms"
    parts = [f"### {_plain(summary(call))}", f"{_code(f'{call.method} {call.url}')}: {took}"]
    parts.append(_block(curl(call), "sh"))
    if call.response is not None:
        parts += ["Response:", _block(as_text(call.response), "json")]
    for token in call.tokens:
        parts += [f"The JWT in {_code(token.name)}, decoded:", _block(as_text([token.header, token.claims]), "json")]
    return parts


def _plain(text: str) -> str:
    """Return text without line breaks in which nothing is markup."""
    return MARKUP.sub(r"\\\1", " ".join(text.split()))


def _code(text: str) -> str:
    """Return text as code in a line. Fences are longer than any run of backticks in the text."""
    fence = "`" * (1 + max(map(len, RUN.findall(text)), default=0))
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{' '.join(text.split())}{pad}{fence}"


def _block(text: str, language: str) -> str:
    fence = "`" * max(3, 1 + max(map(len, RUN.findall(text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"
