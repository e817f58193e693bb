"""Fixtures of the extras' tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from flask import Flask

from ..personas import started
from ..visitor import Visitor

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


@pytest.fixture
def finished(app: Flask) -> Visitor:
    """A visitor who has pressed "Show me a finished account"."""
    return started(app, "finished")


@pytest.fixture
def finished_card(finished: Visitor) -> str:
    """The path of the page that the finished account opens with."""
    return str(finished.page.goes_to).partition("?")[0]
