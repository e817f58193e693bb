"""No debugger where others can reach it: it runs any code."""

from __future__ import annotations

import re
import sys
from urllib.parse import urlsplit

from settings import LOOPBACK, Settings, SettingsError


def refuse_debugger(settings: Settings) -> None:
    """Raise SettingsError if Flask's debugger is on and the server or ``PUBLIC_URL`` is not on localhost."""
    given = settings.given
    if given.get("FLASK_DEBUG", "0").lower() in {"0", "false", "no"}:  # as Flask reads it; --debug sets it too
        return
    hosts = re.findall(r" (?:--host[= ]|-h[= ]?)(\S+)", " ".join(sys.argv))
    if not {*(hosts or [given.get("FLASK_RUN_HOST", "localhost")])} <= {*LOOPBACK, "::1"}:
        raise SettingsError("FLASK_DEBUG must be off when the server is not on localhost: the debugger runs any code.")
    if urlsplit(settings.public_url).hostname not in LOOPBACK:
        raise SettingsError("FLASK_DEBUG must be off when PUBLIC_URL is not on localhost: the debugger runs any code.")
