"""How quick and how small the app is, each figure beside a baseline of the same run: part of ``make bench``.

Both services run over HTTP in a process of their own, as they would be elsewhere, so that the app's time is its own;
and without the wire log, as with live services. Processor time is what the code costs; the clock also counts whatever
else the machine does.
"""

from __future__ import annotations

import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import requests

import emulator

from .emulator import line
from .load import Result, ask, quantile
from .processes import environment, free_port, running
from .visitor import Visitor

CLIENTS = 16
READING = 0.1  # seconds, on average, that clients look at a list: they keep the app half busy
SECONDS = 8.0
GOALS = ((0.5, 3.0), (0.99, 10.0))  # share of the requests, and the milliseconds they may take of the app's own time
TURNS = 4
LEAK_REQUESTS = 50_000
SERVICES = "import emulator; from deploy import serve; serve.main(emulator.create_app(with_controls=True))"


class Customer(Visitor):
    """Somebody whose mailbox is at services that the app does not emulate."""

    mailbox = ""

    def newest_link(self) -> str:
        """As the mail's link leads on: Stytch's own redirect is left out."""
        mails = requests.get(self.mailbox, timeout=10).json()
        return f"/login/authenticate?token={re.findall(r'[?&]token=([^&]+)', mails[0]['link'])[0]}" if mails else ""


class Bench:
    """An app that runs beside the empty one, and somebody who has a card there."""

    def __init__(self, parts: ExitStack, folder: Path) -> None:
        self._parts, self._folder = parts, folder
        services, project_id = free_port(), f"project-test-{uuid4()}"
        origin = f"http://localhost:{services}"
        database = {"EMULATOR_DATABASE_URL": f"sqlite:///{folder}/services.db"}
        self._start([sys.executable, "-c", SERVICES], services, "services", **database)
        port = free_port()
        self.origin = f"http://localhost:{port}"
        credentials = {
            "STYTCH_PROJECT_ID": project_id,
            "STYTCH_SECRET": "secret-test-of-a-project-on-loopback",
            "STYTCH_API_URL": origin,
            "UNIT_API_TOKEN": emulator.org_token(project_id),
            "UNIT_API_URL": origin,
            "SECRET_KEY": secrets.token_urlsafe(48),
            "WIRE_LOG": "off",
        }
        command = [sys.executable, "-m", "bench.measured", "ours"]
        self.process = self._start(command, port, "app", PUBLIC_URL=self.origin, **credentials)
        self.customer = Customer(self.origin, 2)
        self.customer.mailbox = f"{origin}/control/worlds/{project_id}/mails"
        self.customer.journey(turns=1)
        self.headers = {"Cookie": self.customer.cookies()}

    def empty(self, size: int) -> tuple[str, subprocess.Popen[bytes]]:
        """The origin and the process of an empty app whose page has this size."""
        port = free_port()
        command = [sys.executable, "-m", "bench.measured", "empty"]
        return f"http://localhost:{port}", self._start(command, port, "empty", SIZE=str(size))

    def _start(self, command: list[str], port: int, name: str, **environ: str) -> subprocess.Popen[bytes]:
        log = self._folder / f"{name}.log"
        made = environment(PORT=str(port), LOG_LEVEL="INFO", **environ)
        return self._parts.enter_context(running(command, port, log, made))


def main() -> None:
    """Measure and print."""
    with TemporaryDirectory() as folder, ExitStack() as parts:
        bench = Bench(parts, Path(folder))
        for text in figures(bench):
            print(text, flush=True)


def figures(bench: Bench) -> Iterator[str]:
    """One line for each."""
    page = requests.get(f"{bench.origin}/cards", headers=bench.headers, timeout=10)
    if "aria-busy" not in page.text:
        raise SystemExit(f"/cards answered {page.status_code}")
    hello, empty = bench.empty(len(page.content))
    baseline, ours = Result(0), Result(0)
    for _ in range(TURNS):  # in turn, so that whatever else the machine does falls on both
        baseline += ask(hello, "/", clients=CLIENTS, seconds=SECONDS / TURNS)
        ours += ask(bench.origin, "/cards", clients=CLIENTS, seconds=SECONDS / TURNS, headers=bench.headers)
    name = "/cards signed in, beside a page of that size from bare Flask"
    yield line(name, 1000 / ours.per_second, 1000 / baseline.per_second, "ms", 2.0)
    fragment = {**bench.headers, "HX-Request": "true"}
    for path, calls in (("/cards", 0), ("/cards/list", 1)):
        answer = requests.get(f"{bench.origin}{path}", headers=fragment, timeout=10)
        yield count(f"calls upstream for {path}", int(answer.headers["X-Upstream-Calls"]), calls)
    asked = 0
    for pause, how in ((READING, f"look {READING:.1f} s"), (0, "never pause")):
        listed = ask(bench.origin, "/cards/list", clients=CLIENTS, seconds=SECONDS, headers=fragment, pause=pause)
        asked += len(listed.own)
        for kind, times in (("processor", listed.own_cpu), ("clock", listed.own)):
            for share, goal in GOALS:
                name = f"/cards/list, own time by the {kind}, clients {how}, p{share * 100:.0f}"
                yield line(name, quantile(times, share), goal, "ms", 1.0)
    answer = requests.get(f"{bench.origin}/cards/list", headers=fragment, timeout=10)
    opened = int(answer.headers["X-Upstream-Connections"])
    yield count(f"connections opened for {asked:,} calls upstream", opened, CLIENTS)
    before = megabytes(bench.process)
    yield line("memory beside an empty app with the same libraries", before, megabytes(empty), "MB", 1.3)
    done = 0
    while done < LEAK_REQUESTS:
        done += len(ask(bench.origin, "/cards", clients=CLIENTS, seconds=5, headers=bench.headers).latencies)
    yield line(f"memory after {LEAK_REQUESTS:,} more requests", megabytes(bench.process), before, "MB", 1.1)


def count(name: str, ours: int, most: int) -> str:
    """A line for a number that has a goal, and no baseline."""
    return f"{name:<66} {ours:>8} {'-':>9} {'':<5} {'-':>7} {f'<= {most}':>9}  {'ok' if ours <= most else 'short'}"


def megabytes(process: subprocess.Popen[bytes]) -> float:
    """What a process holds in memory now."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+([0-9]+) kB", status)[0]) / 1024


if __name__ == "__main__":
    main()
