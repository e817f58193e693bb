"""The generated pages are those of this code."""

from __future__ import annotations

import json
import re
from importlib.metadata import version

import pytest

from emulator.docs import coverage, left_out, unconfirmed

from .command import FOLDER

STALE = "stale: run make pages"


def test_the_coverage_page_is_current() -> None:
    written = coverage.PAGE.read_text(encoding="utf-8")

    assert coverage.page(written) == written, STALE


def test_the_page_of_unconfirmed_choices_is_current() -> None:
    assert unconfirmed.page() == unconfirmed.PAGE.read_text(encoding="utf-8"), STALE


def test_an_operation_keeps_the_version_that_first_had_it() -> None:
    written = coverage.PAGE.read_text(encoding="utf-8")
    older = written.replace("| createCard | 0.3.2 | 0.1.0 |", "| createCard | 0.3.2 | 0.0.9 |")

    assert older != written
    assert coverage.page(older) == older


def test_an_operation_is_left_out_for_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "UNIT", left_out.UNIT[:1])

    with pytest.raises(LookupError, match="not emulated"):
        coverage.page("")


def test_every_mark_is_on_the_page() -> None:
    marks = sum(
        len(re.findall(rf"{unconfirmed.MARK}(?=:)|(?<=\|).*{unconfirmed.MARK}", path.read_text(encoding="utf-8")))
        for path in unconfirmed.PACKAGE.rglob("*.py")
    )
    rows = re.findall(r"^\| (?!in code|---).*", unconfirmed.page(), re.MULTILINE)

    assert len(rows) == marks


def test_the_readme_names_the_versions_of_the_clients() -> None:
    text = " ".join((FOLDER / "README.md").read_text(encoding="utf-8").split("\n\n")[1].split())
    python, node = text.partition(" in Node ")[::2]
    locked = json.loads((FOLDER / "tests" / "node" / "package-lock.json").read_text())["packages"]

    in_python = dict(re.findall(r"`([\w-]+)` ([\d.]+\d)", python))
    in_node = dict(re.findall(r"`([@\w/-]+)` ([\d.]+\d)", node))

    assert in_python == {
        name: minor(version(name)) for name in ("stytch", "unit-python-sdk", "unit-openapi-python-sdk")
    }
    assert in_node == {
        name: minor(locked[f"node_modules/{name}"]["version"]) for name in ("stytch", "@unit-finance/unit-node-sdk")
    }


def minor(full: str) -> str:
    return ".".join(full.split(".")[:2])
