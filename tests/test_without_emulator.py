"""Without the emulator's folder, the app still runs on credentials: nothing else refers to it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, TypeAlias

import pytest

pytestmark = pytest.mark.long

Json: TypeAlias = dict[str, Any]
ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = shutil.ignore_patterns("emulator", "tests", ".*", "instance", "node_modules")
CREDENTIALS = {  # well-formed and made up
    "STYTCH_PROJECT_ID": "project-test-3f1f1a52-0a4b-4c8e-9d64-6a7d4f1f0c11",
    "STYTCH_SECRET": "secret-test-bm90LWEtc2VjcmV0LWF0LWFsbA==",
    "UNIT_API_TOKEN": "v2.public.bm90LWEtdG9rZW4tYXQtYWxs",
    "SECRET_KEY": "not-a-secret-at-all-but-long-enough",
}
VISIT = """
import json, sys
from app import create_app

app = create_app()
page = app.test_client().get("/")
print(json.dumps({
    "status": page.status_code,
    "html": page.text,
    "modules": [name for name in sys.modules if name.split(".")[0] == "stytch_unit_emulator"],
    "rules": [rule.rule for rule in app.url_map.iter_rules()],
}))
"""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The app's files without the emulator and the tests."""
    return Path(shutil.copytree(ROOT, tmp_path_factory.mktemp("clone") / "app", ignore=LEFT_OUT))


def run(clone: Path, script: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a script in a process of its own, with this environment only."""
    command = [sys.executable, "-c", script]
    return subprocess.run(command, cwd=clone, env=environ, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603


@pytest.fixture(scope="module")
def visit(clone: Path) -> subprocess.CompletedProcess[str]:
    """The result of starting the app and opening its home page."""
    return run(clone, VISIT, CREDENTIALS)


def test_the_app_runs_on_credentials(visit: subprocess.CompletedProcess[str]) -> None:
    assert visit.returncode == 0, visit.stderr
    seen: Json = json.loads(visit.stdout)

    assert seen["status"] == 200
    assert 'name="email"' in seen["html"]
    assert "banner" not in seen["html"]
    assert "emulat" not in seen["html"].lower()
    assert seen["modules"] == []
    assert "/cards" in seen["rules"]
    assert not [rule for rule in seen["rules"] if "emulator" in rule]


def test_the_start_reports_that_both_services_are_real_and_shows_no_credential(
    visit: subprocess.CompletedProcess[str],
) -> None:
    assert "Stytch is real" in visit.stderr
    assert "Unit is real" in visit.stderr
    assert not [name for name, value in CREDENTIALS.items() if value in visit.stdout + visit.stderr]


@pytest.mark.parametrize(
    ("environ", "line"),
    [
        pytest.param({}, "STYTCH_PROJECT_ID and UNIT_API_TOKEN are needed", id="no credentials"),
        pytest.param(CREDENTIALS | {"STYTCH_SECRET": ""}, "STYTCH_SECRET is missing", id="half of them"),
    ],
)
def test_without_credentials_the_start_ends_with_one_line(clone: Path, environ: dict[str, str], line: str) -> None:
    start = run(clone, "import app; app.create_app()", environ)

    assert start.returncode == 1
    assert start.stderr.splitlines()[-1].startswith(line)
    assert "Traceback" not in start.stderr
