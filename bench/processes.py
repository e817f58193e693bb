"""Processes that are started for a measurement, wait until they answer, and are gone after it."""

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
PATIENCE = 30.0  # seconds until a process answers, or ends


class DidNotStart(Exception):
    """A process ended at once, or gave no answer; says what it printed."""


def environment(**given: str) -> dict[str, str]:
    """An environment in which none of the developer's own settings is left, and these are."""
    blank = dict.fromkeys(dotenv_values(APP / ".env.example"), "")
    return {**os.environ, **blank, "FLASK_SKIP_DOTENV": "1", "PYTHONPATH": str(APP), **given}


def free_port() -> int:
    """A port on which nobody listens."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(
    command: Sequence[str], port: int, log: Path, environ: Mapping[str, str], user: str | None = None
) -> subprocess.Popen[bytes]:
    """Start a process and wait until its port answers. Raises DidNotStart."""
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
    """End a process, gently first."""
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
    """A process that runs as long as the block."""
    process = start(command, port, log, environ, user)
    try:
        yield process
    finally:
        stop(process)
