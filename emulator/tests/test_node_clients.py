"""The services' official Node clients, tested in ``node/*.test.mjs``."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from .readme import example

NODE = Path(__file__).parent / "node"
TIMEOUT = 180  # seconds for one script
SCRIPTS = {"stytch.test.mjs": "stytch", "unit.test.mjs": "@unit-finance/unit-node-sdk"}  # the packages they use


def missing(package: str) -> str | None:
    """Why a script that uses a package can't run, or None."""
    if shutil.which("node") is None:
        return "Node is not installed"
    if not (NODE / "node_modules" / package).is_dir():
        return f"npm package {package} is missing: run npm ci in emulator/tests/node"
    return None


def run(*args: str, package: str, emulator_url: str, script: str | None = None) -> None:
    """Run Node, with the script as its input; skips where Node or the package is missing."""
    if reason := missing(package):
        assert os.environ.get("NODE_TESTS") != "required", reason
        pytest.skip(reason)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("NODE_")}

    result = subprocess.run(  # noqa: S603 - our own script
        ["node", "--test-reporter=spec", *args],  # noqa: S607 - the installed Node
        cwd=NODE,
        input=script,
        env={**inherited, "EMULATOR_URL": emulator_url},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )

    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(("script", "package"), SCRIPTS.items())
def test_the_official_node_client_runs_against_the_emulator(script: str, package: str, emulator_url: str) -> None:
    assert set(SCRIPTS) == {path.name for path in NODE.glob("*.test.mjs")}

    run("--test", script, package=package, emulator_url=emulator_url)


def test_the_readmes_example_for_node_runs(emulator_url: str) -> None:
    run("--input-type=module", package="stytch", emulator_url=emulator_url, script=example("js"))
