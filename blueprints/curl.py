"""A recorded call as a command line: what was cut stands there as a shell variable that the reader sets."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

from services.redaction import Cut
from services.wire_log import Call

CREDENTIALS = {
    "project": ["-u", "$STYTCH_PROJECT_ID:$STYTCH_SECRET"],
    "org": ["-H", "Authorization: Bearer $UNIT_API_TOKEN"],
    "customer": ["-H", "Authorization: Bearer $CUSTOMER_TOKEN"],
}
MARK = re.compile("\ue000([A-Z][A-Z0-9_]*)\ue001")  # two characters of the private use area


def curl(call: Call) -> str:
    """The call as a ``curl`` command, safe to paste: nothing in it is expanded but the named variables."""
    parts = [f"curl -X {call.method} {_quoted(call.url)}"]
    if call.credential:
        option, value = CREDENTIALS[call.credential]
        parts.append(f'{option} "{value}"')
    parts += [f"-H {_quoted(f'{name}: {value}')}" for name, value in call.headers.items()]
    if isinstance(call.request, dict):
        parts.append(f"-d {_quoted(json.dumps(_marked(call.request), ensure_ascii=False))}")
    return " \\\n  ".join(parts)


def _marked(value: Any) -> Any:
    if isinstance(value, Cut):
        return f"\ue000{value.name}\ue001"
    if isinstance(value, dict):
        return {name: _marked(inner) for name, inner in value.items()}
    return [_marked(inner) for inner in value] if isinstance(value, list) else value


def _quoted(text: str) -> str:
    """Quoted for a shell; a marked place leaves the single quotes for a double-quoted variable."""
    return MARK.sub(r"""'"$\1"'""", shlex.quote(text))
