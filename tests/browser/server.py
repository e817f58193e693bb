"""The app in a process of its own, on the server that ``make run`` starts."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from dotenv import dotenv_values

APP = Path(__file__).resolve().parents[2]
PATIENCE = 30.0  # seconds until the first answer


class DidNotStart(Exception):
    """The server ended, or did not answer in time. Holds what it printed."""


@dataclass
class Server:
    """A running server."""

    origin: str
    output: Path
    ahead: float = 0  # seconds by which its clock has been moved

    def now(self) -> float:
        """The time by the server's clock."""
        return time.time() + self.ahead

    def move_clock(self, minutes: float = 0, seconds: float = 0) -> None:
        """Move the clock ahead, for all visitors at once."""
        shift = minutes * 60 + seconds
        assert _answers(int(self.origin.rpartition(":")[2]), {"X-Test-Shift": str(shift)})
        self.ahead += shift


@contextmanager
def serving(
    folder: Path, app: str = "tests.browser.served", *options: str, environ: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Serve the app, or a module that makes one, and keep its data in this folder. Options are Flask's."""
    port = _free_port()
    output = folder / "server.log"
    command = [sys.executable, "-m", "flask", "--app", app, "run", "--port", str(port), *options]
    with output.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - this interpreter, with arguments from here
            command,
            cwd=APP,
            env={**_environment(port, folder), **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        _wait(process, port, output)
        yield Server(f"http://localhost:{port}", output)
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _environment(port: int, folder: Path) -> dict[str, str]:
    """Return an environment in which every setting is blank, which wins over the developer's ``.env``."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("FLASK_", "WERKZEUG_"))}
    blank = dict.fromkeys(dotenv_values(APP / ".env.example"), "")
    return {
        **inherited,
        **blank,
        "FLASK_SKIP_DOTENV": "1",
        "PUBLIC_URL": f"http://localhost:{port}",
        "EMULATOR_DATABASE_URL": f"sqlite:///{folder / 'emulator.db'}",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "TRUSTED_PROXIES": "1",  # so that each visitor has their own address and rate limits
    }


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], port: int, output: Path) -> None:
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        try:
            status = process.wait(0.1)
        except subprocess.TimeoutExpired:
            if _answers(port):
                return
        else:
            raise DidNotStart(f"The server ended with status {status}:\n{output.read_text()}")
    raise DidNotStart(f"The server gave no answer within {PATIENCE:.0f} seconds:\n{output.read_text()}")


def _answers(port: int, headers: Mapping[str, str] | None = None) -> bool:
    with closing(HTTPConnection("127.0.0.1", port, timeout=2)) as connection:
        try:
            connection.request("GET", "/static/favicon.svg", headers={"Host": f"localhost:{port}", **(headers or {})})
            return connection.getresponse().status == 200
        except OSError:
            return False
