"""Cost of emulator calls, compared with a bare Flask endpoint and by visitors.

Everything runs in this process without sockets. Each call is measured in turns with the bare endpoint and with each
store size, so that other load on the machine affects all of them alike. The start is that of the installed command.
"""

from __future__ import annotations

import itertools
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import requests
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import Client, TestResponse

import stytch_unit_emulator as emulator
from stytch_unit_emulator.database import engine_for
from stytch_unit_emulator.seeding import CUSTOMER

from . import processes

VISITORS = (10, 1_000, 10_000)
ROUNDS = 200
REAL = 10  # visitors created through the API; the others are copies of the first
GROWTH = 1.5  # times the median with 10 visitors
WITH_LEDGER = 1.2  # times the median of all calls without it
FIRST_ANSWER = 1.5  # seconds after the command
REQUESTS = (10_000, 100_000)  # memory after more of them, beside after fewer
GROWN = 1.1  # times the memory
READS = ("Stytch: read a user", "Stytch: check a session, sign a JWT", "Unit: list cards", "Unit: read a card")
PAGE = os.sysconf("SC_PAGE_SIZE")  # bytes
SEED = {"users": [{"email": "ada@example.com", "totp": True, "accounts": [{"funds": 10_000_000, "cards": [{}, {}]}]}]}
COPIES = """
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count)
"""
COPY = (
    "INSERT INTO tenants (id, used_at) SELECT old.id || '-' || n, old.used_at FROM tenants old, numbers"
    " WHERE old.id IN (:tenant, :project)",
    "INSERT INTO records (tenant, kind, id, body, size) SELECT tenant || '-' || n, kind, id, body, size"
    " FROM records, numbers WHERE tenant IN (:tenant, :project)",
    "INSERT INTO names (tenant, kind, value, record_kind, record_id)"
    " SELECT tenant || '-' || n, kind, value || '-' || n, record_kind, record_id FROM names, numbers"
    " WHERE tenant IN (:tenant, :project)",
)


@dataclass
class Visitor:
    """One tenant with a card."""

    client: Client
    project_id: str = field(default_factory=lambda: f"project-test-{uuid4()}")
    calls: Iterator[int] = field(default_factory=itertools.count)

    def arrive(self) -> None:
        """Create everything that the calls need."""
        loopback = {"REMOTE_ADDR": "127.0.0.1"}
        seed = self.client.post(f"/control/tenants/{self.project_id}/seed", json=SEED, environ_base=loopback)
        made = seed.get_json()["users"][0]
        self.user_id, self.customer_id = made["user_id"], made["customer_id"]
        self.card_id = made["accounts"][0]["cards"][0]["card_id"]
        self.session_token = self.opened(self.mailed())["session_token"]

    def mailed(self) -> str:
        """The token of a new link."""
        link = {"user_id": self.user_id}
        return str(self.stytch("POST", "magic_links", link)["token"])

    def opened(self, token: str) -> Any:
        """Open a link."""
        return self.stytch("POST", "magic_links/authenticate", {"token": token, "session_duration_minutes": 60})

    def stytch(self, method: str, path: str, body: object = None) -> Any:
        """Call Stytch, which must succeed."""
        answer = self.client.open(f"/v1/{path}", method=method, json=body, auth=(self.project_id, "secret"))
        return succeeded(answer)

    def unit(self, method: str, path: str, kind: str | None = None, **attributes: object) -> Any:
        """Call Unit, which must succeed."""
        bearer = {"Authorization": f"Bearer {emulator.org_token(self.project_id)}"}
        body = {"data": {"type": kind, "attributes": attributes}} if kind else None
        media = "application/vnd.api+json" if kind else None
        answer = self.client.open(f"/{path}", method=method, json=body, headers=bearer, content_type=media)
        return succeeded(answer)["data"]


def succeeded(answer: TestResponse) -> Any:
    """The JSON of a successful response; anything else ends the run."""
    if answer.status_code >= 300:
        raise SystemExit(f"{answer.request.path}: {answer.status_code} {answer.text}")
    return answer.get_json()


