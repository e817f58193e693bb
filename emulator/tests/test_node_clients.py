"""The services' official Node clients, tested in ``node/*.test.mjs``."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

NODE = Path(__file__).parent / "node"
TIMEOUT = 180  # seconds for one script
SCRIPTS = sorted(path.name for path in NODE.glob("*.test.mjs"))


def missing(script: str) -> str | None:
    """Why a script can't run, or None."""
    package = {"stytch.test.mjs": "stytch", "unit.test.mjs": "@unit-finance/unit-node-sdk"}[script]
    if shutil.which("node") is None:
        return "Node is not installed"
    if not (NODE / "node_modules" / package).is_dir():
        return f"npm package {package} is missing: run npm ci in emulator/tests/node"
    return None


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_official_node_client_runs_against_the_emulator(script: str, emulator_url: str) -> None:
    if reason := missing(script):
        assert os.environ.get("NODE_TESTS") != "required", reason
        pytest.skip(reason)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("NODE_")}

    result = subprocess.run(  # noqa: S603 - our own script
        ["node", "--test", "--test-reporter=spec", script],  # noqa: S607 - the installed Node
        cwd=NODE,
        env={**inherited, "EMULATOR_URL": emulator_url},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )

    assert result.returncode == 0, result.stdout + result.stderr
