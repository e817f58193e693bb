"""Fixtures of the extras' tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from flask import Flask

if TYPE_CHECKING:
    from extras.unit_sms.texts import Texts


@pytest.fixture
def texts(app: Flask) -> Iterator[Texts]:
    """What the app keeps of texted codes; nothing before and after the test, since sessions are restored."""
    if "unit_sms" not in app.extensions:
        pytest.skip("extras/unit_sms was taken out")
    texts: Texts = app.extensions["unit_sms"]

    def forget() -> None:
        texts._texts.clear()
        texts._proofs.clear()

    forget()
    yield texts
    forget()
