"""Speed and memory of the app, each figure beside a baseline of the same run.

Both services run over HTTP in a process of their own, as real ones would, so the app's time does not include theirs.
The panel of API calls is off, as it is with live services. Processor time is what the code costs; clock time also
includes whatever else the machine does.
"""

from __future__ import annotations

import re
import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import requests

from .emulator import line
from .load import Result, ask, quantile
from .names import mails_path, org_token
from .processes import environment, free_port, running
from .visitor import Visitor

CLIENTS = 16
READING = 0.1  # seconds between two requests of a client, on average; keeps the app about half busy
SECONDS = 8.0
OWN_TIME = {READING: ((0.5, 3.0), (0.99, 10.0)), 0.0: ((0.5, 3.0),)}  # by pause: quantile, most milliseconds
TURNS = 16  # short ones, so that other load on the machine affects both sides alike
STARTS = 5
LEAK_REQUESTS = 50_000
PAGE_RATIO, LIST_RATIO = 1.4, 1.15
SERVICES = (
    "from bench import names; from deploy import serve;"
    " serve.main(names.create_emulator(controls=names.ControlAccess()))"
)
LIBRARIES = "import flask, stytch; from deploy import serve; serve.main(flask.Flask('libraries'))"


class Customer(Visitor):
    """A visitor whose mail is at services outside the app."""

    mails_url = ""

    def newest_link(self) -> str:
        """The app's URL in the newest mail, without the redirect through Stytch."""
        mails = requests.get(self.mails_url, timeout=10).json()
        return f"/login/authenticate?token={re.findall(r'[?&]token=([^&]+)', mails[0]['link'])[0]}" if mails else ""


@dataclass(frozen=True)
class Page:
    """A page that clients ask for."""

    origin: str
    path: str = "/"
    headers: Mapping[str, str] = field(default_factory=dict)

    def get(self) -> requests.Response:
        """Ask once. Raises HTTPError."""
        answer = requests.get(f"{self.origin}{self.path}", headers=self.headers, timeout=10)
        answer.raise_for_status()
        return answer

    def ask(self, clients: int = CLIENTS, seconds: float = SECONDS, pause: float = 0.0) -> Result:
        """Ask with many clients. Ends the run if a request fails."""
        result = ask(self.origin, self.path, clients=clients, seconds=seconds, headers=self.headers, pause=pause)
        if result.failed:
            raise SystemExit(f"{self.path}: {result.failed} of {result.failed + len(result.latencies)} requests failed")
        return result

    def beside(
        self, baseline: Page, clients: int = CLIENTS, seconds: float = SECONDS, pause: float = 0.0
    ) -> tuple[Result, Result]:
        """Ask for this page and a baseline in turns."""
        app, other = Result(0), Result(0)
        for _ in range(TURNS):
            other += baseline.ask(clients, seconds / TURNS, pause)
            app += self.ask(clients, seconds / TURNS, pause)
        return app, other


class Bench:
    """The running app, with a customer who is stepped up and has a card."""

    def __init__(self, parts: ExitStack, folder: Path) -> None:
        self._parts, self._folder = parts, folder
        services, project_id = free_port(), f"project-test-{uuid4()}"
        self.services = f"http://localhost:{services}"
        self._org_token = org_token(project_id)
        database = {"EMULATOR_DATABASE_URL": f"sqlite:///{folder}/services.db"}
        self._serve([sys.executable, "-c", SERVICES], services, "services", **database)
        self.settings = {
            "STYTCH_PROJECT_ID": project_id,
            "STYTCH_SECRET": "secret-test-of-a-project-on-loopback",
            "STYTCH_API_URL": self.services,
            "UNIT_API_TOKEN": self._org_token,
            "UNIT_API_URL": self.services,
            "SECRET_KEY": secrets.token_urlsafe(48),
            "STEP_UP_MAX_AGE": "3600",
            "WIRE_LOG": "off",
        }
        self.origin, self.process = self.measured("app", **self.settings)
        customer = Customer(self.origin, 2)
        customer.mails_url = f"{self.services}{mails_path(project_id)}"
        customer.journey(turns=1)
        signed_in = {"Cookie": customer.cookies()}
        self.page = Page(self.origin, "/cards", signed_in)
        self.list = Page(self.origin, "/cards/list", {**signed_in, "HX-Request": "true"})

    def measured(self, kind: str, **environ: str) -> tuple[str, subprocess.Popen[bytes]]:
        """Start an app of ``measured.py``; returns its origin and process."""
        port = free_port()
        origin = f"http://localhost:{port}"
        command = [sys.executable, "-m", "bench.measured", kind]
        return origin, self._serve(command, port, kind, PUBLIC_URL=origin, **environ)

    def customer_token(self) -> str:
        """Return a token of the one customer at Unit, made with the org token."""
        customers = self._unit("GET", "/customers")
        attributes = {"scope": "accounts cards"}
        document = {"data": {"type": "customerToken", "attributes": attributes}}
        return str(self._unit("POST", f"/customers/{customers[0]['id']}/token", document)["attributes"]["token"])

    def first_answer(self, command: list[str], **environ: str) -> float:
        """Seconds from the start of a process to its first answer."""
        port = free_port()
        origin = f"http://localhost:{port}"
        made = environment(PORT=str(port), PUBLIC_URL=origin, **environ)
        began = time.monotonic()
        with running(command, port, self._folder / "start.log", made):
            requests.get(f"{origin}/healthz", timeout=10)
            return time.monotonic() - began

    def _unit(self, method: str, path: str, document: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self._org_token}", "Content-Type": "application/vnd.api+json"}
        answer = requests.request(method, f"{self.services}{path}", json=document, headers=headers, timeout=10)
        answer.raise_for_status()
        return answer.json()["data"]

    def _serve(self, command: list[str], port: int, name: str, **environ: str) -> subprocess.Popen[bytes]:
        log = self._folder / f"{name}.log"
        made = environment(PORT=str(port), LOG_LEVEL="INFO", **environ)
        return self._parts.enter_context(running(command, port, log, made))


