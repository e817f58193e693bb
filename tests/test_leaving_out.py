"""Delete any folder of ``extras/`` and its name in ``app.py``, and the whole journey still works."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app import EXTRAS

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = {"extras", "app.py", "__pycache__", "instance", "docs", "bench"}


def tree_without(folder: Path, *extras: str) -> Path:
    """Return a copy of the tree, made of links, without these extras."""
    folder.mkdir()
    for entry in ROOT.iterdir():
        if entry.name not in LEFT_OUT and not entry.name.startswith("."):
            (folder / entry.name).symlink_to(entry)
    (folder / "extras").mkdir()
    for entry in (ROOT / "extras").iterdir():
        if entry.name not in extras:
            (folder / "extras" / entry.name).symlink_to(entry)
    lines = (ROOT / "app.py").read_text().splitlines(keepends=True)
    names = {f'    "{name}",\n' for name in extras}
    assert len(names & set(lines)) == len(names)
    (folder / "app.py").write_text("".join(line for line in lines if line not in names))
    return folder


def test_without_any_folder_or_all_of_them_the_journey_works(tmp_path: Path) -> None:
    left_out = {f"without-{name}": (name,) for name in EXTRAS} | {"without-any": EXTRAS}
    trees = [str(tree_without(tmp_path / name, *extras)) for name, extras in left_out.items()]

    command = [sys.executable, "-m", "tests.walk", *trees]
    walk = subprocess.run(  # noqa: S603
        command, cwd=ROOT, env={"PYTHONPATH": "emulator/src"}, capture_output=True, text=True, timeout=120, check=False
    )

    assert walk.returncode == 0, walk.stderr
