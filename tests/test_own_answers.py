"""What waitress and nginx answer themselves carries the security headers, and the app's own 413 is seen."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import socketserver
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from http.client import HTTPResponse
from pathlib import Path
from threading import Thread

import pytest

from bench.processes import environment, free_port, running

from .routes import HEADERS, PERMISSIONS

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


def assert_protected(response: HTTPResponse) -> None:
    """Check that each header of every response is there, once."""
    assert HEADERS.items() <= dict(response.headers).items()
    assert response.headers["Permissions-Policy"].startswith(PERMISSIONS)
    assert response.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert len(response.headers.keys()) == len(set(response.headers.keys()))


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
    assert_protected(response)


def test_a_body_above_the_apps_limit_gets_the_apps_own_page(port: int) -> None:
    head = f"POST /login HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    body = b"email=" + b"a" * 70_000

    response, page = answer(port, f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    assert response.status == 413
    assert "Request too large" in page
    assert "<main" in page


def upload(port: int, path: str, size: int, *, whole: bool = True) -> socket.socket:
    """Begin to send a body of this size; wholly, or all but its last byte."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    head = f"POST {path} HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Length: {size}\r\n\r\n"
    connection.sendall(head.encode())
    with suppress(ConnectionError):  # refused before it is read
        connection.sendall(bytes(size if whole else size - 1))
    return connection


def status_of(connection: socket.socket) -> int:
    with connection:
        response = HTTPResponse(connection)
        response.begin()
        return response.status


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/customer/documents/1/front", 20_000_000, 303),  # it reaches the app, which asks to sign in
        ("/customer/documents/1/front", 30_000_000, 413),
        ("/webhooks/unit", 1_000_000, 401),
        ("/webhooks/unit", 2_000_000, 413),
        ("/customer", 1_000_000, 413),
    ],
)
def test_only_routes_for_it_take_a_large_body(port: int, path: str, size: int, status: int) -> None:
    assert status_of(upload(port, path, size)) == status


def test_one_client_gets_half_of_a_routes_places_for_large_bodies(port: int) -> None:
    path, size = "/webhooks/unit", 300_000
    with ExitStack() as started:
        held = [started.enter_context(upload(port, path, size, whole=False)) for _ in range(2)]
        statuses = [status_of(upload(port, path, size)), status_of(upload(port, "/login", 1_000))]
        for connection in held:
            connection.sendall(b"x")
        answered = [status_of(connection) for connection in held]

    assert (statuses[0], statuses[1] < 500) == (503, True)
    assert answered == [401] * 2
    assert status_of(upload(port, path, size)) == 401


class _NoAnswer(socketserver.StreamRequestHandler):
    """An app that hangs up without an answer, or, asked for ``/late``, only when the client does."""

    def handle(self) -> None:
        if b"/late" in self.rfile.readline():
            while self.rfile.readline():
                pass


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of nginx, with the file in deploy/ but for names, ports and times, before an app that never answers."""
    if not shutil.which("nginx"):
        pytest.skip("no nginx here: apt-get install nginx-light")
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _NoAnswer) as app:
        app.daemon_threads = True
        Thread(target=app.serve_forever, daemon=True).start()
        here = {"/tmp/": f"{folder}/", "/dev/stdout": f"{folder}/access.log", "stderr": f"{folder}/error.log"}  # noqa: S108
        here |= {"listen 8080": f"listen 127.0.0.1:{port}", "read_timeout 20s": "read_timeout 1s"}
        here |= {"max_fails=1": "max_fails=0"}  # the next request is passed on as well
        here |= {f"app-{number}:8000": f"127.0.0.1:{app.server_address[1]}" for number in (1, 2)}
        text = NGINX
        for there, value in here.items():
            assert there in text
            text = text.replace(there, value)
        (folder / "nginx.conf").write_text(text)
        with running(["nginx", "-c", f"{folder}/nginx.conf", "-g", "daemon off;"], port, folder / "log", os.environ):
            yield port
        app.shutdown()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param(b"nonsense\r\n\r\n", 400, id="no request"),
        pytest.param(HOST + b"X: " + b"a" * 40_000 + b"\r\n\r\n", 400, id="long header"),
        pytest.param(HOST.replace(b"GET", b"TRACE") + b"\r\n", 405, id="TRACE"),
        pytest.param(HOST.replace(b"GET", b"POST") + b"Content-Length: 9000000\r\n\r\n", 413, id="long body"),
        pytest.param(
            HOST.replace(b"GET / ", b"POST /customer/documents/1/front ") + b"Content-Length: 30000000\r\n\r\n",
            413,
            id="long document",
        ),
        pytest.param(HOST.replace(b"/ ", b"/" + b"a" * 40_000 + b" ") + b"\r\n", 414, id="long address"),
        pytest.param(HOST + b"\r\n", 502, id="the app hung up"),
        pytest.param(HOST.replace(b"/ ", b"/late ") + b"\r\n", 504, id="the app is too slow"),
    ],
)
def test_nginx_sends_the_security_headers_on_its_own_pages(nginx: int, request_: bytes, status: int) -> None:
    response, _body = answer(nginx, request_)

    assert response.status == status
    assert_protected(response)


def test_nginx_limits_one_client_and_says_so_with_the_same_headers(nginx: int) -> None:
    answers = (answer(nginx, HOST + b"\r\n")[0] for _ in range(3_000))

    assert_protected(next(response for response in answers if response.status == 429))
    assert "limit_conn connections" in NGINX