def main() -> None:
    """Measure and print."""
    with TemporaryDirectory() as folder, ExitStack() as parts:
        bench = Bench(parts, Path(folder))
        page = bench.page.get()
        if "aria-busy" not in page.text:
            raise SystemExit(f"{page.url} is not the page of cards")
        empty, process = bench.measured("empty", SIZE=str(len(page.content)))
        for figures in (
            start_figures(bench),
            page_figures(bench, Page(empty)),
            list_figures(bench),
            own_time_figures(bench),
            memory_figures(bench, process),
        ):
            for text in figures:
                print(text, flush=True)


def start_figures(bench: Bench) -> Iterator[str]:
    """Time from the start of the process to its first answer."""
    app, libraries = [], []
    for _ in range(STARTS):
        libraries.append(bench.first_answer([sys.executable, "-c", LIBRARIES]))
        app.append(bench.first_answer([sys.executable, "-m", "deploy.serve"], **bench.settings))
    name = "start to first answer, beside importing flask and stytch alone"
    yield line(name, statistics.median(app), statistics.median(libraries), "s")


def page_figures(bench: Bench, empty: Page) -> Iterator[str]:
    """The page of cards beside bare Flask."""
    app, baseline = bench.page.beside(empty)
    name = "/cards signed in, beside a page of that size from bare Flask"
    yield line(name, 1000 / app.per_second, 1000 / baseline.per_second, "ms", PAGE_RATIO)
    page = Page(bench.origin, "/cards", bench.list.headers)
    yield count("calls upstream for /cards", int(page.get().headers["X-Upstream-Calls"]), 0)


def list_figures(bench: Bench) -> Iterator[str]:
    """The list of cards beside a bare view that makes the same calls."""
    answer = bench.list.get()
    yield count("calls upstream for /cards/list", int(answer.headers["X-Upstream-Calls"]), 2)
    settings = {"UNIT_API_URL": bench.services, "UNIT_CUSTOMER_TOKEN": bench.customer_token()}
    bare = Page(bench.measured("requests", SIZE=str(len(answer.content)), **settings)[0])
    for clients in (1, 4, CLIENTS):
        app, baseline = bench.list.beside(bare, clients)
        name = f"/cards/list beside bare Flask with requests, clients: {clients}"
        yield line(name, 1000 / app.per_second, 1000 / baseline.per_second, "ms", LIST_RATIO)
    yield line(f"the same, {CLIENTS} clients, requests a second", app.per_second, baseline.per_second, "/s")
    yield line("the same, p99", quantile(app.latencies, 0.99), quantile(baseline.latencies, 0.99), "ms")
    rate = app.per_second / 2
    app, baseline = bench.list.beside(bare, seconds=2 * SECONDS, pause=CLIENTS / rate)
    name = f"p99 at half of that load ({app.per_second:.0f} and {baseline.per_second:.0f} a second)"
    yield line(name, quantile(app.latencies, 0.99), quantile(baseline.latencies, 0.99), "ms")


def own_time_figures(bench: Bench) -> Iterator[str]:
    """Time that the app itself spends on the list of cards."""
    asked = 0
    for pause, goals in OWN_TIME.items():
        listed = bench.list.ask(pause=pause)
        asked += len(listed.own)
        clients = f"clients pause {pause} s" if pause else "clients never pause"
        for kind, times in (("processor", listed.own_cpu), ("clock", listed.own)):
            for share, goal in goals:
                name = f"/cards/list, own time by the {kind}, {clients}, p{share * 100:.0f}"
                yield line(name, quantile(times, share), goal, "ms", 1.0)
    opened = int(bench.list.get().headers["X-Upstream-Connections"])
    yield count(f"connections opened for at least {asked:,} calls upstream", opened, CLIENTS)


def memory_figures(bench: Bench, empty: subprocess.Popen[bytes]) -> Iterator[str]:
    """Memory beside an empty app, and after many requests."""
    before = megabytes(bench.process)
    yield line("memory beside an empty app with the same libraries", before, megabytes(empty), "MB", 1.3)
    done = 0
    while done < LEAK_REQUESTS:
        done += len(bench.page.ask(seconds=5).latencies)
    yield line(f"memory after {LEAK_REQUESTS:,} more requests", megabytes(bench.process), before, "MB", 1.1)


def count(name: str, number: int, most: int) -> str:
    """A line for a number with a goal and no baseline."""
    return f"{name:<66} {number:>8} {'-':>9} {'':<5} {'-':>7} {f'<= {most}':>9}  {'ok' if number <= most else 'short'}"


def megabytes(process: subprocess.Popen[bytes]) -> float:
    """The resident memory of a process."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+([0-9]+) kB", status)[0]) / 1024


if __name__ == "__main__":
    main()
