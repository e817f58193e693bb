"""deploy/serve.py with slow clients, a trusted proxy and SIGTERM."""

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
from deploy.serve import SETTLE

pytestmark = pytest.mark.long

SERVE = ["-m", "deploy.serve"]
HEAD = "POST /login HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
SLOW = {"idle": "", "half a head": HEAD, "a dripping body": f"{HEAD}Content-Length: 60000\r\n\r\na"}


class Served:
    """A running server."""

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
        """The exit status of the container's health check."""
        check = [sys.executable, *SERVE, "--check"]
        return subprocess.run(check, cwd=APP, env=self.environ, stderr=subprocess.DEVNULL, check=False).returncode  # noqa: S603

    def wait_until_closed(self) -> None:
        """Wait until it refuses connections."""
        with suppress(ConnectionRefusedError, ConnectionResetError):  # reset while the listener closes
            while True:
                self.connect().close()

    def line(self, request_id: str) -> dict[str, Any]:
        """The log line of a request; waits until it is written."""
        give_up = time.monotonic() + PATIENCE
        while request_id not in (text := self.log.read_text()):
            assert time.monotonic() < give_up, text
        return dict(next(json.loads(line) for line in text.splitlines() if request_id in line))


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """The app behind waitress, trusting one proxy."""
    port, log = free_port(), folder / "log"
    environ = environment(
        PORT=str(port),
        PUBLIC_URL=f"http://localhost:{port}",
        SECRET_KEY="a-secret-key-used-only-by-these-tests",
        EMULATOR_DATABASE_URL=f"sqlite:///{folder}/emulator.db",
        TRUSTED_PROXIES="1",
    )
    with running([sys.executable, *SERVE], port, log, environ) as process:
        yield Served(process, port, log, environ)


@pytest.fixture(scope="module")
def running_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Served]]:
    """Return the running server; start a new one if a test stopped it."""
    started: list[Served] = []
    with ExitStack() as ends:

        def server() -> Served:
            if not started or started[-1].process.poll() is not None:
                started.append(ends.enter_context(serving(tmp_path_factory.mktemp("served"))))
            return started[-1]

        yield server


@pytest.fixture
def served(running_server: Callable[[], Served]) -> Served:
    """A running server."""
    return running_server()


@pytest.mark.parametrize("kind", SLOW)
def test_slow_clients_do_not_block_others(served: Served, kind: str) -> None:
    with ExitStack() as slow:
        for _ in range(60):  # three times the threads
            slow.enter_context(client := served.connect())
            client.sendall(SLOW[kind].format(host=served.host).encode())

        assert served.get("/healthz") == 200


def test_client_address_comes_from_the_trusted_proxy(served: Served) -> None:
    served.get("/healthz", **{"X-Forwarded-For": "198.51.100.7, 203.0.113.9", "X-Request-Id": "through-two-proxies"})

    assert served.line("through-two-proxies")["client"] == "203.0.113.0/24"


def test_sigterm_answers_requests_that_have_begun_to_arrive(served: Served) -> None:
    with served.connect() as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\n")
        assert served.get("/healthz") == 200  # the server has read the first half by now
        assert served.check() == 0
        served.process.terminate()
        served.wait_until_closed()
        client.settimeout(SETTLE + 0.2)
        with pytest.raises(TimeoutError):  # it waits for the other half for longer than SETTLE
            client.recv(1)
        client.settimeout(10)
        client.sendall(f"Host: {served.host}\r\nX-Request-Id: the-last-of-all\r\n\r\n".encode())

        assert client.recv(12) == b"HTTP/1.1 200"
        client.close()
        assert served.process.wait(30) == 0
        assert "the-last-of-all" in served.log.read_text()
        assert served.check() == 1
