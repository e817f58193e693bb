"""A recorded call as a ``curl`` command. Redacted values become shell variables that the reader sets."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from .recorder import Call
from .redaction import Redacted

CREDENTIALS = {
    "project": '-u "$STYTCH_PROJECT_ID:$STYTCH_SECRET"',
    "org": '-H "Authorization: Bearer $UNIT_API_TOKEN"',
    "customer": '-H "Authorization: Bearer $CUSTOMER_TOKEN"',
}


def curl(call: Call) -> str:
    """Return the command, safe to paste: nothing in it expands but the named variables."""
    parts = [shlex.join(["curl", "-X", call.method, call.url])]
    if call.credential:
        parts.append(CREDENTIALS[call.credential])
    parts += [shlex.join(["-H", f"{name}: {value}"]) for name, value in call.headers.items()]
    if isinstance(call.request, dict):
        parts.append(f"-d {_quoted(_json(call.request))}")
    return " \\\n  ".join(parts)


def _json(value: Any) -> Iterator[str]:
    """Yield the pieces of a JSON text; each redacted value is a piece by itself."""
    if isinstance(value, Redacted):
        yield from ('"', value, '"')
    elif isinstance(value, dict):
        yield "{"
        for number, (name, inner) in enumerate(value.items()):
            yield f"{', ' if number else ''}{_text(name)}: "
            yield from _json(inner)
        yield "}"
    elif isinstance(value, list):
        yield "["
        for number, inner in enumerate(value):
            yield ", " if number else ""
            yield from _json(inner)
        yield "]"
    else:
        yield _text(value)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _quoted(pieces: Iterable[str]) -> str:
    """Return one word of a shell: text in single quotes, variables in double quotes."""
    runs = groupby(pieces, lambda piece: isinstance(piece, Redacted))
    return "".join(
        "".join(f'"${piece.name}"' for piece in run if isinstance(piece, Redacted))
        if is_redacted
        else shlex.quote("".join(run))
        for is_redacted, run in runs
    )
