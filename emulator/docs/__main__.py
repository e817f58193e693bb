"""Writes the generated pages of the documentation."""

from __future__ import annotations

from . import coverage, unconfirmed


def main() -> None:
    """Write both pages anew."""
    before = coverage.PAGE.read_text(encoding="utf-8") if coverage.PAGE.exists() else ""
    coverage.PAGE.write_text(coverage.page(before), encoding="utf-8")
    unconfirmed.PAGE.write_text(unconfirmed.page(), encoding="utf-8")


if __name__ == "__main__":
    main()
