"""Start processes for a benchmark or test, and stop them afterwards."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from dotenv import dotenv_values

APP = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PATIENCE = 30.0  # seconds to wait for a process to listen, or to end


class DidNotStart(Exception):
    """A process ended early or did not listen; the message has its output."""


def environment(**given: str) -> dict[str, str]:
    """Return an environment with these settings and none of the developer's own."""
    blank = dict.fromkeys(dotenv_values(APP / ".env.example"), "")
    return {**os.environ, **blank, "FLASK_SKIP_DOTENV": "1", "PYTHONPATH": str(APP), **given}


def free_port() -> int:
    """Return an unused TCP port."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(
    command: Sequence[str], port: int, log: Path, environ: Mapping[str, str], user: str | None = None
) -> subprocess.Popen[bytes]:
    """Start a process and wait until it listens. Raises DidNotStart."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=APP, env=environ, stdout=output, stderr=subprocess.STDOUT, user=user)
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up and process.poll() is None:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.02)
    stop(process)
    raise DidNotStart(f"{command[0]}:\n{log.read_text(errors='replace')[-2000:]}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a process; kill it if it does not end."""
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def running(
    command: Sequence[str], port: int, log: Path, environ: Mapping[str, str], user: str | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process until the block ends."""
    process = start(command, port, log, environ, user)
    try:
        yield process
    finally:
        stop(process)
