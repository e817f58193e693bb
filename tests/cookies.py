"""The cookies of a response."""

from __future__ import annotations

from http.cookies import SimpleCookie

from werkzeug.test import TestResponse


def cookies(response: TestResponse) -> dict[str, dict[str, str]]:
    """Return the cookies that a response sets: the value, and the flags that decide who may see it."""
    set_here = [SimpleCookie(line) for line in response.headers.getlist("Set-Cookie")]
    return {
        name: {flag: str(morsel[flag] or "") for flag in ("httponly", "samesite", "path", "domain", "secure")}
        | {"value": morsel.value}
        for cookie in set_here
        for name, morsel in cookie.items()
    }
