"""The visitor cookie of the app."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.test import TestResponse

COOKIE = "emulator_visitor"
HERE, ELSEWHERE = "http://localhost:8000", "http://evil.example"


def gives_cookie(answer: TestResponse) -> bool:
    return any(cookie.startswith(f"{COOKIE}=") for cookie in answer.headers.getlist("Set-Cookie"))


def fetch(site: str, mode: str = "no-cors", dest: str = "image") -> dict[str, str]:
    """The headers with which browsers describe a request."""
    return {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("/", True),
        ("/nothing", False),
        ("/static/nothing.css", False),
        ("/static/app.css", False),
        ("/healthz", False),
        ("/robots.txt", False),
    ],
)
def test_only_pages_give_a_cookie(app: Flask, path: str, given: bool) -> None:
    answer = app.test_client().get(path, buffered=True)

    assert gives_cookie(answer) is given


@pytest.mark.parametrize(
    ("headers", "given"),
    [
        pytest.param(fetch("none", "navigate", "document"), True, id="typed_address"),
        pytest.param(fetch("same-origin", "cors", "empty"), True, id="own_script"),
        pytest.param(fetch("cross-site", "navigate", "document"), True, id="link_on_another_site"),
        pytest.param(fetch("same-site", "navigate", "document"), True, id="link_on_another_subdomain"),
        pytest.param({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, True, id="link_without_dest"),
        pytest.param(fetch("cross-site"), False, id="image_on_another_site"),
        pytest.param(fetch("same-site"), False, id="image_on_another_subdomain"),
        pytest.param(fetch("cross-site", "cors", "empty"), False, id="script_on_another_site"),
        pytest.param(fetch("cross-site", "navigate", "iframe"), False, id="frame_on_another_site"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, False, id="no_mode"),
        pytest.param({"Origin": ELSEWHERE}, False, id="another_origin"),
        pytest.param({"Origin": "null"}, False, id="null_origin"),
        pytest.param({"Origin": HERE}, True, id="own_origin"),
        pytest.param({}, True, id="no_headers"),
    ],
)
def test_another_sites_request_gives_no_cookie(app: Flask, headers: dict[str, str], given: bool) -> None:
    answer = app.test_client().get("/", headers=headers)

    assert answer.status_code == 200 or not given  # what another site embeds is refused
    assert gives_cookie(answer) is given


def test_only_a_get_counts_as_a_link(app: Flask) -> None:
    answer = app.test_client().head("/", headers=fetch("cross-site", "navigate", "document"))

    assert not gives_cookie(answer)


@pytest.mark.parametrize(
    "headers",
    [
        fetch("cross-site", "navigate", "document"),
        fetch("cross-site", "cors", "empty"),
        fetch("same-site", "navigate", "document"),
        {"Origin": ELSEWHERE},
        {},
    ],
)
@pytest.mark.parametrize("path", ["/login", "/logout", "/emulator/bank/1"])
def test_a_refused_form_gives_no_cookie(app: Flask, path: str, headers: dict[str, str]) -> None:
    answer = app.test_client().post(path, headers=headers)

    assert answer.status_code >= 400
    assert not gives_cookie(answer)


@pytest.mark.parametrize("cookie", ["", "short", "x" * 23])
def test_a_malformed_cookie_is_replaced_on_pages_only(app: Flask, cookie: str) -> None:
    client = app.test_client()
    client.set_cookie(COOKIE, cookie)

    assert not gives_cookie(client.get("/nothing"))
    assert gives_cookie(client.get("/"))


def test_a_browser_keeps_its_tenant(app: Flask) -> None:
    client = app.test_client()

    assert [gives_cookie(client.get("/")) for _ in range(2)] == [True, False]
