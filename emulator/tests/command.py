"""Runs the command ``stytch-unit-emulator`` in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent  # of the distribution
FROM_SOURCE = (sys.executable, "-m", "stytch_unit_emulator")
TIMEOUT = 30  # seconds for a process to end


def environment(**given: str) -> dict[str, str]:
    """This process's environment without the emulator's own variables, and with the package in the folder."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("EMULATOR_")}
    return inherited | {"PYTHONPATH": str(FOLDER / "src")} | given


@contextmanager
def serving(
    folder: Path, *args: str, command: Sequence[str] = FROM_SOURCE, environ: dict[str, str] | None = None
) -> Iterator[tuple[str, str]]:
    """Serve on a free port until the block ends; yields the origin and what the command printed before it.

    The data is in the folder. Fails unless the process ends with status 0 on SIGTERM.
    """
    with subprocess.Popen(  # noqa: S603 - our own command
        [*command, "--port", "0", "--database", f"sqlite:///{folder}/emulator.db", *args],
        env=environment() if environ is None else environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout
        printed = ""
        try:
            while not (found := re.search(r"emulated at (http://\S+)", printed)):
                line = process.stdout.readline()
                assert line, f"the command ended early: {printed}"
                printed += line
            yield found[1], printed
        finally:
            process.terminate()
            status = process.wait(TIMEOUT)
        assert status == 0
