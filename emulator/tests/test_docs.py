"""The generated pages are those of this code."""

from __future__ import annotations

import re

import pytest

from emulator.docs import coverage, left_out, unconfirmed

STALE = "stale: run python -m emulator.docs"


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
