"""Flask's command line with a stranger's .env in a folder above."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.processes import APP

pytestmark = pytest.mark.long


def flask(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("FLASK_", "STEP_UP", "PUBLIC_"))}
    command = [sys.executable, "-m", "flask", "--app", "app", *arguments]
    return subprocess.run(  # noqa: S603
        command, cwd=folder, env=own | environ, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The settings and a small app in a folder of their own, below a folder with settings of another project."""
    folder = tmp_path / "copy"
    folder.mkdir()
    shutil.copy(APP / "settings.py", folder)
    (folder / "app.py").write_text(
        "import click, flask\nfrom settings import load\n\ndef create_app():\n"
        "    given = load().given\n    app = flask.Flask(__name__)\n"
        "    shown = f\"{given.get('STEP_UP_MAX_AGE')} {given.get('PUBLIC_URL')}\"\n"
        "    app.cli.command('show')(lambda: click.echo(shown))\n"
        "    return app\n"
    )
    (tmp_path / ".env").write_text("STEP_UP_MAX_AGE=31\nPUBLIC_URL=https://other.example\n")
    return folder


def test_a_parents_env_file_is_not_read(copy: Path) -> None:
    assert flask(copy, "show").stdout == "None None\n"


def test_a_parents_flaskenv_file_is_not_read(copy: Path) -> None:
    (copy.parent / ".flaskenv").write_text("STEP_UP_MAX_AGE=32\n")

    assert flask(copy, "show").stdout == "None None\n"


def test_our_own_env_file_and_the_environment_are_read(copy: Path) -> None:
    (copy / ".env").write_text("STEP_UP_MAX_AGE=60\n")

    assert flask(copy, "show").stdout == "60 None\n"
    assert flask(copy, "show", STEP_UP_MAX_AGE="90").stdout == "90 None\n"
