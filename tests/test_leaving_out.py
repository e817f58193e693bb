"""Delete any folder of ``extras/`` and its name in ``app.py``, and the whole journey still works."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app import EXTRAS

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = {"extras", "app.py", "instance", "docs", "bench"}


def tree_without(folder: Path, *extras: str) -> Path:
    """Return a copy of the tree, made of links, without these extras."""
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


@pytest.mark.parametrize("extras", [(name,) for name in EXTRAS] + [EXTRAS], ids=[*EXTRAS, "all of them"])
def test_without_the_folder_the_journey_works(extras: tuple[str, ...], tmp_path: Path) -> None:
    tree = tree_without(tmp_path, *extras)

    walk = subprocess.run(
        [sys.executable, "-m", "tests.walk"], cwd=tree, env={}, capture_output=True, text=True, timeout=60, check=False
    )

    assert walk.returncode == 0, walk.stderr
