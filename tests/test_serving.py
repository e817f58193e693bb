"""The app as it is hosted: slow clients stop nobody, the end loses no request, only a proxy may say who asks."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from bench.processes import APP, PATIENCE, environment, free_port, running

pytestmark = pytest.mark.long

HEAD = "POST /login HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
SLOW = {"idle": "", "half a head": HEAD, "a dripping body": f"{HEAD}Content-Length: 60000\r\n\r\na"}


class Served:
    """A server that runs."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path, environ: dict[str, str]) -> None:
        self.process, self.port, self.log, self.environ = process, port, log, environ
        self.host = f"localhost:{port}"

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def get(self, path: str, **headers: str) -> int:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request("GET", path, headers={"Host": self.host, **headers})
            return connection.getresponse().status

    def check(self) -> int:
        """The status with which the container's health check ends."""
        check = [sys.executable, "serve.py", "--check"]
        return subprocess.run(check, cwd=APP, env=self.environ, stderr=subprocess.DEVNULL, check=False).returncode  # noqa: S603

    def wait_until_closed(self) -> None:
        """Until it takes no more connections."""
        with suppress(ConnectionRefusedError, ConnectionResetError):  # the latter at the very moment
            while True:
                self.connect().close()

    def line(self, request_id: str) -> dict[str, Any]:
        """What was logged of a request, once it is written."""
        give_up = time.monotonic() + PATIENCE
        while request_id not in (text := self.log.read_text()):
            assert time.monotonic() < give_up, text
        return dict(next(json.loads(line) for line in text.splitlines() if request_id in line))


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """The app behind its server, and one proxy that it trusts."""
    port, log = free_port(), folder / "log"
    environ = environment(
        PORT=str(port),
        PUBLIC_URL=f"http://localhost:{port}",
        SECRET_KEY="an-odd-key-that-only-these-tests-know",
        EMULATOR_DATABASE_URL=f"sqlite:///{folder}/emulator.db",
        TRUSTED_PROXIES="1",
    )
    with running([sys.executable, "serve.py"], port, log, environ) as process:
        yield Served(process, port, log, environ)


@pytest.fixture(scope="module")
def living(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Served]]:
    """The server that runs; another one if a test has ended it."""
    started: list[Served] = []
    with ExitStack() as ends:

        def server() -> Served:
            if not started or started[-1].process.poll() is not None:
                started.append(ends.enter_context(serving(tmp_path_factory.mktemp("served"))))
            return started[-1]

        yield server


@pytest.fixture
def served(living: Callable[[], Served]) -> Served:
    """A server."""
    return living()


@pytest.mark.parametrize("kind", SLOW)
def test_slow_clients_stop_nobody(served: Served, kind: str) -> None:
    with ExitStack() as slow:
        for _ in range(60):  # three times as many as there are threads
            slow.enter_context(client := served.connect())
            client.sendall(SLOW[kind].format(host=served.host).encode())

        assert served.get("/healthz") == 200


def test_the_address_that_the_trusted_proxy_saw_is_the_clients(served: Served) -> None:
    served.get("/healthz", **{"X-Forwarded-For": "198.51.100.7, 203.0.113.9", "X-Request-Id": "through-two-proxies"})

    assert served.line("through-two-proxies")["client"] == "203.0.113.0/24"


def test_what_has_arrived_is_answered_before_the_end(served: Served) -> None:
    with served.connect() as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\n")
        assert served.get("/healthz") == 200  # the half before it has been read by now
        assert served.check() == 0
        served.process.terminate()
        served.wait_until_closed()
        client.sendall(f"Host: {served.host}\r\nX-Request-Id: the-last-of-all\r\n\r\n".encode())

        assert client.recv(12) == b"HTTP/1.1 200"
        client.close()
        assert served.process.wait(30) == 0
        assert "the-last-of-all" in served.log.read_text()
        assert served.check() == 1