Call = Callable[[Visitor], object]

CALLS: dict[str, Call] = {
    "Stytch: read a user": lambda v: v.stytch("GET", f"users/{v.user_id}"),
    "Stytch: check a session, sign a JWT": lambda v: v.stytch(
        "POST", "sessions/authenticate", {"session_token": v.session_token}
    ),
    "Stytch: make a link": lambda v: v.mailed(),
    "Stytch: read the keys": lambda v: v.stytch("GET", f"sessions/jwks/{v.project_id}"),
    "Unit: list cards": lambda v: v.unit("GET", "cards"),
    "Unit: read a card": lambda v: v.unit("GET", f"cards/{v.card_id}"),
    "Unit: freeze or unfreeze a card": lambda v: v.unit(
        "POST", f"cards/{v.card_id}/{'freeze' if next(v.calls) % 2 == 0 else 'unfreeze'}"
    ),
    "Unit: make a customer token": lambda v: v.unit(
        "POST", f"customers/{v.customer_id}/token", "customerToken", scope="cards"
    ),
    "Unit: a new visitor's first customer": lambda v: Visitor(v.client).unit(
        "POST", "applications", "individualApplication", **CUSTOMER
    ),
}


@contextmanager
def crowd(folder: Path, visitors: int) -> Iterator[list[Visitor]]:
    """An emulator with this many visitors in its store; yields those who call."""
    url = f"sqlite:///{folder}/{visitors}.db"
    seeding = emulator.create_app(url, controls=emulator.ControlAccess())
    callers = [Visitor(Client(seeding)) for _ in range(REAL)]
    for visitor in callers:
        visitor.arrive()
    seeding.extensions["emulator_store"].close()
    if visitors > REAL:
        copy(url, callers[0].project_id, visitors - REAL)
    app = emulator.create_app(url)
    for visitor in callers:
        visitor.client = Client(app)
    yield callers
    app.extensions["emulator_store"].close()


def copy(url: str, project_id: str, count: int) -> None:
    """Copy the first visitor's tenant this many times."""
    engine, values = engine_for(url), {"tenant": project_id, "project": f"project:{project_id}", "count": count}
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        for statement in COPY:
            columns, _, rest = statement.partition(" SELECT ")
            connection.execute(sa.text(f"{columns} {COPIES} SELECT {rest}"), values)
        tenants = connection.execute(
            sa.text("SELECT count(*) FROM tenants WHERE id LIKE 'project-test-%'")
        ).scalar_one()
    if tenants != count + REAL:
        raise SystemExit(f"{tenants} visitors in the store, not {count + REAL}")
    engine.dispose()


def bare() -> Call:
    """A minimal Flask endpoint."""
    app = Flask(__name__)
    client = Client(app)

    @app.post("/")
    def answer() -> dict[str, str]:
        return {"status": "ok"}

    return lambda _visitor: client.post("/", json={}).get_json()


def measure(call: Call, crowds: dict[int, list[Visitor]], baseline: Call) -> dict[int, list[float]]:
    """Milliseconds per call by number of visitors; the bare endpoint is under 0."""
    durations: dict[int, list[float]] = {size: [] for size in (0, *crowds)}
    for turn in range(ROUNDS):
        for size in durations:
            visitor = (crowds.get(size) or next(iter(crowds.values())))[turn % REAL]
            began = time.perf_counter()
            (call if size else baseline)(visitor)
            durations[size].append((time.perf_counter() - began) * 1000)
    return durations


def line(name: str, ours: float, baseline: float, unit: str, goal: float | None = None) -> str:
    """One row: name, measured, baseline, ratio, goal and verdict."""
    ratio = ours / baseline
    verdict = "-" if goal is None else "ok" if ratio <= goal else "short"
    wanted = "-" if goal is None else f"<= {goal:.2f}x"
    return f"{name:<66} {ours:>8.2f} {baseline:>9.2f} {unit:<5} {ratio:>6.2f}x {wanted:>9}  {verdict}"


