"""HTTP clients for load tests: fast ones, and ones that are slow on purpose."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

OWN_TIME, OWN_CPU = "x-own-time", "x-own-cpu"  # headers set by bench/measured.py
PATIENCE = 10.0  # seconds for one answer


@dataclass
class Result:
    """Outcome of many requests."""

    seconds: float
    latencies: list[float] = field(default_factory=list)  # seconds, of answers below 500
    failed: int = 0
    own: list[float] = field(default_factory=list)  # seconds that the app itself spent, by its answers
    own_cpu: list[float] = field(default_factory=list)  # of those, seconds of processor time

    def __add__(self, other: Result) -> Result:
        """Combine two results."""
        return Result(
            self.seconds + other.seconds,
            self.latencies + other.latencies,
            self.failed + other.failed,
            self.own + other.own,
            self.own_cpu + other.own_cpu,
        )

    @property
    def per_second(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds


def quantile(times: Sequence[float], share: float) -> float:
    """Return a quantile of times in seconds, as milliseconds."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 if ordered else float("inf")


def ask(
    origin: str, path: str, *, clients: int, seconds: float, headers: Mapping[str, str] | None = None, pause: float = 0
) -> Result:
    """Request a path repeatedly from many clients, each on a persistent connection.

    ``pause`` is the mean of a random wait before each request, in seconds.
    """
    return asyncio.run(_ask(origin, path, clients, seconds, headers or {}, pause))


def ask_beside_slow_ones(origin: str, path: str, kind: str, slow: int, *, seconds: float) -> Result:
    """Request a path from two clients beside slow ones: ``idle``, ``head`` or ``body``."""

    async def both() -> Result:
        async with _slow_ones(origin, kind, slow):
            return await _ask(origin, path, 2, seconds, {})

    return asyncio.run(both())


async def _ask(
    origin: str, path: str, clients: int, seconds: float, headers: Mapping[str, str], pause: float = 0
) -> Result:
    result, until = Result(seconds), time.monotonic() + seconds
    request = _request("GET", origin, path, headers)
    await asyncio.gather(*(_client(origin, request, until, result, pause) for _ in range(clients)))
    return result


async def _client(origin: str, request: bytes, until: float, result: Result, pause: float) -> None:
    connection = None
    while True:
        await asyncio.sleep(pause and random.expovariate(1 / pause))
        if (began := time.monotonic()) >= until:
            break
        try:
            async with asyncio.timeout(PATIENCE):
                connection = connection or await _connect(origin)
                status, headers = await _exchange(connection, request)
        except (OSError, EOFError, ValueError):
            status, headers = 599, {"connection": "close"}
        if connection and headers.get("connection", "").lower() == "close":
            connection[1].close()
            connection = None
        if status < 500:
            result.latencies.append(time.monotonic() - began)
            for header, times in ((OWN_TIME, result.own), (OWN_CPU, result.own_cpu)):
                if value := headers.get(header):
                    times.append(float(value))
        else:
            result.failed += 1
    if connection:
        connection[1].close()


@asynccontextmanager
async def _slow_ones(origin: str, kind: str, number: int) -> AsyncIterator[None]:
    form = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": "60000"}
    head = _request("POST", origin, "/login", form)
    opened = []
    for _ in range(number):
        with suppress(OSError):
            opened.append(await _connect(origin))
    for _, writer in opened:
        writer.write({"idle": b"", "head": head[:-20], "body": head}[kind])
    drip = asyncio.create_task(_drip([writer for _, writer in opened])) if kind == "body" else None
    await asyncio.sleep(0.5)
    yield
    if drip:
        drip.cancel()
    for _, writer in opened:
        writer.close()


async def _drip(writers: list[asyncio.StreamWriter]) -> None:
    while True:
        for writer in writers:
            with suppress(OSError):
                writer.write(b"a")
        await asyncio.sleep(1)


async def _connect(origin: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    url = urlsplit(origin)
    return await asyncio.open_connection("127.0.0.1", url.port)


async def _exchange(
    connection: tuple[asyncio.StreamReader, asyncio.StreamWriter], request: bytes
) -> tuple[int, dict[str, str]]:
    """Send a request and read its answer; returns the status and the headers."""
    reader, writer = connection
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    lines = head.split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    if headers.get("transfer-encoding") == "chunked":
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    else:
        await reader.readexactly(int(headers.get("content-length", 0)))
    return int(lines[0].split()[1]), headers


def _request(method: str, origin: str, path: str, headers: Mapping[str, str]) -> bytes:
    sent = {"Host": urlsplit(origin).netloc, **headers}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
