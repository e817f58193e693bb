"""What waitress and nginx answer themselves carries the security headers, and the app's own 413 is seen."""

from __future__ import annotations

import re
import secrets
import socket
import sys
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path

import pytest

from bench.processes import environment, free_port, running

from .routes import HEADERS

pytestmark = pytest.mark.long

NGINX = (Path(__file__).resolve().parent.parent / "deploy" / "nginx.conf").read_text()
HOST = b"GET / HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a server."""
    folder, port = tmp_path_factory.mktemp("served"), free_port()
    environ = environment(
        PORT=str(port),
        PUBLIC_URL=f"http://localhost:{port}",
        SECRET_KEY=secrets.token_urlsafe(48),
        EMULATOR_DATABASE_URL=f"sqlite:///{folder}/emulator.db",
    )
    with running([sys.executable, "-m", "deploy.serve"], port, folder / "log", environ):
        yield port


def answer(port: int, request: bytes) -> tuple[HTTPResponse, str]:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        response = HTTPResponse(connection)
        response.begin()
        return response, response.read().decode()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param(b"nonsense\r\n\r\n", 400, id="no request"),
        pytest.param(HOST + b"Content-Length: x\r\n\r\n", 400, id="no length"),
        pytest.param(HOST + b"Transfer-Encoding: gzip\r\n\r\n", 501, id="unknown encoding"),
        pytest.param(HOST + b"X: " + b"a" * 40_000 + b"\r\n\r\n", 431, id="long header"),
        pytest.param(HOST + b"Content-Length: 9000000\r\n\r\n", 413, id="long body"),
    ],
)
def test_waitress_sends_the_security_headers_on_its_own_pages(port: int, request_: bytes, status: int) -> None:
    response, _body = answer(port, request_)

    assert response.status == status
    assert HEADERS.items() <= dict(response.headers).items()
    assert response.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


def test_a_body_above_the_apps_limit_gets_the_apps_own_page(port: int) -> None:
    head = f"POST /login HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    body = b"email=" + b"a" * 70_000

    response, page = answer(port, f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    assert response.status == 413
    assert "Request too large" in page
    assert "<main" in page


def test_nginx_sends_the_security_headers_on_its_own_pages() -> None:
    sent = set(re.findall(r"add_header (\S+) \$own_\w+ always;", NGINX))

    assert HEADERS.keys() | {"Content-Security-Policy", "Cache-Control"} <= sent
    assert "limit_conn connections" in NGINX
