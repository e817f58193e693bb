"""The gallery of all states is for developers only."""

from __future__ import annotations

import pytest

from app import create_app
from settings import Settings

from .conftest import Visitor


def test_outside_debug_mode_there_is_no_gallery(visitor: Visitor) -> None:
    assert visitor.get("/gallery").status == 404
    assert "gallery" not in visitor.app.blueprints


def test_in_debug_mode_each_state_is_a_page_that_only_the_gallery_may_frame(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    client = create_app(settings).test_client()

    state = client.get("/gallery/cards-empty")

    assert "No cards yet" in state.text
    assert "frame-ancestors 'self'" in state.headers["Content-Security-Policy"]
    assert client.get("/gallery/cards-unheard-of").status_code == 404
    assert client.get("/gallery").text.count("<iframe") > 60