def report(name: str, durations: dict[int, list[float]]) -> Iterator[str]:
    """The rows of one call."""
    median = {size: statistics.median(times) for size, times in durations.items()}
    percentile = {size: statistics.quantiles(times, n=100)[98] for size, times in durations.items()}
    yield line(f"{name}, p50 beside bare Flask", median[VISITORS[0]], median[0], "ms")
    yield line(f"{name}, p99 beside bare Flask", percentile[VISITORS[0]], percentile[0], "ms")
    rates = {size: 1000 / statistics.mean(times) for size, times in durations.items()}
    yield line(f"{name}, a second beside bare Flask", rates[VISITORS[0]], rates[0], "/s")
    for size in VISITORS[1:]:
        yield line(f"{name}, p50 with {size:,} visitors, not 10", median[size], median[VISITORS[0]], "ms", GROWTH)
        yield line(f"{name}, p99 with {size:,} visitors, not 10", percentile[size], percentile[VISITORS[0]], "ms")


def ledger_cost(folder: Path) -> str:
    """The row of the ledger: the median of all calls with it, beside the same calls without it."""
    durations: dict[bool, list[float]] = {}
    visitors: dict[bool, Visitor] = {}
    for on in (False, True):
        controls = emulator.ControlAccess()
        app = emulator.create_app(f"sqlite:///{folder}/ledger-{on}.db", controls=controls, ledger=on)
        visitors[on] = Visitor(Client(app))
        visitors[on].arrive()
    for call, _turn, on in itertools.product(CALLS.values(), range(ROUNDS), visitors):
        began = time.perf_counter()
        call(visitors[on])
        durations.setdefault(on, []).append((time.perf_counter() - began) * 1000)
    median = {on: statistics.median(times) for on, times in durations.items()}
    return line("All calls with the ledger, p50 beside without", median[True], median[False], "ms", WITH_LEDGER)


def start(folder: Path) -> str:
    """The row of the start: from the command to the first answer, the fastest of three."""
    environ = os.environ | {"PYTHONPATH": str(Path(emulator.__file__).parent.parent)}
    seconds = []
    for turn in range(3):
        port = processes.free_port()
        command = [sys.executable, "-m", "stytch_unit_emulator", "--port", str(port), "--controls"]
        command += ["--database", f"sqlite:///{folder}/start-{turn}.db"]
        began = time.perf_counter()
        with processes.running(command, port, folder / "start.log", environ):
            requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5).raise_for_status()
            seconds.append(time.perf_counter() - began)
    return line(f"Start of the command, beside {FIRST_ANSWER} s", min(seconds), FIRST_ANSWER, "s", 1)


def memory(folder: Path) -> str:
    """The row of the memory: after many requests that the ledger records, beside after few."""
    app = emulator.create_app(f"sqlite:///{folder}/memory.db", controls=emulator.ControlAccess())
    visitors = [Visitor(Client(app)) for _ in range(REAL)]
    for visitor in visitors:
        visitor.arrive()
    few, many = REQUESTS
    sizes = []
    for turn, call in enumerate(itertools.islice(itertools.cycle(READS), many), start=1):
        CALLS[call](visitors[turn % REAL])
        if turn in REQUESTS:
            sizes.append(int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 2**20)
    app.extensions["emulator_store"].close()
    return line(f"Memory after {many:,} requests, beside {few:,}", sizes[1], sizes[0], "MB", GROWN)


def main() -> None:
    """Measure and print."""
    print(f"{'figure':<66} {'ours':>8} {'baseline':>9} {'':<5} {'ratio':>7} {'goal':>9}  verdict")
    with TemporaryDirectory() as name:
        folder = Path(name)
        for row in (start, ledger_cost, memory):
            print(row(folder), flush=True)
        with crowd(folder, 10) as few, crowd(folder, 1_000) as many, crowd(folder, 10_000) as most:
            for call_name, call in CALLS.items():
                durations = measure(call, dict(zip(VISITORS, (few, many, most), strict=True)), bare())
                for text in report(call_name, durations):
                    print(text, flush=True)


if __name__ == "__main__":
    main()
