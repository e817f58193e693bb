"""Compare WSGI servers, alone and beside slow clients: ``python -m bench.servers``.

Only waitress is in the lock files; ``pip install gunicorn granian`` adds the others to the comparison.
"""

from __future__ import annotations

import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.serve import THREADS

from .load import Result, ask, ask_beside_slow_ones, quantile
from .processes import BIN, environment, free_port, running

SLOW_CLIENTS = 200
KINDS = ("idle", "head", "body")
TURNS = 3
SECONDS = 2.0  # per measurement and turn


def commands(port: int) -> dict[str, list[str]]:
    """Return the command of each server: one process, the same number of threads."""
    factory = "app:create_app()"
    gunicorn = ["-k", "gthread", "-w", "1", "--threads", str(THREADS), "-b", f"127.0.0.1:{port}", factory]
    granian = ["--interface", "wsgi", "--factory", "--workers", "1", "--blocking-threads", str(THREADS)]
    return {
        "waitress (deploy)": [sys.executable, "-m", "deploy.serve"],
        "gunicorn gthread": [str(BIN / "gunicorn"), *gunicorn],
        "granian": [str(BIN / "granian"), *granian, "--port", str(port), "app:create_app"],
    }


def main() -> None:
    """Measure the installed servers in turns; print a line for each."""
    with TemporaryDirectory() as folder, ExitStack() as parts:
        installed = [name for name, command in commands(0).items() if shutil.which(command[0])]
        origins = {name: parts.enter_context(_served(name, Path(folder))) for name in installed}
        pages, beside = dict.fromkeys(origins, Result(0)), {name: dict.fromkeys(KINDS, Result(0)) for name in origins}
        for _ in range(TURNS):
            for name, origin in origins.items():
                pages[name] += ask(origin, "/", clients=16, seconds=SECONDS)
                for kind in KINDS:
                    beside[name][kind] += ask_beside_slow_ones(origin, "/healthz", kind, SLOW_CLIENTS, seconds=SECONDS)
        print(f"{'':<22}{'/ a second':>12}{'p99 ms':>9}   /healthz a second beside {SLOW_CLIENTS} clients that")
        print(f"{'':<43}{'are idle':>12}{'stop in the head':>18}{'drip a body':>13}")
        for name in origins:
            rates = "".join(f"{beside[name][kind].per_second:>15.0f}" for kind in KINDS)
            print(f"{name:<22}{pages[name].per_second:>12.0f}{quantile(pages[name].latencies, 0.99):>9.0f}{rates}")


@contextmanager
def _served(name: str, folder: Path) -> Iterator[str]:
    port = free_port()
    environ = environment(
        PORT=str(port),
        PUBLIC_URL=f"http://localhost:{port}",
        EMULATOR_DATABASE_URL=f"sqlite:///{folder}/{port}.db",
        SECRET_KEY=secrets.token_urlsafe(48),
        LOG_LEVEL="WARNING",
    )
    with running(commands(port)[name], port, folder / f"{port}.log", environ):
        yield f"http://localhost:{port}"


if __name__ == "__main__":
    main()
