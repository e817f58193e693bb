"""The parts of ``compose.yaml`` from this machine's packages, on loopback: nginx, two replicas, PostgreSQL, Redis.

Run by itself it serves until Ctrl-C: ``python -m bench.cluster``. Debian: ``apt-get install nginx-light postgresql
redis-server``.
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
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

from .processes import APP, environment, free_port, running, start, stop

POSTGRES = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), Path("/usr/bin"))


@dataclass
class Cluster:
    """What runs."""

    origin: str
    folder: Path
    environ: dict[str, str]
    ports: list[int]
    replicas: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_replica(self, number: int) -> None:
        """Start one, with a log of its own."""
        port, log = self.ports[number], self.folder / f"app-{number + 1}.log"
        command = [sys.executable, "-m", "deploy.serve"]
        self.replicas.insert(number, start(command, port, log, {**self.environ, "PORT": str(port)}))

    def end(self, number: int, how: signal.Signals) -> None:
        """End a replica: as a crash does (SIGKILL), or as an orderly stop does (SIGTERM)."""
        self.replicas[number].send_signal(how)
        self.replicas[number].wait()

    def served_by(self) -> list[int]:
        """How many requests nginx has handed to each replica."""
        lines = (self.folder / "access.log").read_text()
        return [lines.count(f"127.0.0.1:{port}") for port in self.ports]


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Everything, until the block ends; then nothing is left."""
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
        made = Cluster(f"http://localhost:{port}", folder, environ, ports)
        for number in range(len(ports)):
            made.start_replica(number)
            parts.callback(stop, made.replicas[number])
        parts.enter_context(_nginx(folder, port, ports))
        yield made


@contextmanager
def _postgres(folder: Path) -> Iterator[str]:
    """A server whose data live in the folder. PostgreSQL refuses to run as root, so root lends it to ``postgres``."""
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    data, port = folder / "postgres", free_port()
    data.mkdir(mode=0o700)
    shutil.chown(data, user)
    made = [str(POSTGRES / "initdb"), "--auth=trust", "--username=app", "--no-sync", "-D", str(data)]
    subprocess.run(made, user=user, cwd=data, check=True, stdout=subprocess.DEVNULL)
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
    """With the very file that compose.yaml mounts, but for names and ports."""
    text = (APP / "deploy" / "nginx.conf").read_text()
    here = {"/tmp/": f"{folder}/nginx-", "/dev/stdout": f"{folder}/access.log", "stderr": f"{folder}/nginx-error.log"}  # noqa: S108
    here |= {"listen 8080": f"listen 127.0.0.1:{port}"}
    here |= {f"app-{number}:8000": f"127.0.0.1:{replica}" for number, replica in enumerate(ports, 1)}
    for theirs, ours in here.items():
        text = text.replace(theirs, ours)
    config = folder / "nginx.conf"
    config.write_text(text)
    with running(["nginx", "-c", str(config), "-g", "daemon off;"], port, folder / "nginx.log", os.environ):
        yield


def main() -> None:
    """Serve until interrupted."""
    with cluster() as made:
        print(f"{made.origin}\nlogs: {made.folder}", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    main()
