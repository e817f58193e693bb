"""Times as the emulator's pages show them."""

from __future__ import annotations

import pytest

from stytch_unit_emulator import clock


@pytest.mark.parametrize(
    ("time", "shown"),
    [
        ("2026-11-27T02:48:59Z", "Nov 27, 2:48 AM UTC"),
        ("2026-06-01T00:05:00Z", "Jun 1, 12:05 AM UTC"),
        ("2026-06-01T12:00:00Z", "Jun 1, 12:00 PM UTC"),
        ("2026-06-01T23:30:00-02:00", "Jun 2, 1:30 AM UTC"),
    ],
)
def test_times_are_shown_in_the_american_format_and_utc(time: str, shown: str) -> None:
    assert clock.display(clock.parse(time)) == shown
