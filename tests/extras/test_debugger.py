"""Flask's debugger runs any code, so it is refused where others can reach the server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.processes import APP
from extras.operations.debugger import refuse_debugger
from settings import SettingsError

from ..environs import Environ, read

ELSEWHERE = "FLASK_DEBUG must be off when the server is not on localhost"
ON: Environ = {"FLASK_DEBUG": "1"}


@pytest.mark.long
def test_the_option_of_flasks_command_line_is_seen() -> None:
    command = [sys.executable, "-m", "flask", "--app", "app", "--debug", "run", "--port", "1", "--host", "192.0.2.1"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("FLASK_")}

    refused = subprocess.run(  # noqa: S603
        command, cwd=APP, env=environ, capture_output=True, text=True, check=False, timeout=60
    )

    assert refused.returncode == 1
    assert ELSEWHERE in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "environ", "refusal"),
    [
        ("--host 0.0.0.0", ON, ELSEWHERE),
        ("--host=::", ON, ELSEWHERE),
        ("-h 192.0.2.1", {"FLASK_DEBUG": "true"}, ELSEWHERE),
        ("-h0.0.0.0", {"FLASK_DEBUG": "on"}, ELSEWHERE),
        ("", ON | {"FLASK_RUN_HOST": "0.0.0.0"}, ELSEWHERE),  # noqa: S104 - to be refused
        ("", ON | {"PUBLIC_URL": "https://hush.example.com"}, "FLASK_DEBUG must be off when PUBLIC_URL is not on"),
    ],
    ids=str,
)
def test_it_is_refused_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: str, environ: Environ, refusal: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["flask", "run", *arguments.split()])

    with pytest.raises(SettingsError, match=f"^{refusal}"):
        refuse_debugger(read(environ, tmp_path))


@pytest.mark.parametrize(
    "environ", [{}, ON, ON | {"FLASK_RUN_HOST": "::1"}, {"FLASK_DEBUG": "0", "PUBLIC_URL": "https://demo.example.com"}]
)
def test_it_is_allowed_on_localhost_and_elsewhere_if_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environ: Environ
) -> None:
    monkeypatch.setattr(sys, "argv", ["flask", "run"])

    refuse_debugger(read(environ, tmp_path))
