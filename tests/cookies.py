"""The cookies of a response."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import Cookie, TestResponse

PORT = "8000"  # of the app that tests make
NAMES = {f"{name}_{PORT}": name for name in "forms stytch_session pkce_verifier links passkeys oauth_flow".split()} | {
    f"forms_{PORT}-calls": "calls"
}
FLAGS = ("httponly", "samesite", "path", "domain", "secure")
FULL_NAMES = {name: full for full, name in NAMES.items()}


class Client(FlaskClient):
    """A browser in which tests name cookies as the app's code does, without the port."""

    def get_cookie(self, key: str, *args: Any, **kwargs: Any) -> Cookie | None:
        return super().get_cookie(FULL_NAMES.get(key, key), *args, **kwargs)

    def set_cookie(self, key: str, *args: Any, **kwargs: Any) -> None:
        super().set_cookie(FULL_NAMES.get(key, key), *args, **kwargs)

    def delete_cookie(self, key: str, *args: Any, **kwargs: Any) -> None:
        super().delete_cookie(FULL_NAMES.get(key, key), *args, **kwargs)


def cookies(response: TestResponse) -> dict[str, dict[str, str]]:
    """Return the cookies that a response sets, by name without the port: the value, and who may see it."""
    set_here = [SimpleCookie(line) for line in response.headers.getlist("Set-Cookie")]
    return {
        NAMES.get(name, name): {flag: str(morsel[flag] or "") for flag in FLAGS} | {"value": morsel.value}
        for cookie in set_here
        for name, morsel in cookie.items()
    }
