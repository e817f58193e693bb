"""Cookies: who may see them, and when they are set; and what https adds."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from selectolax.lexbor import LexborHTMLParser
from werkzeug.test import TestResponse

from .conftest import AppWith
from .cookies import cookies
from .routes import csrf_token
from .visitor import EMAIL, query

SECURE = "https://demo.example.com"


class SecureClient(FlaskClient):
    """A browser that reaches the app over TLS."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        headers = {"Referer": f"{SECURE}/", "Origin": SECURE} | (kwargs.pop("headers", None) or {})
        return super().open(*args, base_url=SECURE, headers=headers, **kwargs)


@pytest.fixture
def secure_client(app_with: AppWith) -> FlaskClient:
    app = app_with(PUBLIC_URL=SECURE)
    return SecureClient(app, app.response_class)


def flags(path: str = "/", *, secure: bool = False) -> dict[str, str]:
    return {"httponly": "True", "samesite": "Lax", "path": path, "domain": "", "secure": "True" if secure else ""}


def flags_at_sign_in(client: FlaskClient) -> dict[str, dict[str, str]]:
    """Sign in, and return the flags of each cookie that was set: on the first page, for the link, and by the link."""
    first = client.get("/")
    form = {"csrf_token": csrf_token(client), "email": EMAIL}
    sent = client.post("/login", data=form)
    mail = LexborHTMLParser(client.get("/emulator/inbox").text).css(".mail a")[0]
    url = urlsplit(str(mail.attrs["href"]))
    token = query(client.get(f"{url.path}?{url.query}").headers["Location"])["token"]
    done = client.post("/login/authenticate", data=form | {"token": token})
    given = {name: cookie for response in (done, sent, first) for name, cookie in cookies(response).items()}
    return {name: {flag: cookie[flag] for flag in cookie if flag != "value"} for name, cookie in given.items()}


def test_cookies_are_only_for_the_server_and_this_site(app: Flask) -> None:
    assert flags_at_sign_in(app.test_client()) == {
        "forms": flags(),
        "emulator_visitor": flags(),
        "pkce_verifier": flags(),
        "links": flags(),
        "stytch_session": flags(),
    }


def test_over_https_cookies_are_secure_and_pinned_to_the_host(secure_client: FlaskClient) -> None:
    assert flags_at_sign_in(secure_client) == {
        "__Host-forms": flags(secure=True),
        "__Host-emulator_visitor": flags(secure=True),
        "__Host-pkce_verifier": flags(secure=True),
        "__Host-links": flags(secure=True),
        "__Host-stytch_session": flags(secure=True),
    }


def test_over_https_a_visitor_signs_in_and_out(secure_client: FlaskClient) -> None:
    flags_at_sign_in(secure_client)
    page = secure_client.get("/")

    left = secure_client.post("/logout", data={"csrf_token": csrf_token(secure_client)})

    assert EMAIL in page.text
    assert cookies(left)["__Host-stytch_session"] == flags(secure=True) | {"value": ""}
    assert EMAIL not in secure_client.get("/").text


def test_over_https_browsers_are_asked_to_stay_there(secure_client: FlaskClient) -> None:
    kept = {
        secure_client.get(path, buffered=True).headers["Strict-Transport-Security"]
        for path in ("/", "/nothing", "/static/app.js")
    }

    assert kept == {"max-age=31536000; includeSubDomains"}
