"""The services of ``deploy/compose.yaml`` on loopback, without Docker.

``python -m bench.cluster`` serves until Ctrl-C. It needs nginx, PostgreSQL and Redis; on Debian: ``apt-get install
nginx-light postgresql redis-server``.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

from .processes import APP, environment, free_port, running, start, stop

POSTGRES = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), Path("/usr/bin"))


@dataclass
class Cluster:
    """The running services."""

    origin: str
    folder: Path
    environ: dict[str, str]
    ports: list[int]
    replicas: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_replica(self, number: int) -> None:
        """Start a replica, with its own log file."""
        port, log = self.ports[number], self.folder / f"app-{number + 1}.log"
        command = [sys.executable, "-m", "deploy.serve"]
        self.replicas.insert(number, start(command, port, log, {**self.environ, "PORT": str(port)}))

    def stop_replica(self, number: int, sent: signal.Signals) -> None:
        """Stop a replica with a signal, and wait until it has ended."""
        self.replicas[number].send_signal(sent)
        self.replicas[number].wait()

    def served_by(self) -> list[int]:
        """Count the requests that nginx passed to each replica."""
        lines = (self.folder / "access.log").read_text()
        return [lines.count(f"127.0.0.1:{port}") for port in self.ports]


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Run all services until the block ends; leaves nothing behind."""
    folder = Path(mkdtemp(prefix="cluster-"))
    folder.chmod(0o755)
    with ExitStack() as parts:
        parts.callback(shutil.rmtree, folder, ignore_errors=True)
        port, ports = free_port(), [free_port(), free_port()]
        environ = environment(
            PUBLIC_URL=f"http://localhost:{port}",
            SECRET_KEY=secrets.token_urlsafe(48),
            TRUSTED_PROXIES="1",
            EMULATOR_DATABASE_URL=parts.enter_context(_postgres(folder)),
            RATELIMIT_STORAGE_URI=parts.enter_context(_redis(folder)),
        )
        running_cluster = Cluster(f"http://localhost:{port}", folder, environ, ports)
        for number in range(len(ports)):
            running_cluster.start_replica(number)
            parts.callback(stop, running_cluster.replicas[number])
        parts.enter_context(_nginx(folder, port, ports))
        yield running_cluster


@contextmanager
def _postgres(folder: Path) -> Iterator[str]:
    """Run PostgreSQL with its data in the folder, never as root, which it refuses."""
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    data, port = folder / "postgres", free_port()
    data.mkdir(mode=0o700)
    shutil.chown(data, user)
    initdb = [str(POSTGRES / "initdb"), "--auth=trust", "--username=app", "--no-sync", "-D", str(data)]
    subprocess.run(initdb, user=user, cwd=data, check=True, stdout=subprocess.DEVNULL)
    settings = [f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={data}", "max_connections=200"]
    command = [str(POSTGRES / "postgres"), "-D", str(data), *(word for each in settings for word in ("-c", each))]
    with running(command, port, folder / "postgres.log", os.environ, user=user):
        yield f"postgresql://app@127.0.0.1:{port}/postgres"


@contextmanager
def _redis(folder: Path) -> Iterator[str]:
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with running(command, port, folder / "redis.log", os.environ):
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def _nginx(folder: Path, port: int, ports: list[int]) -> Iterator[None]:
    """Run nginx with the file that compose.yaml mounts; only names and ports differ."""
    text = (APP / "deploy" / "nginx.conf").read_text()
    here = {"/tmp/": f"{folder}/nginx-", "/dev/stdout": f"{folder}/access.log", "stderr": f"{folder}/nginx-error.log"}  # noqa: S108
    here |= {"listen 8080": f"listen 127.0.0.1:{port}"}
    here |= {f"app-{number}:8000": f"127.0.0.1:{replica}" for number, replica in enumerate(ports, 1)}
    for there, value in here.items():
        text = text.replace(there, value)
    config = folder / "nginx.conf"
    config.write_text(text)
    with running(["nginx", "-c", str(config), "-g", "daemon off;"], port, folder / "nginx.log", os.environ):
        yield


def main() -> None:
    """Serve until interrupted."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    with suppress(KeyboardInterrupt), cluster() as services:
        print(f"{services.origin}\nlogs: {services.folder}", flush=True)
        signal.pause()


def _interrupt(*_: object) -> None:
    """Leave every ``with`` block on the way, even while services start, so that all that was started ends."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
