"""The wheel, installed into an empty environment beside the packages that it needs."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
import requests

from .command import FOLDER, environment, serving
from .readme import example

pytestmark = pytest.mark.long

OFFLINE = ("--no-deps", "--no-index", "--disable-pip-version-check", "--quiet")


def check(*command: str, cwd: Path | None = None) -> str:
    """Run a program that must succeed; returns what it printed."""
    ended = subprocess.run(  # noqa: S603 - our own commands
        command, env=environment(PYTHONPATH=""), cwd=cwd, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    check(sys.executable, "-m", "pip", "wheel", *OFFLINE, "--no-build-isolation", "-w", str(folder), str(FOLDER))
    (made,) = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an environment's programs, which finds other packages where these tests do."""
    folder = tmp_path_factory.mktemp("environment")
    check(sys.executable, "-m", "venv", "--without-pip", str(folder))
    python = folder / "bin" / "python"
    own = Path(check(str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    (own / "others.pth").write_text(sysconfig.get_path("purelib"))
    check(sys.executable, "-m", "pip", "--python", str(python), "install", *OFFLINE, str(wheel))
    return folder / "bin"


def test_the_wheel_has_every_file_of_the_package(wheel: Path) -> None:
    package = FOLDER / "src"
    files = {str(file.relative_to(package)) for file in package.rglob("*") if file.is_file() and file.suffix != ".pyc"}

    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}

    assert packed == files
    assert {Path(name).suffix for name in packed} == {".py", ".html", ".svg", ".css", ".js", ".txt", ".typed"}


def test_the_installed_command_serves_its_pages(programs: Path, tmp_path: Path) -> None:
    command = (str(programs / "stytch-unit-emulator"),)
    with serving(tmp_path, command=command, environ=environment(PYTHONPATH="")) as (url, _printed):
        page = requests.get(url, timeout=10)
        style = requests.get(f"{url}/emulator.css", timeout=10)
        whoami = requests.get(f"{url}/v1/debug/whoami", timeout=10)

    assert "Stytch and Unit emulator" in page.text
    assert (page.status_code, style.status_code, whoami.status_code) == (200, 200, 401)


def test_in_an_empty_project_the_readmes_pytest_example_passes(programs: Path, tmp_path: Path) -> None:
    (tmp_path / "test_example.py").write_text(example("python"))

    shown = check(str(programs / "python"), "-m", "pytest", "-q", "--rootdir", str(tmp_path), cwd=tmp_path)

    assert "1 passed" in shown


def test_the_examples_version_is_the_changelogs(wheel: Path) -> None:
    assert f"- {wheel.name.split('-')[1]}\n" in (FOLDER / "CHANGELOG.md").read_text()
