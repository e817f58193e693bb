"""Speed and memory of the hosted demo after 5,000 visitors.

Each visitor has their own address and signs in through the emulated mailbox. The limit on all links per hour is lifted,
because here they arrive within minutes.
"""

from __future__ import annotations

import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from .emulator import line
from .load import quantile
from .names import TENANT_BYTES
from .processes import environment, free_port, running
from .speed import megabytes
from .visitor import Visitor

DEMO = """
from bench import names
names.lift_link_limit()
from app import create_app
from deploy import serve
serve.main(create_app())
"""
VISITORS = 5_000
AT_ONCE = 8
PROBE = 100  # visitors in sequence, before and after
SLOWER, LARGER = 1.25, 1.5


def main() -> None:
    """Measure and print."""
    with TemporaryDirectory() as folder, ExitStack() as parts:
        port, database = free_port(), Path(folder, "demo.db")
        settings = {"PUBLIC_URL": f"http://localhost:{port}", "EMULATOR_DATABASE_URL": f"sqlite:///{database}"}
        environ = environment(PORT=str(port), SECRET_KEY=secrets.token_urlsafe(48), **settings)
        process = parts.enter_context(running([sys.executable, "-c", DEMO], port, Path(folder, "log"), environ))
        for text in figures(settings["PUBLIC_URL"], process, database):
            print(text, flush=True)


def figures(origin: str, process: subprocess.Popen[bytes], database: Path) -> Iterator[str]:
    """Sign in few, then all, then few; one line per figure."""
    sign_in(origin, 2)
    first = [sign_in(origin, number) for number in range(3, 3 + PROBE)]
    before = megabytes(process)
    with ThreadPoolExecutor(AT_ONCE) as people:
        list(people.map(lambda number: sign_in(origin, number), range(1_000, 1_000 + VISITORS)))
    later = [sign_in(origin, number) for number in range(10_000, 10_000 + PROBE)]
    name = f"signing in after {VISITORS:,} visitors, beside the first {PROBE}, p50"
    yield line(name, quantile(later, 0.5), quantile(first, 0.5), "ms", SLOWER)
    yield line(f"memory after {VISITORS:,} visitors", megabytes(process), before, "MB", LARGER)
    size = sum(file.stat().st_size for file in database.parent.glob(f"{database.name}*"))
    name = "the store per visitor, beside the limit for one"
    yield line(name, size / 1024 / VISITORS, TENANT_BYTES / 1024, "KB", 1.0)


def sign_in(origin: str, number: int) -> float:
    """Sign in a new visitor; returns the seconds it took. Raises GaveUp."""
    visitor = Visitor(origin, number)
    began = time.monotonic()
    visitor.sign_in()
    took = time.monotonic() - began
    visitor.leave()
    return took


if __name__ == "__main__":
    main()
