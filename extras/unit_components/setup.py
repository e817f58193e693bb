"""Unit's script: its version and checksum, what its page's policy admits, and the check of both.

Unit docs: *Web Components*, *Content Security Policy*. UNCONFIRMED: that Unit's host lets pages check the script, with
CORS; ``flask doctor`` asks it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import requests
from flask import Flask, current_app

from services.errors import ServiceUnavailable
from settings import Settings, SettingsError

Finding: TypeAlias = tuple[bool | None, str, str]  # right, wrong or unknown; what; the next step
NAMES = ("UNIT_COMPONENTS_URL", "UNIT_COMPONENTS_INTEGRITY")
FILE = r"/release/[0-9]+\.[0-9]+\.[0-9]+/components(-extended(\.es)?)?\.js"
CHECKSUM = r"sha(256|384|512)-[A-Za-z0-9+/]{43,86}={0,2}"
HOSTS = {True: ("https://ui.s.unit.sh", "https://*.s.unit.sh"), False: ("https://ui.unit.co", "https://*.unit.co")}


@dataclass(frozen=True)
class Script:
    """The script that defines the elements, with what a page needs for it."""

    url: str
    integrity: str
    sources: Mapping[str, str]  # for the Content Security Policy

    @property
    def is_module(self) -> bool:
        """Whether it is loaded as a module."""
        return self.url.endswith(".es.js")


def configured(app: Flask) -> Script | None:
    """Return the script of the settings, or the emulator's; None if there is none. Raises SettingsError."""
    settings: Settings = app.extensions["settings"]
    url, integrity = (settings.given.get(name, "") for name in NAMES)
    if not (url or integrity):
        stand_in = app.config.get("UNIT_COMPONENTS_STAND_IN")
        return Script(stand_in, "", {}) if stand_in else None
    if "unit" in settings.emulated:
        raise SettingsError("UNIT_COMPONENTS_URL needs UNIT_API_TOKEN: Unit's components reach the real Unit only.")
    if not (url and integrity):
        raise SettingsError(f"{' and '.join(NAMES)} belong together: set both, or neither.")
    host, all_hosts = HOSTS[settings.unit_is_sandbox]
    if not re.fullmatch(re.escape(host) + FILE, url):
        raise SettingsError(f"UNIT_COMPONENTS_URL must name a version: {host}/release/X.Y.Z/components.js.")
    if not re.fullmatch(CHECKSUM, integrity):
        raise SettingsError("UNIT_COMPONENTS_INTEGRITY must be a checksum such as sha384-…, in base64.")
    return Script(url, integrity, policy(host, all_hosts))


def policy(host: str, all_hosts: str) -> dict[str, str]:
    """Return what cards and activity need; card numbers are left out, and so are their vault's hosts."""
    return {
        "script-src": host,
        "connect-src": all_hosts,
        "frame-src": all_hosts,
        "img-src": f"blob: {all_hosts}",
        "style-src": "'unsafe-inline'",  # the elements' own styles
    }


def findings() -> Iterator[Finding]:
    """Yield whether Unit has this version of its script, and lets a page check it. Reads no more than headers."""
    script: Script | None = current_app.extensions["unit_components"]
    if script is None:
        yield None, "Unit's own components are off", f"To try them, set {' and '.join(NAMES)}."
        return
    if script.integrity:
        yield read(current_app.extensions["http"], script.url)


def read(http: requests.Session, url: str) -> Finding:
    """Return what Unit's host says about the script."""
    answer: requests.Response | None
    try:
        answer = http.head(url)
    except ServiceUnavailable as error:
        answer = error.response  # without JSON, as it should be
        if answer is None or answer.status_code >= 500:
            return None, f"Unit's script cannot be asked for: {error}", "Try again in a minute."
    if answer.status_code != 200:
        return False, f"Unit has no script at {url}", "Set UNIT_COMPONENTS_URL to a version that Unit publishes."
    if "Access-Control-Allow-Origin" not in answer.headers:
        return False, "Unit lets no page check its script", "Browsers will refuse it: leave both settings blank."
    return True, f"Unit has the script at {url}; browsers compare its checksum", ""
